/* SPDX-License-Identifier: MIT */
/*
 * Heap files of gperftools (HEAPPROFILE, MallocExtension) and of what writes
 * like it: "heap profile: 1: 312 [ 1: 312] @ heap_v2/524288", then a line for
 * each stack. The label after @ says what the numbers are: heapprofile counts
 * every allocation, heap_v2/N and heapz_v2/N are samples of one in N bytes,
 * heap/N is Go's with twice the rate.
 */
#include "config.h"

#include "encode/encode.h"
#include "encode/heap_text.h"

static bool
is_gperftools(const char *bytes, size_t len)
{
	struct scan text = { bytes, bytes + len };

	return scan_word(&text, "heap profile:");
}

static bool
read_header(struct scan *line, struct heap_counts *c, int64_t *rate)
{
	if (!scan_word(line, "heap profile:") || !scan_counts(line, c) ||
	    !scan_word(line, "@"))
		return false;
	*rate = 1;
	if (scan_word(line, "heapprofile") || scan_word(line, "growth") ||
	    scan_word(line, "fragmentation"))
		return true;
	if (scan_word(line, "heap_v2/") || scan_word(line, "heapz_v2/"))
		return scan_number(line, rate);
	if (!scan_word(line, "heap/") || !scan_number(line, rate))
		return false;
	*rate /= 2;
	return true;
}

static void
add_types(struct heap_text *h, const struct heap_counts *total)
{
	struct profile *p = h->p;

	h->four = (total->alloc_objects != total->objects &&
	    total->alloc_objects != 0) || (total->alloc_bytes != total->bytes &&
	    total->alloc_bytes != 0);
	if (h->four) {
		profile_add_type(p, "alloc_objects", "count");
		profile_add_type(p, "alloc_space", "bytes");
	}
	profile_add_type(p, h->four ? "inuse_objects" : "objects", "count");
	profile_add_type(p, h->four ? "inuse_space" : "space", "bytes");
}

static bool
ignored(const struct scan *line)
{
	return line->s == line->end || *line->s == '#';
}

static int
read_samples(struct heap_text *h, struct scan text, int64_t rate,
    struct err *e)
{
	struct scan line;
	size_t number = 1;

	while (scan_line(&text, &line) && !heap_maps_begin(&line)) {
		struct heap_counts c;

		number++;
		if (ignored(&line))
			continue;
		if (!scan_counts(&line, &c) || !scan_word(&line, "@") ||
		    !heap_read_stack(h, &line))
			return err_set(e, ERR_FAILED,
			    "line %zu is not \"objects: bytes [objects: bytes] "
			    "@ addresses\"", number);
		if ((c.objects == 0 && c.bytes != 0) ||
		    (c.alloc_objects == 0 && c.alloc_bytes != 0))
			return err_set(e, ERR_FAILED,
			    "line %zu has bytes in no objects", number);
		heap_add(h, &c, rate);
	}
	return 0;
}

static struct profile *
read_gperftools(const char *bytes, size_t len, struct err *e)
{
	struct scan text = { bytes, bytes + len }, line;
	struct heap_text h = { .own = "libtcmalloc" };
	struct heap_counts total;
	int64_t rate;

	if (!scan_line(&text, &line) || !read_header(&line, &total, &rate)) {
		err_set(e, ERR_FAILED,
		    "its first line is not that of a heap profile");
		return NULL;
	}
	h.p = profile_new();
	add_types(&h, &total);
	return heap_read(&h, text, rate, read_samples, e);
}

const struct decoder decode_gperftools = {
	.name = "gperftools",
	.help = "heap profile of gperftools (HEAPPROFILE) and of pprof's older "
		"text form",
	.sniff = is_gperftools,
	.read = read_gperftools,
};
