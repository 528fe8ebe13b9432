/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/serve_drop.h"
#include "proc/status.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif

#define BIT(n) (UINT64_C(1) << (n))

/* To read what is another user's, to stop his threads for a look, to sample
 * them, and to see the names of what they do in the kernel. */
#define NEEDED (BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_SYS_PTRACE) | \
	BIT(CAP_PERFMON) | BIT(CAP_SYSLOG))

/* ---- another user ------------------------------------------------------------ */

/* The one user of all of them, who is not root. */
static bool
one_user(const struct serve_targets *s, uint32_t *uid, uint32_t *gid)
{
	struct status st;
	struct err ignored;

	if (s->all_agents || s->n == 0)
		return false;
	for (size_t i = 0; i < s->n; i++) {
		if (status_read(s->list[i]->pid, &st, &ignored) < 0 ||
		    (i > 0 && (st.uids[0] != *uid || st.gids[0] != *gid)))
			return false;
		*uid = st.uids[0];
		*gid = st.gids[0];
		for (int k = 0; k < 4; k++)
			if (st.uids[k] != *uid || st.gids[k] != *gid)
				return false;
	}
	return *uid != 0;
}

static int
become(uint32_t uid, uint32_t gid)
{
	return setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0 &&
		setresuid(uid, uid, uid) == 0 && setuid(0) != 0 ? 0 : -1;
}

/* The start of some mapping, to have an address that can be read. */
static bool
first_mapping(int32_t pid, uint64_t *address)
{
	unsigned long long start;
	char path[64];
	FILE *f;
	int n;

	snprintf(path, sizeof path, "/proc/%d/maps", pid);
	if ((f = fopen(path, "re")) == NULL)
		return false;
	n = fscanf(f, "%llx", &start);
	fclose(f);
	*address = start;
	return n == 1;
}

/* Reading its memory takes the same right as stopping its threads, and leaves
 * it alone. */
static bool
may_look(int32_t pid)
{
	struct target *t;
	struct iovec here, there;
	uint64_t address;
	struct err ignored;
	char text[16], byte;
	bool may;

	snprintf(text, sizeof text, "%d", pid);
	t = target_find(text, &ignored);
	may = t != NULL && first_mapping(pid, &address);
	target_free(t);
	if (!may)
		return false;
	here = (struct iovec){ &byte, 1 };
	there = (struct iovec){ (void *)(uintptr_t)address, 1 };
	return process_vm_readv(pid, &here, 1, &there, 1, 0) == 1;
}

/* A child tries it: once given up, root does not come back. */
static bool
would_do(const struct serve_targets *s, uint32_t uid, uint32_t gid)
{
	pid_t child = fork();
	int status = 1;

	if (child == 0) {
		if (become(uid, gid) < 0)
			_exit(1);
		for (size_t i = 0; i < s->n; i++)
			if (!may_look(s->list[i]->pid))
				_exit(1);
		_exit(0);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---- less of root ------------------------------------------------------------ */

static int
keep_needed(struct err *e)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3,
		0 };
	struct __user_cap_data_struct caps[2];
	uint64_t kept;

	if (syscall(SYS_capget, &head, caps) < 0)
		return err_errno(e, "cannot read our capabilities");
	kept = (caps[0].permitted | (uint64_t)caps[1].permitted << 32) &
	    NEEDED;
	/* What is in no bounding set comes back with no program. */
	for (int i = 0; i < 64; i++)
		if ((NEEDED & BIT(i)) == 0 &&
		    prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
			prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (int i = 0; i < 2; i++) {
		caps[i].permitted = caps[i].effective =
		    (uint32_t)(kept >> 32 * i);
		caps[i].inheritable = 0;
	}
	if (syscall(SYS_capset, &head, caps) < 0)
		return err_errno(e, "cannot give up capabilities");
	return 0;
}

int
serve_drop(struct serve_targets *s, uint32_t *uid, struct err *e)
{
	uint32_t user = 0, group = 0;

	*uid = geteuid();
	if (*uid != 0)
		return 0;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (!one_user(s, &user, &group) || !would_do(s, user, group))
		return keep_needed(e);
	if (become(user, group) < 0)
		return err_errno(e, "cannot become user %u", user);
	*uid = user;
	return 0;
}
