/* SPDX-License-Identifier: MIT */
/* Limits, what is used of them, ceilings and cgroups: the kernel's texts. */
#include "config.h"

#include "base/buf.h"
#include "proc/ceilings.h"
#include "proc/cgroup.h"
#include "proc/limits.h"
#include "proc/stat.h"
#include "proc/status.h"
#include "proc/usage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

/* Linux 6.1, nginx. */
static const char limits_text[] =
    "Limit                     Soft Limit           Hard Limit           "
    "Units     \n"
    "Max cpu time              unlimited            unlimited            "
    "seconds   \n"
    "Max stack size            8388608              unlimited            "
    "bytes     \n"
    "Max open files            1024                 524288               "
    "files     \n"
    "Max nice priority         0                    0                    \n"
    "Max realtime timeout      unlimited            unlimited            "
    "us        \n";

static const char status_text[] =
    "Name:\tnginx\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t812\n"
    "Ngid:\t0\nPid:\t812\nPPid:\t810\nTracerPid:\t0\nUid:\t33\t34\t35\t36\n"
    "Gid:\t33\t33\t33\t33\nFDSize:\t64\nGroups:\t33 \nNStgid:\t812\t7\n"
    "NSpid:\t812\t7\nNSpgid:\t810\t1\nNSsid:\t810\t1\nVmPeak:\t   12000 kB\n"
    "VmSize:\t   11000 kB\nVmLck:\t      64 kB\nVmPin:\t       0 kB\n"
    "VmHWM:\t    6000 kB\nVmRSS:\t    5000 kB\nRssAnon:\t    2000 kB\n"
    "RssFile:\t    2500 kB\nRssShmem:\t     500 kB\nVmData:\t    1500 kB\n"
    "VmStk:\t     132 kB\nVmExe:\t     900 kB\nVmLib:\t    3000 kB\n"
    "VmPTE:\t      60 kB\nVmSwap:\t       8 kB\nThreads:\t3\n"
    "SigQ:\t2/3915\nSigPnd:\t0000000000000000\nSigBlk:\t0000000000000000\n"
    "SigIgn:\t0000000001001000\nSigCgt:\t0000000180004a02\n"
    "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n"
    "CapEff:\t0000000001000000\nCapBnd:\t000001ffffffffff\n";

static void
the_words_of_every_line_are_those_of_this_kernel(void **state)
{
	struct limits l;
	struct err e;

	(void)state;
	assert_int_equal(limits_read(getpid(), &l, &e), 0);
	for (int i = 0; i < LIMIT_RESOURCES; i++) {
		struct rlimit64 r;

		assert_true(l.of[i].known);
		prlimit64(0, (enum __rlimit_resource)resources[i].rlimit, NULL,
		    &r);
		assert_int_equal(l.of[i].soft, r.rlim_cur);
		assert_int_equal(l.of[i].hard, r.rlim_max);
		assert_true(strlen(resources[i].help) > 0);
		for (int k = 0; k < i; k++)
			assert_int_not_equal(resources[i].rlimit,
			    resources[k].rlimit);
	}
}

static void
the_quick_way_says_the_same(void **state)
{
	struct limits all, quick;
	struct err e;

	(void)state;
	assert_int_equal(limits_read(getpid(), &all, &e), 0);
	assert_int_equal(limits_read_quick(getpid(), &quick, &e), 0);
	for (int i = 0; i < LIMIT_RESOURCES; i++)
		if (quick.of[i].known) {
			assert_int_equal(quick.of[i].soft, all.of[i].soft);
			assert_int_equal(quick.of[i].hard, all.of[i].hard);
		}
	assert_true(quick.of[LIMIT_nofile].known);
	assert_false(quick.of[LIMIT_core].known);
}

static void
a_table_with_lines_missing_is_read_as_far_as_it_goes(void **state)
{
	struct limits l;

	(void)state;
	assert_int_equal(limits_parse(limits_text, &l), 5);
	assert_int_equal(l.of[LIMIT_cpu].soft, LIMIT_INFINITY);
	assert_int_equal(l.of[LIMIT_stack].soft, 8388608);
	assert_int_equal(l.of[LIMIT_stack].hard, LIMIT_INFINITY);
	assert_int_equal(l.of[LIMIT_nofile].soft, 1024);
	assert_int_equal(l.of[LIMIT_nofile].hard, 524288);
	assert_true(l.of[LIMIT_nice].known);
	assert_int_equal(l.of[LIMIT_nice].hard, 0);
	assert_false(l.of[LIMIT_core].known);
}

static void
lines_that_are_none_are_left_out(void **state)
{
	static const char *const texts[] = {
		"",
		"Max open files",
		"Max open files  ",
		"Max open files            1024",
		"Max open files            1024x                1",
		"Max open files            -1                   1",
		"Max open files            99999999999999999999 1",
		"Max open files            unlimitedly          1",
		"Max open filess           1024                 1024",
		" Max open files           1024                 1024",
	};
	struct limits l;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_int_equal(limits_parse(texts[i], &l), 0);
		assert_false(l.of[LIMIT_nofile].known);
	}
}

static void
a_misspelt_resource_has_a_nearest_one(void **state)
{
	(void)state;
	assert_string_equal(resource_nearest("nofiles"), "nofile");
	assert_string_equal(resource_nearest("NOFILE"), "nofile");
	assert_string_equal(resource_nearest("nporc"), "nproc");
	assert_string_equal(resource_nearest("stak"), "stack");
	assert_string_equal(resource_nearest("memlok"), "memlock");
	assert_string_equal(resource_nearest("fsiz"), "fsize");
	assert_non_null(resource_nearest(""));
	assert_int_equal(resource_find("nofiles"), -1);
	assert_int_equal(resource_find("as"), LIMIT_as);
}

static void
status_is_read_in_bytes(void **state)
{
	struct status s;

	(void)state;
	assert_true(status_parse(status_text, &s));
	assert_string_equal(s.name, "nginx");
	assert_int_equal(s.state, 'S');
	assert_int_equal(s.pid, 812);
	assert_int_equal(s.ppid, 810);
	assert_int_equal(s.ns_pid, 7);
	assert_true(s.nested);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(s.uids[i], 33 + i);
	assert_true(s.has_memory);
	assert_false(s.kernel_thread);
	assert_int_equal(s.vm_size, 11000 * 1024);
	assert_int_equal(s.rss, 5000 * 1024);
	assert_int_equal(s.rss_file, 2500 * 1024);
	assert_int_equal(s.data, 1500 * 1024);
	assert_int_equal(s.stack, 132 * 1024);
	assert_int_equal(s.locked, 64 * 1024);
	assert_int_equal(s.swap, 8 * 1024);
	assert_int_equal(s.threads, 3);
	assert_int_equal(s.signals_queued, 2);
	assert_int_equal(s.signals_limit, 3915);
	assert_int_equal(s.signals_caught, 0x180004a02);
	assert_int_equal(s.capabilities, 1u << 24);
}

static void
a_name_cannot_pass_for_a_line_of_status(void **state)
{
	struct status s;

	(void)state;
	/* The kernel writes a line feed in a name as \n. */
	assert_true(status_parse("Name:\ta\\nUid:\\t0\nState:\tR\n"
				 "Pid:\t5\nUid:\t9\t9\t9\t9\n",
	    &s));
	assert_string_equal(s.name, "a\nUid:\\t0");
	assert_int_equal(s.uids[0], 9);
	assert_false(s.has_memory);
	assert_false(s.nested);
	assert_int_equal(s.ns_pid, 5);
}

static void
what_is_no_status_is_refused(void **state)
{
	struct status s;

	(void)state;
	assert_false(status_parse("", &s));
	assert_false(status_parse("\n\n\n", &s));
	assert_false(status_parse("Name:", &s));
	assert_false(status_parse("Name:\t", &s));
	assert_false(status_parse("Pid:\t5\nState:\tS\n", &s));
	assert_false(status_parse("NSpid:", &s));
	assert_false(status_parse("SigQ:/", &s));
	assert_false(status_parse("Uid:\nPid:\nState:", &s));
}

static void
a_kernel_thread_is_told_on_old_kernels_too(void **state)
{
	struct status s;

	(void)state;
	assert_true(status_parse("Name:\tkworker/0:1\nState:\tI (idle)\n"
				 "Pid:\t9\nPPid:\t2\nUid:\t0\t0\t0\t0\n",
	    &s));
	assert_true(s.kernel_thread);
	assert_true(status_parse("Name:\tdead\nState:\tZ (zombie)\n"
				 "Pid:\t9\nPPid:\t2\nUid:\t0\t0\t0\t0\n",
	    &s));
	assert_false(s.kernel_thread);
}

#define STAT_REST \
	"S 810 810 810 0 -1 4194624 300 0 2 0 150 50 0 0 20 -5 3 0 4711 " \
	"11264000 1250 18446744073709551615 1 1 0 0 0 0 0 16781312 " \
	"402745863 0 0 0 17 1 40 2 0 0 0 0 0 0 0 0 0 0 0\n"

static void
stat_is_read_from_the_last_parenthesis(void **state)
{
	static const char *const names[][2] = {
		{ "nginx", "nginx" },
		{ "a) R 1 (b", "a) R 1 (b" },
		{ ") R 1 (", ") R 1 (" },
		{ "", "" },
		{ "two words", "two words" },
		{ "line\nfeed", "line\nfeed" },
		{ "line\\nfeed", "line\\nfeed" },
		{ "\377\376", "\377\376" },
		{ "\033]52;c;x\a", "\033]52;c;x\a" },
		{ "back\\slash", "back\\slash" },
	};
	char text[1024];
	struct proc_stat s;
	long hz = sysconf(_SC_CLK_TCK);

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(text, sizeof text, "812 (%s) " STAT_REST,
		    names[i][0]);
		assert_true(proc_stat_parse(text, &s));
		assert_string_equal(s.name, names[i][1]);
		assert_int_equal(s.pid, 812);
		assert_int_equal(s.ppid, 810);
		assert_int_equal(s.state, 'S');
		assert_int_equal(s.user_time,
		    UINT64_C(150000000000) / (uint64_t)hz);
		assert_int_equal(s.nice, -5);
		assert_int_equal(s.threads, 3);
		assert_int_equal(s.start_ticks, 4711);
		assert_int_equal(s.vm_size, 11264000);
		assert_int_equal(s.rt_priority, 40);
		assert_int_equal(s.policy, 2);
	}
}

static void
what_is_no_stat_is_refused(void **state)
{
	static const char *const texts[] = { "", "(", ")", "812", "812 (a",
		"812 (a)", "812 (a) ", "812 (a) S", "812 (a) S 1 2 3",
		"x (a) " STAT_REST, ")( S 1 2", "812 a) S" };
	struct proc_stat s;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_false(proc_stat_parse(texts[i], &s));
}

/* Any cut and any changed byte: the parsers end, and stay in their text. */
static void
damaged_texts_harm_no_parser(void **state)
{
	static const char *const texts[] = { limits_text, status_text,
		"812 (a) " STAT_REST };
	unsigned seed = 1;

	(void)state;
	for (size_t t = 0; t < 3; t++)
		for (size_t len = 0; len <= strlen(texts[t]); len++) {
			char *copy = malloc(len + 1);
			struct limits l;
			struct status s;
			struct proc_stat p;
			char path[CGROUP_PATH_MAX], root[CGROUP_PATH_MAX];

			assert_non_null(copy);
			memcpy(copy, texts[t], len);
			copy[len] = '\0';
			for (int k = 0; k < 3 && len > 0; k++) {
				seed = seed * 1103515245 + 12345;
				copy[(seed >> 16) % len] =
				    (char)(seed >> 8);
			}
			limits_parse(copy, &l);
			status_parse(copy, &s);
			proc_stat_parse(copy, &p);
			cgroup_path_parse(copy, "memory", path);
			cgroup_mount_parse(copy, NULL, path, root);
			free(copy);
		}
}

/* ---- use --------------------------------------------------------------------- */

static int64_t
listed_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int64_t n = 0;
	struct dirent *d;

	while ((d = readdir(dir)) != NULL)
		n += d->d_name[0] != '.';
	closedir(dir);
	return n - 1;
}

static void
descriptors_are_counted(void **state)
{
	int64_t before = usage_descriptors(getpid());
	int fds[100];

	(void)state;
	assert_int_equal(before, listed_descriptors());
	for (int i = 0; i < 100; i++)
		fds[i] = dup(0);
	assert_int_equal(usage_descriptors(getpid()), before + 100);
	assert_int_equal(usage_highest_descriptor(getpid()) >= before + 99,
	    1);
	for (int i = 0; i < 100; i++)
		close(fds[i]);
	errno = 0;
	assert_int_equal(usage_descriptors(0x3fffffff), -1);
	assert_int_equal(errno, ENOENT);
}

static void
what_we_use_ourselves_is_seen(void **state)
{
	struct usage u;
	struct err e;
	size_t size = 64 * 1024;
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct usage before;

	(void)state;
	assert_int_equal(usage_read(getpid(), USAGE_USER | USAGE_LOCKS |
			USAGE_MAPS, &before, &e), 0);
	assert_true(p != MAP_FAILED);
	assert_true(before.known[LIMIT_nproc]);
	assert_true(before.used[LIMIT_nproc] >= 1);
	assert_true(before.known[LIMIT_locks]);
	assert_true(before.maps_known && before.maps > 5);
	assert_int_equal(before.used[LIMIT_nice], 20 - getpriority(0, 0));
	assert_false(before.known[LIMIT_msgqueue]);
	assert_false(before.known[LIMIT_core]);
	if (syscall(SYS_mlock, p, size) == 0) {
		assert_int_equal(usage_read(getpid(), 0, &u, &e), 0);
		assert_int_equal(u.used[LIMIT_memlock],
		    before.used[LIMIT_memlock] + size);
		assert_false(u.known[LIMIT_nproc]);
	}
	munmap(p, size);
	assert_int_equal(usage_read(0x3fffffff, 0, &u, &e), -1);
	assert_int_equal(e.status, ERR_GONE);
}

static void
an_odd_name_is_read_back(void **state)
{
	static const char *const names[] = { "a) R 1 (b", "x\ny", "\033[31m",
		"\377\376\375", "back\\slash", " ", "a\\nb" };
	char old[16];
	struct status s;
	struct proc_stat p;
	struct err e;

	(void)state;
	prctl(PR_GET_NAME, old);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		prctl(PR_SET_NAME, names[i]);
		assert_int_equal(status_read(getpid(), &s, &e), 0);
		assert_int_equal(proc_stat_read(getpid(), &p, &e), 0);
		assert_string_equal(s.name, names[i]);
		assert_string_equal(p.name, names[i]);
		assert_int_equal(s.pid, getpid());
		assert_int_equal(p.ppid, getppid());
	}
	prctl(PR_SET_NAME, old);
}

static void
the_tightest_limit_is_the_fullest_that_binds(void **state)
{
	struct usage u = { .maps = 0 };
	struct status s = { .uids = { 33, 33, 33, 33 } };
	struct limits l;
	double part;

	(void)state;
	memset(&l, 0, sizeof l);
	assert_int_equal(usage_tightest(&u, &l, &s, &part), -1);
	for (int i = 0; i < LIMIT_RESOURCES; i++)
		l.of[i] = (struct limit){ 100, 100, true };
	u.used[LIMIT_nofile] = 91;
	u.used[LIMIT_nproc] = 95;
	u.used[LIMIT_rss] = 100;
	u.used[LIMIT_as] = 10;
	u.known[LIMIT_nofile] = u.known[LIMIT_nproc] = u.known[LIMIT_rss] =
	    u.known[LIMIT_as] = true;
	assert_int_equal(usage_tightest(&u, &l, &s, &part), LIMIT_nproc);
	assert_true(part > 0.949 && part < 0.951);
	/* Nobody enforces nproc on root, and rss on anybody. */
	s.uids[0] = 0;
	assert_int_equal(usage_tightest(&u, &l, &s, &part), LIMIT_nofile);
	l.of[LIMIT_nofile].soft = LIMIT_INFINITY;
	assert_int_equal(usage_tightest(&u, &l, &s, &part), LIMIT_as);
	/* Lowered below what is used. */
	l.of[LIMIT_as].soft = 5;
	assert_int_equal(usage_tightest(&u, &l, &s, &part), LIMIT_as);
	assert_true(part > 1.9 && part < 2.1);
	l.of[LIMIT_as].soft = 0;
	assert_int_equal(usage_tightest(&u, &l, &s, &part), LIMIT_as);
}

/* ---- trees that stand in for /proc and /sys ---------------------------------------- */

static char tree[64];

/* A file below the tree, with its folders. */
static void
put(const char *name, const char *text)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", tree, name);
	for (char *s = path + strlen(tree) + 1; (s = strchr(s, '/')) != NULL;
	     s++) {
		*s = '\0';
		mkdir(path, 0700);
		*s = '/';
	}
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int
make_tree(void **state)
{
	(void)state;
	strcpy(tree, "/tmp/ullage-proc.XXXXXX");
	return mkdtemp(tree) == NULL;
}

static int
remove_tree(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof command, "rm -rf '%s'", tree);
	return system(command);
}

static void
ceilings_are_read_in_plain_units(void **state)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct ceilings c;

	(void)state;
	put("sys/fs/nr_open", "1048576\n");
	put("sys/fs/file-max", "9223372036854775807\n");
	put("sys/fs/file-nr", "991\t0\t9223372036854775807\n");
	put("sys/kernel/threads-max", "192730\n");
	put("sys/net/ipv4/ip_local_port_range", "32768\t60999\n");
	put("sys/net/ipv4/tcp_mem", "287898\t383867\t575796\n");
	put("sys/vm/overcommit_memory", "2\n");
	put("sys/vm/max_map_count", "garbage\n");
	put("net/sockstat", "sockets: used 16\nTCP: inuse 1 orphan 0 tw 2905 "
			    "alloc 1 mem 60\nUDP: inuse 0 mem 7\n");
	put("loadavg", "0.00 0.01 0.05 2/345 9999\n");
	put("meminfo", "MemTotal:       1000 kB\nMemFree:  1 kB\n"
		       "MemAvailable:    400 kB\nSwapTotal: 8 kB\n"
		       "SwapFree: 3 kB\nCommitLimit: 500 kB\n"
		       "Committed_AS: 600 kB\n");
	ceilings_read_from(tree, &c);
	assert_int_equal(c.of[CEILING_nr_open].limit, 1048576);
	assert_int_equal(c.of[CEILING_nr_open].used, CEILING_UNKNOWN);
	assert_int_equal(c.of[CEILING_file_max].limit, INT64_MAX);
	assert_int_equal(c.of[CEILING_file_max].used, 991);
	assert_int_equal(c.of[CEILING_threads_max].used, 345);
	assert_int_equal(c.of[CEILING_ports].limit, 28232);
	assert_int_equal(c.port_low, 32768);
	assert_int_equal(c.of[CEILING_tcp_mem].limit, 575796 * page);
	assert_int_equal(c.of[CEILING_tcp_mem].used, 60 * page);
	assert_int_equal(c.of[CEILING_memory].limit, 1000 * 1024);
	assert_int_equal(c.of[CEILING_memory].used, 600 * 1024);
	assert_int_equal(c.of[CEILING_commit].used, 600 * 1024);
	assert_int_equal(c.swap_total, 8 * 1024);
	assert_int_equal(c.overcommit, 2);
	assert_int_equal(c.of[CEILING_max_map_count].limit, CEILING_UNKNOWN);
	assert_int_equal(c.of[CEILING_pid_max].limit, CEILING_UNKNOWN);
	assert_int_equal(c.of[CEILING_conntrack].limit, CEILING_UNKNOWN);
}

static void
nothing_to_read_is_all_unknown(void **state)
{
	struct ceilings c;
	struct cgroups g;

	(void)state;
	ceilings_read_from("/nonexistent", &c);
	for (int i = 0; i < CEILINGS; i++)
		assert_int_equal(c.of[i].limit, CEILING_UNKNOWN);
	assert_int_equal(c.overcommit, -1);
	cgroups_read_from("/nonexistent", 5, &g);
	assert_false(g.memory.known || g.pids.known || g.high.known);
}

static const char v2_mounts[] =
    "24 1 0:22 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 "
    "rw,nsdelegate\n";

static void
version_2_is_walked_up_to_the_tightest(void **state)
{
	struct cgroups g;

	(void)state;
	put("proc/5/cgroup", "0::/system.slice/web.service\n");
	put("proc/self/mountinfo", v2_mounts);
	put("sys/fs/cgroup/system.slice/web.service/memory.max", "max\n");
	put("sys/fs/cgroup/system.slice/web.service/memory.current", "100\n");
	put("sys/fs/cgroup/system.slice/web.service/memory.high", "300\n");
	put("sys/fs/cgroup/system.slice/web.service/pids.max", "50\n");
	put("sys/fs/cgroup/system.slice/web.service/pids.current", "10\n");
	put("sys/fs/cgroup/system.slice/memory.max", "1000\n");
	put("sys/fs/cgroup/system.slice/memory.current", "900\n");
	put("sys/fs/cgroup/system.slice/pids.max", "1000\n");
	put("sys/fs/cgroup/system.slice/pids.current", "20\n");
	cgroups_read_from(tree, 5, &g);
	assert_true(g.memory.known);
	assert_int_equal(g.memory.version, 2);
	assert_int_equal(g.memory.limit, 1000);
	assert_int_equal(g.memory.used, 900);
	assert_string_equal(g.memory.path, "/system.slice");
	assert_string_equal(g.memory.file, "memory.max");
	assert_int_equal(g.high.limit, 300);
	assert_int_equal(g.pids.limit, 50);
	assert_int_equal(g.pids.used, 10);
	assert_string_equal(g.pids.path, "/system.slice/web.service");
	/* 990 of 1,000 are taken above: that group is the tighter one. */
	put("sys/fs/cgroup/system.slice/pids.current", "990\n");
	cgroups_read_from(tree, 5, &g);
	assert_int_equal(g.pids.limit, 1000);
	assert_string_equal(g.pids.path, "/system.slice");
}

static void
version_1_has_a_hierarchy_for_each(void **state)
{
	struct cgroups g;

	(void)state;
	put("proc/5/cgroup", "9:name=systemd:/x\n8:pids,cpu:/a:b\n"
			     "4:memory:/m\n0::/\n");
	put("proc/self/mountinfo",
	    "30 1 0:22 / /cg/memory\\040one rw - cgroup cgroup rw,memory\n"
	    "31 1 0:23 / /cg/pids rw - cgroup cgroup rw,pids,cpu\n"
	    "32 1 0:24 / /cg/unified rw - cgroup2 cgroup2 rw\n");
	put("cg/memory one/memory.limit_in_bytes", "9223372036854771712\n");
	put("cg/memory one/memory.usage_in_bytes", "999\n");
	put("cg/memory one/m/memory.limit_in_bytes", "4096\n");
	put("cg/memory one/m/memory.usage_in_bytes", "1024\n");
	put("cg/pids/a:b/pids.max", "max\n");
	put("cg/pids/a:b/pids.current", "3\n");
	cgroups_read_from(tree, 5, &g);
	assert_true(g.memory.known);
	assert_int_equal(g.memory.version, 1);
	assert_int_equal(g.memory.limit, 4096);
	assert_string_equal(g.memory.path, "/m");
	assert_true(g.pids.known);
	assert_int_equal(g.pids.limit, CGROUP_NO_LIMIT);
	assert_int_equal(g.pids.used, 3);
	assert_false(g.high.known);
}

static void
a_part_of_a_hierarchy_can_be_mounted(void **state)
{
	struct cgroups g;

	(void)state;
	put("proc/5/cgroup", "0::/docker/abc/sub\n");
	put("proc/self/mountinfo", "24 1 0:22 /docker/abc /sys/fs/cgroup rw - "
				   "cgroup2 cgroup2 rw\n");
	put("sys/fs/cgroup/memory.max", "5000\n");
	put("sys/fs/cgroup/memory.current", "1\n");
	put("sys/fs/cgroup/sub/memory.current", "1\n");
	cgroups_read_from(tree, 5, &g);
	assert_int_equal(g.memory.limit, 5000);
	assert_string_equal(g.memory.path, "/docker/abc");
	/* Another container's: none of the mounted groups is its own. */
	put("proc/5/cgroup", "0::/docker/abcdef\n");
	cgroups_read_from(tree, 5, &g);
	assert_false(g.memory.known);
	put("proc/5/cgroup", "0::/../other\n");
	cgroups_read_from(tree, 5, &g);
	assert_false(g.memory.known);
}

static void
a_path_that_climbs_is_not_followed(void **state)
{
	char path[CGROUP_PATH_MAX];

	(void)state;
	assert_false(cgroup_path_parse("0::/../x\n", NULL, path));
	assert_false(cgroup_path_parse("0::/x/..\n", NULL, path));
	assert_true(cgroup_path_parse("0::/..x/y..\n", NULL, path));
	assert_string_equal(path, "/..x/y..");
	assert_false(cgroup_path_parse("0::relative\n", NULL, path));
	assert_false(cgroup_path_parse("4:mem:/x\n", "memory", path));
	assert_false(cgroup_path_parse("4:memory\n", "memory", path));
	assert_false(cgroup_path_parse("nothing", NULL, path));
	assert_true(cgroup_path_parse("1:cpu,memory:/a:b:c", "memory", path));
	assert_string_equal(path, "/a:b:c");
}

int
main(void)
{
#define TREE(test) \
	cmocka_unit_test_setup_teardown(test, make_tree, remove_tree)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    the_words_of_every_line_are_those_of_this_kernel),
		cmocka_unit_test(the_quick_way_says_the_same),
		cmocka_unit_test(
		    a_table_with_lines_missing_is_read_as_far_as_it_goes),
		cmocka_unit_test(lines_that_are_none_are_left_out),
		cmocka_unit_test(a_misspelt_resource_has_a_nearest_one),
		cmocka_unit_test(status_is_read_in_bytes),
		cmocka_unit_test(a_name_cannot_pass_for_a_line_of_status),
		cmocka_unit_test(what_is_no_status_is_refused),
		cmocka_unit_test(a_kernel_thread_is_told_on_old_kernels_too),
		cmocka_unit_test(stat_is_read_from_the_last_parenthesis),
		cmocka_unit_test(what_is_no_stat_is_refused),
		cmocka_unit_test(damaged_texts_harm_no_parser),
		cmocka_unit_test(descriptors_are_counted),
		cmocka_unit_test(what_we_use_ourselves_is_seen),
		cmocka_unit_test(an_odd_name_is_read_back),
		cmocka_unit_test(the_tightest_limit_is_the_fullest_that_binds),
		TREE(ceilings_are_read_in_plain_units),
		TREE(version_2_is_walked_up_to_the_tightest),
		TREE(version_1_has_a_hierarchy_for_each),
		TREE(a_part_of_a_hierarchy_can_be_mounted),
		cmocka_unit_test(nothing_to_read_is_all_unknown),
		cmocka_unit_test(a_path_that_climbs_is_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
