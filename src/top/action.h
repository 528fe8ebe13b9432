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

/* Asks for a new value of that limit. */
void action_limit_of(struct ui *ui, const struct source_limit *limit);

#endif
