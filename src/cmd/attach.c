/* SPDX-License-Identifier: MIT */
/* ullage attach: the agent into a process that runs. */
#include "config.h"

#include "cmd/cmd.h"
#include "attach/attach.h"
#include "base/units.h"
#include "cmd/agent_path.h"
#include "target/target.h"

#include <stdio.h>
#include <stdlib.h>

static int
attach_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	struct attach_want want = { .interval = 512 << 10,
		.trim = UINT64_MAX, .follow = ATTACH_FOLLOW_ALL };
	struct attach_outcome out;
	char *path = agent_path(e);
	int32_t pid;
	int rc = -1;

	(void)cmd;
	if (path != NULL && target_pid(operand(o, 0), &pid, e) == 0)
		rc = attach_arm(pid, path, &want, &out, e);
	free(path);
	if (rc == 0)
		printf("tid %d %s stopped %lu away %lu found %lu total %lu tries %u: %s\n",
		    out.tid, out.call, out.stopped_ns, out.away_ns, out.found_ns,
		    out.total_ns, out.tries, out.said);
	return rc;
}

const struct cmd cmd_attach = {
	.name = "attach",
	.operands = "PID",
	.summary = "put the agent into a process that runs",
	.options = { common_options },
	.min_operands = 1,
	.max_operands = 1,
	.run = attach_run,
};
