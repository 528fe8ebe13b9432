/* SPDX-License-Identifier: MIT */
/*
 * What the control groups of a process allow it: memory and pids, version 1
 * and 2, by the tightest of its group and all groups above.
 */
#ifndef ULLAGE_PROC_CGROUP_H
#define ULLAGE_PROC_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

/* No group on the way up has a limit. */
#define CGROUP_NO_LIMIT UINT64_MAX

#define CGROUP_PATH_MAX 4096

struct cgroup_limit {
	bool known;	/* false: no such controller, or out of our sight */
	uint64_t limit; /* bytes or tasks; CGROUP_NO_LIMIT */
	uint64_t used;	/* in the group that has the limit; without one, in
			 * the process' own */
	bool used_known;
	int version;		     /* 1 or 2 */
	const char *file;	     /* "memory.max", as it is called there */
	char path[CGROUP_PATH_MAX];  /* of that group, as /proc/PID/cgroup
				      * names it; not escaped */
};

struct cgroups {
	struct cgroup_limit memory; /* memory.max, memory.limit_in_bytes */
	struct cgroup_limit high;   /* memory.high: throttled above */
	struct cgroup_limit pids;
};

/* Never fails: what cannot be read is not known. */
void cgroups_read(int32_t pid, struct cgroups *c);

/* The same below a folder that stands in for "/": root/proc, root/sys. */
void cgroups_read_from(const char *root, int32_t pid, struct cgroups *c);

/*
 * Parsers, for tests. The path of a process in a hierarchy, from the text of
 * /proc/PID/cgroup: that of the controller, or of version 2 for NULL. False if
 * there is none or if it is outside of our cgroup namespace.
 */
bool cgroup_path_parse(const char *text, const char *controller,
    char path[CGROUP_PATH_MAX]);

/*
 * Where a hierarchy is mounted, from the text of mountinfo: the mount point,
 * and which of its folders is mounted there.
 */
bool cgroup_mount_parse(const char *text, const char *controller,
    char point[CGROUP_PATH_MAX], char root[CGROUP_PATH_MAX]);

#endif
