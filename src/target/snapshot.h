/* SPDX-License-Identifier: MIT */
/*
 * A snapshot: the tables of a segment, copied once and checked once.
 *
 * The segment is hostile input: every index, length and text in here has been
 * checked against the copy, nothing points into shared memory, and all sizes
 * are bounded. What did not pass is left out and counted. Everything after a
 * snapshot is a pure function of it.
 */
#ifndef ULLAGE_TARGET_SNAPSHOT_H
#define ULLAGE_TARGET_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "target/target.h"

struct snapshot_module {
	uint64_t start, end; /* addresses; ascending where they overlap in time */
	uint64_t bias;	     /* load address minus link address */
	char build_id[65];   /* lower-case hex, or "" */
	char *path;	     /* "" is the program itself */
};

struct snapshot_stack {
	const uint64_t *frames; /* return addresses, leaf first */
	uint32_t depth;
	uint32_t modules;     /* number of modules known when it was recorded */
	const char *cut;      /* why the walk ended early, or NULL */
	double alloc_objects; /* estimates since the agent began; usable bytes */
	double alloc_bytes;
	double alloc_variance; /* of alloc_bytes */
	uint64_t samples;
	double peak_objects; /* at the high-water mark */
	double peak_bytes;
	uint64_t opened_fds;	  /* since the agent began; exact */
	uint64_t created_threads; /* likewise */
};

struct snapshot_live {
	uint64_t address;
	uint64_t size;	/* bytes asked for */
	uint64_t usable; /* bytes that the allocator set aside */
	double weight;	/* objects that it stands for */
	uint64_t age;	/* ns */
	uint32_t stack; /* index */
};

/* As the agent wrote it; the descriptor may have been closed unseen. */
struct snapshot_fd {
	int32_t fd;
	uint32_t stack;	 /* index */
	uint32_t opened; /* what it was opened as; see open_fds.c */
	uint32_t birth;	 /* in 1/16 s since the agent began: an identity */
	uint64_t age;	 /* ns */
};

/* A descriptor that is open; see snapshot_match_fds. */
struct snapshot_open {
	int32_t fd;
	uint32_t stack; /* index, or SNAPSHOT_NO_STACK: its opener was not seen */
	uint32_t birth;
	uint64_t age;  /* ns; of one with a stack */
	char type[24]; /* "tcp" */
};
#define SNAPSHOT_NO_STACK UINT32_MAX

struct snapshot_thread {
	uint64_t handle; /* pthread_t */
	uint64_t start;	 /* start routine */
	uint64_t age;	 /* ns, of its creation */
	uint32_t stack;	 /* index: who created it */
	bool detached;
	char name[16]; /* that it gave itself by pthread_setname_np, or "" */
	/* From snapshot_match_threads: */
	bool known; /* its control block is there and could be read */
	int32_t tid; /* in the target's own namespace; 0: it has ended */
	uint64_t stack_start, stack_end; /* 0: unknown */
};

struct snapshot_loss {
	const char *name; /* "LIVE_FULL" */
	const char *text; /* what was lost, a phrase */
	uint64_t count;
};

struct snapshot_fill {
	const char *name;
	uint64_t used, cap;
};

struct snapshot {
	int32_t pid;	   /* in the target's own namespace */
	int32_t parent;	   /* that forked it under the agent, or 0 */
	uint64_t nonce;
	uint64_t start_ns; /* since the epoch, when the agent began */
	uint64_t time_ns;  /* of the snapshot; of the last sample if dead */
	uint32_t abi_major, abi_minor;
	bool armed;
	bool shadowed;	   /* another malloc comes before the agent's */
	char version[33];
	char *exe, *allocator;
	uint64_t interval_asked; /* bytes; 0: off */
	uint64_t interval;	 /* in force: raised when the table filled up */
	uint64_t doublings;	 /* how often it was raised */
	uint64_t samples, frees, children;
	uint64_t live_bytes; /* the agent's own running estimate */
	uint64_t peak_bytes;
	uint64_t peak_ns; /* since the epoch; 0: none yet */

	struct snapshot_module *modules; size_t n_modules;
	struct snapshot_stack *stacks;	 size_t n_stacks; /* 0: the lost one */
	struct snapshot_live *live;	 size_t n_live;
	struct snapshot_fd *fds;	 size_t n_fds;	  /* ascending */
	struct snapshot_open *open;	 size_t n_open;
	struct snapshot_thread *threads; size_t n_threads; /* by handle */
	struct snapshot_loss *losses;	 size_t n_losses; /* all reasons */
	struct snapshot_fill fill[7];
	bool matched; /* open holds what the kernel knows to be open */
	uint32_t tid_offset;   /* of the tid, from a pthread_t; 0: unknown */
	uint32_t stack_offset; /* of its stack's start, then size; 0: unknown */
	uint64_t torn;	   /* entries that changed while being copied */
	uint64_t invalid;  /* records that no agent writes */
	uint64_t file_bytes; /* memory behind the segment */

	uint64_t *words; /* what frames point into */
};

/* NULL on failure; owned by the caller. */
struct snapshot *snapshot_take(const struct target *t, struct err *e);
void snapshot_free(struct snapshot *s);

/*
 * The same from bytes that are already here, for tests and fuzzers. `alive`
 * decides what the ages are measured to.
 */
struct snapshot *snapshot_parse(const void *bytes, size_t len, bool alive,
    struct err *e);

/*
 * Fills open: what the kernel has open, as the caller listed it just before
 * the snapshot was taken, with what the agent saw of it. (open_fds.c)
 */
struct open_files;
void snapshot_match_fds(struct snapshot *s, const struct target *t,
    const struct open_files *list);

/* Fills it with what the agent saw alone, for a process that has ended. */
void snapshot_believe_fds(struct snapshot *s);

/* snapshot_take with open filled; of a dead target, as the agent saw last. */
struct snapshot *snapshot_take_fds(const struct target *t, struct err *e);

/*
 * Looks into the memory of a live target for what has become of its threads:
 * tid and stack. Leaves them unknown where that is not permitted.
 * (thread_stacks.c)
 */
void snapshot_match_threads(struct snapshot *s, const struct target *t);

/* Bytes held, from the live table, with their standard error. */
void snapshot_live_total(const struct snapshot *s, double *bytes,
    double *error);

/* The module that covered address when that stack was recorded, or NULL. */
const struct snapshot_module *snapshot_module(const struct snapshot *s,
    const struct snapshot_stack *stack, uint64_t address);

#endif
