/* SPDX-License-Identifier: MIT */
/* What cmd.c needs of options.c; commands use cmd.h alone. */
#ifndef ULLAGE_CMD_OPTIONS_H
#define ULLAGE_CMD_OPTIONS_H

#include "base/buf.h"
#include "cmd/cmd.h"

/* argv[0] is the command's name. *out is set and to be freed even on failure. */
int options_parse(const struct cmd *cmd, int argc, char **argv,
    struct options **out, struct err *e);
void options_free(struct options *o);

#endif
