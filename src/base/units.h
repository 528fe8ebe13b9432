/* SPDX-License-Identifier: MIT */
/*
 * Numbers as people write and read them. Inside the program everything is in
 * bytes and nanoseconds; parsers convert on the way in and views on the way
 * out, nobody in between multiplies.
 */
#ifndef ULLAGE_BASE_UNITS_H
#define ULLAGE_BASE_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room enough for any text that the formatters here make. */
#define UNITS_MAX 24

/*
 * Bytes in powers of 1024 with three digits: "0", "812", "1.50k", "61.0M",
 * "1.94G". Negative values keep their sign. Returns out.
 */
char *units_bytes(char out[UNITS_MAX], int64_t bytes);

/* A count in powers of 1000, three digits: "999", "18.2k", "1.20M". */
char *units_count(char out[UNITS_MAX], int64_t count);

/* A duration given in nanoseconds: "350ms", "41s", "3m 20s", "2h 5m", "3d 4h". */
char *units_duration(char out[UNITS_MAX], int64_t ns);

/* "12.3%"; below a tenth "0%" only if it is 0, else "<0.1%". */
char *units_percent(char out[UNITS_MAX], double fraction);

/* "512k", "1.5m", "4G", "100": a size in bytes. False if malformed or too big. */
bool units_parse_bytes(const char *text, uint64_t *bytes);

/* "500ms", "30", "30s", "5m", "1h": nanoseconds; a bare number is seconds. */
bool units_parse_duration(const char *text, uint64_t *ns);

/* A decimal number without sign or suffix, in [min, max]. */
bool units_parse_number(const char *text, uint64_t min, uint64_t max,
    uint64_t *value);

#endif
