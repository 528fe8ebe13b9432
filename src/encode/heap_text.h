/* SPDX-License-Identifier: MIT */
/*
 * What the heap files of jemalloc and gperftools have in common: lines of
 * numbers and addresses, and the process's maps at the end. Private to this
 * folder.
 */
#ifndef ULLAGE_ENCODE_HEAP_TEXT_H
#define ULLAGE_ENCODE_HEAP_TEXT_H

#include "base/err.h"
#include "profile/profile.h"

/* What is left of a text, or of one line of it. */
struct scan {
	const char *s, *end;
};

/* Takes a line, without blanks and returns around it; false at the end. */
bool scan_line(struct scan *text, struct scan *line);

/* Each skips blanks, then takes what it names or leaves the rest as it is. */
bool scan_word(struct scan *line, const char *word);
bool scan_number(struct scan *line, int64_t *value); /* decimal, signed */
bool scan_hex(struct scan *line, uint64_t *value);   /* 0x or not */

/* "COUNT: BYTES [COUNT: BYTES]", in use and allocated. */
struct heap_counts {
	int64_t objects, bytes, alloc_objects, alloc_bytes;
};

bool scan_counts(struct scan *line, struct heap_counts *c);

/*
 * Stands for what a Poisson sample of that rate stands for: by the average
 * size of the bucket, as pprof and jeprof do.
 */
void heap_unsample(int64_t *objects, int64_t *bytes, int64_t rate);

struct heap_mapping {
	struct profile_mapping m;
	uint32_t id; /* in the profile, 0: not there yet */
};

struct heap_text {
	struct profile *p;
	struct heap_mapping *maps; /* executable ones, by address */
	size_t n_maps, cap_maps;
	uint32_t *stack;
	size_t n_stack, cap_stack;
	uint64_t *addresses; /* of the line that is being read */
	size_t cap_addresses;
	bool four; /* values: allocated and in use, not in use alone */
	const char *own; /* module whose leaf frames are left out, or NULL */
};

/* True for the line after which the maps follow. */
bool heap_maps_begin(const struct scan *line);

/* Reads return addresses up to the end of the line; false if malformed. */
bool heap_read_stack(struct heap_text *h, struct scan *line);

/* Adds a sample of the stack read last. */
void heap_add(struct heap_text *h, const struct heap_counts *c, int64_t rate);

/*
 * Reads all of text behind the header: the maps, then the samples, which the
 * format's own function takes. h holds a new profile with its sample types;
 * returns that, or NULL with the reason. What h had is let go either way.
 */
struct profile *heap_read(struct heap_text *h, struct scan text, int64_t rate,
    int (*samples)(struct heap_text *, struct scan, int64_t, struct err *),
    struct err *e);

#endif
