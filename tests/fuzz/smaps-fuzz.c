/* SPDX-License-Identifier: MIT */
/*
 * An account of mappings that no kernel wrote, as a ledger with and without
 * live objects: the parts add up to what the mappings have. And statm.
 */
#include "config.h"

#include "agent/keeper_rule.h"
#include "base/xalloc.h"
#include "proc/smaps.h"
#include "tune/ledger.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static void
statm(const char *text)
{
	uint64_t rss, anonymous;

	if (!keeper_statm(text, &rss, &anonymous) && (rss | anonymous) != 0)
		abort();
	if (anonymous > rss)
		abort();
}

static void
ledger(const struct smaps *maps, bool watched, bool glibc)
{
	struct status status = { .threads = 3 };
	struct ledger_object objects[16];
	struct ledger_input in = { .status = &status,
		.maps = maps,
		.watched = watched,
		.glibc = glibc,
		.objects = objects,
		.metadata = UINT64_MAX };
	uint64_t sum = 0, parts = 0;
	struct ledger l;

	for (size_t i = 0; i < maps->n; i++) {
		uint64_t rss = maps->list[i].rss;

		/* The kernel's are below 2^47; sums may not wrap. */
		if (rss > UINT64_C(1) << 47)
			return;
		sum += rss;
	}
	if (maps->n > 1000)
		return;
	for (size_t i = 0; i < 16; i++)
		objects[i] = (struct ledger_object){ maps->n > i ?
			    maps->list[i].start + 16 * (i % 3) :
			    i,
			1000 << i, 1 + (double)i };
	in.n_objects = 16;
	in.live = 1e6;
	in.live_error = 1e5;
	ledger_make(&in, &l);
	for (int i = 0; i < LEDGER_PARTS; i++)
		parts += l.bytes[i];
	if (parts != l.rss || parts != sum)
		abort();
	ledger_free(&l);
}

int
LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
	char *text = xmalloc(size + 1);
	struct smaps maps;

	memcpy(text, bytes, size);
	text[size] = '\0';
	statm(text);
	smaps_parse(text, &maps);
	ledger(&maps, false, false);
	ledger(&maps, true, false);
	ledger(&maps, true, true);
	smaps_free(&maps);
	return 0;
}
