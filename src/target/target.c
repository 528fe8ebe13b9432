/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "target/target.h"
#include "abi/segment.h"
#include "base/buf.h"
#include "base/escape.h"
#include "base/units.h"
#include "base/xalloc.h"
#include "target/segment_file.h"
#include "target/words.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct target *
target_new(const struct process *p)
{
	struct target *t = xcalloc(1, sizeof *t);

	t->pid = p->pid;
	t->process = *p;
	t->segment = -1;
	return t;
}

void
target_free(struct target *t)
{
	if (t == NULL)
		return;
	if (t->segment >= 0)
		close(t->segment);
	free(t);
}

/* Several bear the name: say which, so that the user can choose. */
static void
ambiguous(const char *name, const struct process *list, const size_t *found,
    size_t n, struct err *e)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < n && i < 20; i++) {
		buf_printf(&text, "%s%d (", i ? ", " : "",
		    list[found[i]].pid);
		escape_terminal(&text, list[found[i]].name,
		    strlen(list[found[i]].name));
		buf_puts(&text, ")");
	}
	if (n > 20)
		buf_printf(&text, " and %zu more", n - 20);
	err_set(e, ERR_USAGE, "%zu processes are named \"%s\": %s; name one by its pid",
	    n, name, buf_text(&text));
	buf_free(&text);
}

static int
pid_of_name(const char *name, int32_t *pid, struct err *e)
{
	struct process *list;
	size_t n, n_found = 0, *found;
	int rc = -1;

	if (processes_read(&list, &n, e) < 0)
		return -1;
	found = xcalloc(n, sizeof *found);
	for (size_t i = 0; i < n; i++)
		if (list[i].pid != getpid() && list[i].state != 'Z' &&
		    process_is_named(&list[i], name))
			found[n_found++] = i;
	if (n_found == 0) {
		err_set(e, ERR_GONE, "no process is named \"%s\"", name);
	} else if (n_found > 1) {
		ambiguous(name, list, found, n_found, e);
	} else {
		*pid = list[found[0]].pid;
		rc = 0;
	}
	free(found);
	free(list);
	return rc;
}

/* A zombie is still listed by others, so it is not denied. */
static struct target *
find_dead(int32_t pid, bool is_zombie, struct err *e)
{
	struct process nobody = { .pid = pid };
	struct target *t = target_new(&nobody);

	if (segment_open_dead(t, e) == 0)
		return t;
	if (e->status == ERR_GONE)
		err_set(e, ERR_GONE,
		    "%sprocess %d%s, and none of that pid left a segment "
		    "behind",
		    is_zombie ? "" : "there is no ", pid,
		    is_zombie ? " has ended and waits for its parent to "
				"notice" :
				"");
	target_free(t);
	return NULL;
}

int
target_pid(const char *pid_or_name, int32_t *pid, struct err *e)
{
	uint64_t number;

	if (!units_parse_number(pid_or_name, 0, UINT64_MAX, &number))
		return pid_of_name(pid_or_name, pid, e);
	if (number == 0 || number > INT32_MAX)
		return err_set(e, ERR_GONE, "there is no process %s",
		    pid_or_name);
	*pid = (int32_t)number;
	return 0;
}

struct target *
target_find(const char *pid_or_name, struct err *e)
{
	struct process p;
	struct target *t;
	int32_t pid;

	if (target_pid(pid_or_name, &pid, e) < 0)
		return NULL;
	if (process_read(pid, &p, e) < 0)
		return e->status == ERR_GONE ? find_dead(pid, false, e) : NULL;
	/* Its first thread may end before the others do. */
	if ((p.state == 'Z' && p.threads <= 1) || p.state == 'X')
		return find_dead(pid, true, e);
	t = target_new(&p);
	t->alive = true;
	snprintf(t->root, sizeof t->root, "/proc/%d/root", pid);
	if (segment_open_live(t, e) < 0) {
		target_free(t);
		return NULL;
	}
	return t;
}

int
target_need_agent(const struct target *t, struct err *e)
{
	if (t->segment >= 0)
		return 0;
	return segment_explain_none(t, e);
}

bool
target_is_same(const struct target *t)
{
	struct process now;
	struct err ignored;

	return process_read(t->pid, &now, &ignored) == 0 &&
	    now.state != 'Z' && now.start_ticks == t->process.start_ticks;
}

int
target_set_interval(const struct target *t, uint64_t interval, struct err *e)
{
	if (target_need_agent(t, e) < 0)
		return -1;
	return words_write(t, WORDS_CONTROL(interval), interval, e);
}
