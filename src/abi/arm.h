/* SPDX-License-Identifier: MIT */
/*
 * Starting and stopping an agent that was not preloaded but put into a
 * running process: the two functions that libullage.so exports besides what
 * it interposes, and what they are told and tell.
 *
 * Both are found by name (dlsym on the handle, or the file's symbol table)
 * and called on a thread of the target that is in nobody's way: a fresh one,
 * all signals blocked, that holds no lock. The library was loaded with
 *
 *	dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE)
 *
 * which by itself does nothing: the library notices that it does not stand
 * in the program's scope, and waits. It is never unloaded. The thread should
 * have given itself an empty descriptor table before (close_range of all with
 * CLOSE_RANGE_UNSHARE), or dlopen takes a number for an instant that the
 * program may count on to be the lowest free one.
 *
 * They may take up to a second and a little (disarming waits for threads that
 * are inside of a hook), make system calls, and take the loader's lock. They
 * keep no descriptor and start no thread but the keeper, if the knob is on.
 * Either may be called at any time, again, and by two at once: the second is
 * told BUSY and changes nothing. After a disarm the same copy can be armed
 * again. The same functions tell a preloaded agent to go quiet and to start
 * again; that also goes without them, by words of the segment.
 */
#ifndef ULLAGE_ABI_ARM_H
#define ULLAGE_ABI_ARM_H

#include <stddef.h>
#include <stdint.h>

#define ULL_ARM_ABI 1
#define ULL_ARM_PATH 264

/* Which children are watched as well. What was attached cannot follow an
 * exec, as nothing preloads it there; FORK and ALL are then the same. */
enum ull_follow {
	ULL_FOLLOW_NONE = 0,
	ULL_FOLLOW_FORK = 1,
	ULL_FOLLOW_ALL = 2,
};

/*
 * Flags. The calling thread is there for this alone: it may get an empty
 * descriptor table of its own. And: the caller has evaluated the seccomp
 * filters of the process against the calls that the agent makes (below), so
 * being under one is no reason to refuse.
 */
#define ULL_ARM_OWN_FILES 1u
#define ULL_ARM_FILTER_OK 2u

/*
 * The system calls that arming, disarming and the slow paths of the hooks
 * make, for that. The thread and the dlopen need their own.
 */
#define ULL_ARM_CALLS(X)                                                       \
	X(openat) X(read) X(close) X(fstat) X(newfstatat) X(fstatfs) X(mkdir)  \
	X(ftruncate) X(fallocate) X(mmap) X(munmap) X(mprotect) X(madvise)     \
	X(getdents64) X(unlinkat) X(kill) X(geteuid) X(getpid) X(gettid)       \
	X(readlink) X(prlimit64) X(close_range) X(nanosleep) X(clock_gettime)  \
	X(tgkill) X(futex)

/*
 * What the environment tells a preloaded agent. `size` and `abi` come first
 * and stay there; members are only added, at the end, and an agent takes
 * those that it knows, as far as `size` reaches.
 */
struct ull_arm {
	uint32_t size;		/* sizeof(struct ull_arm) of the caller */
	uint32_t abi;		/* ULL_ARM_ABI */
	uint64_t interval;	/* mean bytes between samples; 1 all, 0 none */
	uint64_t trim;		/* as in struct ull_control; ULL_TRIM_OFF */
	uint64_t memory_limit;	/* bytes, 0: none */
	uint64_t lease;		/* ns without a look until quiet; 0: for ever */
	uint32_t follow;	/* enum ull_follow */
	uint32_t flags;		/* ULL_ARM_... below */
	char dir[ULL_ARM_PATH]; /* base folder of the segment; "": the usual */
};

_Static_assert(sizeof(struct ull_arm) == 48 + ULL_ARM_PATH, "ABI");
_Static_assert(offsetof(struct ull_arm, dir) == 48, "ABI");

/*
 * What both return. A sentence each, that goes on from "the agent: ". To add
 * one: a row at the end; the numbers are part of the ABI.
 */
#define ULL_ARM_RESULTS(X)                                                     \
	X(OK, "done")                                                          \
	X(ALREADY, "it is armed already")                                      \
	X(DORMANT, "it is dormant already")                                    \
	X(BUSY, "somebody else is arming or disarming it at this moment; try " \
		"again")                                                       \
	X(SKEW, "it is of another version than this program; use the program "  \
	       "that came with it")                                            \
	X(OTHER, "another copy of it, from another file, is armed in this "    \
		 "process; detach that one first")                             \
	X(DISABLED, "the process runs with raised privileges (AT_SECURE) or "  \
		    "has ULLAGE_DISABLE set, so it stays out")                 \
	X(FILTER, "the process is under a seccomp filter that does not allow " \
		  "the system calls it needs")                                 \
	X(KERNEL, "the kernel cannot wipe its pages in forked children "       \
		  "(MADV_WIPEONFORK, Linux 4.14), so it stays out")            \
	X(SEGMENT, "it could not make its segment: no tmpfs where the "        \
		   "process may write 8 MiB, or a limit on file size")         \
	X(ALLOCATOR, "no loaded object defines malloc")                        \
	X(SLOTS, "no call slot could be patched: none holds the allocator's "  \
		 "address, or their pages cannot be made writable")            \
	X(LIBRARIES, "more libraries or call slots than it has room for")      \
	X(KEPT, "disarmed, but somebody else has changed some of its slots "   \
		"since, so those still lead through it, and it only forwards") \
	X(INSIDE, "disarmed, but a thread stayed inside one of its hooks for " \
		  "longer than a second; the hooks only forward")              \
	X(GLOBAL, "it was loaded late, but into the scope of the program; it " \
		  "is to be loaded with RTLD_LOCAL")

enum ull_arm_result {
#define X(name, text) ULL_ARM_##name,
	ULL_ARM_RESULTS(X)
#undef X
	    ULL_ARM_RESULT_COUNT
};

typedef int ull_arm_fn(const struct ull_arm *);
typedef int ull_disarm_fn(void);

/*
 * Arms the agent of this process, or, with NULL, only tells how it is:
 * ULL_ARM_ALREADY, ULL_ARM_DORMANT or ULL_ARM_BUSY. OK: armed now.
 */
int ullage_arm(const struct ull_arm *how);

/* OK, KEPT or INSIDE: it is dormant now; DORMANT: it was; BUSY. */
int ullage_disarm(void);

#endif
