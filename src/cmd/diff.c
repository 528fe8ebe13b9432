/* SPDX-License-Identifier: MIT */
/* ullage diff: what changed from one profile to another. */
#include "config.h"

#include "cmd/cmd.h"
#include "cmd/profile_out.h"
#include "encode/encode.h"
#include "profile/ops.h"

static int
diff_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	struct profile *before = NULL, *after = NULL, *d = NULL;
	int rc = -1;

	(void)cmd;
	if (profile_out_check(o, e) == 0 &&
	    (before = profile_decode_file(operand(o, 0), e)) != NULL &&
	    (after = profile_decode_file(operand(o, 1), e)) != NULL &&
	    (d = profile_diff(after, before, e)) != NULL)
		rc = profile_out(o, d, 0, "diff", e);
	profile_free(before);
	profile_free(after);
	profile_free(d);
	return rc;
}

const struct cmd cmd_diff = {
	.name = "diff",
	.operands = "BEFORE AFTER",
	.summary = "show what changed from one profile to another",
	.options = { profile_out_options, common_options },
	.min_operands = 2,
	.max_operands = 2,
	.run = diff_run,
};
