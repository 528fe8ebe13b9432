/* SPDX-License-Identifier: MIT */
/*
 * Levers as keys: each asks for what it needs, then shows the consequence and
 * the command that does the same, then acts on the process under the cursor
 * or the one that is open.
 */
#ifndef ULLAGE_TOP_ACTION_H
#define ULLAGE_TOP_ACTION_H

#include "top/ui.h"

void action_limit(struct ui *ui, int key);
void action_signal(struct ui *ui, int key);
void action_trim(struct ui *ui, int key);
void action_interval(struct ui *ui, int key);
void action_write(struct ui *ui, int key);
void action_attach(struct ui *ui, int key);

/* Asks for a new value of that limit. */
void action_limit_of(struct ui *ui, const struct source_limit *limit);

/* ---- levers that take a while: one at a time ---------------------------------- */

struct action_job {
	struct action action;
	char text[PROMPT_TEXT_MAX + 32]; /* the action's */
	int rc;
	struct buf said;
	struct err e;
};

/* False if there is one already. */
bool action_job_start(struct ui *ui, const struct action *a);

/* Does it; on any thread. */
void action_job_run(const struct source *source, struct action_job *j);

/* Forgets it; only if nobody is at it. */
void action_job_drop(struct ui *ui);

/* What is being done, "" if nothing is. */
void action_job_say(const struct ui *ui, char out[80]);

#endif
