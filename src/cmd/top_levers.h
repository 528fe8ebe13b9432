/* SPDX-License-Identifier: MIT */
/* Levers of the live view: ask says what each would mean, do does it; both as
 * plan and act of top/source.h. */
#ifndef ULLAGE_CMD_TOP_LEVERS_H
#define ULLAGE_CMD_TOP_LEVERS_H

#include "cmd/top_source.h"

/* "4182 (nginx)" */
void top_put_process(struct buf *out, int32_t pid);

/* Fails if the pid is another's by now. */
int top_still_there(const struct action *a, struct err *e);

/* ---- those of the agent ------------------------------------------------------ */

int top_ask_interval(const struct action *a, struct buf *question,
    struct buf *command, struct err *e);
int top_do_interval(const struct action *a, struct buf *said, struct err *e);

int top_ask_profile(const struct action *a, struct buf *question,
    struct buf *command, struct err *e);
int top_do_profile(const struct action *a, struct buf *said, struct err *e);

int top_ask_trim(const struct action *a, struct buf *question,
    struct buf *command, struct err *e);
int top_do_trim(const struct action *a, struct buf *said, struct err *e);

int top_ask_attach(const struct action *a, struct buf *question,
    struct buf *command, struct err *e);
int top_ask_detach(const struct action *a, struct buf *question,
    struct buf *command, struct err *e);
/* Either of both. */
int top_do_attach(struct top_source *s, const struct action *a,
    struct buf *said, struct err *e);

#endif
