/* SPDX-License-Identifier: MIT */
/*
 * Everything that has to hold for an attach and can be known without stopping
 * anything, as a list: `ullage check` prints it, `ullage attach` heeds it.
 */
#ifndef ULLAGE_ATTACH_PREFLIGHT_H
#define ULLAGE_ATTACH_PREFLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum finding_met {
	FINDING_MET,
	FINDING_NOTE, /* worth knowing, or to be seen at the stop */
	FINDING_NOT,
};

struct finding {
	const char *what; /* "libc" */
	enum finding_met met;
	enum err_status status; /* if it is not met */
	char text[360];		/* not met: with the advice; escaped */
};

#define FINDINGS_MAX 24

struct preflight {
	int32_t pid;
	struct finding list[FINDINGS_MAX];
	size_t n;
	bool agent;	     /* one is there already */
	char agent_path[512]; /* from where, as the target sees it */
	char path[512];	      /* where the library would be loaded from */
	bool copied;
	bool moved; /* it executed another program meanwhile */
};

struct preflight_want {
	const char *library; /* ours; "" if it is there already */
	const char *copy_in; /* as for place_find, or NULL */
	const char *dir;     /* base folder of the segment, or NULL */
	bool act;	     /* make a copy where one is needed */
};

/* -1 with e only if there is no such process. */
int preflight(int32_t pid, const struct preflight_want *want,
    struct preflight *p, struct err *e);

/* The first that is not met, or NULL. */
const struct finding *preflight_obstacle(const struct preflight *p);

#endif
