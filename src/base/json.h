/* SPDX-License-Identifier: MIT */
/*
 * Values of JSON from what a target says: text that need not be UTF-8, and
 * addresses that need not fit a number. The caller owns what is returned.
 */
#ifndef ULLAGE_BASE_JSON_H
#define ULLAGE_BASE_JSON_H

#include <jansson.h>
#include <stdint.h>

/* A string; what is not valid UTF-8 in it becomes \xHH. */
json_t *json_text(const char *text);

/* "0x...": a reader's numbers are sure of 53 bits only (RFC 8259, 6). */
json_t *json_address(uint64_t address);

/* Null for UINT64_MAX, by which what is not known is told. */
json_t *json_known(uint64_t n);

#endif
