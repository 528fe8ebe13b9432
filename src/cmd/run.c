/* SPDX-License-Identifier: MIT */
/*
 * ullage run: start a command under the agent, and be gone. The command takes
 * our place: same pid, same standard streams, its own exit status.
 */
#include "config.h"

#include "cmd/cmd.h"
#include "base/xalloc.h"
#include "cmd/agent_options.h"
#include "cmd/agent_path.h"
#include "cmd/trim.h"
#include "cmd/limits_set.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What env(1) and shells return when a command cannot be executed. */
#define STATUS_NOT_EXECUTABLE 126
#define STATUS_NOT_FOUND 127

static const struct option_spec run_options[] = {
	{ 0, "limit", OPT_TEXT, "RESOURCE=VALUE",
	    "a resource limit for it, as ullage limits takes it; repeats",
	    true },
	OPTION_END,
};

static int
set_variables(const struct options *o, struct err *e)
{
	const char *follow = option_text(o, "follow");
	const char *dir = option_text(o, "dir");
	char number[32], percent_text[32];
	uint64_t percent;

	if (agent_options_check(o, &percent, e) < 0)
		return -1;
	if (option_given(o, "interval")) {
		snprintf(number, sizeof number, "%llu",
		    (unsigned long long)option_value(o, "interval", 0));
		setenv("ULLAGE_SAMPLE_INTERVAL", number, 1);
	}
	if (option_given(o, "trim"))
		setenv("ULLAGE_TRIM_PERCENT",
		    trim_percent_text(percent_text, percent), 1);
	if (option_given(o, "memory-limit")) {
		snprintf(number, sizeof number, "%llu",
		    (unsigned long long)option_value(o, "memory-limit", 0));
		setenv("ULLAGE_MEMORY_LIMIT", number, 1);
	}
	if (follow != NULL)
		setenv("ULLAGE_FOLLOW", follow, 1);
	if (dir != NULL)
		setenv("ULLAGE_DIR", dir, 1);
	return 0;
}

/* Ours first: an allocator that is preloaded too must come after it. */
static int
set_preload(struct err *e)
{
	const char *others = getenv("LD_PRELOAD");
	char *agent = agent_path(e), *list;

	if (agent == NULL)
		return -1;
	if (others != NULL && strstr(others, agent) != NULL)
		list = xstrdup(others);
	else if (others != NULL && *others != '\0')
		list = xasprintf("%s:%s", agent, others);
	else
		list = xstrdup(agent);
	setenv("LD_PRELOAD", list, 1);
	free(list);
	free(agent);
	return 0;
}

static int
run_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	char **argv = operand_rest(o, 0);
	const char *const *limits;
	size_t n = option_all(o, "limit", &limits);

	(void)cmd;
	if (set_variables(o, e) < 0 || set_preload(e) < 0 ||
	    limits_set_own(limits, n, e) < 0)
		return -1;
	execvp(argv[0], argv);
	fprintf(stderr, "ullage run: cannot execute %s: %s\n", argv[0],
	    strerror(errno));
	return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}

const struct cmd cmd_run = {
	.name = "run",
	.operands = "[--] CMD [ARG...]",
	.summary = "start a command under the agent",
	.details = "The command takes the place of ullage: same pid, same "
		   "standard streams, its own\nexit status; 126 or 127 when it "
		   "cannot be executed.",
	.options = { agent_options, run_options, common_options },
	.min_operands = 1,
	.max_operands = -1,
	.stops_at_operand = true,
	.run = run_run,
};
