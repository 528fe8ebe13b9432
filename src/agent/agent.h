/* SPDX-License-Identifier: MIT */
/*
 * Private header of the agent: the guest in a stranger's process.
 *
 * The law of this folder. A guest never fails, never waits, never allocates
 * from the host, never prints; what it cannot do it counts (losses) and gets
 * out of the way. No lock, no stdio, no locale, no dlsym; system calls are
 * raw ones (mini.h) and happen at start-up, in a forked child, and when a
 * table grows, never in between. errno is as it was. Per thread there is one
 * initial-exec TLS block of at most 64 bytes.
 *
 * The order around the real call matters: an entry is taken out before the
 * real free or realloc, and put in after the real malloc. After the free the
 * address may already belong to another thread.
 */
#ifndef ULLAGE_AGENT_AGENT_H
#define ULLAGE_AGENT_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/segment.h"
#include "agent/walk.h"

#define EXPORT __attribute__((visibility("default")))
#define HIDDEN __attribute__((visibility("hidden")))
#define NOINLINE __attribute__((noinline))
/* What is called around most system calls: together on a page or two. */
#define GROUPED __attribute__((hot))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#define load(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define store(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define add(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELAXED)
#define acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)

/* ---- per thread ----------------------------------------------------------- */

/* Zero at birth, so a thread's first allocation takes the slow path. */
struct thread {
	uint64_t countdown; /* bytes until the slow path */
	uint64_t random;    /* xorshift state; 0: not seeded */
	uint64_t interval;  /* that the countdown was drawn with; 0: none */
	uint32_t busy;	    /* in a hook: a signal handler may be nested */
	uint32_t capped;    /* the countdown is a piece of a longer one */
	uint32_t arming;    /* the arming that the state above belongs to */
	uint32_t scratch;   /* walk buffer to try first */
	uint32_t asked;	    /* calls of sample_due: see first_new */
	uint32_t seeding;   /* the keeper that this thread's arena is known to */
	uint32_t vforked;   /* has called vfork: may be in the child of it */
};
_Static_assert(sizeof(struct thread) <= 64, "static TLS is scarce");

extern _Thread_local struct thread self
    __attribute__((tls_model("initial-exec"))) HIDDEN;

/* ---- process-wide ---------------------------------------------------------- */

/*
 * The maps of the segment; NULL until armed. In a forked child the pointer is
 * stale until agent_child() has replaced the mapping: every use is behind
 * agent_armed().
 */
struct tables {
	struct ull_header *header;
	struct ull_control *control;
	struct ull_counters *counters;
	struct ull_module *modules;
	uint32_t *index;
	struct ull_stack *stacks;
	uint64_t *frames;
	uint64_t *keys;
	struct ull_live *live;
	struct ull_receipt *receipts; /* with the keeper: reserved at need */
	struct ull_keeper *keeper;
	uint64_t *fds;
	uint64_t *thread_keys;
	struct ull_thread *threads;
};
extern struct tables tables HIDDEN;

/*
 * What every recorded call looks at, on one cache line. All zero in a forked
 * child until it is armed itself.
 */
struct process {
	uint32_t armed; /* the tables may be written */
	uint32_t arming; /* number of armings so far; threads compare theirs */
	uint64_t start;	 /* start_monotonic of the segment */
	uint64_t *fds;	  /* of the tables */
	struct ull_stack *stacks; /* of the tables */
	uint32_t fds_blocks; /* of fds that have memory; see fds.c */
	uint32_t vforks; /* threads that may be in the child of one */
	char pad[24];
};

/*
 * Pages of their own that the kernel zeroes in a forked child: the above, and
 * which addresses may have an entry, one bit each, modulo 2^17 x 16 bytes.
 */
#define FILTER_BITS (1u << 17)

struct wiped {
	uint32_t filter[FILTER_BITS / 32];
	uint8_t counts[FILTER_BITS]; /* entries behind each bit; sticks at 255 */
	struct process process;
	char pad[4096 - sizeof(struct process)];
};
extern struct wiped wiped HIDDEN;
#define agent wiped.process

/*
 * True if this process may write the tables; starts nothing and makes no
 * system call.
 */
static inline bool
agent_writes(void)
{
	return acquire(&agent.armed) != 0;
}

/*
 * The same, but starts the agent if it has not been, and notices being a
 * forked child that no hook saw.
 */
bool agent_begin(void) HIDDEN;

static inline bool
agent_armed(void)
{
	return LIKELY(agent_writes()) || agent_begin();
}

/*
 * True in the child of a vfork: it runs in its parent's memory, but its
 * descriptors are its own.
 */
bool agent_ask_vforked(void) HIDDEN;

static inline bool
agent_vforked(void)
{
	return UNLIKELY(load(&agent.vforks) != 0) && agent_ask_vforked();
}

/* True if it never will be: nothing is looked at again. */
bool agent_out(void) HIDDEN;

/* Set when the program installs a seccomp filter: no system calls after. */
extern bool agent_sandboxed HIDDEN;

/* Laid out by agent_armed and the constructor; safe to call again. */
void agent_start(void) HIDDEN;

/* In a forked child, before it returns to the program. */
void agent_child(void) HIDDEN;

/* The registers of whoever called the function this stands in. */
#define CALLER(regs)                                                           \
	do {                                                                   \
		const uint64_t *frame_ = __builtin_frame_address(0);           \
		(regs)->fp = frame_[0];                                        \
		(regs)->pc = frame_[1];                                        \
		(regs)->sp = (uint64_t)(frame_ + 2);                           \
	} while (0)

static inline void
loss(enum ull_loss reason)
{
	add(&tables.counters->losses[reason], 1);
}

/* ---- segment.c --------------------------------------------------------------- */

struct environment;

/* Creates and maps the segment of this process over the place of an older
 * one. False, with nothing left behind, when it cannot be had. */
bool segment_create(const struct environment *env, int32_t parent) HIDDEN;

/*
 * Makes sure that bytes [off, off+len) of the segment have memory behind
 * them: a page of a full tmpfs would kill the target with SIGBUS. False if
 * they cannot be had; then the caller treats its table as full.
 */
bool segment_reserve(uint64_t off, uint64_t len) HIDDEN;

/* Before a filter comes after which there is no asking any more. */
void segment_reserve_ahead(void) HIDDEN;
/* True if the byte at off has memory behind it already. */
bool segment_reserved(uint64_t off) HIDDEN;

/* ---- sample.c ------------------------------------------------------------------ */

/*
 * Counts `size` bytes against this thread's countdown, which they have used
 * up; true if the allocation is to be recorded, with *interval then the mean
 * it was chosen with.
 */
bool sample_due(uint64_t size, uint64_t *interval) HIDDEN;

/* Records the object just allocated at p. */
void sample_put(const void *p, uint64_t size, uint64_t interval,
    const struct walk_regs *caller) HIDDEN;

/*
 * Takes the entry of p out, before its memory is given back; false if it has
 * none. The entry can be put back with sample_restore if the real realloc
 * fails.
 */
struct taken {
	uint64_t size;	 /* asked for */
	uint64_t usable; /* set aside by the allocator */
	float weight;
	uint32_t stack;
	uint32_t birth;
};
bool sample_take(const void *p, struct taken *t) HIDDEN;
void sample_restore(const void *p, const struct taken *t) HIDDEN;

/* A number in [0, 1), 53 bits; this thread's. */
double sample_random(void) HIDDEN;

/*
 * The number of the caller's stack, and in *time ns since start_monotonic,
 * for what is recorded without sampling. Inside another hook (a signal
 * handler) it is ULL_STACK_LOST. Only while armed.
 */
uint32_t sample_stack(const struct walk_regs *caller, uint64_t *time) HIDDEN;

/* Mean bytes between samples in force now; 0: off. */
uint64_t sample_interval(void) HIDDEN;

/* 1 - e^(-size/interval): the chance that an allocation is chosen. */
double sample_chance(uint64_t size, uint64_t interval) HIDDEN;

/* In a forked child: threads that were recording are not here. */
void sample_forget(void) HIDDEN;

/* ---- stacks.c --------------------------------------------------------------------- */

/* The number of the stack, added if new; ULL_STACK_LOST when there is no room. */
uint32_t stacks_put(const uint64_t *frames, unsigned depth,
    uint16_t cut) HIDDEN;

/* Moves the sums of a stack and of the process, and the high-water mark. */
void stacks_allocated(const struct taken *t) HIDDEN;
void stacks_live(const struct taken *t, bool gone) HIDDEN;

/* ---- memo.c ------------------------------------------------------------------------- */

/* The number of the caller's stack if it was kept and is still that. */
bool memo_find(const struct walk_regs *r, uint64_t hi, uint32_t *stack) HIDDEN;

/* Keeps it; `generation` is walk_generation() from before the walk. */
void memo_keep(const struct walk_regs *r, uint64_t hi, uint64_t generation,
    uint32_t stack) HIDDEN;

/* ---- live.c -------------------------------------------------------------------------- */

/* False if there is no room; the caller then undoes its sums. */
bool live_put(uint64_t addr, const struct taken *t) HIDDEN;
bool live_take(uint64_t addr, struct taken *t) HIDDEN;

/* In a forked child: the new table is empty. */
void live_forget(void) HIDDEN;

/* Memory for the first entries. */
void live_reserve_ahead(void) HIDDEN;

/* Starts, or goes on with, raising the interval when the table fills up. */
void live_thin(void) HIDDEN;

static inline bool
filter_maybe(const void *p)
{
	uint32_t bit = (uint32_t)(uintptr_t)p >> 4;

	return load(&wiped.filter[(bit / 32) % (FILTER_BITS / 32)]) >>
	    (bit % 32) & 1;
}

/* ---- fds.c ------------------------------------------------------------------------------ */

/*
 * Records descriptors that were just opened, before their numbers are given
 * to the program. Nothing, in the child of a vfork.
 */
void fds_opened(const int *fds, unsigned n, enum ull_fd_kind kind,
    const struct walk_regs *caller) HIDDEN;

/* Takes the entries of [first, last] out, before they are closed. */
void fds_close(int fd) HIDDEN;
void fds_close_range(unsigned first, unsigned last) HIDDEN;

/* Memory for the first numbers; see segment_reserve_ahead. */
void fds_reserve_ahead(void) HIDDEN;

/* What fd was opened as, ULL_FD_ANY if that is not known. */
enum ull_fd_kind fds_kind(int fd) HIDDEN;

/* ---- threads.c --------------------------------------------------------------------------- */

/* What `since` below is; before the thread is created. */
uint32_t threads_begin(void) HIDDEN;

struct created {
	uint64_t handle; /* pthread_t */
	uint64_t start;	 /* start routine */
	uint32_t since;
	bool detached;
};
void threads_created(const struct created *c,
    const struct walk_regs *caller) HIDDEN;

/* What identifies an entry together with its handle; 0 if there is none. */
uint32_t threads_find(uint64_t handle) HIDDEN;

/* Takes out the entry that threads_find identified, if it is still that. */
void threads_joined(uint64_t handle, uint32_t identity) HIDDEN;

void threads_detach(uint64_t handle, bool detached) HIDDEN;
void threads_name(uint64_t handle, const char *name) HIDDEN;
void threads_reserve_ahead(void) HIDDEN;

/* ---- modules.c ------------------------------------------------------------------------- */

/* Lists an object that a walk came through; see walk_object_seen. */
void modules_note(const struct dl_find_object *object) HIDDEN;

/* ---- stackend.c ------------------------------------------------------------------------ */

/* One past the last readable byte of the stack that sp is in. */
uint64_t stackend_find(uint64_t sp) HIDDEN;
void stackend_init(void) HIDDEN;

/* On the initial thread, whose tid that is. */
void stackend_learn_tid(uint32_t tid) HIDDEN;

/* Offsets in struct pthread that were learnt there; 0 if they were not. */
uint32_t stackend_stack_offset(void) HIDDEN;
uint32_t stackend_tid_offset(void) HIDDEN;

#endif
