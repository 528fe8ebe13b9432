/* SPDX-License-Identifier: MIT */
/* What the live view shows, from /proc and agents; and what it may do. */
#ifndef ULLAGE_CMD_TOP_SOURCE_H
#define ULLAGE_CMD_TOP_SOURCE_H

#include "proc/smaps.h"
#include "proc/status.h"
#include "proc/sweep.h"
#include "proc/tasks.h"
#include "profile/leaks.h"
#include "symbol/symbol.h"
#include "target/target.h"
#include "top/aside.h"
#include "top/source.h"

#include <stdatomic.h>

#define TOP_STACKS_MAX 4096
#define TOP_LOOKS 6

struct user_name {
	uint32_t uid;
	char name[32];
};

struct watched { /* a process that has, or may have, an agent */
	int32_t pid;
	uint64_t start_ticks;
	struct target *target; /* owned; NULL: looked, and has no agent */
	uint32_t round;	       /* when it was looked for */
	bool records;	       /* the agent, when it was seen last */
};

/* The parts are used by one thread each, as source.h says. */
struct top_source {
	struct source source; /* what the view gets; its arg is this struct */

	uint32_t user; /* we are */

	/* The thread of lists. */
	struct sweep *sweep; /* owned */
	struct user_name *users;
	size_t n_users, cap_users;
	struct watched *watched;
	size_t n_watched, cap_watched;
	uint32_t round;
	bool aside, searching;
	struct aside search; /* if searching */
	struct search *asked; /* what it has been given, until it is taken */
	int64_t searched; /* when all processes were searched for agents */
	/* Look again, says who pulls levers. */
	atomic_bool agents_changed, limits_changed;

	/* The thread of details: the process that is open. */
	int32_t pid;
	uint64_t start;
	struct target *target;	   /* owned */
	struct symbolizer *names; /* owned */
	struct tasks before;	   /* threads at the look before */
	struct smaps maps;	   /* of a little while ago */
	struct status mapped_status;
	uint64_t stacks[TOP_STACKS_MAX];
	size_t n_stacks;
	bool has_maps;
	int64_t mapped; /* ns, when */
	struct leak_look looks[TOP_LOOKS]; /* at descriptors; oldest first */
	size_t n_looks;
	int64_t looked; /* ns, the newest */
};

/* aside: agents are looked for on a thread of its own, so that they are there
 * some lists later; else each list has them. */
struct top_source *top_source_new(bool aside, struct err *e);
void top_source_free(struct top_source *s);

/* ---- the parts -------------------------------------------------------------- */

struct source_list *top_source_list(void *arg, unsigned needs, struct err *e);
struct source_detail *top_source_detail(void *arg,
    const struct source_request *r);
int top_source_plan(void *arg, const struct action *a, struct buf *question,
    struct buf *command, bool *harm, struct err *e);
int top_source_act(void *arg, const struct action *a, struct buf *said,
    struct err *e);

/* Of the rows of the sweep; a search may end some lists later. */
void top_agents_find(struct top_source *s);
void top_agents_add(const struct top_source *s, const struct sweep_row *row,
    struct source_row *out);
void top_agents_free(struct top_source *s);

void top_machine_read(struct source_machine *m);

/* Threads and descriptors as tables; with a sentence of totals. */
void top_threads(struct top_source *s, const struct source_request *r,
    struct source_detail *d);
void top_fds(struct top_source *s, const struct source_request *r,
    struct source_detail *d);

/* Looks at descriptors of a process that is not shown any more. */
void top_forget_looks(struct top_source *s);

/* By the column that is asked for, or else by that one. */
void top_order(struct table *t, const struct source_request *r, size_t n,
    int otherwise);

/* Names for addresses of the process that is shown; kept. */
struct symbolizer *top_names(struct top_source *s);

int64_t top_now(void); /* ns since boot */
uint64_t top_ticks_to_ns(uint64_t ticks);
uint64_t top_ns_to_ticks(uint64_t ns);

#endif
