/* SPDX-License-Identifier: MIT */
/* ullage stack for people: deadlocks first, then groups, the largest first. */
#include "config.h"

#include "base/escape.h"
#include "cmd/stack_view.h"

#include <stdlib.h>
#include <string.h>

/* Threads of a group that are named; the others are counted. */
#define NAMED_MAX 8

/* Column where the place of a frame stands, if its name is short enough. */
#define NAME_WIDTH 40

static void
escaped(struct buf *out, const char *text)
{
	escape_terminal(out, text, strlen(text));
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

static void
put_thread(struct buf *out, const struct thread *h)
{
	escaped(out, h->name[0] != '\0' ? h->name : "?");
	buf_printf(out, " (%d)", h->tid);
}

static void
put_where(struct buf *out, const struct stack_line *l)
{
	if (l->file[0] != '\0') {
		escaped(out, base_name(l->file));
		if (l->line > 0)
			buf_printf(out, ":%lld", (long long)l->line);
	} else {
		escaped(out, base_name(l->module));
	}
}

static void
put_lock(const struct stack_view *v, const struct thread *h, struct buf *out)
{
	const struct thread *owner = threads_find(v->t, h->owner);
	struct buf name = BUF_INIT;

	stack_lock_name(v, h->lock, &name);
	buf_puts(out, "waits for mutex ");
	escaped(out, buf_text(&name));
	buf_puts(out, ", which is held by ");
	if (owner != NULL)
		put_thread(out, owner);
	buf_free(&name);
}

/* ---- deadlocks ------------------------------------------------------------------ */

static void
put_waiter(const struct stack_view *v, const struct thread *h,
    struct buf *out)
{
	struct stack_line line;

	buf_puts(out, "  ");
	put_thread(out, h);
	buf_puts(out, " ");
	put_lock(v, h, out);
	if (stack_lock_site(v, h, &line)) {
		buf_puts(out, "\n      at ");
		escaped(out, line.function);
		buf_puts(out, " ");
		put_where(out, &line);
	}
	buf_puts(out, "\n");
}

static void
put_deadlocks(const struct stack_view *v, struct buf *out)
{
	const struct threads *t = v->t;

	for (size_t c = 1; c <= t->cycles; c++) {
		const struct thread *first = NULL, *h;
		size_t n = 0;

		for (size_t i = 0; i < t->n; i++)
			if (t->threads[i].cycle == c) {
				first = first ? first : &t->threads[i];
				n++;
			}
		buf_printf(out,
		    "\ndeadlock: %zu threads wait for each other\n", n);
		/* In the order of the circle. */
		for (h = first; n-- > 0; h = threads_find(t, h->owner))
			put_waiter(v, h, out);
	}
}

/* ---- groups ------------------------------------------------------------------------ */

static void
put_heading(const struct threads *t, const size_t *order, size_t n,
    struct buf *out)
{
	buf_printf(out, "\n%zu thread%s: ", n, n == 1 ? "" : "s");
	for (size_t i = 0; i < n && i < NAMED_MAX; i++) {
		buf_puts(out, i > 0 ? ", " : "");
		put_thread(out, &t->threads[order[i]]);
	}
	if (n > NAMED_MAX)
		buf_printf(out, " and %zu more", n - NAMED_MAX);
	buf_puts(out, "\n");
}

static void
put_state(const struct stack_view *v, const struct thread *h,
    struct buf *out)
{
	buf_printf(out, "  %s", stack_state(h->state));
	if (h->call >= 0) {
		buf_puts(out, " in ");
		stack_call(out, h->call);
	}
	if (h->wait[0] != '\0') {
		buf_puts(out, " (");
		escaped(out, h->wait);
		buf_puts(out, ")");
	}
	if (h->lock != 0) {
		buf_puts(out, ", ");
		put_lock(v, h, out);
	}
	buf_puts(out, "\n");
}

static void
put_frame(const struct stack_view *v, const struct thread *h, size_t i,
    struct buf *out)
{
	struct stack_line line;

	for (size_t k = 0; k < stack_lines(v, h, i); k++) {
		struct buf name = BUF_INIT;
		size_t width;

		stack_line(v, h, i, k, &line);
		escaped(&name, line.function);
		width = escape_width(buf_text(&name));
		buf_printf(out, "    %s", buf_text(&name));
		buf_fill(out, ' ', width < NAME_WIDTH ? NAME_WIDTH - width : 0);
		buf_puts(out, "  ");
		put_where(out, &line);
		while (out->len > 0 && out->bytes[out->len - 1] == ' ')
			out->bytes[--out->len] = '\0';
		buf_puts(out, "\n");
		buf_free(&name);
	}
}

static void
put_stack(const struct stack_view *v, const struct thread *h,
    struct buf *out)
{
	for (size_t i = 0; i < h->n; i++) {
		if (i == h->guessed)
			buf_puts(out, "    -- by frame pointers from here on, "
				      "without an unwind table --\n");
		put_frame(v, h, i, out);
	}
	if (h->end == NULL)
		return;
	buf_puts(out, h->n > 0 ? "    -- ends here: " : "    -- no stack: ");
	escaped(out, h->end);
	buf_puts(out, " --\n");
}

void
stack_text(const struct stack_view *v, struct buf *out)
{
	const struct threads *t = v->t;
	size_t *order, groups = 0, shown = 0, end;
	bool *first;

	stack_groups(t, &order, &first);
	for (size_t i = 0; i < t->n; i++)
		groups += first[i];
	escaped(out, v->command);
	buf_printf(out, " (%d): %zu thread%s, %zu different stack%s\n",
	    t->pid, t->n, t->n == 1 ? "" : "s", groups,
	    groups == 1 ? "" : "s");
	put_deadlocks(v, out);
	for (size_t i = 0; i < t->n; i = end) {
		const struct thread *h = &t->threads[order[i]];

		for (end = i + 1; end < t->n && !first[end]; end++)
			;
		if (v->groups > 0 && shown++ == v->groups) {
			buf_printf(out,
			    "\n%zu more stacks of %zu threads (-n 0 shows "
			    "all)\n",
			    groups - v->groups, t->n - i);
			break;
		}
		put_heading(t, order + i, end - i, out);
		put_state(v, h, out);
		put_stack(v, h, out);
	}
	free(order);
	free(first);
}
