/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "proc/status.h"
#include "proc/stat.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum how {
	KB,
	NUMBER,
	HEX,
	INT,
};

/* Lines with one number. */
static const struct row {
	const char *key;
	size_t len;
	enum how how;
	size_t offset;
} rows[] = {
#define ROW(key, how, member) \
	{ key ":", sizeof key, how, offsetof(struct status, member) }
	ROW("Pid", INT, pid),
	ROW("PPid", INT, ppid),
	ROW("Threads", INT, threads),
	ROW("VmPeak", KB, vm_peak),
	ROW("VmSize", KB, vm_size),
	ROW("VmLck", KB, locked),
	ROW("VmPin", KB, pinned),
	ROW("VmHWM", KB, rss_peak),
	ROW("VmRSS", KB, rss),
	ROW("RssAnon", KB, rss_anon),
	ROW("RssFile", KB, rss_file),
	ROW("RssShmem", KB, rss_shmem),
	ROW("VmData", KB, data),
	ROW("VmStk", KB, stack),
	ROW("VmExe", KB, text),
	ROW("VmLib", KB, libraries),
	ROW("VmPTE", KB, page_tables),
	ROW("VmSwap", KB, swap),
	ROW("SigQ", NUMBER, signals_queued),
	ROW("SigIgn", HEX, signals_ignored),
	ROW("SigCgt", HEX, signals_caught),
	ROW("CapEff", HEX, capabilities),
#undef ROW
};

/* The line is longer than two letters. */
static void
parse_row(struct status *s, const char *line)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];
		char *at = (char *)s + row->offset;
		uint64_t value;

		/* Most lines are told apart by their third letter. */
		if (line[0] != row->key[0] || line[2] != row->key[2] ||
		    strncmp(line, row->key, row->len) != 0)
			continue;
		value = strtoull(line + row->len, NULL,
		    row->how == HEX ? 16 : 10);
		if (row->how == INT)
			memcpy(at, &(int32_t){ (int32_t)value },
			    sizeof(int32_t));
		else if (row->how == KB)
			memcpy(at, &(uint64_t){ value * 1024 }, sizeof value);
		else
			memcpy(at, &value, sizeof value);
		return;
	}
}

static void
parse_ids(uint32_t ids[4], const char *at)
{
	char *end;

	for (int i = 0; i < 4; i++, at = end)
		ids[i] = (uint32_t)strtoul(at, &end, 10);
}

static void
parse_line(struct status *s, const char *line, size_t len)
{
	const char *slash;

	if (len < 4)
		return;
	if (strncmp(line, "Name:\t", 6) == 0) {
		snprintf(s->name, sizeof s->name, "%.*s", (int)(len - 6),
		    line + 6);
		proc_unescape(s->name);
	} else if (strncmp(line, "State:\t", 7) == 0) {
		s->state = line[7];
	} else if (strncmp(line, "Uid:", 4) == 0) {
		parse_ids(s->uids, line + 4);
	} else if (strncmp(line, "Gid:", 4) == 0) {
		parse_ids(s->gids, line + 4);
	} else if (strncmp(line, "Kthread:\t", 9) == 0) {
		s->kernel_thread = line[9] == '1';
	} else if (strncmp(line, "NSpid:", 6) == 0) {
		for (slash = line + len; slash > line && slash[-1] != '\t';)
			slash--;
		s->ns_pid = (int32_t)strtol(slash, NULL, 10);
		s->nested = slash > line + 7;
	} else {
		parse_row(s, line);
		if (strncmp(line, "VmSize:", 7) == 0)
			s->has_memory = true;
		if (strncmp(line, "SigQ:", 5) == 0 &&
		    (slash = memchr(line, '/', len)) != NULL)
			s->signals_limit = strtoull(slash + 1, NULL, 10);
	}
}

bool
status_parse(const char *text, struct status *s)
{
	bool uid = false;

	memset(s, 0, sizeof *s);
	while (*text != '\0') {
		size_t len = (size_t)(strchrnul(text, '\n') - text);

		/* All that is wanted stands before this, two thirds in. */
		if (strncmp(text, "CapBnd:", 7) == 0)
			break;
		uid = uid || strncmp(text, "Uid:", 4) == 0;
		parse_line(s, text, len);
		text += len;
		text += *text == '\n';
	}
	/* Before Linux 6.10 nothing but the lack of memory told. */
	if (!s->has_memory && s->state != 'Z' && s->state != 'X' &&
	    (s->ppid == 2 || s->pid == 2))
		s->kernel_thread = true;
	if (s->ns_pid == 0)
		s->ns_pid = s->pid;
	return s->state != '\0' && s->pid > 0 && uid;
}

int
status_read(int32_t pid, struct status *s, struct err *e)
{
	char text[8192];

	if (proc_read(pid, "status", text, sizeof text) < 0) {
		if (errno == ENOENT || errno == ESRCH)
			return err_set(e, ERR_GONE, "there is no process %d",
			    pid);
		return err_errno(e, "cannot read /proc/%d/status", pid);
	}
	if (!status_parse(text, s))
		return err_set(e, ERR_FAILED,
		    "/proc/%d/status is not understood", pid);
	return 0;
}
