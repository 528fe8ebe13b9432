/* SPDX-License-Identifier: MIT */
/*
 * A pthread_mutex_t of glibc on x86-64 begins with: lock word, count, owner,
 * users, kind (ints, at 0, 4, 8, 12, 16). The lock word is the futex. Nothing
 * says of a futex that it is a mutex; but a word that says "held, and there
 * are waiters", an owner that is a thread of this very process, at least one
 * user and a kind that exists hardly come together by chance.
 */
#include "config.h"

#include "unwind/locks.h"
#include "base/buf.h"
#include "base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

/* Half a second in all, where there seems to be a deadlock. */
#define TRIES 100
#define PAUSE_NS 5000000

enum { LOCK, COUNT, OWNER, USERS, KIND };

/* The futex word of normal mutexes: free, held, held with waiters. */
#define HELD_CONTENDED 2u

/* Robust and priority inheriting ones have the owner in the word. */
#define FUTEX_TID 0x3fffffffu
#define FUTEX_WAITED_FOR 0x80000000u

/* Types, robust, PI, PP, elision and process-shared bits of glibc's nptl. */
#define KINDS 0x3f3u

void
locks_note(const struct threads *all, struct thread *t,
    const struct stopped *from)
{
	const uint32_t *w = from->lock;
	int32_t owner = (int32_t)w[OWNER];

	if (!from->has_lock || (w[KIND] & ~KINDS) != 0 || w[USERS] == 0 ||
	    w[USERS] > INT32_MAX || owner == t->tid)
		return;
	if (w[LOCK] != HELD_CONTENDED &&
	    w[LOCK] != ((uint32_t)owner | FUTEX_WAITED_FOR))
		return;
	if (owner <= 0 || ((uint32_t)owner & ~FUTEX_TID) != 0 ||
	    threads_find(all, owner) == NULL)
		return;
	t->lock = from->regs.rdi;
	t->owner = owner;
}

/* ---- is it still so? ------------------------------------------------------------ */

/* Changes whenever a thread has run: the number of times it went to sleep,
 * and of times it was made to make room. */
struct witness {
	uint64_t voluntary, involuntary;
	bool waits; /* in that futex, and its owner is the same */
};

static uint64_t
field(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at != NULL ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static bool
read_task(const struct threads *all, const struct thread *t,
    const char *what, struct buf *text)
{
	struct err ignored;
	char path[80];

	snprintf(path, sizeof path, "/proc/%d/task/%d/%s", all->pid, t->tid,
	    what);
	text->len = 0;
	return buf_read_file(text, path, 65536, &ignored) == 0;
}

static bool
same_owner(const struct thread *t)
{
	uint32_t owner = 0;
	struct iovec here = { &owner, sizeof owner };
	struct iovec there = { (void *)(uintptr_t)(t->lock + 4 * OWNER),
		sizeof owner };

	return process_vm_readv(t->tid, &here, 1, &there, 1, 0) ==
	    (ssize_t)sizeof owner &&
	    (int32_t)owner == t->owner;
}

static struct witness
see(const struct threads *all, const struct thread *t)
{
	struct witness w = { 0, 0, false };
	struct buf text = BUF_INIT;
	unsigned long long address;
	long number;

	if (read_task(all, t, "status", &text)) {
		w.voluntary = field(buf_text(&text),
		    "\nvoluntary_ctxt_switches:");
		w.involuntary = field(buf_text(&text),
		    "\nnonvoluntary_ctxt_switches:");
	}
	w.waits = read_task(all, t, "syscall", &text) &&
	    sscanf(buf_text(&text), "%ld %llx", &number, &address) == 2 &&
	    (number == SYS_futex || number == SYS_restart_syscall) &&
	    address == t->lock && same_owner(t);
	buf_free(&text);
	return w;
}

/*
 * Every thread of the cycle is looked at twice. If none has run in between,
 * all of them waited when the first round ended.
 */
static bool
waits_now(const struct threads *all, struct thread *first)
{
	struct witness *before = NULL;
	struct thread *t = first;
	size_t n = 0, cap = 0, i = 0;
	bool yes = true;

	do {
		before = xgrow(before, n, &cap, sizeof *before);
		before[n++] = see(all, t);
		t = threads_find(all, t->owner);
	} while (t != first);
	do {
		struct witness now = see(all, t);

		yes = yes && before[i].waits && now.waits &&
		    before[i].voluntary == now.voluntary &&
		    before[i].involuntary == now.involuntary;
		i++;
		t = threads_find(all, t->owner);
	} while (t != first);
	free(before);
	return yes;
}

/*
 * They were stopped a moment ago, and until there is a CPU for it a thread
 * has still to go back to sleep.
 */
static bool
still_waits(const struct threads *all, struct thread *first)
{
	struct timespec pause = { 0, PAUSE_NS };

	for (int i = 0; i < TRIES; i++) {
		if (waits_now(all, first))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

/* ---- cycles ------------------------------------------------------------------------ */

/* Each thread waits for at most one mutex, so from each leads one path. */
void
locks_find_cycles(struct threads *all)
{
	size_t *seen = xcalloc(all->n + 1, sizeof *seen);

	for (size_t i = 0; i < all->n; i++) {
		struct thread *t = &all->threads[i];

		while (t != NULL && t->lock != 0 && seen[t - all->threads] == 0) {
			seen[t - all->threads] = i + 1;
			t = threads_find(all, t->owner);
		}
		/* Came back to what this very path has passed. */
		if (t == NULL || t->lock == 0 || t->cycle != 0 ||
		    seen[t - all->threads] != i + 1 || !still_waits(all, t))
			continue;
		all->cycles++;
		for (; t->cycle == 0; t = threads_find(all, t->owner))
			t->cycle = all->cycles;
	}
	free(seen);
}
