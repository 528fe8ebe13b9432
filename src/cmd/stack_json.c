/* SPDX-License-Identifier: MIT */
/* ullage stack for programs: every thread by itself, nothing left out. */
#include "config.h"

#include "base/json.h"
#include "cmd/stack_view.h"
#include "unwind/calls.h"

#include <jansson.h>
#include <stdio.h>

static json_t *
or_null(const char *s)
{
	return s != NULL && s[0] != '\0' ? json_text(s) : json_null();
}

static json_t *
frames(const struct stack_view *v, const struct thread *h)
{
	json_t *list = json_array();
	struct stack_line l;

	for (size_t i = 0; i < h->n; i++)
		for (size_t k = 0, n = stack_lines(v, h, i); k < n; k++) {
			json_t *f = json_object();

			stack_line(v, h, i, k, &l);
			json_object_set_new(f, "address",
			    json_address(l.address));
			json_object_set_new(f, "function",
			    json_text(l.function));
			json_object_set_new(f, "file", or_null(l.file));
			json_object_set_new(f, "line",
			    l.line > 0 ? json_integer(l.line) : json_null());
			json_object_set_new(f, "module", or_null(l.module));
			json_object_set_new(f, "inlined",
			    json_boolean(k + 1 < n));
			json_object_set_new(f, "guessed",
			    json_boolean(i >= h->guessed));
			json_array_append_new(list, f);
		}
	return list;
}

static json_t *
lock(const struct stack_view *v, const struct thread *h)
{
	struct buf name = BUF_INIT;
	json_t *j;

	if (h->lock == 0)
		return json_null();
	j = json_object();
	stack_lock_name(v, h->lock, &name);
	json_object_set_new(j, "address", json_address(h->lock));
	json_object_set_new(j, "name", json_text(buf_text(&name)));
	json_object_set_new(j, "owner", json_integer(h->owner));
	buf_free(&name);
	return j;
}

static json_t *
thread(const struct stack_view *v, const struct thread *h)
{
	char state[2] = { h->state, '\0' };
	json_t *j = json_object();

	json_object_set_new(j, "tid", json_integer(h->tid));
	json_object_set_new(j, "name", json_text(h->name));
	json_object_set_new(j, "state", json_text(state));
	json_object_set_new(j, "syscall",
	    h->call >= 0 ? json_integer(h->call) : json_null());
	json_object_set_new(j, "syscall_name", or_null(call_name(h->call)));
	json_object_set_new(j, "wait", or_null(h->wait));
	json_object_set_new(j, "waits_for", lock(v, h));
	json_object_set_new(j, "deadlock",
	    h->cycle != 0 ? json_integer((json_int_t)h->cycle) : json_null());
	json_object_set_new(j, "stopped_ns",
	    json_integer((json_int_t)h->stopped));
	json_object_set_new(j, "stack", frames(v, h));
	json_object_set_new(j, "ends_early", or_null(h->end));
	return j;
}

static int
append(const char *bytes, size_t len, void *out)
{
	buf_add(out, bytes, len);
	return 0;
}

void
stack_json(const struct stack_view *v, struct buf *out)
{
	json_t *j = json_object(), *list = json_array();

	json_object_set_new(j, "pid", json_integer(v->t->pid));
	json_object_set_new(j, "command", json_text(v->command));
	json_object_set_new(j, "time_ns",
	    json_integer((json_int_t)v->t->time_ns));
	json_object_set_new(j, "deadlocks",
	    json_integer((json_int_t)v->t->cycles));
	json_object_set_new(j, "ended_meanwhile",
	    json_integer((json_int_t)v->t->gone));
	for (size_t i = 0; i < v->t->n; i++)
		json_array_append_new(list, thread(v, &v->t->threads[i]));
	json_object_set_new(j, "threads", list);
	json_dump_callback(j, append, out, JSON_INDENT(1));
	buf_puts(out, "\n");
	json_decref(j);
}
