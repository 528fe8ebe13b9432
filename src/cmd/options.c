/* SPDX-License-Identifier: MIT */
/*
 * Options: from the tables of a command to what was given. The parser is
 * getopt_long; letters, help and usage come from the same rows.
 */
#include "config.h"

#include "cmd/options.h"
#include "base/units.h"
#include "base/xalloc.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MAX 64
#define LONG_ONLY 256 /* getopt's value of an option without a letter */

struct given {
	const struct option_spec *spec;
	const char *text;
	uint64_t value;
};

struct options {
	const struct cmd *cmd;
	struct given *given;
	size_t n, cap;
	const char **all; /* scratch of option_all */
	char **operands;
	size_t n_operands;
};

/* All rows of a command's tables, in order. */
static size_t
rows_of(const struct cmd *cmd, const struct option_spec *rows[OPTIONS_MAX])
{
	size_t n = 0;

	for (size_t t = 0; t < CMD_TABLES_MAX && cmd->options[t]; t++)
		for (const struct option_spec *s = cmd->options[t];
		     s->name != NULL && n < OPTIONS_MAX; s++)
			rows[n++] = s;
	return n;
}

static int
parse_value(struct given *g, const struct cmd *cmd, struct err *e)
{
	const struct option_spec *s = g->spec;
	bool ok = true;

	switch (s->kind) {
	case OPT_FLAG:
	case OPT_TEXT:
		break;
	case OPT_SIZE:
		ok = units_parse_bytes(g->text, &g->value);
		break;
	case OPT_NUMBER:
		ok = units_parse_number(g->text, 0, INT64_MAX, &g->value);
		break;
	case OPT_DURATION:
		ok = units_parse_duration(g->text, &g->value);
		break;
	}
	if (ok)
		return 0;
	return err_set(e, ERR_USAGE,
	    "\"%s\" is not a %s for --%s; see ullage help %s", g->text,
	    s->kind == OPT_SIZE	      ? "size (as 512k)" :
		s->kind == OPT_NUMBER ? "number" :
					"duration (as 30s)",
	    s->name, cmd->name);
}

static int
bad_option(const struct cmd *cmd, int what, char **argv, struct err *e)
{
	const char *word = argv[optind - 1];
	char letter[3] = { '-', (char)optopt, '\0' };

	if (optopt > 0 && optopt < LONG_ONLY && strncmp(word, "--", 2) != 0)
		word = letter;
	if (what == ':')
		return err_set(e, ERR_USAGE,
		    "option %s needs an argument; see ullage help %s", word,
		    cmd->name);
	return err_set(e, ERR_USAGE,
	    "unknown option %s; see ullage help %s", word, cmd->name);
}

static int
check_operands(const struct options *o, struct err *e)
{
	const struct cmd *cmd = o->cmd;

	if (o->n_operands < (size_t)cmd->min_operands)
		return err_set(e, ERR_USAGE,
		    "too few operands; usage: ullage %s [OPTION...] %s",
		    cmd->name, cmd->operands);
	if (cmd->max_operands >= 0 &&
	    o->n_operands > (size_t)cmd->max_operands)
		return err_set(e, ERR_USAGE,
		    "unexpected operand \"%s\"; usage: ullage %s [OPTION...] %s",
		    o->operands[cmd->max_operands], cmd->name, cmd->operands);
	return 0;
}

int
options_parse(const struct cmd *cmd, int argc, char **argv,
    struct options **out, struct err *e)
{
	const struct option_spec *rows[OPTIONS_MAX];
	struct option longs[OPTIONS_MAX + 1];
	char shorts[OPTIONS_MAX * 2 + 3];
	size_t n = rows_of(cmd, rows), at = 0;
	struct options *o = xcalloc(1, sizeof *o);
	int c;

	if (cmd->stops_at_operand)
		shorts[at++] = '+';
	shorts[at++] = ':';
	for (size_t i = 0; i < n; i++) {
		longs[i] = (struct option){ rows[i]->name,
			rows[i]->kind != OPT_FLAG, NULL, LONG_ONLY + (int)i };
		if (rows[i]->letter == 0)
			continue;
		shorts[at++] = rows[i]->letter;
		if (rows[i]->kind != OPT_FLAG)
			shorts[at++] = ':';
	}
	shorts[at] = '\0';
	longs[n] = (struct option){ NULL, 0, NULL, 0 };

	*out = o;
	o->cmd = cmd;
	opterr = 0;
	optind = 0; /* resets glibc's getopt */
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		struct given *g;
		size_t i;

		if (c == '?' || c == ':')
			return bad_option(cmd, c, argv, e);
		for (i = 0; i < n; i++)
			if (c == LONG_ONLY + (int)i || c == rows[i]->letter)
				break;
		o->given = xgrow(o->given, o->n, &o->cap, sizeof *o->given);
		g = &o->given[o->n++];
		*g = (struct given){ rows[i], optarg, 0 };
		if (parse_value(g, cmd, e) < 0)
			return -1;
	}
	o->operands = argv + optind;
	o->n_operands = (size_t)(argc - optind);
	return check_operands(o, e);
}

void
options_free(struct options *o)
{
	if (o == NULL)
		return;
	free(o->all);
	free(o->given);
	free(o);
}

/* The last one given wins. A name that is in no table is a bug. */
static const struct given *
find(const struct options *o, const char *name)
{
	for (size_t i = o->n; i-- > 0;)
		if (strcmp(o->given[i].spec->name, name) == 0)
			return &o->given[i];
	return NULL;
}

bool
option_given(const struct options *o, const char *name)
{
	return find(o, name) != NULL;
}

const char *
option_text(const struct options *o, const char *name)
{
	const struct given *g = find(o, name);

	return g != NULL ? g->text : NULL;
}

uint64_t
option_value(const struct options *o, const char *name, uint64_t otherwise)
{
	const struct given *g = find(o, name);

	return g != NULL ? g->value : otherwise;
}

size_t
option_all(const struct options *o, const char *name,
    const char *const **texts)
{
	struct options *own = (struct options *)o;
	size_t n = 0;

	own->all = xrealloc(own->all, o->n, sizeof *own->all);
	for (size_t i = 0; i < o->n; i++)
		if (strcmp(o->given[i].spec->name, name) == 0)
			own->all[n++] = o->given[i].text;
	*texts = own->all;
	return n;
}

size_t
operand_count(const struct options *o)
{
	return o->n_operands;
}

char *
operand(const struct options *o, size_t i)
{
	return i < o->n_operands ? o->operands[i] : NULL;
}

char **
operand_rest(const struct options *o, size_t i)
{
	return o->operands + (i < o->n_operands ? i : o->n_operands);
}

void
cmd_usage(const struct cmd *cmd, struct buf *out)
{
	const struct option_spec *rows[OPTIONS_MAX];
	size_t n = rows_of(cmd, rows);
	char left[64];

	buf_printf(out, "usage: ullage %s%s%s%s\n\n%s\n", cmd->name,
	    n > 0 ? " [OPTION...]" : "", *cmd->operands ? " " : "",
	    cmd->operands, cmd->summary);
	if (cmd->details != NULL)
		buf_printf(out, "\n%s\n", cmd->details);
	if (n > 0)
		buf_puts(out, "\n");
	for (size_t i = 0; i < n; i++) {
		const struct option_spec *s = rows[i];

		if (s->letter != 0)
			snprintf(left, sizeof left, "-%c, --%s%s%s", s->letter,
			    s->name, s->arg ? " " : "", s->arg ? s->arg : "");
		else
			snprintf(left, sizeof left, "    --%s%s%s", s->name,
			    s->arg ? " " : "", s->arg ? s->arg : "");
		buf_printf(out, "  %-24s  %s\n", left, s->help);
	}
}
