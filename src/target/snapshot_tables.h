/* SPDX-License-Identifier: MIT */
/*
 * The tables of a segment, checked row by row: a row that does not hold
 * together is counted and left out. Private to this folder.
 */
#ifndef ULLAGE_TARGET_SNAPSHOT_TABLES_H
#define ULLAGE_TARGET_SNAPSHOT_TABLES_H

#include "abi/segment.h"
#include "target/snapshot.h"

/*
 * Fills s, whose counters are there already, from the segment's bytes: what is
 * live as of `elapsed` ns after the agent's start, descriptors and threads as
 * of `lived` ns.
 */
void snapshot_copy_tables(struct snapshot *s, const char *at,
    uint64_t peak_epoch, uint64_t elapsed, uint64_t lived);

/* A field of fixed size, which need not end, as a text that the caller owns. */
char *snapshot_text(const char *field, size_t size);

/* When the agent last noted anything, in ns after its start; `sampled` is when
 * it last took a sample. */
uint64_t snapshot_last_event(uint64_t sampled, const uint64_t *words);

#endif
