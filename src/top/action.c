/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "top/action.h"
#include "base/units.h"
#include "base/xalloc.h"
#include "top/screens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAGGED_TOLD 6 /* at most, each in a line */

/* What is being asked about; one at a time, as there is one prompt. */
static struct asked {
	enum action_what what;
	char text[PROMPT_TEXT_MAX + 32];
	bool force;
	bool tagged; /* all tagged processes, not one */
	const char *kind; /* of a profile */
	/* Kept from the key on: the list moves while somebody reads the
	 * question, and the answer is about what was asked. */
	int32_t pid;
	uint64_t start;
} asked;

/* NULL: none is tagged. */
static struct process_view *
first_tagged(const struct ui *ui)
{
	for (size_t i = 0; i < ui->model.n; i++)
		if (ui->model.all[i].tagged)
			return &ui->model.all[i];
	return NULL;
}

/* The process that a lever is about. NULL if there is none. */
static struct process_view *
begin(struct ui *ui, enum action_what what)
{
	bool list = ui->screen == &screen_list;
	struct process_view *p = model_find(&ui->model,
	    list ? ui->list.pid : ui->process.pid);

	memset(&asked, 0, sizeof asked);
	if (p == NULL ||
	    (!list && p->row.start != ui->process.start)) {
		ui_say(ui, STYLE_WARN, "the process has ended");
		return NULL;
	}
	asked.tagged = what == ACT_SIGNAL && list && first_tagged(ui) != NULL;
	if (asked.tagged)
		p = first_tagged(ui);
	asked.what = what;
	asked.pid = p->row.pid;
	asked.start = p->row.start;
	return p;
}

static void
fill(const struct ui *ui, struct action *a)
{
	const struct process_state *s = &ui->process;

	memset(a, 0, sizeof *a);
	a->what = asked.what;
	a->pid = asked.pid;
	a->start = asked.start;
	a->text = asked.text;
	a->force = asked.force;
	a->kind = heap_views[s->view];
	if (asked.what != ACT_PROFILE)
		return;
	a->kind = asked.kind;
	/* What the tab shows; any other is taken when it is written. */
	if (s->pid == asked.pid && s->start == asked.start &&
	    ui->screen == &screen_process && process_tab(ui) == &tab_heap &&
	    s->detail != NULL) {
		a->profile = s->detail->profile;
		a->growth = a->profile != NULL && s->base != NULL;
	}
}

static void
act_one(struct ui *ui, struct action *a)
{
	struct buf said = BUF_INIT;
	struct err e = { ERR_FAILED, "" };

	if (action_is_slow(a)) {
		if (!action_job_start(ui, a))
			ui_say(ui, STYLE_WARN, "a moment, please: one thing "
			    "after the other");
		return;
	}
	if (ui->source->act(ui->source->arg, a, &said, &e) < 0)
		ui_say(ui, STYLE_TROUBLE, "%s", e.text);
	else
		ui_say(ui, STYLE_OURS, "%s", buf_text(&said));
	buf_free(&said);
}

/* Those for which it failed stay tagged, and the first of them says why. */
static void
act_tagged(struct ui *ui, struct action *a)
{
	struct err first = { ERR_FAILED, "" };
	size_t done = 0, failed = 0;

	for (size_t i = 0; i < ui->model.n; i++) {
		struct process_view *p = &ui->model.all[i];
		struct err e = { ERR_FAILED, "" };
		struct buf said = BUF_INIT;

		if (!p->tagged)
			continue;
		a->pid = p->row.pid;
		a->start = p->row.start;
		if (ui->source->act(ui->source->arg, a, &said, &e) == 0) {
			p->tagged = false;
			done++;
		} else if (failed++ == 0) {
			first = e;
		}
		buf_free(&said);
	}
	if (failed == 0)
		ui_say(ui, STYLE_OURS, "%s sent to %zu process%s", a->text,
		    done, done == 1 ? "" : "es");
	else
		ui_say(ui, STYLE_TROUBLE, "%s sent to %zu of %zu: %s", a->text,
		    done, done + failed, first.text);
}

static void
confirmed(struct ui *ui, const char *yes)
{
	struct action a;

	(void)yes;
	fill(ui, &a);
	if (asked.tagged)
		act_tagged(ui, &a);
	else
		act_one(ui, &a);
	ui->list_wanted = ui->detail_wanted = true;
}

/* What it means for each of them, and one command for all. */
static void
put_tagged(struct ui *ui, struct action *a, struct buf *out)
{
	struct buf all = BUF_INIT;
	size_t n = 0;

	for (size_t i = 0; i < ui->model.n; i++) {
		const struct source_row *r = &ui->model.all[i].row;
		struct buf question = BUF_INIT, each = BUF_INIT;
		struct err e = { ERR_FAILED, "" };
		bool harm;

		if (!ui->model.all[i].tagged)
			continue;
		a->pid = r->pid;
		a->start = r->start;
		if (n < TAGGED_TOLD) {
			bool can = ui->source->plan(ui->source->arg, a,
			    &question, &each, &harm, &e) == 0;
			const char *text = can ? buf_text(&each) : e.text;

			buf_printf(out, "%d %s: %.*s\n", r->pid, r->name,
			    (int)strcspn(text, "\n"), text);
		}
		buf_printf(&all, " %d", r->pid);
		n++;
		buf_free(&question);
		buf_free(&each);
	}
	if (n > TAGGED_TOLD)
		buf_printf(out, "and %zu more\n", n - TAGGED_TOLD);
	buf_printf(out, "kill -s %s%s\n", a->text, buf_text(&all));
	buf_free(&all);
}

static void
ask(struct ui *ui, struct action *a, const struct buf *question,
    const struct buf *command)
{
	struct buf lines = BUF_INIT, all = BUF_INIT;

	if (asked.tagged) {
		put_tagged(ui, a, &lines);
		buf_printf(&all, "send %s to all of these?", a->text);
	}
	prompt_confirm(&ui->prompt, buf_text(asked.tagged ? &all : question),
	    buf_text(asked.tagged ? &lines : command), confirmed);
	buf_free(&lines);
	buf_free(&all);
}

static void
plan(struct ui *ui)
{
	struct buf question = BUF_INIT, command = BUF_INIT;
	struct err e = { ERR_FAILED, "" };
	struct action a;
	bool harm = false;
	char *lines;

	fill(ui, &a);
	if (ui->source->plan(ui->source->arg, &a, &question, &command, &harm,
		&e) == 0) {
		ask(ui, &a, &question, &command);
	} else if (harm && !asked.force) {
		asked.force = a.force = true;
		command.len = 0;
		question.len = 0;
		struct err again = { ERR_FAILED, "" };

		if (ui->source->plan(ui->source->arg, &a, &question, &command,
			&harm, &again) == 0) {
			lines = xasprintf("%s\n%s", e.text,
			    buf_text(&command));
			prompt_confirm(&ui->prompt, "this does harm: do it "
			    "all the same?", lines, confirmed);
			free(lines);
		} else {
			ui_say(ui, STYLE_TROUBLE, "%s", again.text);
		}
	} else {
		ui_say(ui, STYLE_TROUBLE, "%s", e.text);
	}
	buf_free(&question);
	buf_free(&command);
}

static void
given(struct ui *ui, const char *text)
{
	if (*text == '\0')
		return;
	snprintf(asked.text, sizeof asked.text, "%s", text);
	plan(ui);
}

/* ---- limits ---------------------------------------------------------------------- */

static char limit_name[16];

static void
limit_given(struct ui *ui, const char *text)
{
	char assignment[PROMPT_TEXT_MAX + 32];

	if (*text == '\0')
		return;
	/* A bare number is the soft limit: what one means in an emergency. */
	if (strchr(text, '=') != NULL)
		snprintf(assignment, sizeof assignment, "%s", text);
	else
		snprintf(assignment, sizeof assignment, "%s=%s%s", limit_name,
		    text, strchr(text, ':') != NULL ? "" : ":");
	given(ui, assignment);
}

static void
ask_limit(struct ui *ui, const struct source_limit *limit)
{
	char label[80], now[32] = "unlimited", hint[120];

	if (limit->soft < NOT_KNOWN)
		snprintf(now, sizeof now, "%llu",
		    (unsigned long long)limit->soft);
	snprintf(limit_name, sizeof limit_name, "%s", limit->name);
	snprintf(label, sizeof label, "%s, soft%s, from %s to", limit->name,
	    limit->bytes ? " (bytes, or 64m)" : "", now);
	snprintf(hint, sizeof hint, "or SOFT:HARD, :HARD, max, unlimited");
	prompt_ask(&ui->prompt, label, "", hint, limit_given);
}

void
action_limit_of(struct ui *ui, const struct source_limit *limit)
{
	if (begin(ui, ACT_LIMIT) != NULL)
		ask_limit(ui, limit);
}

/* In the list: the tightest one, which most likely is what is wanted. */
void
action_limit(struct ui *ui, int key)
{
	struct process_view *p = begin(ui, ACT_LIMIT);
	struct source_limit limit = { .soft = NOT_KNOWN };

	(void)key;
	if (p == NULL)
		return;
	snprintf(limit.name, sizeof limit.name, "%s", "nofile");
	limit.soft = p->row.soft_nofile;
	if (p->tightest != NULL && strcmp(p->tightest, "nproc") == 0) {
		snprintf(limit.name, sizeof limit.name, "nproc");
		limit.soft = p->row.soft_nproc;
	}
	ask_limit(ui, &limit);
}

/* ---- the others ---------------------------------------------------------------------- */

void
action_signal(struct ui *ui, int key)
{
	(void)key;
	if (begin(ui, ACT_SIGNAL) != NULL)
		prompt_ask(&ui->prompt, "signal", "TERM", "a name or a "
		    "number: HUP, INT, KILL, STOP, CONT, USR1 ...", given);
}

void
action_trim(struct ui *ui, int key)
{
	(void)key;
	if (begin(ui, ACT_TRIM) != NULL)
		prompt_ask(&ui->prompt, "free memory to keep, percent of "
		    "live", "", "100 keeps as much again; off; now trims "
		    "once", given);
}

void
action_interval(struct ui *ui, int key)
{
	(void)key;
	if (begin(ui, ACT_INTERVAL) != NULL)
		prompt_ask(&ui->prompt, "sample every", "512k",
		    "bytes; 1 records every allocation, 0 none", given);
}

/* What w writes on that screen. */
static const char *
profile_kind(const struct ui *ui)
{
	const struct tab *tab = process_tab(ui);

	if (ui->screen != &screen_process)
		return heap_views[0];
	return tab == &tab_heap  ? heap_views[ui->process.view] :
	    tab == &tab_fds	 ? "fds" :
	    tab == &tab_threads	 ? "threads" :
				   heap_views[0];
}

void
action_write(struct ui *ui, int key)
{
	bool list = ui->screen == &screen_list;
	const struct process_state *s = &ui->process;
	const struct source_row *row = &s->row;
	char name[64];

	(void)key;
	if (list) {
		struct process_view *p = begin(ui, ACT_PROFILE);

		if (p == NULL)
			return;
		row = &p->row;
	} else {
		/* The profile that is shown outlives its process. */
		memset(&asked, 0, sizeof asked);
		asked.what = ACT_PROFILE;
		asked.pid = s->pid;
		asked.start = s->start;
	}
	if (!row->agent) {
		ui_say(ui, STYLE_WARN, "a profile needs an agent in the "
		    "process: A attaches one, ullage run starts with one");
		return;
	}
	asked.kind = profile_kind(ui);
	snprintf(name, sizeof name, "%s-%%p.pb.gz", asked.kind);
	prompt_ask(&ui->prompt, "write the profile to", name,
	    "%p is the pid; .txt .collapsed .json too", given);
}

/* In, or on again, where it does not record; out where it does. */
void
action_attach(struct ui *ui, int key)
{
	struct process_view *p = begin(ui, ACT_ATTACH);

	(void)key;
	if (p == NULL)
		return;
	if (p->row.agent && !p->row.quiet)
		asked.what = ACT_DETACH;
	plan(ui);
}
