/* SPDX-License-Identifier: MIT */
/* ullage check: would attach work? Nothing is stopped for it. */
#include "config.h"

#include "cmd/cmd.h"
#include "attach/preflight.h"
#include "base/output.h"
#include "cmd/agent_path.h"
#include "table/table.h"
#include "target/target.h"

#include <stdlib.h>

enum {
	COL_WHAT,
	COL_MET,
	COL_DETAIL,
	COL_COUNT,
};

static const struct column columns[COL_COUNT] = {
	[COL_WHAT] = { "what", "WHAT", CELL_TEXT, "what has to hold", true,
	    false },
	[COL_MET] = { "met", "MET", CELL_TEXT,
	    "yes, no, or note: to be seen when it is done", true, false },
	[COL_DETAIL] = { "detail", "DETAIL", CELL_TEXT,
	    "what was found, and what to do if it is not met", true, true },
};

static const struct option_spec check_options[] = {
	{ 0, "copy-in", OPT_TEXT, "DIR",
	    "as attach would be given it", false },
	{ 0, "dir", OPT_TEXT, "DIR", "as attach would be given it", false },
	{ 0, "json", OPT_FLAG, NULL, "as JSON", false },
	OPTION_END,
};

static const char *const words[] = {
	[FINDING_MET] = "yes",
	[FINDING_NOTE] = "note",
	[FINDING_NOT] = "no",
};

static struct table *
draw(const struct preflight *p)
{
	struct table *t = table_new(columns, COL_COUNT);

	for (size_t i = 0; i < p->n; i++) {
		table_row(t);
		table_text(t, COL_WHAT, p->list[i].what);
		table_text(t, COL_MET, words[p->list[i].met]);
		table_text(t, COL_DETAIL, p->list[i].text);
	}
	return t;
}

static int
check_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	/* Advice that is cut is none: lines may be longer than the screen. */
	const struct table_options how = { .headings = true };
	struct buf out = BUF_INIT;
	char *library = agent_path(e);
	const struct finding *not;
	struct preflight p;
	struct table *t;
	struct preflight_want how_to = { library,
		option_text(o, "copy-in"), option_text(o, "dir"), false };
	int32_t pid;
	int rc = -1;

	(void)cmd;
	if (library != NULL && target_pid(operand(o, 0), &pid, e) == 0)
		rc = preflight(pid, &how_to, &p, e);
	free(library);
	if (rc < 0)
		return -1;
	t = draw(&p);
	if (option_given(o, "json"))
		table_json(t, &out);
	else
		table_draw(t, &how, &out);
	table_free(t);
	rc = cmd_quiet(o) ? 0 : output_write(NULL, out.bytes, out.len, e);
	buf_free(&out);
	not = preflight_obstacle(&p);
	return rc == 0 && not != NULL ? (int)not->status : rc;
}

const struct cmd cmd_check = {
	.name = "check",
	.operands = "PID",
	.summary = "tell whether attach would work, and what is in its way",
	.details = "Exit status 0 when attach would work.",
	.options = { check_options, common_options },
	.min_operands = 1,
	.max_operands = 1,
	.run = check_run,
};
