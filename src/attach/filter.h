/* SPDX-License-Identifier: MIT */
/*
 * Seccomp filters, judged before anything is called: whether they allow what
 * an attached agent does, and what happens on the way there.
 */
#ifndef ULLAGE_ATTACH_FILTER_H
#define ULLAGE_ATTACH_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum filter_for {
	FILTER_ATTACH,
	FILTER_DETACH,
};

/*
 * Of a thread that this process has stopped by ptrace: reads its filters,
 * which takes CAP_SYS_ADMIN. False with a phrase.
 */
bool filter_allows(int32_t tid, enum filter_for purpose, char *why,
    size_t room);

/* ---- of the folder's own use and its tests ----------------------------------- */

/* One call; an argument is known (bit set in known) or may be anything. */
struct filter_call {
	const char *name;
	int32_t number;
	uint32_t known;
	uint64_t args[6];
};

/*
 * The worst that a program answers to that call, whatever the unknown
 * arguments are. SECCOMP_RET_KILL_PROCESS for a program that is none.
 */
uint32_t filter_run(const struct sock_filter *program, size_t n,
    const struct filter_call *call);

/* The calls that are made, in the order of the table; n of them. */
const struct filter_call *filter_calls(enum filter_for purpose, size_t *n);

/* Judges one answer: NULL if it will do, else a word for it. */
const char *filter_judge(const struct filter_call *call, uint32_t answer);

#endif
