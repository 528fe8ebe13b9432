/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/profile_out.h"
#include "base/buf.h"
#include "base/output.h"
#include "encode/encode.h"
#include "profile/kind.h"
#include "profile/symbolize.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct option_spec profile_out_options[] = {
	{ 'o', "output", OPT_TEXT, "FILE",
	    "write to FILE (- is standard output; %p %t %n %h expand)", false },
	{ 'F', "format", OPT_TEXT, "NAME",
	    "pprof, text, collapsed, json or html; else by FILE's extension",
	    false },
	{ 'n', "rows", OPT_NUMBER, "N", "most rows of a text table", false },
	{ 0, "type", OPT_TEXT, "NAME",
	    "value to sort by and show (as inuse_objects)", false },
	{ 0, "json", OPT_FLAG, NULL, "the same as --format json", false },
	OPTION_END,
};

const struct option_spec symbol_options[] = {
	{ 0, "raw", OPT_FLAG, NULL, "addresses only, do not look up names",
	    false },
	{ 0, "debug-dirs", OPT_TEXT, "DIRS",
	    "where separate debug files are (default /usr/lib/debug)", false },
	OPTION_END,
};

static const struct encoder *
choose(const struct options *o)
{
	const char *file = option_text(o, "output");
	const struct encoder *by_name;

	if (option_given(o, "json"))
		return encoder_find("json");
	if (option_given(o, "format"))
		return encoder_find(option_text(o, "format"));
	if (file == NULL || strcmp(file, "-") == 0)
		return encoder_find("text");
	by_name = encoder_for_file(file);
	return by_name != NULL ? by_name : encoder_find("pprof");
}

static int
unknown_format(const char *name, struct err *e)
{
	struct buf names = BUF_INIT;

	for (size_t i = 0; encoders[i] != NULL; i++)
		buf_printf(&names, "%s%s", i ? ", " : "", encoders[i]->name);
	err_set(e, ERR_USAGE, "there is no format \"%s\"; there are: %s",
	    name, buf_text(&names));
	buf_free(&names);
	return -1;
}

int
profile_out_check(const struct options *o, struct err *e)
{
	const char *file = option_text(o, "output");
	const struct encoder *enc = choose(o);

	if (enc == NULL)
		return unknown_format(option_text(o, "format"), e);
	if ((file == NULL || strcmp(file, "-") == 0) &&
	    strcmp(enc->name, "pprof") == 0 && isatty(1))
		return err_set(e, ERR_USAGE,
		    "a pprof profile is not for a terminal; name a file with "
		    "-o, or redirect");
	return 0;
}

struct symbolizer *
profile_out_symbolizer(const struct options *o, const char *root, long pid,
    long ns_pid)
{
	if (option_given(o, "raw"))
		return NULL;
	return symbolizer_new(root, option_text(o, "debug-dirs"), pid, ns_pid);
}

static int
choose_type(const struct options *o, const struct profile *p, int *type,
    struct err *e)
{
	const char *name = option_text(o, "type");
	struct buf names = BUF_INIT;

	*type = -1;
	if (name == NULL || (*type = profile_type_find(p, name)) >= 0)
		return 0;
	for (size_t i = 0; i < p->n_types; i++)
		buf_printf(&names, "%s%s", i ? ", " : "",
		    profile_text(p, p->types[i].type));
	err_set(e, ERR_USAGE, "the profile has no value \"%s\"; it has: %s",
	    name, buf_text(&names));
	buf_free(&names);
	return -1;
}

int
profile_out(const struct options *o, const struct profile *p, long pid,
    const char *name, struct err *e)
{
	const char *file = option_text(o, "output");
	bool to_stdout = file == NULL || strcmp(file, "-") == 0;
	struct encode_options how = {
		.rows = option_value(o, "rows", to_stdout ? 30 : 0),
		.columns = to_stdout ? cmd_columns(true) : 0,
		.color = to_stdout && cmd_color(o),
	};
	struct buf out = BUF_INIT;
	char *path = NULL;
	int rc = -1;

	if (profile_out_check(o, e) < 0 ||
	    choose_type(o, p, &how.type, e) < 0)
		return -1;
	if (!to_stdout)
		path = output_expand(file, pid, name);
	if (choose(o)->write(&out, p, &how, e) == 0)
		rc = output_write(path, out.bytes, out.len, e);
	if (rc == 0 && path != NULL)
		cmd_note(o, "wrote %s (%zu bytes, %zu samples)", path,
		    out.len, p->n_samples);
	buf_free(&out);
	free(path);
	return rc;
}

int
profile_out_kind(const struct options *o, const struct target *t,
    const char *name, struct err *e)
{
	const struct kind *kind = kind_find(name);
	struct symbolizer *names;
	struct snapshot *s;
	struct profile *p;
	int rc;

	if (target_need_agent(t, e) < 0 ||
	    (s = kind_snapshot(kind, t, e)) == NULL)
		return -1;
	p = kind->build(s);
	snapshot_free(s);
	names = profile_out_symbolizer(o, t->root, t->pid, t->process.ns_pid);
	if (names != NULL)
		profile_symbolize(p, names);
	symbolizer_free(names);
	if (!t->alive)
		cmd_note(o, "process %d has ended; this is its last state",
		    t->pid);
	rc = profile_out(o, p, t->pid, t->process.name, e);
	profile_free(p);
	return rc;
}
