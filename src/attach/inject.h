/* SPDX-License-Identifier: MIT */
/*
 * One try at one thread: stop it, look whether it is safe, and if it is make
 * the one write of registers that sends it through the stub.
 *
 * A process of its own does it, which does nothing else, has every signal
 * blocked and ends when it is done; the kernel then lets go of a thread that
 * runs without stopping it a second time. It may be killed at any instant:
 * before the write of the registers the thread is as it was, after it the
 * stub needs nobody.
 */
#ifndef ULLAGE_ATTACH_INJECT_H
#define ULLAGE_ATTACH_INJECT_H

#include <stdint.h>

#include "attach/filter.h"
#include "attach/site.h"
#include "attach/vet.h"

enum inject_result {
	INJECT_KILLED = 0, /* the process that does it was ended by others */
	INJECT_LEFT,	   /* the thread is back where it was */
	INJECT_COMMITTED,  /* it was sent, and has not come back yet */
	/* Nothing was changed: */
	INJECT_GONE,	 /* the thread or the process has ended */
	INJECT_DENIED,	 /* errno is EPERM: traced, or not permitted */
	INJECT_STOPPED,	 /* by job control */
	INJECT_LATE,	 /* it did not stop in time */
	INJECT_ELSEWHERE, /* it was not in a safe call any more */
	INJECT_SIGNAL,	 /* a signal was on its way */
	INJECT_REFUSED,	 /* for the reason in why, which may not hold long */
	INJECT_FILTER,	 /* seccomp: why says which call */
	INJECT_FAILED,
};

struct inject_report {
	enum inject_result result;
	int error;
	int32_t tid;
	int64_t number;	     /* of the call */
	uint64_t stopped_ns; /* that it stood still at most */
	uint64_t away_ns;    /* from the stop until it left the stub */
	char why[240];
};

/* What is to be called in the target. */
struct inject_call {
	const char *path;     /* of the library, as the target sees it */
	const char *function; /* of it */
	uint64_t flags;	      /* of dlopen */
	const void *argument; /* copied into the target; NULL: none */
	size_t argument_len;
	bool glibc_malloc;    /* TASK_SAFE_WITH_GLIBC is enough */
	enum filter_for purpose;
	uint64_t deadline_ns; /* for the stop */
};

/* -1 with e if it cannot even be tried (memory, processes). */
int inject(const struct site *s, struct vet *v, int32_t tid,
    const struct inject_call *call, struct inject_report *report,
    struct err *e);

#endif
