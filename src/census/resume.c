/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "census/resume.h"

#include <string.h>

/* So many chunks in a row are no accident. */
#define CHAIN 32

/* Enough to get through a gigabyte of somebody else's data. */
#define BUDGET (UINT64_C(1) << 27)
#define PROBE_PAGES 16
#define STEPS 4096

struct probe {
	const struct census_segment *s;
	struct census_window near, far; /* candidates; what they lead to */
};

static bool
plausible(const struct census_segment *s, uint64_t p, uint64_t head)
{
	uint64_t size = head & ~CHUNK_FLAGS;

	return size >= CHUNK_MIN && size % CHUNK_ALIGN == 0 &&
	    size <= s->end - p && !(head & CHUNK_MMAPPED) &&
	    !(s->main && head & CHUNK_NON_MAIN);
}

static bool
header(struct census_window *w, uint64_t p, uint64_t word[2])
{
	size_t got;
	const unsigned char *at = census_window_at(w, p, CHUNK_HEADER,
	    CHUNK_HEADER, &got);

	if (at != NULL)
		memcpy(word, at, 2 * sizeof *word);
	return at != NULL;
}

/* A fence after at least some chunks is an end as good as the top. */
static bool
holds(struct probe *k, uint64_t p, uint64_t head, uint64_t *steps)
{
	const struct census_segment *s = k->s;
	uint64_t word[2];

	for (int i = 0; i < CHAIN; i++) {
		uint64_t size = head & ~CHUNK_FLAGS;

		(*steps)++;
		p += size;
		if (p == s->top || (p == s->end && i > 0))
			return true;
		if (p > s->end - CHUNK_HEADER || !header(&k->far, p, word))
			return false;
		head = word[1];
		if (!(head & CHUNK_PREV_IN_USE) && word[0] != size)
			return false;
		if ((head & ~CHUNK_FLAGS) == CHUNK_HEADER && i > 2)
			return true;
		if (!plausible(s, p, head))
			return false;
	}
	return true;
}

uint64_t
census_resume(const struct census_walk *w, const struct census_segment *s,
    uint64_t from)
{
	struct probe k = { .s = s };
	uint64_t word[2], steps = 0, looked = 0, found = s->end, limit;

	census_window_init(&k.near, w->reader, PROBE_PAGES);
	census_window_init(&k.far, w->reader, PROBE_PAGES);
	limit = s->until != 0 && s->until < s->end ? s->until : s->end;
	for (uint64_t p = from; p + CHUNK_MIN <= limit;) {
		if (++looked % STEPS == 0 &&
		    (steps + looked > BUDGET ||
			(w->enough != NULL && w->enough(w->arg, p))))
			break;
		if (p == s->top) {
			found = p;
			break;
		}
		if (!header(&k.near, p, word)) {
			p = (p & ~(CENSUS_PAGE - 1)) + CENSUS_PAGE;
			continue;
		}
		if (plausible(s, p, word[1]) && word[1] & CHUNK_PREV_IN_USE &&
		    holds(&k, p, word[1], &steps)) {
			found = p;
			break;
		}
		p += CHUNK_ALIGN;
	}
	census_window_fini(&k.far);
	census_window_fini(&k.near);
	return found;
}
