/* SPDX-License-Identifier: MIT */
/* A made-up machine for the live view: no process needed. */
#ifndef ULLAGE_TESTS_FAKE_TOP_H
#define ULLAGE_TESTS_FAKE_TOP_H

#include "top/ui.h"

struct fake_top {
	struct source source;
	int looks;	   /* lists so far: values grow with it */
	size_t extra;	   /* further, dull processes */
	bool missing;	   /* process 4182 has ended */
	bool denied;	   /* details are refused */
	bool no_nproc;	   /* what is used of it is not known */
	bool quiet;	   /* the agent in 2210, which was attached, is */
	char done[300];	   /* what was acted on last */
	unsigned needs;	   /* of the list asked for last */
};

void fake_top_init(struct fake_top *f);

/* A list, n seconds after the one before, into the view. */
void fake_top_look(struct fake_top *f, struct ui *ui, int n);

/* The detail that the view wants, if it does. */
void fake_top_detail(struct fake_top *f, struct ui *ui);

/* The slow lever that is pulled, if one is. */
void fake_top_work(struct fake_top *f, struct ui *ui);

/* Types a text, a key for each byte; \n is Enter. */
void fake_top_type(struct ui *ui, const char *keys);

#endif
