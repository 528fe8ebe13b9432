/* SPDX-License-Identifier: MIT */
/*
 * Collapsed stacks, what flame graph scripts read: "root;middle;leaf 42", one
 * line for each stack, for one value.
 */
#include "config.h"

#include "base/escape.h"
#include "base/hash.h"
#include "base/xalloc.h"
#include "encode/encode.h"
#include "encode/heap_text.h"
#include "encode/values.h"
#include "profile/ops.h"

#include <stdlib.h>
#include <string.h>

#define NAME_OUT 256

struct stack {
	size_t text, len; /* in lines.text */
	int64_t value;
};

struct lines {
	struct buf text; /* the stacks, one after another */
	struct stack *stacks;
	size_t n, cap;
	struct hash index;
};

/* A semicolon would be a frame; no reader has a way to write one. */
static void
put_name(struct buf *out, const char *name)
{
	size_t start = out->len;

	escape_terminal(out, name, strlen(name));
	for (; start < out->len; start++)
		if (out->bytes[start] == ';')
			out->bytes[start] = ':';
}

static void
put_stack(struct buf *out, const struct profile *p,
    const struct profile_sample *s)
{
	const uint32_t *stack = p->stack_ids + s->location;
	size_t start = out->len;
	char name[NAME_OUT];

	for (uint32_t i = s->n_locations; i > 0; i--) {
		uint32_t id = stack[i - 1], n = p->locations[id - 1].n_lines;

		for (uint32_t k = n != 0 ? n : 1; k > 0; k--) {
			if (out->len != start)
				buf_puts(out, ";");
			put_name(out, profile_location_name(p, id, k - 1, name,
			    sizeof name));
		}
	}
	if (out->len == start)
		buf_puts(out, "(no stack)");
}

/* Stacks that differ in addresses alone become one line. */
static void
add_sample(struct lines *l, const struct profile *p,
    const struct profile_sample *s, int64_t value)
{
	size_t start = l->text.len, len, at;
	uint64_t v;
	uint32_t id;

	put_stack(&l->text, p, s);
	len = l->text.len - start;
	v = hash_bytes(l->text.bytes + start, len);
	for (at = hash_start(&l->index, v);
	     (id = hash_next(&l->index, v, &at)) != 0;) {
		struct stack *o = &l->stacks[id - 1];

		if (o->len == len && memcmp(l->text.bytes + o->text,
			l->text.bytes + start, len) == 0) {
			o->value = profile_sum(o->value, value);
			l->text.len = start;
			return;
		}
	}
	l->stacks = xgrow(l->stacks, l->n, &l->cap, sizeof *l->stacks);
	l->stacks[l->n++] = (struct stack){ start, len, value };
	hash_put(&l->index, v, (uint32_t)l->n);
}

static int
write_collapsed(struct buf *out, const struct profile *p,
    const struct encode_options *o, struct err *e)
{
	struct profile *shown;
	struct lines l = { .text = BUF_INIT };
	struct err ignored;
	size_t type;

	if (value_type(p, o, &type, e) < 0)
		return -1;
	shown = profile_drop_frames(p, &ignored);
	if (shown != NULL)
		p = shown;
	for (size_t i = 0; i < p->n_samples; i++)
		add_sample(&l, p, &p->samples[i], p->samples[i].values[type]);
	for (size_t i = 0; i < l.n; i++) {
		if (l.stacks[i].value == 0)
			continue;
		buf_add(out, l.text.bytes + l.stacks[i].text, l.stacks[i].len);
		buf_printf(out, " %lld\n", (long long)l.stacks[i].value);
	}
	buf_free(&l.text);
	free(l.stacks);
	hash_free(&l.index);
	profile_free(shown);
	return 0;
}

const struct encoder encode_collapsed = {
	.name = "collapsed",
	.extensions = " .collapsed .folded ",
	.content_type = "text/plain; charset=utf-8",
	.help = "one line for each stack, \"root;leaf value\", for flame graph "
		"scripts",
	.write = write_collapsed,
};

/* Splits off the number at the end of a line. */
static bool
split(struct scan *line, int64_t *value)
{
	const char *s = line->end;
	struct scan number;

	while (s > line->s && s[-1] != ' ' && s[-1] != '\t')
		s--;
	number = (struct scan){ s, line->end };
	if (s == line->s || !scan_number(&number, value) ||
	    number.s != number.end)
		return false;
	line->end = s - 1;
	return true;
}

static bool
sniff_collapsed(const char *bytes, size_t len)
{
	struct scan text = { bytes, bytes + len }, line;
	int64_t value;

	if (memchr(bytes, '\0', len) != NULL)
		return false;
	while (scan_line(&text, &line))
		if (line.s != line.end)
			return split(&line, &value);
	return false;
}

/* Reads names from the end, so that the leaf is first. */
static size_t
read_stack(struct profile *p, struct scan line, uint32_t **stack, size_t *cap)
{
	size_t n = 0;

	for (;;) {
		const char *s = line.end;
		struct profile_line pl = { 0, 0 };
		char *name;

		while (s > line.s && s[-1] != ';')
			s--;
		name = xmalloc((size_t)(line.end - s) + 1);
		memcpy(name, s, (size_t)(line.end - s));
		name[line.end - s] = '\0';
		pl.function = profile_function(p, name, name, "", 0);
		free(name);
		*stack = xgrow(*stack, n, cap, sizeof **stack);
		(*stack)[n++] = profile_location_lines(p, 0, 0, &pl, 1);
		if (s == line.s)
			return n;
		line.end = s - 1;
	}
}

static struct profile *
read_collapsed(const char *bytes, size_t len, struct err *e)
{
	struct scan text = { bytes, bytes + len }, line;
	struct profile *p = profile_new();
	uint32_t *stack = NULL;
	size_t cap = 0, n, number = 0;
	int64_t value;

	profile_add_type(p, "samples", "count");
	p->period_type = p->types[0];
	p->period = 1;
	p->symbolized = true;
	while (scan_line(&text, &line)) {
		number++;
		if (line.s == line.end)
			continue;
		if (!split(&line, &value)) {
			err_set(e, ERR_FAILED,
			    "line %zu is not \"root;...;leaf number\"", number);
			profile_free(p);
			p = NULL;
			break;
		}
		n = read_stack(p, line, &stack, &cap);
		profile_add_sample(p, stack, n, NULL, 0, &value);
	}
	free(stack);
	return p;
}

const struct decoder decode_collapsed = {
	.name = "collapsed",
	.help = "collapsed stacks, \"root;leaf value\"",
	.sniff = sniff_collapsed,
	.read = read_collapsed,
};
