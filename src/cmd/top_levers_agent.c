/* SPDX-License-Identifier: MIT */
/* Levers of the live view that need an agent, or bring one. */
#include "config.h"

#include "attach/preflight.h"
#include "base/output.h"
#include "base/units.h"
#include "cmd/agent_path.h"
#include "cmd/attach_words.h"
#include "cmd/top_levers.h"
#include "cmd/trim.h"
#include "encode/encode.h"
#include "profile/kind.h"
#include "profile/symbolize.h"
#include "proc/status.h"
#include "target/knob.h"
#include "target/presence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the agent --------------------------------------------------------------------- */

static struct target *
find(const struct action *a, struct err *e)
{
	struct target *t;
	char text[16];

	snprintf(text, sizeof text, "%d", a->pid);
	t = target_find(text, e);
	if (t == NULL)
		return NULL;
	if (t->process.start_ticks == top_ns_to_ticks(a->start) &&
	    target_need_agent(t, e) == 0)
		return t;
	if (t->process.start_ticks != top_ns_to_ticks(a->start))
		err_set(e, ERR_GONE, "process %d has ended", a->pid);
	target_free(t);
	return NULL;
}

static int
parse_interval(const struct action *a, uint64_t *interval, struct err *e)
{
	if (units_parse_bytes(a->text, interval))
		return 0;
	return err_set(e, ERR_USAGE, "\"%s\" is no size; 512k, 64k, 1 and 0 "
	    "are", a->text);
}

int
top_ask_interval(const struct action *a, struct buf *question,
    struct buf *command, struct err *e)
{
	struct target *t;
	uint64_t interval;

	if (parse_interval(a, &interval, e) < 0 || (t = find(a, e)) == NULL)
		return -1;
	target_free(t);
	buf_puts(question, "have the agent in ");
	top_put_process(question, a->pid);
	if (interval == 0)
		buf_puts(question, " record nothing more?");
	else if (interval == 1)
		buf_puts(question, " record every allocation?");
	else
		buf_printf(question, " sample every %s?", a->text);
	if (interval != 0 && interval < 16384)
		buf_puts(command, "so small an interval costs the process "
		    "time, and fills the table of live objects\n");
	buf_printf(command, "ullage heap %d --interval %s\n", a->pid, a->text);
	return 0;
}

int
top_do_interval(const struct action *a, struct buf *said, struct err *e)
{
	struct target *t;
	uint64_t interval;
	int rc;

	if (parse_interval(a, &interval, e) < 0 || (t = find(a, e)) == NULL)
		return -1;
	rc = target_set_interval(t, interval, e);
	target_free(t);
	if (rc == 0)
		buf_printf(said, "the agent samples every %s from now on",
		    a->text);
	return rc;
}

/* ---- profiles ---------------------------------------------------------------------- */

static char *
profile_path(const struct action *a)
{
	struct status s;
	struct err ignored;

	return output_expand(a->text, a->pid,
	    status_read(a->pid, &s, &ignored) == 0 ? s.name : "");
}

static const struct encoder *
profile_encoder(const char *path)
{
	const struct encoder *enc = encoder_for_file(path);

	return enc != NULL ? enc : encoder_find("pprof");
}

/* What the command is called that makes such a one. */
static const char *
kind_name(const struct action *a)
{
	return strcmp(a->kind, "threads") == 0 ? "threadcreate" : a->kind;
}

int
top_ask_profile(const struct action *a, struct buf *question,
    struct buf *command, struct err *e)
{
	struct target *t = NULL;
	char *path;

	if (a->profile == NULL && (t = find(a, e)) == NULL)
		return -1;
	target_free(t);
	path = profile_path(a);
	buf_printf(question, "write the %s profile", a->kind);
	if (a->profile != NULL)
		buf_printf(question, ", %zu samples,", a->profile->n_samples);
	else
		buf_puts(question, " of ");
	if (a->profile == NULL)
		top_put_process(question, a->pid);
	buf_printf(question, " to %s?", path);
	if (access(path, F_OK) == 0)
		buf_puts(command, "that file is there and will be replaced\n");
	if (a->growth)
		buf_printf(command, "it is the growth since the baseline; of "
		    "half a minute:\nullage %s %d --seconds 30 -o %s\n",
		    a->kind, a->pid, path);
	else
		buf_printf(command, "ullage %s %d -o %s\n", a->kind, a->pid,
		    path);
	free(path);
	return 0;
}

/* As it is now; owned by the caller. */
static struct profile *
take_profile(const struct action *a, struct err *e)
{
	const struct kind *kind = kind_find(kind_name(a));
	struct symbolizer *names;
	struct profile *p = NULL;
	struct snapshot *s;
	struct target *t;

	if (kind == NULL) {
		err_set(e, ERR_FAILED, "there is no profile \"%s\"", a->kind);
		return NULL;
	}
	if ((t = find(a, e)) == NULL)
		return NULL;
	if ((s = kind_snapshot(kind, t, e)) != NULL) {
		names = symbolizer_new(t->root, NULL, t->pid,
		    t->process.ns_pid);
		p = kind->build(s);
		profile_symbolize(p, names);
		symbolizer_free(names);
	}
	snapshot_free(s);
	target_free(t);
	return p;
}

static int
write_profile(const struct action *a, const struct profile *p,
    struct buf *said, struct err *e)
{
	struct encode_options how = { .type = -1 };
	struct buf out = BUF_INIT;
	char *path = profile_path(a);
	const struct encoder *encoder = profile_encoder(path);
	int rc = encoder->write(&out, p, &how, e);

	if (rc == 0)
		rc = output_write(path, out.bytes, out.len, e);
	if (rc == 0)
		buf_printf(said, "wrote %s (%zu bytes)", path, out.len);
	if (rc == 0 && encoder == encoder_find("pprof"))
		buf_printf(said, "; go tool pprof %s opens it", path);
	buf_free(&out);
	free(path);
	return rc;
}

int
top_do_profile(const struct action *a, struct buf *said, struct err *e)
{
	struct profile *taken = NULL;
	int rc;

	if (a->profile == NULL && (taken = take_profile(a, e)) == NULL)
		return -1;
	rc = write_profile(a, taken != NULL ? taken : a->profile, said, e);
	profile_free(taken);
	return rc;
}

/* ---- trims ------------------------------------------------------------------------- */

int
top_ask_trim(const struct action *a, struct buf *question, struct buf *command,
    struct err *e)
{
	char to[32], from[32];
	uint64_t percent = 0;
	struct target *t;
	struct knob k;
	int rc;

	if (strcmp(a->text, "now") != 0 &&
	    trim_parse_percent(a->text, &percent, e) < 0)
		return -1;
	if ((t = find(a, e)) == NULL)
		return -1;
	rc = knob_read(t, &k, e);
	target_free(t);
	if (rc < 0)
		return -1;
	if (strcmp(a->text, "now") == 0) {
		buf_puts(question, "have the allocator give free memory of ");
		top_put_process(question, a->pid);
		buf_puts(question, " back now?");
		buf_puts(command, "threads that allocate meanwhile may wait "
		    "for some milliseconds; the receipt says how long\n");
	} else {
		buf_puts(question, "set the trim knob of ");
		top_put_process(question, a->pid);
		buf_printf(question, " from %s to %s?",
		    trim_percent_text(from, k.percent),
		    trim_percent_text(to, percent));
		if (percent == KNOB_OFF)
			buf_puts(command, "the allocator keeps what it likes\n");
		else
			buf_printf(command, "free memory up to %s of the live "
			    "heap may stay, the rest is given back; that takes "
			    "one percent of the time at most\n", to);
	}
	if (!k.known_allocator)
		buf_puts(command, "its allocator is not one that is known: "
		    "nothing may come back\n");
	buf_printf(command, "ullage trim %d %s\n", a->pid, a->text);
	return 0;
}

int
top_do_trim(const struct action *a, struct buf *said, struct err *e)
{
	char to[32], from[32];
	uint64_t percent, was, ticket;
	struct target *t;
	bool overtaken;
	int rc;

	if ((t = find(a, e)) == NULL)
		return -1;
	if (strcmp(a->text, "now") == 0) {
		rc = knob_order(t, KNOB_NOW, &ticket, e);
		buf_puts(said, "a trim is on its way; its receipt comes under "
		    "Memory");
	} else {
		rc = trim_parse_percent(a->text, &percent, e);
		if (rc == 0)
			rc = knob_set_percent(t, percent, &was, &overtaken, e);
		if (rc == 0)
			buf_printf(said, "trim knob %s, previously %s",
			    trim_percent_text(to, percent),
			    trim_percent_text(from, was));
	}
	target_free(t);
	return rc;
}

/* ---- in and out ---------------------------------------------------------------------- */

/* Fails with the reason if it is known already that it cannot be. */
static int
may_attach(const struct action *a, struct err *e)
{
	char *library = agent_path(e);
	struct preflight_want how = { .library = library };
	struct preflight p;
	int rc;

	if (library == NULL)
		return -1;
	rc = preflight(a->pid, &how, &p, e);
	if (rc == 0)
		rc = attach_words_obstacle(&p, e);
	free(library);
	return rc;
}

/* Of the agent that is there; false if there is none. */
static bool
present(const struct action *a, struct presence *p)
{
	struct err ignored;
	struct target *t = find(a, &ignored);
	bool any = t != NULL && presence_read(t, p, &ignored) == 0;

	target_free(t);
	return any;
}

int
top_ask_attach(const struct action *a, struct buf *question,
    struct buf *command, struct err *e)
{
	struct presence p;
	bool there = present(a, &p), quiet = false;

	if (there && p.state == PRESENCE_ARMED && !p.told)
		return err_set(e, ERR_FAILED,
		    "the agent in process %d records already", a->pid);
	quiet = there && !(p.attached && p.state == PRESENCE_DORMANT);
	if (!quiet && may_attach(a, e) < 0)
		return -1;
	buf_puts(question, quiet ? "have the agent in " : "put the agent into ");
	top_put_process(question, a->pid);
	buf_puts(question, quiet ? " record again?" : " while it runs?");
	if (quiet)
		buf_puts(command, "nothing is stopped; it begins anew and "
		    "does not see what was allocated before\n");
	else
		buf_puts(command, "one thread that waits in a call is stopped "
		    "for a fraction of a millisecond; what was allocated, "
		    "opened or started before is not seen\n");
	buf_printf(command, "ullage attach %d\n", a->pid);
	return 0;
}

int
top_ask_detach(const struct action *a, struct buf *question,
    struct buf *command, struct err *e)
{
	struct presence p;
	struct target *t = find(a, e);
	int rc = t == NULL ? -1 : presence_read(t, &p, e);

	target_free(t);
	if (rc < 0)
		return -1;
	buf_puts(question, p.attached ? "take the agent out of " :
					"have the agent be quiet in ");
	top_put_process(question, a->pid);
	buf_puts(question, "?");
	if (p.attached)
		buf_puts(command, "one thread is stopped for a fraction of a "
		    "millisecond, and what it had changed is put back; what "
		    "it has recorded stays to be read\n");
	else
		buf_puts(command, "nothing is stopped; it was preloaded, so "
		    "calls still go through it, and it records nothing\n");
	buf_printf(command, "ullage detach %d\n", a->pid);
	return 0;
}

/* Lines become one. */
static void
add_lines(struct buf *said, const struct buf *text)
{
	const char *s = buf_text(text);
	size_t len = strlen(s);

	while (len > 0 && s[len - 1] == '\n')
		len--;
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\n')
			buf_puts(said, "; ");
		else
			buf_add(said, s + i, 1);
	}
}

int
top_do_attach(struct top_source *s, const struct action *a, struct buf *said,
    struct err *e)
{
	struct buf text = BUF_INIT;
	char pid[16];
	int rc = top_still_there(a, e);

	snprintf(pid, sizeof pid, "%d", a->pid);
	if (rc == 0)
		rc = a->what == ACT_ATTACH ? attach_to(pid, &text, e) :
					     detach_from(pid, 0, &text, e);
	if (rc == 0)
		add_lines(said, &text);
	buf_free(&text);
	/* Whose agent is where has changed. */
	atomic_store(&s->agents_changed, true);
	return rc;
}
