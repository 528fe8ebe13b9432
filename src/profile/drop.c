/* SPDX-License-Identifier: MIT */
/*
 * drop_frames as go tool pprof applies it: a frame whose function matches goes
 * away together with everything that it calls, but not before a frame that
 * does not match has been seen from the root, so that something is left.
 */
#include "config.h"

#include "profile/ops.h"
#include "base/xalloc.h"

#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPRESSION_MAX 4096

struct drop {
	const struct profile *p;
	struct profile *r;
	bool *function;	 /* by id - 1: its name matches */
	uint32_t *cut;	 /* by location id - 1: lines to cut, 0: none match */
	uint32_t *moved; /* by location id - 1: the id in r, 0: not yet */
};

/*
 * Files come from strangers and regcomp(3) does not bound its work: counted
 * repetitions multiply and back references are exponential. Neither is needed
 * to name functions.
 */
static bool
harmless(const char *expression)
{
	if (strlen(expression) > EXPRESSION_MAX)
		return false;
	for (const char *s = expression; *s != '\0'; s++) {
		if (*s == '{')
			return false;
		if (*s == '\\') {
			if (isdigit((unsigned char)s[1]))
				return false;
			if (s[1] != '\0')
				s++;
		}
	}
	return true;
}

static int
compile(regex_t *re, const char *expression, struct err *e)
{
	char *whole, why[128];
	int rc;

	if (!harmless(expression))
		return err_set(e, ERR_FAILED,
		    "cannot use drop_frames: the expression is too long, counts "
		    "repetitions or refers back");
	whole = xasprintf("^(%s)$", expression);
	rc = regcomp(re, whole, REG_EXTENDED | REG_NOSUB);
	free(whole);
	if (rc == 0)
		return 0;
	regerror(rc, re, why, sizeof why);
	return err_set(e, ERR_FAILED,
	    "cannot use drop_frames: %s in the expression", why);
}

/* The length of a name without its argument list. */
static size_t
name_len(const char *name)
{
	static const char *const kept[] = {
		"(anonymous namespace)",
		"operator()",
	};
	const char *s = name;

	while ((s = strchr(s, '(')) != NULL) {
		if (strncmp(s, kept[0], strlen(kept[0])) == 0)
			s += strlen(kept[0]);
		else if (s - name >= 8 && strncmp(s - 8, kept[1], 10) == 0)
			s += 2;
		else
			return (size_t)(s - name);
	}
	return strlen(name);
}

static bool
matches(const regex_t *re, const char *name)
{
	char *bare;
	bool yes;

	if (*name == '\0')
		return false;
	bare = xmalloc(name_len(name) + 1);
	memcpy(bare, name, name_len(name));
	bare[name_len(name)] = '\0';
	yes = regexec(re, bare, 0, NULL, 0) == 0;
	free(bare);
	return yes;
}

/* How many lines go, from the callee up to the outermost one that matches. */
static uint32_t
lines_to_cut(const struct drop *d, const struct profile_location *l)
{
	for (uint32_t i = l->n_lines; i > 0; i--)
		if (d->function[d->p->lines[l->line + i - 1].function - 1])
			return i;
	return 0;
}

static uint32_t
move(struct drop *d, uint32_t id)
{
	const struct profile_location *l = &d->p->locations[id - 1];
	uint32_t cut = d->cut[id - 1];

	/* A location that stays although all of it matches is left whole. */
	if (cut == l->n_lines)
		cut = 0;
	if (d->moved[id - 1] == 0)
		d->moved[id - 1] = profile_location_lines(d->r, l->mapping,
		    l->address, d->p->lines + l->line + cut, l->n_lines - cut);
	return d->moved[id - 1];
}

/* The number of leaf entries of a stack that go. */
static uint32_t
entries_to_drop(const struct drop *d, const uint32_t *stack, uint32_t n)
{
	bool seen = false;

	for (uint32_t i = n; i > 0; i--) {
		uint32_t cut = d->cut[stack[i - 1] - 1];

		if (cut == 0)
			seen = true;
		else if (seen)
			return cut == d->p->locations[stack[i - 1] - 1].n_lines ?
			    i : i - 1;
	}
	return 0;
}

static void
drop_samples(struct drop *d)
{
	const struct profile *p = d->p;
	uint32_t *stack = NULL;
	size_t cap = 0;

	for (size_t i = 0; i < p->n_samples; i++) {
		const struct profile_sample *s = &p->samples[i];
		const uint32_t *from = p->stack_ids + s->location;
		uint32_t n = 0, first;

		if (s->n_locations > cap) {
			cap = s->n_locations;
			stack = xrealloc(stack, cap, sizeof *stack);
		}
		first = entries_to_drop(d, from, s->n_locations);
		for (uint32_t k = first; k < s->n_locations; k++)
			stack[n++] = move(d, from[k]);
		profile_add_sample(d->r, stack, n, p->labels + s->label,
		    s->n_labels, s->values);
	}
	free(stack);
}

struct profile *
profile_drop_frames(const struct profile *p, struct err *e)
{
	const char *expression = profile_text(p, p->drop_frames);
	struct drop d = { .p = p };
	regex_t re;

	if (*expression != '\0' && compile(&re, expression, e) < 0)
		return NULL;
	d.r = profile_copy_head(p);
	d.function = xcalloc(p->n_functions, sizeof *d.function);
	d.cut = xcalloc(p->n_locations, sizeof *d.cut);
	d.moved = xcalloc(p->n_locations, sizeof *d.moved);
	if (*expression != '\0') {
		for (size_t i = 0; i < p->n_functions; i++)
			d.function[i] = matches(&re,
			    profile_text(p, p->functions[i].name));
		regfree(&re);
	}
	for (size_t i = 0; i < p->n_locations; i++)
		d.cut[i] = lines_to_cut(&d, &p->locations[i]);
	drop_samples(&d);
	free(d.function);
	free(d.cut);
	free(d.moved);
	return d.r;
}
