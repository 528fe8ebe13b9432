/* SPDX-License-Identifier: MIT */
/* ullage top: the live view. */
#include "config.h"

#include "base/units.h"
#include "base/xalloc.h"
#include "cmd/cmd.h"
#include "cmd/top_batch.h"
#include "cmd/top_source.h"
#include "top/columns.h"
#include "top/run.h"

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>

static const struct option_spec top_options[] = {
	{ 'b', "batch", OPT_FLAG, NULL,
	    "write lines to standard output instead of a screen", false },
	{ 0, "json", OPT_FLAG, NULL,
	    "with -b: a JSON object a line", false },
	{ 'n', "count", OPT_NUMBER, "N",
	    "with -b: end after N looks; 0 goes on", false },
	{ 0, "rows", OPT_NUMBER, "N", "with -b: at most N processes", false },
	{ 'd', "delay", OPT_DURATION, "TIME", "time between two looks", false },
	{ 0, "sort", OPT_TEXT, "COLUMN", "order by that column", false },
	{ 0, "filter", OPT_TEXT, "TEXT",
	    "show only processes that match", false },
	{ 0, "readonly", OPT_FLAG, NULL,
	    "take away all keys that change a process", false },
	{ 0, "ascii", OPT_FLAG, NULL, "draw without Unicode", false },
	OPTION_END,
};

static int
parse_sort(const struct options *o, struct err *e)
{
	const char *sort = option_text(o, "sort");
	struct buf names = BUF_INIT;

	if (sort == NULL || list_column_find(sort) != NULL)
		return 0;
	for (const struct list_column *c = list_columns; c->column.key; c++)
		buf_printf(&names, "%s%s", names.len > 0 ? ", " : "",
		    c->column.key);
	err_set(e, ERR_USAGE, "there is no column \"%s\"; there are %s", sort,
	    buf_text(&names));
	buf_free(&names);
	return -1;
}

static int
parse_delay(const struct options *o, int64_t *delay, struct err *e)
{
	uint64_t ns = option_value(o, "delay", 0);

	*delay = (int64_t)ns;
	if (option_given(o, "delay") &&
	    (ns < 100000000u || ns > UINT64_C(86400000000000)))
		return err_set(e, ERR_USAGE,
		    "the delay must be between 100ms and a day");
	return 0;
}

/* Pids, or names that one process bears. */
static int
find_pids(const struct options *o, int32_t **pids, size_t *n, struct err *e)
{
	*n = operand_count(o);
	*pids = *n != 0 ? xcalloc(*n, sizeof **pids) : NULL;
	for (size_t i = 0; i < *n; i++) {
		struct target *t = target_find(operand(o, i), e);

		if (t == NULL)
			return -1;
		(*pids)[i] = t->pid;
		target_free(t);
	}
	return 0;
}

static int
check(const struct options *o, struct err *e)
{
	static const char *const of_batch[] = { "json", "count", "rows" };

	for (size_t i = 0; i < sizeof of_batch / sizeof of_batch[0]; i++)
		if (option_given(o, of_batch[i]) && !option_given(o, "batch"))
			return err_set(e, ERR_USAGE,
			    "--%s goes with -b", of_batch[i]);
	return parse_sort(o, e);
}

static int
top_command(const struct cmd *cmd, struct options *o, struct err *e)
{
	struct top_options how = {
		.sort = option_text(o, "sort"),
		.filter = option_text(o, "filter"),
		.readonly = option_given(o, "readonly"),
		.ascii = option_given(o, "ascii"),
	};
	struct batch_options lines = {
		.count = option_value(o, "count", 0),
		.rows = option_value(o, "rows", 0),
		.columns = cmd_columns(true),
		.json = option_given(o, "json"),
	};
	struct top_source *source;
	int32_t *pids = NULL;
	int rc = -1;

	(void)cmd;
	/* It runs for days: what is large goes back when it is freed, and the
	 * threads that read share one arena. */
	mallopt(M_MMAP_THRESHOLD, 128 << 10);
	mallopt(M_TRIM_THRESHOLD, 512 << 10);
	mallopt(M_ARENA_MAX, 2);
	if (check(o, e) < 0 || parse_delay(o, &how.delay, e) < 0)
		return -1;
	if (find_pids(o, &pids, &how.n_pids, e) == 0 &&
	    (source = top_source_new(!option_given(o, "batch"), e)) != NULL) {
		how.pids = pids;
		rc = option_given(o, "batch") ?
		    top_batch(&source->source, &how, &lines, e) :
		    top_run(&source->source, &how, e);
		top_source_free(source);
	}
	free(pids);
	/* As it would have ended without a terminal to put back. */
	if (rc > 0) {
		signal(rc, SIG_DFL);
		raise(rc);
	}
	return rc;
}

const struct cmd cmd_top = {
	.name = "top",
	.operands = "[PID...]",
	.summary = "watch processes, their limits and heaps, on the screen",
	.details = "Those under pressure come first. The last line of the "
		   "screen says what can be done; ? lists all keys. Every "
		   "change is asked about first, with the command that does "
		   "the same.",
	.options = { top_options, common_options },
	.max_operands = -1,
	.run = top_command,
};
