/* stub */
#include "config.h"
#include "cmd/cmd.h"
const struct cmd cmd_memory = { .name = "memory", .operands = "PID", .summary = "x", .run = NULL };
