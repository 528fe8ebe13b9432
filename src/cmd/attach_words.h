/* SPDX-License-Identifier: MIT */
/* What attach, detach and check say alike. */
#ifndef ULLAGE_CMD_ATTACH_WORDS_H
#define ULLAGE_CMD_ATTACH_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "attach/attach.h"
#include "attach/preflight.h"
#include "base/buf.h"
#include "base/err.h"
#include "target/presence.h"
#include "target/target.h"

/* "0.18 ms" */
char *attach_words_ms(char out[32], uint64_t ns);

/* Which thread was stopped and for how long: a sentence without the stop. */
void attach_words_stop(const struct attach_outcome *out, struct buf *text);

/* Fills e from the first thing that is not met; 0 if all is. */
int attach_words_obstacle(const struct preflight *p, struct err *e);

/*
 * Waits at most two seconds for the agent to come to that state. Its segment
 * may be a new one, so the target is found anew; *t is replaced.
 */
bool attach_words_wait(struct target **t, enum presence_state state);

/* Tells what is left in a process that was detached from. */
void attach_words_left(const struct target *t, const struct presence *p,
    struct buf *text);

/* Attaches, or wakes the agent that is there, as ullage attach does without
 * options; what came of it is in text. 0 if the agent records. */
int attach_to(const char *pid_or_name, struct buf *text, struct err *e);

/* Detaches by what means there are; what came of it is in text. 0 if the
 * agent is out or quiet. */
int detach_from(const char *pid_or_name, uint64_t wait_ns, struct buf *text,
    struct err *e);

#endif
