/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/stack_view.h"
#include "base/xalloc.h"
#include "profile/kind_threads.h"
#include "unwind/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- lines ----------------------------------------------------------------- */

static const struct profile_location *
location(const struct stack_view *v, const struct thread *h, size_t i,
    uint32_t *id)
{
	*id = threads_location(v->p, v->t, h, i);
	return &v->p->locations[*id - 1];
}

size_t
stack_lines(const struct stack_view *v, const struct thread *h, size_t i)
{
	uint32_t id, n = location(v, h, i, &id)->n_lines;

	return n > 0 ? n : 1;
}

void
stack_line(const struct stack_view *v, const struct thread *h, size_t i,
    size_t k, struct stack_line *out)
{
	const struct profile *p = v->p;
	uint32_t id;
	const struct profile_location *l = location(v, h, i, &id);

	out->function = profile_location_name(p, id, (uint32_t)k, out->name,
	    sizeof out->name);
	out->file = "";
	out->line = 0;
	out->address = l->address;
	out->module = l->mapping == 0 ?
	    "" :
	    profile_text(p, p->mappings[l->mapping - 1].file);
	if (k < l->n_lines) {
		const struct profile_line *line = &p->lines[l->line + k];

		out->file = profile_text(p,
		    p->functions[line->function - 1].file);
		out->line = line->line;
	}
}

/* ---- groups ------------------------------------------------------------------ */

struct key {
	const struct thread *thread;
	size_t index, group, count;
};

static int
compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int
by_place(const void *left, const void *right)
{
	const struct key *x = left, *y = right;
	const struct thread *a = x->thread, *b = y->thread;
	int order;

	if ((order = compare(a->n, b->n)) != 0)
		return order;
	for (size_t i = 0; i < a->n; i++)
		if ((order = compare(a->frames[i], b->frames[i])) != 0)
			return order;
	if ((order = a->state - b->state) != 0 ||
	    (order = compare((uint64_t)a->call, (uint64_t)b->call)) != 0 ||
	    (order = compare(a->lock, b->lock)) != 0 ||
	    (order = a->owner - b->owner) != 0 ||
	    (order = strcmp(a->wait, b->wait)) != 0)
		return order;
	return strcmp(a->end != NULL ? a->end : "",
	    b->end != NULL ? b->end : "");
}

static int
by_place_and_index(const void *left, const void *right)
{
	const struct key *x = left, *y = right;
	int order = by_place(left, right);

	return order != 0 ? order : compare(x->index, y->index);
}

/* Large groups first; of equals, the one with the lowest thread. */
static int
by_size(const void *left, const void *right)
{
	const struct key *x = left, *y = right;
	int order = compare(y->count, x->count);

	if (order == 0)
		order = compare(x->group, y->group);
	return order != 0 ? order : compare(x->index, y->index);
}

void
stack_groups(const struct threads *t, size_t **order, bool **first)
{
	struct key *keys = xcalloc(t->n, sizeof *keys);
	size_t n = t->n, end;

	*order = xcalloc(n, sizeof **order);
	*first = xcalloc(n, sizeof **first);
	for (size_t i = 0; i < n; i++)
		keys[i] = (struct key){ &t->threads[i], i, 0, 0 };
	qsort(keys, n, sizeof *keys, by_place_and_index);
	for (size_t i = 0; i < n; i = end) {
		for (end = i + 1; end < n; end++)
			if (by_place(&keys[i], &keys[end]) != 0)
				break;
		for (size_t k = i; k < end; k++) {
			keys[k].group = keys[i].index;
			keys[k].count = end - i;
		}
	}
	qsort(keys, n, sizeof *keys, by_size);
	for (size_t i = 0; i < n; i++) {
		(*order)[i] = keys[i].index;
		(*first)[i] = i == 0 || keys[i].group != keys[i - 1].group;
	}
	free(keys);
}

/* ---- words --------------------------------------------------------------------- */

const char *
stack_state(char state)
{
	switch (state) {
	case 'R':
		return "running";
	case 'S':
		return "sleeping";
	case 'D':
		return "in uninterruptible wait";
	case 'T':
		return "stopped";
	case 't':
		return "stopped by a tracer";
	case 'I':
		return "idle";
	default:
		return "in unknown state";
	}
}

void
stack_call(struct buf *out, int64_t call)
{
	const char *name = call_name(call);

	if (name != NULL)
		buf_puts(out, name);
	else
		buf_printf(out, "system call %lld", (long long)call);
}

/* ---- mutexes --------------------------------------------------------------------- */

void
stack_lock_name(const struct stack_view *v, uint64_t address,
    struct buf *out)
{
	const struct module *m = modules_at(&v->t->modules, address);
	struct symbol_module module;
	char *name = NULL;

	if (m != NULL && v->names != NULL) {
		module = (struct symbol_module){ m->path, m->build_id,
			m->bias, m->start, m->limit, m->deleted };
		name = symbolizer_object(v->names, &module, address);
	}
	if (name != NULL)
		buf_printf(out, "%s (0x%llx)", name,
		    (unsigned long long)address);
	else
		buf_printf(out, "0x%llx", (unsigned long long)address);
	free(name);
}

/* Functions that wait for a mutex on somebody's behalf, wherever they are. */
static bool
is_locking(const struct stack_line *l)
{
	static const char *const modules[] = { "libc.so", "libc-",
		"libpthread", "ld-linux", "libstdc++", "libc++", "[vdso]" };
	static const char *const functions[] = { "pthread_mutex_",
		"__pthread_mutex_", "___pthread_mutex_", "__lll_",
		"futex_wait", "__futex_", "std::mutex::", "__gthread_",
		"std::lock_guard<", "std::unique_lock<",
		"std::recursive_mutex::", "std::scoped_lock<", "std::__mutex",
		"__gthread" };
	const char *slash = strrchr(l->module, '/');
	const char *base = slash != NULL ? slash + 1 : l->module;

	for (size_t i = 0; i < sizeof modules / sizeof modules[0]; i++)
		if (strncmp(base, modules[i], strlen(modules[i])) == 0)
			return true;
	for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
		if (strncmp(l->function, functions[i],
			strlen(functions[i])) == 0)
			return true;
	return false;
}

bool
stack_lock_site(const struct stack_view *v, const struct thread *h,
    struct stack_line *out)
{
	for (size_t i = 0; i < h->n; i++)
		for (size_t k = 0; k < stack_lines(v, h, i); k++) {
			stack_line(v, h, i, k, out);
			if (!is_locking(out))
				return true;
		}
	return false;
}
