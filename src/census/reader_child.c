/* SPDX-License-Identifier: MIT */
/* The child that reads: process_vm_readv, and pagemap for what is there. */
#include "config.h"

#include "census/reader_child.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* linux/Documentation/admin-guide/mm/pagemap.rst */
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_SWAPPED (UINT64_C(1) << 62)

static void
read_pagemap(int pagemap, uint64_t address, size_t n, uint8_t *there)
{
	uint64_t entries[CENSUS_WINDOW_PAGES];
	size_t have = 0;
	ssize_t got;

	got = pread(pagemap, entries, n * 8,
	    (off_t)(address / CENSUS_PAGE * 8));
	if (got > 0)
		have = (size_t)got / 8;
	for (size_t i = 0; i < n; i++)
		there[i] = i >= have		    ? 0 :
		    entries[i] & PAGEMAP_PRESENT ? PAGE_PRESENT :
		    entries[i] & PAGEMAP_SWAPPED ? PAGE_SWAPPED :
						   0;
}

/* What a job reads with, in the child. */
struct direct {
	struct shared *shared;
	int32_t pid;
	int pagemap;
};

/*
 * Rests before a piece, not after it: who has just slept is unlikely to lose
 * its CPU in the next moment, and while we have the lock that would be bad.
 */
static ssize_t
direct_read(void *arg, uint64_t address, void *to, size_t len)
{
	const struct direct *d = arg;
	const struct timespec pause = { 0, d->shared->pause_ns };
	size_t done = 0;

	while (done < len) {
		size_t want = len - done < PIECE ? len - done : PIECE;
		struct iovec local = { (char *)to + done, want };
		struct iovec remote = { (void *)(uintptr_t)(address + done),
			want };
		ssize_t got;

		if (want > SCRATCH)
			nanosleep(&pause, NULL);
		d->shared->at = address + done;
		got = process_vm_readv(d->pid, &local, 1, &remote, 1, 0);
		if (got > 0)
			done += (size_t)got;
		if (got < (ssize_t)want)
			break;
	}
	return done > 0 ? (ssize_t)done : -1;
}

static ssize_t
direct_read_many(void *arg, const uint64_t *address, size_t n, void *to,
    size_t len)
{
	struct iovec local[CENSUS_MANY], remote[CENSUS_MANY];
	const struct direct *d = arg;

	if (n > CENSUS_MANY || n == 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		local[i].iov_base = (char *)to + i * len;
		remote[i].iov_base = (void *)(uintptr_t)address[i];
		local[i].iov_len = remote[i].iov_len = len;
	}
	d->shared->at = address[0];
	return process_vm_readv(d->pid, local, n, remote, n, 0);
}

static void
direct_pages(void *arg, uint64_t address, size_t n, uint8_t *there)
{
	const struct direct *d = arg;

	read_pagemap(d->pagemap, address, n, there);
}

void
census_child_serve(struct shared *s, int32_t pid, int pagemap, int end)
{
	struct direct d = { s, pid, pagemap };
	struct census_reader r = { .read = direct_read,
		.read_many = direct_read_many, .pages = direct_pages,
		.arg = &d };
	struct timespec t;
	char byte;

	/* The longest that we sleep too long. */
	prctl(PR_SET_TIMERSLACK, 1000UL);
	while (read(end, &byte, 1) == 1) {
		unsigned char *to = s->bytes + s->to;

		errno = 0;
		if (s->job == JOB_READ)
			s->done = direct_read(&d, s->address, to, s->n);
		else if (s->job == JOB_PAGES)
			read_pagemap(pagemap, s->address, s->n, s->there);
		else if (s->job == JOB_LOAD)
			census_load(&r, s->address, s->n, s->there, to);
		else
			s->n = s->call(&r, s->in, s->bytes, s->n);
		s->error = errno;
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
		s->cost = (uint64_t)t.tv_sec * 1000000000u +
		    (uint64_t)t.tv_nsec;
		if (send(end, &byte, 1, MSG_NOSIGNAL) != 1)
			break;
	}
	_exit(0);
}
