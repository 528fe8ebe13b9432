/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tune/refuse.h"
#include "base/escape.h"
#include "proc/ceilings.h"
#include "proc/usage.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The inode of the first user namespace, from the kernel's proc_ns.h. */
#define FIRST_USER_NAMESPACE 0xEFFFFFFDu

/* select() has room for so many descriptors. */
#define SELECT_MAX 1024

/* Above this, programs that size a table by the limit take gigabytes. */
#define NOFILE_HUGE (1u << 20)

#define WHO_MAX 160

/* "process 4182 (nginx)", safe to show. */
static char *
who(char out[WHO_MAX], const struct limit_change *c)
{
	struct buf b = BUF_INIT;

	escape_cut(&b, c->name, 24);
	snprintf(out, WHO_MAX, "process %d (%s)", c->pid, buf_text(&b));
	buf_free(&b);
	return out;
}

/* ---- what the kernel would say ------------------------------------------------- */

/* True if this process has the capability where the kernel asks for it: in
 * the first user namespace. *elsewhere: it has it in another one. */
static bool
we_may(unsigned capability, bool *elsewhere)
{
	struct status us;
	struct err ignored;
	struct stat st;
	bool have;

	*elsewhere = false;
	if (status_read(getpid(), &us, &ignored) < 0)
		return true; /* let the kernel say */
	have = (us.capabilities >> capability & 1) != 0;
	if (have && stat("/proc/self/ns/user", &st) == 0 &&
	    st.st_ino != FIRST_USER_NAMESPACE) {
		*elsewhere = true;
		return false;
	}
	return have;
}

/* As check_prlimit_permission of the kernel compares them. */
static bool
same_user(int32_t pid, uint32_t *its_uid)
{
	struct status it;
	struct err ignored;

	*its_uid = getuid();
	if (pid == getpid() || status_read(pid, &it, &ignored) < 0)
		return true;
	for (int i = 0; i < 3; i++) {
		if (it.uids[i] != getuid())
			*its_uid = it.uids[i];
		if (it.uids[i] != getuid() || it.gids[i] != getgid())
			return false;
	}
	return true;
}

static bool
in_other_user_namespace(int32_t pid)
{
	struct stat ours, its;
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
	return stat("/proc/self/ns/user", &ours) == 0 &&
	    stat(path, &its) == 0 && ours.st_ino != its.st_ino;
}

static int
denied_nr_open(const struct limit_change *c, uint64_t nr_open, struct err *e)
{
	char name[WHO_MAX], wanted[LIMIT_TEXT_MAX];
	unsigned long long most = (unsigned long long)nr_open;

	limit_exact(wanted, c->new.hard);
	if (c->new.hard == LIMIT_INFINITY)
		return err_set(e, ERR_DENIED,
		    "cannot set nofile of %s to unlimited: no process may go "
		    "above fs.nr_open, which is %llu; nofile=%llu is the most",
		    who(name, c), most, most);
	return err_set(e, ERR_DENIED,
	    "cannot set nofile of %s to %s: fs.nr_open, which is %llu, is the "
	    "most for every process, root's too; nofile=%llu works, or first "
	    "`sysctl -w fs.nr_open=%s`",
	    who(name, c), wanted, most, most, wanted);
}

static int
denied_hard(const struct limit_change *c, bool elsewhere, struct err *e)
{
	const char *resource = resources[c->resource].name;
	char name[WHO_MAX], hard[LIMIT_TEXT_MAX];

	limit_exact(hard, c->old.hard);
	return err_set(e, ERR_DENIED,
	    "cannot raise the hard limit of %s of %s above %s: that needs "
	    "CAP_SYS_RESOURCE%s; %s=%s: is as far as the soft limit can go, "
	    "and %s can raise both",
	    resource, who(name, c), hard,
	    elsewhere ? " in the machine's own user namespace, and this one "
			"is another, whose root is no exception" :
	    geteuid() == 0 ? ", which this root lacks" :
			     "",
	    resource, hard,
	    elsewhere || geteuid() == 0 ? "root outside of the container" :
					  "root (sudo ullage limits ...)");
}

static int
denied_user(const struct limit_change *c, uint32_t its_uid, struct err *e)
{
	char name[WHO_MAX];

	if (its_uid == getuid())
		return err_set(e, ERR_DENIED,
		    "cannot set limits of %s: its group ids are not ours, and "
		    "we lack CAP_SYS_RESOURCE; do it as root, or as the very "
		    "user and group it runs as",
		    who(name, c));
	return err_set(e, ERR_DENIED,
	    "cannot set limits of %s: it belongs to another user (uid %u, "
	    "and ours is %u), and we lack CAP_SYS_RESOURCE%s; do it as that "
	    "user or as root",
	    who(name, c), its_uid, (unsigned)getuid(),
	    in_other_user_namespace(c->pid) ? " in its user namespace" : "");
}

static bool
we_have_some(unsigned capability)
{
	struct status us;
	struct err ignored;

	return status_read(getpid(), &us, &ignored) < 0 ||
	    (us.capabilities >> capability & 1) != 0;
}

int
refuse_denied(const struct limit_change *c, struct err *e)
{
	struct ceilings ceilings;
	uint32_t its_uid;
	uint64_t nr_open;
	bool elsewhere;

	if (!same_user(c->pid, &its_uid) && !we_have_some(CAP_SYS_RESOURCE))
		return denied_user(c, its_uid, e);
	if (c->resource == LIMIT_nofile) {
		ceilings_read(c->pid, &ceilings);
		nr_open = ceilings.of[CEILING_nr_open].limit;
		if (nr_open != CEILING_UNKNOWN && c->new.hard > nr_open)
			return denied_nr_open(c, nr_open, e);
	}
	if (c->new.hard > c->old.hard && !we_may(CAP_SYS_RESOURCE, &elsewhere))
		return denied_hard(c, elsewhere, e);
	return 0;
}

int
refuse_explain(const struct limit_change *c, struct err *e)
{
	char name[WHO_MAX];

	if (refuse_denied(c, e) < 0)
		return -1;
	if (in_other_user_namespace(c->pid))
		return err_set(e, ERR_DENIED,
		    "cannot set %s of %s: it is in another user namespace, "
		    "where our CAP_SYS_RESOURCE does not count; do it as root "
		    "outside of both",
		    resources[c->resource].name, who(name, c));
	return err_set(e, ERR_DENIED,
	    "cannot set %s of %s: the kernel does not permit it, though the "
	    "ids, the capabilities and the ceilings would; a security module "
	    "or seccomp may forbid it",
	    resources[c->resource].name, who(name, c));
}

/* ---- what it would do to the target ---------------------------------------------- */

static const char *
consequence(enum limit_id id)
{
	switch (id) {
	case LIMIT_nofile:
		return "open and accept fail at once; poll, dup2 and the "
		       "passing of descriptors break for those it has";
	case LIMIT_nproc:
		return "fork and the creation of threads fail at once for "
		       "that user";
	case LIMIT_as:
	case LIMIT_data:
		return "mmap, the creation of threads and, soon, malloc fail";
	case LIMIT_stack:
		return "it gets SIGSEGV when its stack grows next";
	case LIMIT_memlock:
		return "it cannot lock any more memory";
	case LIMIT_sigpending:
		return "sigqueue and timer_create fail at once for that user";
	default:
		return "it is past its limit at once";
	}
}

/* The default action of this signal would end it. */
static bool
dies_of(int32_t pid, int sig)
{
	struct status s;
	struct err ignored;

	return status_read(pid, &s, &ignored) < 0 ||
	    ((s.signals_ignored | s.signals_caught) >> (sig - 1) & 1) == 0;
}

static int
harm_cpu(const struct limit_change *c, uint64_t used, struct err *e)
{
	char name[WHO_MAX];
	bool dies = dies_of(c->pid, SIGXCPU);

	if (used < c->new.soft)
		return 0;
	return err_set(e, ERR_FAILED,
	    "refused: %s has used %llu seconds of CPU, and with cpu=%llu it "
	    "%s; --force does it all the same",
	    who(name, c), (unsigned long long)used,
	    (unsigned long long)c->new.soft,
	    dies ? "is killed by SIGXCPU at once" :
		   used >= c->new.hard ? "is killed at once" :
					 "gets SIGXCPU every second, which it "
					 "handles, until the hard limit kills "
					 "it");
}

/* Whether descriptor d is open for writing; *position is where it writes. */
static bool
writes(int32_t pid, const char *d, uint64_t *position)
{
	char name[64], text[1024], *at;
	unsigned long flags;

	snprintf(name, sizeof name, "fdinfo/%.20s", d);
	if (proc_read(pid, name, text, sizeof text) < 0)
		return false;
	*position = 0;
	if ((at = strstr(text, "pos:")) != NULL)
		*position = strtoull(at + 4, NULL, 10);
	if ((at = strstr(text, "flags:")) == NULL)
		return false;
	flags = strtoul(at + 6, NULL, 8);
	return (flags & O_ACCMODE) != O_RDONLY;
}

/* The largest regular file that it can write; false if we may not look. */
static bool
largest_file(int32_t pid, uint64_t *size)
{
	char path[64], file[128];
	uint64_t position;
	struct dirent *d;
	struct stat st;
	DIR *dir;

	*size = 0;
	snprintf(path, sizeof path, "/proc/%d/fd", pid);
	if ((dir = opendir(path)) == NULL)
		return false;
	while ((d = readdir(dir)) != NULL) {
		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		snprintf(file, sizeof file, "%s/%.20s", path, d->d_name);
		if (stat(file, &st) < 0 || !S_ISREG(st.st_mode) ||
		    !writes(pid, d->d_name, &position))
			continue;
		if ((uint64_t)st.st_size > *size)
			*size = (uint64_t)st.st_size;
		if (position > *size)
			*size = position;
	}
	closedir(dir);
	return true;
}

static int
harm_fsize(const struct limit_change *c, struct err *e)
{
	const char *then = dies_of(c->pid, SIGXFSZ) ?
	    "the next write past the limit kills it (SIGXFSZ)" :
	    "its next write past the limit fails (EFBIG)";
	char name[WHO_MAX], has[LIMIT_TEXT_MAX];
	uint64_t size;

	if (!largest_file(c->pid, &size))
		return err_set(e, ERR_FAILED,
		    "refused: the files of %s cannot be looked at, and %s; "
		    "--force does it all the same",
		    who(name, c), then);
	if (c->new.soft != 0 && size < c->new.soft)
		return 0;
	if (c->new.soft == 0)
		return err_set(e, ERR_FAILED,
		    "refused: with fsize=0 %s can write to no file, and %s; "
		    "--force does it all the same",
		    who(name, c), then);
	limit_text(has, LIMIT_fsize, size);
	return err_set(e, ERR_FAILED,
	    "refused: the largest file that %s has open for writing has %s "
	    "bytes, and %s; --force does it all the same",
	    who(name, c), has, then);
}

static int
harm_nofile(const struct limit_change *c, uint64_t used, struct err *e)
{
	int64_t highest = usage_highest_descriptor(c->pid);
	char name[WHO_MAX], count[LIMIT_TEXT_MAX];
	uint64_t need = used;

	if (highest >= 0 && (uint64_t)highest + 1 > need)
		need = (uint64_t)highest + 1;
	if (need <= c->new.soft)
		return 0;
	limit_text(count, LIMIT_nofile, used);
	return err_set(e, ERR_FAILED,
	    "refused: %s has %s descriptors, the highest of them %lld, and "
	    "below that %s; nofile=%llu: is the least, --force does it all "
	    "the same",
	    who(name, c), count, (long long)highest, consequence(LIMIT_nofile),
	    (unsigned long long)need);
}

int
refuse_harm(const struct limit_change *c, struct err *e)
{
	char name[WHO_MAX], used[LIMIT_TEXT_MAX], least[LIMIT_TEXT_MAX];
	enum limit_id id = c->resource;
	struct status status;
	struct usage u;

	if (c->new.soft >= c->old.soft)
		return 0;
	if (id == LIMIT_fsize)
		return harm_fsize(c, e);
	if (resources[id].use != LIMIT_STOCK || !resources[id].enforced)
		return 0;
	if (status_read(c->pid, &status, e) < 0 ||
	    usage_read(c->pid, id == LIMIT_nproc ? USAGE_USER : 0, &u, e) < 0)
		return -1;
	if (!u.known[id] || !usage_binds(id, &status))
		return 0;
	if (id == LIMIT_cpu)
		return harm_cpu(c, u.used[id], e);
	if (id == LIMIT_nofile)
		return harm_nofile(c, u.used[id], e);
	if (u.used[id] <= c->new.soft)
		return 0;
	limit_text(used, id, u.used[id]);
	limit_exact(least, u.used[id]);
	return err_set(e, ERR_FAILED,
	    "refused: %s of %s is at %s, and below that %s; %s=%s: is the "
	    "least, --force does it all the same",
	    resources[id].name, who(name, c), used, consequence(id),
	    resources[id].name, least);
}

/* ---- what may surprise ------------------------------------------------------------- */

bool
refuse_wants_select(const struct limit_change *c)
{
	return c->resource == LIMIT_nofile && c->new.soft > SELECT_MAX &&
	    c->old.soft <= SELECT_MAX;
}

static void
warn_nofile(const struct limit_change *c, bool imports_select,
    const char *name, struct buf *lines)
{
	if (imports_select && refuse_wants_select(c))
		buf_printf(lines,
		    "%s uses select(), which writes past its end with "
		    "descriptors above 1,023; raise the limit only if you "
		    "know that it keeps those out\n",
		    name);
	if (c->new.soft > NOFILE_HUGE && c->new.soft > c->old.soft)
		buf_printf(lines,
		    "nofile of %s becomes practically infinite; programs that "
		    "make a table that large or close every descriptor below "
		    "it take gigabytes, or minutes\n",
		    name);
}

static void
warn_time(const struct limit_change *c, const char *name, struct buf *lines)
{
	struct err ignored;
	struct usage u;

	if (c->new.soft == LIMIT_INFINITY || c->new.soft >= c->old.soft)
		return;
	if (c->resource == LIMIT_fsize) {
		buf_printf(lines,
		    "%s will %s when it writes past byte %llu of a file\n",
		    name,
		    dies_of(c->pid, SIGXFSZ) ? "be killed by SIGXFSZ" :
					       "get EFBIG",
		    (unsigned long long)c->new.soft);
		return;
	}
	if (usage_read(c->pid, 0, &u, &ignored) == 0 &&
	    u.used[LIMIT_cpu] < c->new.soft)
		buf_printf(lines,
		    "%s will %s after another %llus of CPU\n", name,
		    dies_of(c->pid, SIGXCPU) ? "be killed by SIGXCPU" :
					       "get SIGXCPU",
		    (unsigned long long)(c->new.soft - u.used[LIMIT_cpu]));
}

void
refuse_warn(const struct limit_change *c, bool imports_select,
    struct buf *lines)
{
	const char *resource = resources[c->resource].name;
	struct err ignored;
	struct status s;
	char name[WHO_MAX];

	who(name, c);
	if (c->resource == LIMIT_nofile)
		warn_nofile(c, imports_select, name, lines);
	if (c->resource == LIMIT_cpu || c->resource == LIMIT_fsize)
		warn_time(c, name, lines);
	if (c->resource == LIMIT_stack && c->new.soft != c->old.soft)
		buf_printf(lines,
		    "stack of %s changes for its main thread; new threads "
		    "keep the size that it read when it started\n",
		    name);
	if (!resources[c->resource].enforced)
		buf_printf(lines, "%s changes nothing: Linux keeps the number "
				  "and does not enforce it\n",
		    resource);
	else if (status_read(c->pid, &s, &ignored) == 0 &&
	    !usage_binds(c->resource, &s))
		buf_printf(lines,
		    "%s does not bind %s as long as it has the privileges "
		    "that it has\n",
		    resource, name);
}
