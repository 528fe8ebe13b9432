/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "proc/sweep.h"
#include "base/xalloc.h"
#include "proc/stat.h"
#include "proc/usage.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Descriptors for everything else that the program does. */
#define SPARE 256

/* One process in so many is asked again for what changes rarely, each time. */
#define RARELY 32

#define PF_KTHREAD 0x00200000

struct entry {
	struct sweep_row row;
	int stat, fds; /* -1: not kept open */
};

struct sweep {
	int proc; /* the folder */
	bool own; /* it is that of this machine, so pids in it are pids */
	DIR *dir; /* the same, for listing */
	struct entry **entries; /* by pid */
	size_t n, cap;
	struct entry **next; /* being made from entries */
	size_t next_cap;
	size_t open, most; /* descriptors that are kept, and may be */
	uint32_t round;
	bool anew; /* read all limits the next time */
	bool counts; /* the kernel tells how many descriptors there are */
};

/* Our own soft limit goes up to the hard one; it is nobody else's. */
static size_t
descriptors_allowed(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0)
		return 0;
	if (l.rlim_cur < l.rlim_max) {
		l.rlim_cur = l.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &l) < 0 &&
		    getrlimit(RLIMIT_NOFILE, &l) < 0)
			return 0;
	}
	if (l.rlim_cur > 65536)
		l.rlim_cur = 65536;
	return l.rlim_cur > SPARE ? (size_t)l.rlim_cur - SPARE : 0;
}

struct sweep *
sweep_new(const char *proc, struct err *e)
{
	struct sweep *s = xcalloc(1, sizeof *s);

	s->dir = opendir(proc);
	if (s->dir == NULL) {
		err_errno(e, "cannot read %s", proc);
		free(s);
		return NULL;
	}
	s->proc = dirfd(s->dir);
	s->own = strcmp(proc, "/proc") == 0;
	s->most = descriptors_allowed();
	s->counts = usage_kernel_counts();
	return s;
}

static void
forget(struct sweep *s, struct entry *x)
{
	if (x->stat >= 0)
		close(x->stat), s->open--;
	if (x->fds >= 0)
		close(x->fds), s->open--;
	x->stat = x->fds = -1;
}

void
sweep_free(struct sweep *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++) {
		forget(s, s->entries[i]);
		free(s->entries[i]);
	}
	free(s->entries);
	free(s->next);
	closedir(s->dir);
	free(s);
}

size_t
sweep_count(const struct sweep *s)
{
	return s->n;
}

const struct sweep_row *
sweep_row(const struct sweep *s, size_t i)
{
	return &s->entries[i]->row;
}

/* ---- stat ---------------------------------------------------------------- */

/* Numbers separated by blanks; strtoull is three times as slow. */
static const char *
number(const char *s, uint64_t *v)
{
	bool minus = false;

	while (*s == ' ')
		s++;
	if (*s == '-')
		minus = true, s++;
	for (*v = 0; *s >= '0' && *s <= '9'; s++)
		*v = *v * 10 + (uint64_t)(*s - '0');
	if (minus)
		*v = 0 - *v;
	return s;
}

static uint64_t
tick_ns(void)
{
	static uint64_t ns;

	if (ns == 0) {
		long hz = sysconf(_SC_CLK_TCK);

		ns = 1000000000u / (uint64_t)(hz > 0 ? hz : 100);
	}
	return ns;
}

static uint64_t
page_bytes(void)
{
	static uint64_t bytes;

	if (bytes == 0)
		bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	return bytes;
}

#define FIELDS 25 /* rss is number 24 */

bool
sweep_parse_stat(const char *text, struct sweep_row *r)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	uint64_t field[FIELDS] = { 0 };
	const char *at;
	size_t len;

	if (open == NULL || close == NULL || close < open ||
	    close[1] != ' ' || !isalpha((unsigned char)close[2]))
		return false;
	len = (size_t)(close - open - 1);
	if (len >= sizeof r->name)
		len = sizeof r->name - 1;
	memcpy(r->name, open + 1, len);
	r->name[len] = '\0';
	if (memchr(r->name, '\\', len) != NULL)
		proc_unescape(r->name);
	r->state = close[2];
	at = close + 3;
	for (int i = 4; i < FIELDS; i++) {
		if (*at != ' ')
			return false;
		at = number(at, &field[i]);
	}
	r->ppid = (int32_t)field[4];
	r->kernel = (field[9] & PF_KTHREAD) != 0;
	r->cpu_ns = (field[14] + field[15]) * tick_ns();
	r->threads = (uint32_t)field[20];
	r->start_ticks = field[22];
	r->size = field[23];
	r->rss = field[24] * page_bytes();
	return true;
}

/* ---- one process ------------------------------------------------------------- */

static void
path_of(char path[32], int32_t pid, const char *name)
{
	char digits[12], *d = digits + sizeof digits;
	size_t len;

	*--d = '\0';
	do
		*--d = (char)('0' + pid % 10);
	while ((pid /= 10) != 0);
	len = strlen(d);
	memcpy(path, d, len);
	strcpy(path + len, name);
}

static int
open_in(const struct sweep *s, int32_t pid, const char *name, int flags)
{
	char path[32];

	path_of(path, pid, name);
	return openat(s->proc, path, flags | O_CLOEXEC);
}

static ssize_t
read_whole(const struct sweep *s, int32_t pid, const char *name, char *text,
    size_t size)
{
	int fd = open_in(s, pid, name, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, text, size - 1);
	close(fd);
	if (n >= 0)
		text[n] = '\0';
	return n;
}

/* Reads stat; opens it first if it is not, and keeps it if there is room. */
static bool
read_stat(struct sweep *s, struct entry *x)
{
	char text[1024];
	ssize_t n = -1;

	if (x->stat >= 0) {
		n = pread(x->stat, text, sizeof text - 1, 0);
		if (n <= 0)
			forget(s, x);
	}
	if (n <= 0) {
		int fd = open_in(s, x->row.pid, "/stat", O_RDONLY);

		if (fd < 0)
			return false;
		n = read(fd, text, sizeof text - 1);
		if (n > 0 && s->open + 2 < s->most)
			x->stat = fd, s->open++;
		else
			close(fd);
	}
	if (n <= 0)
		return false;
	text[n] = '\0';
	return sweep_parse_stat(text, &x->row);
}

/*
 * After pthread_exit in its main thread the folder of the zombie leader is
 * empty; that is not worth another look every second, so it is unknown.
 */
static void
read_descriptors(struct sweep *s, struct entry *x)
{
	struct stat st;
	char path[32];

	x->row.fds = -1;
	if (!s->counts || x->row.kernel || x->row.state == 'Z')
		return;
	if (x->fds < 0 && s->open + 2 < s->most) {
		x->fds = open_in(s, x->row.pid, "/fd", O_PATH | O_DIRECTORY);
		s->open += x->fds >= 0;
	}
	if (x->fds >= 0) {
		if (fstat(x->fds, &st) == 0)
			x->row.fds = st.st_size;
		return;
	}
	path_of(path, x->row.pid, "/fd");
	if (fstatat(s->proc, path, &st, 0) == 0)
		x->row.fds = st.st_size;
}

static void
read_limits(const struct sweep *s, struct sweep_row *r)
{
	struct err ignored;
	char text[4096];

	if (r->kernel)
		r->has_limits = false;
	else if (s->own)
		r->has_limits =
		    limits_read_quick(r->pid, &r->limits, &ignored) == 0;
	else
		r->has_limits =
		    read_whole(s, r->pid, "/limits", text, sizeof text) > 0 &&
		    limits_parse(text, &r->limits) != 0;
}

/* The folder's part of the program's name is left out. */
static void
read_command(const struct sweep *s, struct sweep_row *r)
{
	char text[512], *from = text, *slash, *end;
	ssize_t n = r->kernel ? 0 :
	    read_whole(s, r->pid, "/cmdline", text, sizeof text);

	r->command[0] = '\0';
	if (n <= 0)
		return;
	while (n > 0 && text[n - 1] == '\0')
		n--;
	end = memchr(text, '\0', (size_t)n);
	/* A title such as "nginx: worker" is no path. */
	if (text[0] == '/' && (end == NULL || end - text < n) &&
	    (slash = strrchr(text, '/')) != NULL)
		from = slash + 1;
	else if (text[0] == '/' && memchr(text, ' ', (size_t)n) == NULL &&
	    (slash = strrchr(text, '/')) != NULL)
		from = slash + 1;
	for (ssize_t i = from - text; i < n; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	n -= from - text;
	if (n >= (ssize_t)sizeof r->command)
		n = (ssize_t)sizeof r->command - 1;
	memcpy(r->command, from, (size_t)n);
	r->command[n] = '\0';
}

static void
read_owner(const struct sweep *s, struct sweep_row *r)
{
	struct stat st;
	char path[32];

	path_of(path, r->pid, "");
	if (fstatat(s->proc, path, &st, 0) == 0)
		r->uid = st.st_uid;
}

/* Somebody will raise that soon, and wants to see it. */
static bool
is_tight(const struct sweep_row *r)
{
	const struct limit *l = &r->limits.of[LIMIT_nofile];

	return r->has_limits && l->known && r->fds > 0 &&
	    (uint64_t)r->fds >= l->soft / 2;
}

static bool
read_entry(struct sweep *s, struct entry *x, unsigned needs)
{
	uint64_t start = x->row.start_ticks;
	bool again;

	if (!read_stat(s, x))
		return false;
	if (start != x->row.start_ticks) {
		/* New, or the pid is another process's now. */
		x->row.has_limits = false;
		x->row.command[0] = '\0';
	}
	again = start != x->row.start_ticks ||
	    ((uint32_t)x->row.pid + s->round) % RARELY == 0;
	if (again)
		read_owner(s, &x->row);
	if ((needs & SWEEP_COMMAND) != 0 &&
	    (again || x->row.command[0] == '\0') && !x->row.kernel)
		read_command(s, &x->row);
	if ((needs & SWEEP_FDS) != 0)
		read_descriptors(s, x);
	if ((needs & SWEEP_LIMITS) != 0 &&
	    (again || s->anew || !x->row.has_limits || is_tight(&x->row)))
		read_limits(s, &x->row);
	return true;
}

/* ---- all of them ------------------------------------------------------------------ */

static int32_t
pid_of(const char *name)
{
	int64_t pid = 0;

	for (; *name >= '0' && *name <= '9' && pid < INT32_MAX; name++)
		pid = pid * 10 + (*name - '0');
	return *name == '\0' && pid < INT32_MAX ? (int32_t)pid : 0;
}

static struct entry *
entry_new(int32_t pid)
{
	struct entry *x = xcalloc(1, sizeof *x);

	x->row.pid = pid;
	x->row.fds = -1;
	x->stat = x->fds = -1;
	return x;
}

/* Drops what is kept of processes before `pid`; *at then is at it or behind. */
static void
drop_until(struct sweep *s, size_t *at, int32_t pid)
{
	for (; *at < s->n && s->entries[*at]->row.pid < pid; (*at)++) {
		forget(s, s->entries[*at]);
		free(s->entries[*at]);
	}
}

void
sweep_limits_anew(struct sweep *s)
{
	s->anew = true;
}

int
sweep_run(struct sweep *s, unsigned needs, struct err *e)
{
	struct dirent *d;
	struct entry **was;
	size_t at = 0, n = 0, cap;
	int32_t last = 0;

	rewinddir(s->dir);
	s->round++;
	errno = 0;
	/* The kernel lists them by number. */
	while ((d = readdir(s->dir)) != NULL) {
		int32_t pid = pid_of(d->d_name);
		struct entry *x;

		if (pid <= last)
			continue;
		last = pid;
		drop_until(s, &at, pid);
		x = at < s->n && s->entries[at]->row.pid == pid ?
		    s->entries[at++] : entry_new(pid);
		if (!read_entry(s, x, needs)) {
			forget(s, x);
			free(x);
			continue;
		}
		s->next = xgrow(s->next, n, &s->next_cap, sizeof(void *));
		s->next[n++] = x;
	}
	drop_until(s, &at, INT32_MAX);
	was = s->entries, cap = s->cap;
	s->entries = s->next, s->cap = s->next_cap, s->n = n;
	s->next = was, s->next_cap = cap;
	s->anew = false;
	return n != 0 ? 0 : err_set(e, ERR_FAILED,
	    "there are no processes to be seen; is /proc mounted?");
}
