/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "attach/fault.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Shared with the process that injects, so that points are counted through. */
static int *left;
static int other;

void
fault_init(void)
{
	const char *text = getenv("ULLAGE_FAULT");

	if (text == NULL || atoi(text) <= 0 || left != NULL)
		return;
	left = mmap(NULL, sizeof *left, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (left == MAP_FAILED)
		left = NULL;
	else
		*left = atoi(text);
}

void
fault_with(int parent)
{
	other = parent;
}

void
fault_point(void)
{
	if (left == NULL || --*left != 0)
		return;
	if (other > 1)
		kill(other, SIGKILL);
	raise(SIGKILL);
}
