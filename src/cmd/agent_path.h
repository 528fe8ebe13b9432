/* SPDX-License-Identifier: MIT */
/* Where the agent's library is. */
#ifndef ULLAGE_CMD_AGENT_PATH_H
#define ULLAGE_CMD_AGENT_PATH_H

#include "base/err.h"

/* Owned by the caller; NULL if there is none, or LD_PRELOAD cannot name it. */
char *agent_path(struct err *e);

#endif
