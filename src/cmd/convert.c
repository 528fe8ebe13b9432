/* SPDX-License-Identifier: MIT */
/*
 * ullage convert: profiles between formats; those that come without names
 * (jemalloc's and gperftools' heap files) get them from this machine's files.
 */
#include "config.h"

#include "cmd/cmd.h"
#include "cmd/profile_out.h"
#include "encode/encode.h"
#include "profile/symbolize.h"

static int
convert_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	struct symbolizer *names = NULL;
	struct profile *p = NULL;
	int rc = -1;

	(void)cmd;
	if (profile_out_check(o, e) == 0 &&
	    (p = profile_decode_file(operand(o, 0), e)) != NULL) {
		names = profile_out_symbolizer(o, "", 0, 0);
		if (names != NULL)
			profile_symbolize(p, names);
		rc = profile_out(o, p, 0, "profile", e);
	}
	symbolizer_free(names);
	profile_free(p);
	return rc;
}

const struct cmd cmd_convert = {
	.name = "convert",
	.operands = "FILE",
	.summary = "write a profile in another format, with names",
	.details = "Reads pprof, json and collapsed profiles, and the heap "
		   "files of jemalloc and\ngperftools.",
	.options = { profile_out_options, symbol_options, common_options },
	.min_operands = 1,
	.max_operands = 1,
	.run = convert_run,
};
