/* SPDX-License-Identifier: MIT */
/* ullage show: one process on one page. */
#include "config.h"

#include "base/output.h"
#include "base/xalloc.h"
#include "cmd/cmd.h"
#include "cmd/show_page.h"
#include "cmd/threads_creators.h"
#include "proc/open_files.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const struct option_spec show_options[] = {
    {0, "json", OPT_FLAG, NULL, "write JSON", false},
    OPTION_END,
};

/* ---- reading ------------------------------------------------------------- */

/* Who opened what is open. */
static void
read_openers(struct show *p, const struct open_files *f)
{
	struct snapshot *s = p->agent;
	bool *seen;

	snapshot_match_fds(s, p->t, f);
	seen = xcalloc(s->n_stacks + 1, sizeof *seen);
	for (size_t i = 0; i < s->n_open; i++) {
		const struct snapshot_open *o = &s->open[i];

		if (o->stack == SNAPSHOT_NO_STACK)
			continue;
		p->opener_known++;
		p->opener_stacks += !seen[o->stack];
		seen[o->stack] = true;
		if (o->age > p->opener_oldest)
			p->opener_oldest = o->age;
	}
	free(seen);
}

static void
read_unjoined(struct show *p)
{
	struct creators who = {.s = p->agent, .pid = p->t->pid};

	snapshot_match_threads(who.s, p->t);
	for (size_t i = 0; i < who.s->n_threads; i++) {
		const struct snapshot_thread *h = &who.s->threads[i];
		uint64_t bytes;

		if (!creators_is_unjoined(h))
			continue;
		p->unjoined++;
		p->unjoined_reserved += h->stack_end - h->stack_start;
		if (creators_resident(&who, h, &bytes))
			p->unjoined_resident += bytes;
	}
}

static void
read_agent(struct show *p)
{
	struct err ignored;

	if (p->t->segment < 0)
		return;
	p->agent = snapshot_take(p->t, &ignored);
	if (p->agent == NULL)
		return;
	read_unjoined(p);
	p->has_knob = knob_read(p->t, &p->knob, &ignored) == 0;
	snapshot_live_total(p->agent, &p->live, &p->live_error);
	for (size_t i = 0; i < p->agent->n_losses; i++)
		p->lost += p->agent->losses[i].count;
}

/* The kernel's list before the agent's: what it names had been recorded. */
static void
read_files(struct show *p)
{
	struct open_files f;
	struct err ignored;

	if (open_files_read(p->t->pid, FDS_LINKS, &f, &ignored) == 0) {
		p->has_files = true;
		p->sockets = f.sockets.n;
		for (size_t i = 0; i < f.sockets.n; i++) {
			p->sockets_known += f.sockets.list[i].has_memory;
			p->socket_memory += f.sockets.list[i].memory;
		}
	}
	read_agent(p);
	if (p->has_files && p->agent != NULL)
		read_openers(p, &f);
	open_files_free(&f);
}

static void
read_identity(struct show *p)
{
	const struct passwd *user = getpwuid(p->t->process.uid);
	uint64_t tick = 1000000000u / (uint64_t)sysconf(_SC_CLK_TCK), now;
	struct timespec boot;
	char path[64];
	ssize_t n;

	snprintf(p->user, sizeof p->user, "%u", p->t->process.uid);
	if (user != NULL)
		snprintf(p->user, sizeof p->user, "%s", user->pw_name);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	now = (uint64_t)boot.tv_sec * 1000000000u + (uint64_t)boot.tv_nsec;
	if (now > p->t->process.start_ticks * tick)
		p->uptime = now - p->t->process.start_ticks * tick;
	snprintf(path, sizeof path, "/proc/%d/exe", p->t->pid);
	n = readlink(path, p->exe, sizeof p->exe - 1);
	p->exe[n > 0 ? n : 0] = '\0';
}

static int
read_page(struct show *p, struct err *e)
{
	int32_t pid = p->t->pid;

	if (status_read(pid, &p->status, e) < 0 ||
	    limits_read(pid, &p->limits, e) < 0 ||
	    usage_read(pid, USAGE_USER, &p->usage, e) < 0)
		return -1;
	read_identity(p);
	read_files(p);
	return 0;
}

static int
show_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	struct show *p = xcalloc(1, sizeof *p);
	struct buf out = BUF_INIT;
	struct target *t;
	int rc = -1;

	(void)cmd;
	if ((t = target_find(operand(o, 0), e)) == NULL)
		goto out;
	p->t = t;
	if (!t->alive) {
		err_set(e, ERR_GONE,
		    "process %d has ended; its heap can still be seen with "
		    "`ullage heap %d`",
		    t->pid, t->pid);
		goto out;
	}
	if (read_page(p, e) < 0)
		goto out;
	if (!target_is_same(t)) {
		err_set(e, ERR_GONE, "process %d ended meanwhile", t->pid);
		goto out;
	}
	if (option_given(o, "json"))
		show_write_json(p, &out);
	else
		show_write_text(p, &out);
	rc = output_write(NULL, out.bytes, out.len, e);
out:
	buf_free(&out);
	snapshot_free(p->agent);
	free(p);
	target_free(t);
	return rc;
}

const struct cmd cmd_show = {
    .name = "show",
    .operands = "PID",
    .summary = "show one process on one page",
    .details = "Memory, descriptors, threads, the tightest limits, and "
	       "how its agent is doing, if it has one.",
    .options = {show_options, common_options},
    .min_operands = 1,
    .max_operands = 1,
    .run = show_run,
};
