/* SPDX-License-Identifier: MIT */
/* ullage agent-path: LD_PRELOAD=$(ullage agent-path) server */
#include "config.h"

#include "cmd/agent_path.h"
#include "base/xalloc.h"
#include "cmd/cmd.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIBRARY "libullage.so"

/* Beside the program (a build tree), where it was installed, or where the
 * same tree was moved to. */
static char *
find(void)
{
	static const char *const places[] = { "%s/" LIBRARY,
		"%s/../lib/ullage/" LIBRARY };
	char self[PATH_MAX], *path, *real;
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (access(ULLAGE_AGENT_DIR "/" LIBRARY, R_OK) == 0)
		real = xstrdup(ULLAGE_AGENT_DIR "/" LIBRARY);
	else
		real = NULL;
	if (n <= 0)
		return real;
	self[n] = '\0';
	if (strrchr(self, '/') != NULL)
		*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < 2; i++) {
		if (i == 1 && real != NULL)
			return real;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		path = xasprintf(places[i], self);
#pragma GCC diagnostic pop
		if (access(path, R_OK) == 0) {
			free(real);
			real = realpath(path, NULL);
			free(path);
			return real;
		}
		free(path);
	}
	return real;
}

char *
agent_path(struct err *e)
{
	char *path = find();

	if (path == NULL) {
		err_set(e, ERR_FAILED,
		    "cannot find " LIBRARY " beside ullage or in "
		    ULLAGE_AGENT_DIR "; is ullage installed?");
	} else if (strpbrk(path, ": ") != NULL) {
		err_set(e, ERR_FAILED,
		    "LD_PRELOAD cannot name %s: the path holds a blank or a "
		    "colon; install ullage elsewhere",
		    path);
		free(path);
		path = NULL;
	}
	return path;
}

static int
agent_path_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	char *path = agent_path(e);

	(void)cmd;
	(void)o;
	if (path == NULL)
		return -1;
	puts(path);
	free(path);
	return 0;
}

const struct cmd cmd_agent_path = {
	.name = "agent-path",
	.operands = "",
	.summary = "print the path of the agent's library, for LD_PRELOAD",
	.options = { common_options },
	.run = agent_path_run,
};
