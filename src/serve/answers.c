/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/answers.h"
#include "base/xalloc.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KEPT_MAX 16
#define FRESH_TIMES 4
#define FRESH_NS UINT64_C(1000000000)

struct kept {
	char *key; /* NULL: free */
	bool making;
	struct shared_answer *answer; /* NULL: none, or being made */
	uint64_t until;		      /* ns, CLOCK_MONOTONIC */
};

struct answers {
	pthread_mutex_t lock;
	pthread_cond_t made;
	struct kept kept[KEPT_MAX];
	size_t bytes;
};

static uint64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

struct answers *
answers_new(void)
{
	struct answers *l = xcalloc(1, sizeof *l);

	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->made, NULL);
	return l;
}

/* ---- with the lock held ------------------------------------------------------ */

static void
let_go(struct shared_answer *s)
{
	if (s == NULL || --s->users > 0)
		return;
	s->of->bytes -= s->answer.body.len;
	answer_free(&s->answer);
	free(s);
}

static void
forget(struct kept *k)
{
	let_go(k->answer);
	free(k->key);
	*k = (struct kept){ .key = NULL };
}

static void
forget_stale(struct answers *l)
{
	uint64_t t = now();

	for (size_t i = 0; i < KEPT_MAX; i++)
		if (l->kept[i].key != NULL && !l->kept[i].making &&
		    l->kept[i].until <= t)
			forget(&l->kept[i]);
}

static struct kept *
look(struct answers *l, const char *key)
{
	for (size_t i = 0; i < KEPT_MAX; i++)
		if (l->kept[i].key != NULL &&
		    strcmp(l->kept[i].key, key) == 0)
			return &l->kept[i];
	return NULL;
}

/* ---- from outside ------------------------------------------------------------ */

struct shared_answer *
answers_find(struct answers *l, const char *key)
{
	struct shared_answer *s = NULL;
	struct kept *k;

	pthread_mutex_lock(&l->lock);
	forget_stale(l);
	while ((k = look(l, key)) != NULL && k->making)
		pthread_cond_wait(&l->made, &l->lock);
	if (k != NULL) {
		s = k->answer;
		s->users++;
	} else {
		/* Without room for it, others make it, too. */
		for (k = l->kept; k < l->kept + KEPT_MAX && k->key != NULL; k++)
			;
		if (k < l->kept + KEPT_MAX)
			*k = (struct kept){ .key = xstrdup(key),
				.making = true };
	}
	pthread_mutex_unlock(&l->lock);
	return s;
}

struct shared_answer *
answers_put(struct answers *l, const char *key, struct answer *a,
    uint64_t cost_ns)
{
	struct shared_answer *s = xcalloc(1, sizeof *s);
	uint64_t fresh = cost_ns < FRESH_NS ? cost_ns * FRESH_TIMES : FRESH_NS;
	struct kept *k;

	s->answer = *a;
	*a = (struct answer)ANSWER_INIT;
	s->of = l;
	s->users = 1;
	pthread_mutex_lock(&l->lock);
	l->bytes += s->answer.body.len;
	k = key != NULL ? look(l, key) : NULL;
	if (k != NULL && k->making) {
		k->making = false;
		/* Whoever waits gets it, stale or not; errors are for one. */
		if (s->answer.status == 200) {
			k->answer = s;
			s->users++;
			k->until = now() +
			    (fresh < FRESH_NS ? fresh : FRESH_NS);
		} else {
			forget(k);
		}
		pthread_cond_broadcast(&l->made);
	}
	pthread_mutex_unlock(&l->lock);
	return s;
}

void
answers_give_back(struct shared_answer *s)
{
	struct answers *l = s->of;

	pthread_mutex_lock(&l->lock);
	let_go(s);
	pthread_mutex_unlock(&l->lock);
}

void
answers_reap(struct answers *l)
{
	pthread_mutex_lock(&l->lock);
	forget_stale(l);
	pthread_mutex_unlock(&l->lock);
}

size_t
answers_bytes(struct answers *l)
{
	size_t n;

	pthread_mutex_lock(&l->lock);
	n = l->bytes;
	pthread_mutex_unlock(&l->lock);
	return n;
}

void
answers_free(struct answers *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < KEPT_MAX; i++)
		if (l->kept[i].key != NULL)
			forget(&l->kept[i]);
	pthread_cond_destroy(&l->made);
	pthread_mutex_destroy(&l->lock);
	free(l);
}
