/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/agent_options.h"
#include "base/units.h"
#include "cmd/trim.h"

#include <stdbool.h>
#include <string.h>

#define DIR_MOST 200 /* bytes; it goes into a page of the target's */

const struct option_spec agent_options[] = {
	{ 'i', "interval", OPT_SIZE, "SIZE",
	    "mean bytes between samples (default 512k; 1 all, 0 none)",
	    false },
	{ 0, "trim", OPT_TEXT, "PERCENT",
	    "free memory that the allocator may keep, of the live heap",
	    false },
	{ 0, "memory-limit", OPT_SIZE, "SIZE",
	    "soft limit on resident memory; see ullage-trim(1)", false },
	{ 0, "follow", OPT_TEXT, "WHICH",
	    "children to watch too: none, fork or all (the default)", false },
	{ 0, "dir", OPT_TEXT, "DIR",
	    "tmpfs folder for the segment (default /dev/shm)", false },
	OPTION_END,
};

int
agent_options_check(const struct options *o, uint64_t *trim, struct err *e)
{
	const char *follow = option_text(o, "follow");
	const char *dir = option_text(o, "dir");

	*trim = KNOB_OFF;
	if (follow != NULL && strcmp(follow, "none") != 0 &&
	    strcmp(follow, "fork") != 0 && strcmp(follow, "all") != 0)
		return err_set(e, ERR_USAGE,
		    "\"%s\" is not what --follow takes: none, fork or all",
		    follow);
	if (dir != NULL && (dir[0] != '/' || strlen(dir) > DIR_MOST))
		return err_set(e, ERR_USAGE,
		    "--dir needs an absolute path of at most %d bytes, and "
		    "\"%s\" is not one",
		    DIR_MOST, dir);
	return option_given(o, "trim") ?
	    trim_parse_percent(option_text(o, "trim"), trim, e) :
	    0;
}

/* ---- to one that is there ------------------------------------------------------- */

static int
apply_interval(const struct options *o, const struct target *t,
    struct buf *text, struct err *e)
{
	uint64_t interval = option_value(o, "interval", 0);
	char size[UNITS_MAX];

	if (!option_given(o, "interval"))
		return 0;
	if (target_set_interval(t, interval, e) < 0)
		return -1;
	buf_printf(text, "interval %s from now on\n",
	    units_bytes(size, (int64_t)interval));
	return 0;
}

static int
apply_knob(const struct options *o, const struct target *t, struct buf *text,
    struct err *e)
{
	uint64_t limit = option_value(o, "memory-limit", 0), percent, was;
	bool overtaken;
	char word[32], size[UNITS_MAX];

	if (option_given(o, "trim")) {
		if (trim_parse_percent(option_text(o, "trim"), &percent, e) <
			0 ||
		    knob_set_percent(t, percent, &was, &overtaken, e) < 0)
			return -1;
		buf_printf(text, "knob %s", trim_percent_text(word, percent));
		buf_printf(text, ", previously %s\n",
		    trim_percent_text(word, was));
	}
	if (option_given(o, "memory-limit")) {
		if (knob_set_limit(t, limit, &was, &overtaken, e) < 0)
			return -1;
		buf_printf(text, "limit %s",
		    limit ? units_bytes(size, (int64_t)limit) : "none");
		buf_printf(text, ", previously %s\n",
		    was ? units_bytes(size, (int64_t)was) : "none");
	}
	return 0;
}

static void
say_fixed(const struct options *o, struct buf *text)
{
	static const char *const fixed[] = { "follow", "dir", "copy-in",
		"lease" };
	const char *separator = "";

	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
		if (!option_given(o, fixed[i]))
			continue;
		buf_printf(text, "%s--%s", separator, fixed[i]);
		separator = ", ";
	}
	if (*separator != '\0')
		buf_puts(text, " not applied: an agent that is there keeps "
			       "those it came with\n");
}

int
agent_options_apply(const struct options *o, const struct target *t,
    struct buf *text, struct err *e)
{
	if (apply_interval(o, t, text, e) < 0 || apply_knob(o, t, text, e) < 0)
		return -1;
	say_fixed(o, text);
	return 0;
}
