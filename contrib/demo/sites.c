/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "sites.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct site {
	const char *name;
	uint64_t size;	 /* bytes asked for one */
	uint64_t live;	 /* how many are held now */
	uint64_t total;	 /* how many there ever were */
	uint64_t usable; /* bytes that malloc set aside for the live ones */
	uint64_t ever;	 /* and for all */
} sites[SITE_COUNT] = {
#define X(n, s) [SITE_##n] = {.name = #n, .size = (s)},
    DEMO_SITES(X)
#undef X
};

void *
site_keep(enum demo_site s, void *p)
{
	if (p == NULL) {
		perror("ullage-demo-server: malloc");
		exit(1);
	}
	sites[s].live++;
	sites[s].total++;
	sites[s].usable += malloc_usable_size(p);
	sites[s].ever += malloc_usable_size(p);
	return memset(p, 0, sites[s].size);
}

void
site_free(enum demo_site s, void *p)
{
	if (p == NULL)
		return;
	sites[s].live--;
	sites[s].usable -= malloc_usable_size(p);
	free(p);
}

void
sites_print(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < SITE_COUNT; i++) {
		const struct site *s = &sites[i];

		printf("site %s size %" PRIu64 " live %" PRIu64
		       " bytes %" PRIu64 " usable %" PRIu64 " total %" PRIu64
		       " ever %" PRIu64 "\n",
		    s->name, s->size, s->live, s->live * s->size, s->usable,
		    s->total, s->ever);
		sum += s->live * s->size;
	}
	printf("sites bytes %" PRIu64 "\n", sum);
}
