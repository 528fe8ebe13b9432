/* SPDX-License-Identifier: MIT */
/* ullage memory: the ledger of a process's resident memory. */
#include "config.h"

#include "cmd/memory_account.h"
#include "base/output.h"
#include "tune/ledger_watched.h"

#include <time.h>

/* Above this the kernel's account of each mapping is not asked for unasked:
 * it takes 13 ms per GiB, for which the target's own mmap calls wait. */
#define SMAPS_LIMIT (UINT64_C(1) << 30)

static const struct option_spec memory_options[] = {
	{ 0, "smaps", OPT_FLAG, NULL,
	    "look at each mapping however large the process is", false },
	{ 0, "cheap", OPT_FLAG, NULL,
	    "the kernel's totals only, whatever the size", false },
	{ 0, "ask", OPT_FLAG, NULL,
	    "ask the allocator for its own numbers; glibc holds locks for it",
	    false },
	{ 0, "census", OPT_FLAG, NULL,
	    "count the heap of glibc, however large it is", false },
	{ 0, "maps", OPT_FLAG, NULL, "list the mappings too", false },
	{ 0, "json", OPT_FLAG, NULL, "write JSON", false },
	OPTION_END,
};

/* ---- reading ------------------------------------------------------------------------- */

/* The allocator's own statistics, through the keeper. */
static int
ask(const struct options *o, struct memory_account *a, struct err *e)
{
	struct timespec nap = { 0, 20000000 };
	uint64_t ticket;

	if (knob_order(a->t, KNOB_REPORT, &ticket, e) < 0)
		return -1;
	for (int i = 0; i < 150; i++) {
		if (knob_read(a->t, &a->k, e) < 0)
			return -1;
		if (knob_served(&a->k, KNOB_REPORT, ticket))
			return 0;
		if (!a->k.has_keeper && a->k.reason != NULL)
			break;
		nanosleep(&nap, NULL);
	}
	a->k.statistics.asked = false;
	cmd_note(o, "the allocator has not been asked: %s",
	    a->k.reason != NULL ?
		a->k.reason :
		"the target allocates nothing at the moment, and the order "
		"waits until it does");
	return 0;
}

static int
read_agent(const struct options *o, struct memory_account *a, struct err *e)
{
	const char *unseen;

	if (a->t->segment < 0) {
		if (option_given(o, "ask"))
			return target_need_agent(a->t, e);
		target_need_agent(a->t, &a->no_agent);
		return 0;
	}
	if (option_given(o, "ask") && ask(o, a, e) < 0)
		return -1;
	if ((a->s = snapshot_take(a->t, e)) == NULL ||
	    (!option_given(o, "ask") && knob_read(a->t, &a->k, e) < 0))
		return -1;
	a->has_knob = true;
	unseen = snapshot_heap_unseen(a->s);
	if (unseen == NULL)
		return 0;
	cmd_note(o, "%s", unseen);
	snapshot_free(a->s);
	a->s = NULL;
	return 0;
}

static int
read_kernel(const struct options *o, struct memory_account *a, struct err *e)
{
	bool want = option_given(o, "smaps") || option_given(o, "maps");

	if (status_read(a->t->pid, &a->status, e) < 0)
		return -1;
	if (!a->status.has_memory)
		return err_set(e, ERR_FAILED,
		    "process %d has no memory to account for", a->t->pid);
	if (option_given(o, "cheap"))
		return 0;
	if (!want && a->status.rss > SMAPS_LIMIT) {
		cmd_note(o,
		    "more than 1 GiB is resident, so mappings were not looked "
		    "at one by one: that takes about %.0f ms, during which the "
		    "target's own mmap calls wait (--smaps)",
		    (double)a->status.rss / (1u << 30) * 13.0);
		return 0;
	}
	if (smaps_read(a->t->pid, &a->maps, e) == 0)
		a->has_maps = true;
	else if (want || e->status == ERR_GONE)
		return -1;
	else
		cmd_note(o, "%s; this is what the totals tell", e->text);
	return 0;
}

static int
read_census(const struct options *o, struct memory_account *a, struct err *e)
{
	if (memory_census_take(o, a->t, a->s, a->status.rss_anon, &a->census,
		e) < 0)
		return -1;
	if (a->s != NULL && a->s->parent != 0 && !a->census.taken)
		cmd_note(o, "process %d forked this one; what it had allocated "
			    "until then is not known and counts as retained%s%s",
		    a->s->parent, a->census.why_not[0] != '\0' ? ": " : "",
		    a->census.why_not);
	if (a->census.taken || a->s != NULL)
		return 0;
	if (a->no_agent.text[0] != '\0')
		cmd_note(o, "%s; live and free cannot be told apart",
		    a->no_agent.text);
	if (a->census.why_not[0] != '\0')
		cmd_note(o, "%s", a->census.why_not);
	return 0;
}

static void
reckon(struct memory_account *a)
{
	struct ledger_trim trim = { .allocator = "", .releasable = UINT64_MAX };

	a->in = (struct ledger_input){ .status = &a->status,
		.maps = a->has_maps ? &a->maps : NULL,
		.stack_pointers = a->stacks,
		.metadata = UINT64_MAX };
	if (a->has_maps)
		a->in.n_stack_pointers = stack_pointers_read(a->t->pid,
		    a->stacks, ACCOUNT_STACKS);
	if (a->has_knob)
		ledger_take_knob(&a->k, &a->in, &trim);
	if (a->s != NULL)
		ledger_watch(a->s, &a->in);
	memory_census_use(&a->census, &a->in, &trim);
	ledger_make(&a->in, &a->l);
	trim.anonymous = a->status.rss_anon;
	trim.live = (uint64_t)a->in.live;
	a->estimate = ledger_return(&a->l, &trim, &a->why);
}

static int
memory_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	static struct memory_account a; /* large */
	struct buf out = BUF_INIT;
	int rc = -1;

	(void)cmd;
	if ((a.t = target_find(operand(o, 0), e)) == NULL)
		return -1;
	if (!a.t->alive) {
		rc = err_set(e, ERR_GONE,
		    "process %d has ended and has no memory", a.t->pid);
	} else if (read_agent(o, &a, e) == 0 && read_kernel(o, &a, e) == 0 &&
	    read_census(o, &a, e) == 0) {
		reckon(&a);
		if (option_given(o, "json"))
			memory_json(o, &a, &out);
		else
			memory_text(o, &a, &out);
		if (a.has_maps && option_given(o, "verbose"))
			cmd_note(o, "reading the mappings took %.1f ms",
			    (double)a.maps.cost_ns / 1e6);
		rc = output_write(NULL, out.bytes, out.len, e);
	}
	buf_free(&out);
	ledger_free(&a.l);
	ledger_unwatch(&a.in);
	snapshot_free(a.s);
	smaps_free(&a.maps);
	target_free(a.t);
	return rc;
}

const struct cmd cmd_memory = {
	.name = "memory",
	.operands = "PID",
	.summary = "show where the resident memory of a process went",
	.details = "The parts add up to the resident size. Retained is free "
		   "memory that the allocator\nkeeps; ullage trim gives it "
		   "back.",
	.options = { memory_options, common_options },
	.min_operands = 1,
	.max_operands = 1,
	.run = memory_run,
};
