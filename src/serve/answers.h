/* SPDX-License-Identifier: MIT */
/*
 * Answers that several have asked for at once are made once, and those that
 * are dear to make are given again for a moment: four times as long as they
 * took to make, a second at most. So however many ask, making one and the same
 * answer never takes more than a fifth of the time.
 */
#ifndef ULLAGE_SERVE_ANSWERS_H
#define ULLAGE_SERVE_ANSWERS_H

#include <stddef.h>
#include <stdint.h>

#include "serve/request.h"

struct answers; /* locks itself */

/* One that is shared by all who send it. */
struct shared_answer {
	struct answer answer; /* does not change any more */
	struct answers *of;
	unsigned users;
};

struct answers *answers_new(void);

/* All that were given out must have been given back. */
void answers_free(struct answers *l);

/*
 * The answer to that question, while it is fresh; one that is being made is
 * waited for. NULL: the caller is to make it, and must call answers_put.
 */
struct shared_answer *answers_find(struct answers *l, const char *key);

/* What the caller has made, which took so long; takes over the contents of a.
 * With a key of NULL it is shared with nobody. To be given back. */
struct shared_answer *answers_put(struct answers *l, const char *key,
    struct answer *a, uint64_t cost_ns);

void answers_give_back(struct shared_answer *s);

/* Forgets what is not fresh any more. */
void answers_reap(struct answers *l);

/* Bytes of all bodies that somebody still has. */
size_t answers_bytes(struct answers *l);

#endif
