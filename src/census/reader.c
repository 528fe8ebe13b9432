/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "census/reader.h"
#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

size_t
census_call(const struct census_reader *r, census_job job, const void *in,
    size_t n, void *out, size_t room)
{
	return r->call != NULL ? r->call(r->arg, job, in, n, out, room) :
				 job(r, in, out, room);
}

struct part {
	uint64_t address;
	size_t len;
};

/* Reads if all pages are there. */
static size_t
read_part(const struct census_reader *r, const void *in, void *out,
    size_t room)
{
	const struct part *p = in;
	uint64_t first = p->address & ~(CENSUS_PAGE - 1);
	uint8_t there[CENSUS_WINDOW_PAGES];
	size_t n;

	n = (size_t)((p->address + p->len - first + CENSUS_PAGE - 1) /
	    CENSUS_PAGE);
	if (n > CENSUS_WINDOW_PAGES || p->len > room)
		return 0;
	r->pages(r->arg, first, n, there);
	for (size_t i = 0; i < n; i++)
		if (!there[i])
			return 0;
	return r->read(r->arg, p->address, out, p->len) == (ssize_t)p->len ?
	    p->len :
	    0;
}

bool
census_read(const struct census_reader *r, uint64_t address, void *to,
    size_t len)
{
	struct part p = { address, len };

	if (address >= CENSUS_USER_END || len > CENSUS_USER_END - address)
		return false;
	return census_call(r, read_part, &p, sizeof p, to, len) == len;
}

bool
census_word(const struct census_reader *r, uint64_t address, uint64_t *word)
{
	return census_read(r, address, word, sizeof *word);
}

ssize_t
census_read_many(const struct census_reader *r, const uint64_t *address,
    size_t n, void *to, size_t len)
{
	unsigned char *bytes = to;
	size_t i = 0;

	if (r->read_many != NULL)
		return r->read_many(r->arg, address, n, to, len);
	while (i < n && r->read(r->arg, address[i], bytes + i * len, len) ==
		   (ssize_t)len)
		i++;
	return (ssize_t)(i * len);
}

uint64_t
census_resident(const struct census_reader *r, uint64_t start, uint64_t end)
{
	uint8_t there[CENSUS_WINDOW_PAGES];
	uint64_t bytes = 0;

	while (start < end) {
		uint64_t n = (end - start) / CENSUS_PAGE;

		if (n == 0)
			break;
		if (n > CENSUS_WINDOW_PAGES)
			n = CENSUS_WINDOW_PAGES;
		r->pages(r->arg, start, (size_t)n, there);
		for (size_t i = 0; i < n; i++)
			bytes += there[i] == PAGE_PRESENT ? CENSUS_PAGE : 0;
		start += n * CENSUS_PAGE;
	}
	return bytes;
}

void
census_window_init(struct census_window *w, const struct census_reader *r,
    size_t pages)
{
	memset(w, 0, sizeof *w);
	w->reader = r;
	w->pages = pages < CENSUS_WINDOW_PAGES ? pages : CENSUS_WINDOW_PAGES;
	if (r->borrow != NULL)
		w->bytes = r->borrow(r->arg, w->pages * CENSUS_PAGE);
	w->borrowed = w->bytes != NULL;
	if (!w->borrowed)
		w->bytes = xmalloc(w->pages * CENSUS_PAGE);
}

void
census_window_fini(struct census_window *w)
{
	if (w->borrowed)
		w->reader->give_back(w->reader->arg, w->bytes);
	else
		free(w->bytes);
	w->bytes = NULL;
}

void
census_window_drop(struct census_window *w)
{
	w->start = w->end = w->old_start = w->old_end = 0;
}

/* Runs of pages that are there, each by one read. */
void
census_load(const struct census_reader *r, uint64_t start, size_t n,
    uint8_t *there, unsigned char *bytes)
{
	r->pages(r->arg, start, n, there);
	for (size_t i = 0, k; i < n; i = k) {
		ssize_t got;

		for (k = i; k < n && !there[k] == !there[i]; k++)
			;
		if (!there[i])
			continue;
		got = r->read(r->arg, start + i * CENSUS_PAGE,
		    bytes + i * CENSUS_PAGE, (k - i) * CENSUS_PAGE);
		for (size_t p = i; p < k; p++)
			if (got < 0 ||
			    (size_t)got < (p - i + 1) * CENSUS_PAGE)
				there[p] = 0;
	}
}

static void
load(struct census_window *w, uint64_t start)
{
	const struct census_reader *r = w->reader;

	w->old_start = w->start;
	w->old_end = w->end;
	memcpy(w->old_there, w->there, sizeof w->there);
	w->start = start;
	w->end = start + w->pages * CENSUS_PAGE;
	if (w->borrowed && r->load != NULL)
		r->load(r->arg, start, w->pages, w->there, w->bytes);
	else
		census_load(r, start, w->pages, w->there, w->bytes);
}

uint64_t
census_window_resident(const struct census_window *w, uint64_t start,
    uint64_t end)
{
	uint64_t bytes = 0;

	for (uint64_t at = start; at < end; at += CENSUS_PAGE) {
		uint8_t there;

		if (at >= w->start && at < w->end)
			there = w->there[(at - w->start) / CENSUS_PAGE];
		else if (at >= w->old_start && at < w->old_end)
			there = w->old_there[(at - w->old_start) /
			    CENSUS_PAGE];
		else
			return bytes +
			    census_resident(w->reader, at, end);
		bytes += there == PAGE_PRESENT ? CENSUS_PAGE : 0;
	}
	return bytes;
}

static size_t
available(const struct census_window *w, uint64_t address, size_t len)
{
	size_t got = 0;

	if (address < w->start || address >= w->end)
		return 0;
	while (got < len && address + got < w->end) {
		uint64_t at = address + got;

		if (!w->there[(at - w->start) / CENSUS_PAGE])
			break;
		got += (size_t)(CENSUS_PAGE - at % CENSUS_PAGE);
	}
	return got < len ? got : len;
}

const unsigned char *
census_window_at(struct census_window *w, uint64_t address, size_t need,
    size_t len, size_t *got)
{
	if (address >= CENSUS_USER_END - w->pages * CENSUS_PAGE)
		return NULL;
	if (address < w->start || address + len > w->end)
		load(w, address & ~(CENSUS_PAGE - 1));
	*got = available(w, address, len);
	return *got >= need ? w->bytes + (address - w->start) : NULL;
}
