/* SPDX-License-Identifier: MIT */
/*
 * What the ways of writing `ullage stack` share: threads with a profile of
 * them that has names, and the groups of threads that are at the same place.
 */
#ifndef ULLAGE_CMD_STACK_VIEW_H
#define ULLAGE_CMD_STACK_VIEW_H

#include "base/buf.h"
#include "profile/profile.h"
#include "symbol/symbol.h"
#include "unwind/threads.h"

struct stack_view {
	const struct threads *t;
	struct profile *p;	  /* names of the locations */
	struct symbolizer *names; /* NULL with --raw */
	const char *command;	  /* not escaped */
	size_t groups;		  /* most groups of text; 0: all */
};

/* One line of a frame: with inlined calls a frame has several. */
struct stack_line {
	const char *function; /* never NULL; not escaped; or as `name` */
	const char *file;     /* source, or "" */
	int64_t line;	      /* 0: unknown */
	const char *module;   /* path, or "" */
	uint64_t address;
	char name[512];
};

/* Lines of frame i of a thread; line number k of it. */
size_t stack_lines(const struct stack_view *v, const struct thread *h,
    size_t i);
void stack_line(const struct stack_view *v, const struct thread *h, size_t i,
    size_t k, struct stack_line *out);

/*
 * Indices of the threads, those of equal stacks, states and waits together:
 * the largest group first. first[i] tells that a group begins. Both are n
 * long and owned by the caller.
 */
void stack_groups(const struct threads *t, size_t **order, bool **first);

/* "sleeping" for S. */
const char *stack_state(char state);

/* Appends "futex", or the number. */
void stack_call(struct buf *out, int64_t call);

/* Appends the name of a mutex, as a variable if it is one; not escaped. */
void stack_lock_name(const struct stack_view *v, uint64_t address,
    struct buf *out);

/* Where a thread asked for its mutex: the first line outside of libc. False
 * if there is none. */
bool stack_lock_site(const struct stack_view *v, const struct thread *h,
    struct stack_line *out);

void stack_text(const struct stack_view *v, struct buf *out);
void stack_json(const struct stack_view *v, struct buf *out);

#endif
