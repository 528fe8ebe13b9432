/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/attach_words.h"
#include "base/escape.h"
#include "base/units.h"
#include "proc/maps.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

char *
attach_words_ms(char out[32], uint64_t ns)
{
	snprintf(out, 32, "%.2f ms", (double)ns / 1e6);
	return out;
}

void
attach_words_stop(const struct attach_outcome *out, struct buf *text)
{
	char stopped[32], away[32];

	buf_printf(text,
	    "thread %d, waiting in %s, was stopped for %s and back there "
	    "after %s",
	    out->tid, out->call != NULL ? out->call : "a call",
	    attach_words_ms(stopped, out->stopped_ns),
	    attach_words_ms(away, out->away_ns));
}

int
attach_words_obstacle(const struct preflight *p, struct err *e)
{
	const struct finding *f = preflight_obstacle(p);

	if (f == NULL)
		return 0;
	return err_set(e, f->status, "cannot attach to process %d: %s",
	    p->pid, f->text);
}

bool
attach_words_wait(struct target **t, enum presence_state state)
{
	const struct timespec pause = { 0, 5000000 };
	char number[16];
	struct presence p;
	struct err ignored;

	snprintf(number, sizeof number, "%d", (*t)->pid);
	for (int i = 0; i < 400; i++) {
		if (presence_read(*t, &p, &ignored) == 0 && p.state == state &&
		    !p.told)
			return true;
		nanosleep(&pause, NULL);
		if (state != PRESENCE_ARMED)
			continue;
		target_free(*t);
		*t = target_find(number, &ignored);
		if (*t == NULL)
			return false;
	}
	return false;
}

/* Bytes of address space that a file of that name takes. */
static uint64_t
mapped(const struct maps *m, const char *name)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < m->n; i++)
		if (strstr(m->rows[i].path, name) != NULL)
			sum += m->rows[i].limit - m->rows[i].start;
	return sum;
}

void
attach_words_left(const struct target *t, const struct presence *p,
    struct buf *text)
{
	char library[UNITS_MAX], segment[UNITS_MAX];
	struct maps m = MAPS_INIT;
	struct err ignored;
	uint64_t tables;

	if (p->kept > 0)
		buf_printf(text,
		    "kept: %llu slots, which somebody else has changed since; "
		    "they still lead through it, and it only forwards\n",
		    (unsigned long long)p->kept);
	if (p->inside > 0)
		buf_printf(text,
		    "kept: its tables, as %llu threads stayed inside of it\n",
		    (unsigned long long)p->inside);
	if (maps_read(t->pid, &m, &ignored) < 0)
		return;
	tables = mapped(&m, "/ullage-");
	buf_printf(text, "left in it: the library, dormant, %s",
	    units_bytes(library, (int64_t)mapped(&m, "/libullage.so")));
	if (tables != 0)
		buf_printf(text, "; its tables, %s, to be read",
		    units_bytes(segment, (int64_t)tables));
	buf_puts(text,
	    "; a private copy of one page of libc's code, and of the thread "
	    "that loaded it the stack that libc keeps for the next one\n");
	maps_free(&m);
}
