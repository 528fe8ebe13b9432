/* SPDX-License-Identifier: MIT */
/*
 * Heap files of jemalloc (prof:true):
 *
 *	heap_v2/524288
 *	  t*: 28106: 56637512 [0: 0]		all threads, all stacks
 *	  t0: ...				each thread
 *	@ 0x5f86da8 0x5f5a1dc ...
 *	  t*: 13: 6688 [0: 0]
 *
 * The numbers are raw samples. Where prof_unbias is on, as is usual,
 * jemalloc has shaped them so that scaling by the average size is exact. The
 * brackets are zero without prof_accum.
 */
#include "config.h"

#include "encode/encode.h"
#include "encode/heap_text.h"

static bool
is_jemalloc(const char *bytes, size_t len)
{
	struct scan text = { bytes, bytes + len };

	return scan_word(&text, "heap_v2/");
}

static bool
read_all_threads(struct scan *line, struct heap_counts *c)
{
	return scan_word(line, "t*:") && scan_counts(line, c);
}

/* Brackets that hold numbers anywhere: allocations were counted too. */
static bool
has_allocations(struct scan text)
{
	struct heap_counts c;
	struct scan line;

	while (scan_line(&text, &line))
		if (read_all_threads(&line, &c) && c.alloc_objects != 0)
			return true;
	return false;
}

static int
read_samples(struct heap_text *h, struct scan text, int64_t rate,
    struct err *e)
{
	bool stack = false;
	struct scan line;
	size_t number = 1;

	while (scan_line(&text, &line) && !heap_maps_begin(&line)) {
		struct heap_counts c;

		number++;
		if (scan_word(&line, "@")) {
			if (!heap_read_stack(h, &line))
				return err_set(e, ERR_FAILED,
				    "line %zu is not a stack of addresses",
				    number);
			stack = true;
			continue;
		}
		if (!scan_word(&line, "t*:"))
			continue;
		if (!scan_counts(&line, &c))
			return err_set(e, ERR_FAILED,
			    "line %zu is not \"t*: objects: bytes [objects: "
			    "bytes]\"", number);
		/* Before the first stack it is the total. */
		if (stack)
			heap_add(h, &c, rate);
		stack = false;
	}
	return 0;
}

static struct profile *
read_jemalloc(const char *bytes, size_t len, struct err *e)
{
	struct scan text = { bytes, bytes + len }, line;
	struct heap_text h = { .own = "libjemalloc" };
	int64_t rate;

	if (!scan_line(&text, &line) || !scan_word(&line, "heap_v2/") ||
	    !scan_number(&line, &rate)) {
		err_set(e, ERR_FAILED, "its first line is not \"heap_v2/RATE\"");
		return NULL;
	}
	h.p = profile_new();
	h.four = has_allocations(text);
	if (h.four) {
		profile_add_type(h.p, "alloc_objects", "count");
		profile_add_type(h.p, "alloc_space", "bytes");
	}
	profile_add_type(h.p, "inuse_objects", "count");
	profile_add_type(h.p, "inuse_space", "bytes");
	return heap_read(&h, text, rate, read_samples, e);
}

const struct decoder decode_jemalloc = {
	.name = "jemalloc",
	.help = "heap profile of jemalloc (prof:true)",
	.sniff = is_jemalloc,
	.read = read_jemalloc,
};
