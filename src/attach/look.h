/* SPDX-License-Identifier: MIT */
/* The single findings of a preflight. Of the folder's own use. */
#ifndef ULLAGE_ATTACH_LOOK_H
#define ULLAGE_ATTACH_LOOK_H

#include "attach/preflight.h"
#include "attach/site.h"
#include "proc/process.h"

struct look {
	int32_t pid;
	const char *library, *copy_in, *dir;
	bool act;
	struct process process;
	struct site site;
	struct preflight *out;
};

void look_say(struct look *l, const char *what, enum finding_met met,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Each adds what it finds; false if nothing further makes sense. */
bool look_memory(struct look *l);
bool look_program(struct look *l);
bool look_libc(struct look *l);
void look_agent(struct look *l);
void look_filters(struct look *l);
void look_limits(struct look *l);
void look_namespaces(struct look *l);
void look_company(struct look *l);

#endif
