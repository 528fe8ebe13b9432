/* SPDX-License-Identifier: MIT */
/*
 * kill-after [-c] MICROSECONDS COMMAND...: runs a command and kills it, by
 * SIGKILL, that many microseconds later; with -c, the processes too that it
 * has started. The status is 0 if it was killed, 1 if it was done already.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void
kill_children(pid_t pid)
{
	char path[64];
	pid_t child;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
	f = fopen(path, "r");
	while (f != NULL && fscanf(f, "%d", &child) == 1)
		kill(child, SIGKILL);
	if (f != NULL)
		fclose(f);
}

int
main(int argc, char **argv)
{
	int all = argc > 1 && strcmp(argv[1], "-c") == 0, status;
	struct timespec left;
	long us;
	pid_t child;

	if (argc < 3 + all)
		return 2;
	us = atol(argv[1 + all]);
	child = fork();
	if (child == 0) {
		execvp(argv[2 + all], argv + 2 + all);
		_exit(127);
	}
	left = (struct timespec){ us / 1000000, us % 1000000 * 1000 };
	ppoll(NULL, 0, &left, NULL);
	if (all)
		kill_children(child);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) ? 0 : 1;
}
