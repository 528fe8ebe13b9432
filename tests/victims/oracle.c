/* SPDX-License-Identifier: MIT */
/*
 * Eight threads run all sites, and free some of what other threads made;
 * then the truth is printed, "ready", and it waits for the end of its input.
 *
 *   oracle [NAME...]    leaves out the sites of those names
 */
#include "config.h"

#include "oracle.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 8
#define ROUNDS 24
#define SITES_MAX 64

static void
add(uint64_t *sum, uint64_t n)
{
	__atomic_fetch_add(sum, n, __ATOMIC_RELAXED);
}

void *
told(struct site *site, void *p)
{
	if (p != NULL) {
		add(&site->alloc_objects, 1);
		add(&site->alloc_bytes, malloc_usable_size(p));
	}
	return p;
}

/* ---- sites ------------------------------------------------------------------ */

SITE static void *
site_malloc(struct site *s)
{
	return told(s, malloc(s->size));
}

SITE static void *
site_malloc_zero(struct site *s)
{
	return told(s, malloc(0));
}

/* The compiler may not know that these fail. */
static volatile size_t huge = (size_t)1 << 62;

SITE static void *
site_too_large(struct site *s)
{
	void *p = NULL;

	told(s, malloc(huge));
	told(s, calloc(huge, 64));
	told(s, calloc(huge, 1));
	told(s, memalign(64, huge));
	if (posix_memalign(&p, 64, huge) == 0)
		told(s, p);
	if (posix_memalign(&p, 3, s->size) == 0)
		told(s, p);
	told(s, realloc(NULL, huge));
	return NULL;
}

SITE static void *
site_calloc(struct site *s)
{
	return told(s, calloc(3, s->size));
}

SITE static void *
site_realloc_new(struct site *s)
{
	return told(s, realloc(NULL, s->size));
}

SITE static void *
site_realloc_grow(struct site *s)
{
	void *p = told(s, malloc(s->size));

	p = told(s, realloc(p, s->size * 2));
	return told(s, realloc(p, s->size * 100));
}

SITE static void *
site_realloc_shrink(struct site *s)
{
	void *p = told(s, malloc(s->size * 50));

	return told(s, realloc(p, s->size));
}

SITE static void *
site_realloc_to_zero(struct site *s)
{
	void *p = told(s, malloc(s->size));

	return told(s, realloc(p, 0));
}

SITE static void *
site_realloc_fails(struct site *s)
{
	void *p = told(s, malloc(s->size)), *q;

	q = realloc(p, huge);
	return q != NULL ? told(s, q) : p;
}

SITE static void *
site_reallocarray(struct site *s)
{
	void *p = told(s, reallocarray(NULL, 5, s->size));

	return told(s, reallocarray(p, 9, s->size));
}

SITE static void *
site_reallocarray_overflows(struct site *s)
{
	void *p = told(s, malloc(s->size));

	errno = 0;
	if (reallocarray(p, huge, 8) != NULL || errno != ENOMEM)
		abort();
	return p;
}

SITE static void *
site_posix_memalign(struct site *s)
{
	void *p;

	return posix_memalign(&p, 128, s->size) == 0 ? told(s, p) : NULL;
}

SITE static void *
site_aligned_alloc(struct site *s)
{
	return told(s, aligned_alloc(64, s->size * 64));
}

SITE static void *
site_memalign(struct site *s)
{
	return told(s, memalign(256, s->size));
}

SITE static void *
site_valloc(struct site *s)
{
	return told(s, valloc(s->size));
}

SITE static void *
site_pvalloc(struct site *s)
{
	return told(s, pvalloc(s->size));
}

SITE static void *
site_freed_at_once(struct site *s)
{
	void *p = told(s, malloc(s->size));

	free(p);
	free(NULL);
	return NULL;
}

SITE static void *
site_large(struct site *s)
{
	return told(s, malloc(s->size * 1000));
}

SITE static void *
site_strdup(struct site *s)
{
	char text[400];

	memset(text, 'x', sizeof text);
	text[s->size] = '\0';
	return told(s, strdup(text));
}

SITE static void *
site_strndup(struct site *s)
{
	return told(s, strndup("0123456789012345678901234567890123456789",
	    s->size));
}

SITE static void *
site_asprintf(struct site *s)
{
	char *p;

	return asprintf(&p, "%*d", (int)s->size, 1) > 0 ? p : NULL;
}

static FILE *lines;
static pthread_mutex_t lines_lock = PTHREAD_MUTEX_INITIALIZER;

SITE static void *
site_getline(struct site *s)
{
	char *p = NULL;
	size_t n = 0;

	(void)s;
	pthread_mutex_lock(&lines_lock);
	rewind(lines);
	if (getline(&p, &n, lines) < 0)
		abort();
	pthread_mutex_unlock(&lines_lock);
	return p;
}

static struct site sites[SITES_MAX] = {
#define X(name, prime) { #name, name, prime, BY_FREE, false, 0, 0, 0, 0 }
	X(site_malloc, 101),
	X(site_malloc_zero, 3),
	X(site_too_large, 5),
	X(site_calloc, 103),
	X(site_realloc_new, 107),
	X(site_realloc_grow, 109),
	X(site_realloc_shrink, 113),
	X(site_realloc_to_zero, 127),
	X(site_realloc_fails, 131),
	X(site_reallocarray, 137),
	X(site_reallocarray_overflows, 139),
	X(site_posix_memalign, 149),
	X(site_aligned_alloc, 151),
	X(site_memalign, 157),
	X(site_valloc, 163),
	X(site_pvalloc, 167),
	X(site_freed_at_once, 173),
	X(site_large, 179),
	X(site_strdup, 181),
	X(site_strndup, 31),
#undef X
	{ "site_asprintf", site_asprintf, 191, BY_FREE, true, 0, 0, 0, 0 },
	{ "site_getline", site_getline, 193, BY_FREE, true, 0, 0, 0, 0 },
};
static size_t n_sites;

/* ---- threads --------------------------------------------------------------------- */

static void *kept[THREADS][ROUNDS][SITES_MAX];
static pthread_barrier_t made;

static void
hold(struct site *s, void *p, int sign)
{
	add(&s->live_objects, (uint64_t)sign);
	add(&s->live_bytes, (uint64_t)sign * malloc_usable_size(p));
}

static void
give_back(struct site *s, void *p)
{
	if (p == NULL)
		return;
	hold(s, p, -1);
	if (s->by == BY_FREE)
		free(p);
	else
		cxx_delete(s, p);
}

static void *
work(void *arg)
{
	size_t me = (size_t)arg, other = (me + 3) % THREADS;

	for (size_t r = 0; r < ROUNDS; r++)
		for (size_t i = 0; i < n_sites; i++) {
			void *p = sites[i].run(&sites[i]);

			if (p != NULL)
				hold(&sites[i], p, 1);
			kept[me][r][i] = p;
			/* Every third is gone soon. */
			if (r % 3 == 1)
				give_back(&sites[i], kept[me][r][i]);
		}
	pthread_barrier_wait(&made);
	/* Another third is freed by another thread. */
	for (size_t r = 2; r < ROUNDS; r += 3)
		for (size_t i = 0; i < n_sites; i++)
			give_back(&sites[i], kept[other][r][i]);
	return NULL;
}

static void
leave_out(const char *name)
{
	for (size_t i = 0; i < n_sites; i++)
		if (strcmp(sites[i].name, name) == 0)
			sites[i--] = sites[--n_sites];
}

int
main(int argc, char **argv)
{
	static char line[200];
	pthread_t threads[THREADS];

	while (sites[n_sites].name != NULL)
		n_sites++;
	for (size_t i = 0; i < n_cxx_sites; i++)
		sites[n_sites++] = cxx_sites[i];
	for (int i = 1; i < argc; i++)
		leave_out(argv[i]);
	memset(line, 'y', 193);
	line[192] = '\n';
	lines = fmemopen(line, 193, "r");
	(void)getc(lines); /* its own buffer is not of the site */
	pthread_barrier_init(&made, NULL, THREADS);
	for (size_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, work, (void *)i);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < n_sites; i++) {
		struct site *s = &sites[i];

		printf("%s %llu %llu", s->name,
		    (unsigned long long)s->live_objects,
		    (unsigned long long)s->live_bytes);
		if (s->hidden)
			printf(" ? ?\n");
		else
			printf(" %llu %llu\n",
			    (unsigned long long)s->alloc_objects,
			    (unsigned long long)s->alloc_bytes);
	}
	printf("ready\n");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
