/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "proc/stat.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

long
proc_read(int32_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	size_t len = 0;
	int fd, error = 0;

	snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return -1;
	while (len < size - 1) {
		ssize_t n = read(fd, text + len, size - 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			error = errno;
		if (n <= 0)
			break;
		len += (size_t)n;
		/* These files come whole; what is short of a page is the end. */
		if (len < 4096 && len < size - 1)
			break;
	}
	close(fd);
	text[len] = '\0';
	if (error == 0)
		return (long)len;
	errno = error;
	return -1;
}

void
proc_unescape(char *text)
{
	char *out = text;

	for (const char *s = text; *s != '\0';) {
		if (s[0] == '\\' && s[1] == 'n') {
			*out++ = '\n';
			s += 2;
		} else if (s[0] == '\\' && s[1] == '\\') {
			*out++ = '\\';
			s += 2;
		} else if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' &&
		    s[2] >= '0' && s[2] <= '7' && s[3] >= '0' && s[3] <= '7' &&
		    (s[1] != '0' || s[2] != '0' || s[3] != '0')) {
			*out++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 |
			    (s[3] - '0'));
			s += 4;
		} else {
			*out++ = *s++;
		}
	}
	*out = '\0';
}

#define FIELDS 42 /* policy is number 41 */

static uint64_t
ticks_to_ns(uint64_t ticks)
{
	static long hz;

	if (hz <= 0)
		hz = sysconf(_SC_CLK_TCK);
	return ticks * (1000000000u / (uint64_t)(hz > 0 ? hz : 100));
}

bool
proc_stat_parse(const char *text, struct proc_stat *s)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	int64_t field[FIELDS] = { 0 };
	const char *at;
	char *end;
	int n;

	memset(s, 0, sizeof *s);
	if (open == NULL || close == NULL || close < open ||
	    !isdigit((unsigned char)text[0]) || close[1] != ' ' ||
	    !isalpha((unsigned char)close[2]))
		return false;
	s->pid = (int32_t)strtol(text, NULL, 10);
	snprintf(s->name, sizeof s->name, "%.*s", (int)(close - open - 1),
	    open + 1);
	s->state = close[2];
	for (n = 4, at = close + 3; n < FIELDS; n++, at = end) {
		/* The start of code of a stopped one does not fit in signed. */
		field[n] = (int64_t)strtoull(at, &end, 10);
		if (end == at)
			break;
	}
	s->ppid = (int32_t)field[4];
	s->user_time = ticks_to_ns((uint64_t)field[14]);
	s->system_time = ticks_to_ns((uint64_t)field[15]);
	s->nice = (int32_t)field[19];
	s->threads = (uint32_t)field[20];
	s->start_ticks = (uint64_t)field[22];
	s->vm_size = (uint64_t)field[23];
	s->rt_priority = (uint32_t)field[40];
	s->policy = (uint32_t)field[41];
	return n > 23;
}

int
proc_stat_read(int32_t pid, struct proc_stat *s, struct err *e)
{
	char text[4096];

	if (proc_read(pid, "stat", text, sizeof text) < 0) {
		if (errno == ENOENT || errno == ESRCH)
			return err_set(e, ERR_GONE, "there is no process %d",
			    pid);
		return err_errno(e, "cannot read /proc/%d/stat", pid);
	}
	if (!proc_stat_parse(text, s))
		return err_set(e, ERR_FAILED,
		    "/proc/%d/stat is not understood", pid);
	return 0;
}
