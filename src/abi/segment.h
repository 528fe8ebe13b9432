/* SPDX-License-Identifier: MIT */
/*
 * The segment: the one thing that the agent and the program share.
 *
 * A sparse file on tmpfs, one per watched process, that the agent maps and
 * the program reads with pread and commands by writing single aligned words.
 * It holds state, not a stream: tables of what is true now. After the target
 * has died, by whatever cause, the last state is still there to read.
 *
 *   offset      what                 written by
 *   0           header (frozen part) agent, once
 *   64          header               agent, once, but for state and forks
 *   2048        presence (frozen)    agent
 *   4096        control              program, aligned 8-byte words
 *   8192        counters, losses     agent
 *   16384       modules              agent, append only
 *   ...         stack index          agent, insert only
 *   ...         stacks               agent, append only; sums change
 *   ...         frames               agent, append only
 *   ...         live keys, entries   agent
 *   ...         keeper, receipts     agent: the keeper thread alone
 *   ...         descriptors          agent
 *   ...         threads              agent
 *
 * Only agent/ and target/ may include this file. Fixed-width types, offsets
 * and never pointers, 64-bit members on 8-byte boundaries, sizes and offsets
 * asserted; tests/golden/segment.txt makes any change of it visible. All
 * words that change while the target runs are accessed by the compiler's
 * atomic builtins in the agent, relaxed unless said otherwise. (Not _Atomic:
 * gcc and clang differ in what builtins may do with it.)
 *
 * A reader trusts nothing here: the target may write anything. It copies,
 * checks the copy, and never looks back.
 */
#ifndef ULLAGE_ABI_SEGMENT_H
#define ULLAGE_ABI_SEGMENT_H

#include <stddef.h>
#include <stdint.h>

#define ULL_MAGIC UINT64_C(0x3145474c4c55007f) /* "\x7f\0ULLGE1", little endian */

/* A different major cannot be read at all; a newer minor only adds. */
#define ULL_ABI_MAJOR 1
#define ULL_ABI_MINOR 1

/* Depth of a recorded stack; deeper ones keep their leaf-most frames. */
#define ULL_DEPTH_MAX 128

/* Capacities. All are part of the ABI of this major. */
#define ULL_MODULES 512
#define ULL_STACKS 16384
#define ULL_INDEX 32768		  /* slots of the hash over the stacks */
#define ULL_FRAMES (320u * 1024u) /* 8-byte words */
#define ULL_LIVE 65536
#define ULL_BUCKET 16 /* live keys that share a bucket; two cache lines */
#define ULL_FDS 65536
#define ULL_THREADS 3072
#define ULL_THREAD_BUCKET 16
#define ULL_THREAD_NAME 16
#define ULL_PATH 264

/* Stack 0 owns what could not get a stack of its own. Totals stay right. */
#define ULL_STACK_LOST 0

/* Weights of objects are kept in 1/1024 so that sums are integers. */
#define ULL_OBJECT_ONE 1024

/* ---- header ------------------------------------------------------------ */

enum ull_state {
	ULL_STATE_STARTING = 0, /* tables are being laid out */
	ULL_STATE_ARMED = 1,	/* sampling */
	ULL_STATE_QUIET = 2,	/* the hooks are there and only forward */
	ULL_STATE_DORMANT = 3,	/* no slot leads to the hooks any more */
};

/* The first 64 bytes are frozen: every version reads and writes them so. */
struct ull_header {
	uint64_t magic; /* stored last, release */
	uint16_t abi_major;
	uint16_t abi_minor;
	uint32_t header_size; /* bytes, this struct */
	uint64_t total_size;  /* bytes, the file */
	int32_t pid;	      /* in the target's own pid namespace */
	int32_t parent_pid;   /* the process that forked us under the agent, or 0 */
	uint64_t start_ticks; /* field 22 of /proc/PID/stat, 0 if unknown */
	uint64_t nonce;	      /* differs for each segment */
	uint64_t disarm; /* program: nonzero tells any version to go quiet */
	uint64_t state;	 /* enum ull_state; agent, release */
	/* ---- not frozen ---- */
	uint64_t start_realtime;  /* ns since the epoch when the agent began */
	uint64_t start_monotonic; /* ns, CLOCK_MONOTONIC_COARSE, same moment */
	uint32_t modules_cap;
	uint32_t module_size;
	uint32_t stacks_cap;
	uint32_t stack_size;
	uint32_t frames_cap;
	uint32_t index_cap;
	uint32_t live_cap;
	uint32_t live_size;
	uint64_t modules_off;
	uint64_t index_off;
	uint64_t stacks_off;
	uint64_t frames_off;
	uint64_t keys_off;
	uint64_t live_off;
	uint32_t shadowed; /* 1: the program's malloc is not ours; nothing is seen */
	uint32_t pad;
	char agent_version[32];
	char exe[ULL_PATH];	  /* readlink of /proc/self/exe, cut if longer */
	char allocator[ULL_PATH]; /* path of the object whose malloc is called */
	uint32_t fds_cap;
	uint32_t threads_cap;
	uint32_t thread_size;
	uint32_t tid_offset; /* of the tid, from a pthread_t; 0: unknown */
	uint32_t stack_offset; /* of the stack's start, then size; 0: unknown */
	uint32_t pad2;
	uint64_t fds_off;
	uint64_t threads_off;
};

/*
 * How the agent is in the process. Frozen as a whole, since minor 1 (before,
 * it reads as zeros: preloaded, armed): any version tells from it what
 * another one has left there, and where to call it.
 */
#define ULL_PRESENCE_OFF 2048

enum ull_origin {
	ULL_ORIGIN_PRELOADED = 0, /* the program's own calls come to it */
	ULL_ORIGIN_ATTACHED = 1,  /* by the slots that it has patched */
};

/* Why it does not record. To add one: a row at the end. */
#define ULL_STOPS(X)                                                           \
	X(NONE, "")                                                            \
	X(TOLD, "told to")                                                     \
	X(LEASE, "nobody looked for as long as its lease")                     \
	X(DETACHED, "detached")                                                \
	X(SEGMENT, "it could not make a segment to start again with")          \
	X(SANDBOX, "the process has entered a sandbox, so it cannot start "    \
		   "again")

enum ull_stop {
#define X(name, text) ULL_STOP_##name,
	ULL_STOPS(X)
#undef X
	    ULL_STOP_COUNT
};

struct ull_presence {
	uint32_t origin;  /* enum ull_origin */
	uint32_t armings; /* so far, this one included */
	uint32_t slots;	  /* that lead to the hooks now */
	uint32_t objects; /* that have such slots */
	/* Slots of hooked names that were left alone: */
	uint32_t foreign; /* lead elsewhere than to the usual function */
	uint32_t unbound; /* not bound yet, and where to is not certain */
	uint32_t refused; /* their page cannot be made writable, or no room */
	/* At the last disarming: */
	uint32_t kept;	  /* changed by somebody else; still lead through us */
	uint32_t inside;  /* threads that stayed inside of a hook */
	uint32_t stop;	  /* enum ull_stop */
	uint64_t stopped; /* ns since start_monotonic; 0: it records */
	uint64_t arm;	  /* address of ullage_arm in the process */
	uint64_t disarm;  /* of ullage_disarm */
	uint64_t scans;	  /* of the loaded objects for slots */
	uint64_t reserved[5];
};

/* ---- control: the only way back ---------------------------------------- */

#define ULL_CONTROL_OFF 4096

struct ull_control {
	/* Mean bytes between samples; 1 samples all, 0 none. */
	uint64_t interval;
	/* The trim knob: free resident memory that the allocator may keep, in
	 * thousandths of a percent of the live heap, or ULL_TRIM_OFF. */
	uint64_t trim;
	uint64_t memory_limit; /* soft limit on RSS in bytes; 0: none */
	/*
	 * Orders. Each is a ticket, never the same twice and never 0, and done
	 * when the word of the same name in struct ull_keeper equals it. Of two
	 * writers at once the last one's stands, and the other sees its own
	 * gone.
	 */
	uint64_t trim_now;  /* one pass, whatever the knob says */
	uint64_t trim_full; /* the same with locks held for long */
	uint64_t report;    /* the allocator's own statistics */
	uint64_t setting;   /* see ULL_SETTING */
	/* Nonzero while any of the above stands: what a sampling thread looks
	 * at. Written last, a ticket, and cleared by the agent. */
	uint64_t attention;
	/*
	 * Quiet and start again. An agent is quiet when `disarm` in the header
	 * is nonzero, or when its lease has run out: nobody has changed `look`
	 * for that long, by the agent's clock. It starts again, with a new
	 * segment that takes over the settings above, once `disarm` is zero
	 * and `start` is not.
	 */
	uint64_t start; /* a ticket */
	uint64_t lease; /* ns; 0: none */
	uint64_t look;	/* a ticket of whoever reads */
	/*
	 * Anonymous memory that no trim returns, less what the agent counts as
	 * live, as somebody else has counted it: what was allocated before the
	 * agent came is in there. The keeper begins with it and sets it to 0.
	 */
	uint64_t base;
	uint64_t reserved[52];
};

#define ULL_TRIM_OFF UINT64_MAX
#define ULL_TRIM_ONE UINT64_C(1000) /* one percent */
#define ULL_TRIM_MAX (UINT64_C(1000000) * ULL_TRIM_ONE)

/*
 * Settings of allocators that can be changed while the target runs: a name,
 * whose it is, what is known of the risk. In the control word: number of the
 * row plus one (8 bits), a ticket (8 bits), the value (48 bits, signed).
 */
#define ULL_SETTINGS(X)                                                        \
	X(ARENA_MAX, "arena-max", GLIBC,                                       \
	    "threads share fewer arenas: less memory, more waiting; those "    \
	    "that exist stay")                                                 \
	X(MMAP_THRESHOLD, "mmap-threshold", GLIBC,                             \
	    "ends glibc's own adjustment of it; a low one makes large blocks " \
	    "cost a system call each")                                         \
	X(TRIM_THRESHOLD, "trim-threshold", GLIBC,                             \
	    "ends glibc's own adjustment; a low one makes frees at the top of " \
	    "the heap cost a system call each")                                \
	X(TOP_PAD, "top-pad", GLIBC,                                           \
	    "ends glibc's own adjustment of the thresholds")                   \
	X(DIRTY_DECAY, "dirty-decay-ms", JEMALLOC,                             \
	    "a short one gives pages back that are wanted again: page faults") \
	X(MUZZY_DECAY, "muzzy-decay-ms", JEMALLOC,                             \
	    "a short one gives pages back that are wanted again: page faults") \
	X(BACKGROUND, "background-thread", JEMALLOC,                           \
	    "adds threads to the process: unshare(CLONE_NEWUSER) fails then")  \
	X(THREAD_CACHE, "thread-cache-bytes", TCMALLOC,                        \
	    "a small one sends threads to the central lists: contention")      \
	X(DECOMMIT, "aggressive-decommit", TCMALLOC,                           \
	    "1 gives every free span back at once: many system calls")         \
	X(PURGE_DELAY, "purge-delay", MIMALLOC,                                \
	    "a short one gives pages back that are wanted again: page faults") \
	X(RELEASE_RATE, "release-rate", TCMALLOC,                              \
	    "a high one makes frees of spans cost system calls, with a lock "  \
	    "held")

enum ull_setting {
#define X(id, name, allocator, risk) ULL_SETTING_##id,
	ULL_SETTINGS(X)
#undef X
	    ULL_SETTING_COUNT
};

static inline uint64_t
ull_setting_word(unsigned row, unsigned ticket, int64_t value)
{
	return (uint64_t)(row + 1) << 56 | (uint64_t)(ticket & 255) << 48 |
	    ((uint64_t)value & UINT64_C(0xffffffffffff));
}

static inline int64_t
ull_setting_value(uint64_t word)
{
	return (int64_t)(word << 16) >> 16;
}

/* ---- counters ----------------------------------------------------------- */

#define ULL_COUNTERS_OFF 8192

/*
 * Why something was not recorded. To add a reason: a row here, at the end.
 * The sentence is shown wherever losses are.
 */
#define ULL_LOSSES(X)                                                          \
	X(REENTERED, "samples inside a hook (signal handlers)")                \
	X(SCRATCH, "samples while all walk buffers were in use")               \
	X(LIVE_FULL, "samples that found no room in the live table")           \
	X(STACKS_FULL, "stacks counted under \"lost\": stack table full")      \
	X(FRAMES_FULL, "stacks counted under \"lost\": frame store full")      \
	X(MODULES_FULL, "modules not listed: module table full")               \
	X(STALE, "frees that were not seen (address handed out again)")        \
	X(WALK_FOREIGN, "walks cut at a foreign stack (coroutine, altstack)")  \
	X(WALK_NO_CFI, "walks cut at code without unwind tables")              \
	X(WALK_BAD, "walks cut at an unwind rule that is not understood")      \
	X(WALK_DEEP, "walks cut at the depth limit")                           \
	X(VARIANCE, "error terms not added (contention)")                      \
	X(FORK, "forked children that could not get a segment")                \
	X(FDS_FULL, "descriptors whose opener found no room")                  \
	X(THREADS_FULL, "threads whose creator found no room, or lost it")     \
	X(HANDLER, "descriptors and threads without a stack (handlers)")       \
	X(FDS_STALE, "closes that were not seen (number handed out again)")

enum ull_loss {
#define X(name, text) ULL_LOSS_##name,
	ULL_LOSSES(X)
#undef X
	    ULL_LOSS_COUNT
};

#define ULL_LOSS_CAP 64

struct ull_counters {
	uint64_t interval_floor; /* raised when the live table fills */
	uint64_t samples;
	uint64_t frees;		 /* sampled objects freed */
	uint64_t live_bytes;	 /* estimate; weighted */
	uint64_t live_entries;
	uint64_t peak_bytes;	 /* highest live_bytes */
	uint64_t peak_epoch;	 /* how often it rose */
	uint64_t peak_time;	 /* ns since start_monotonic */
	uint32_t stacks_used;	 /* records handed out, 0 included */
	uint32_t modules_used;
	uint32_t frames_used;	 /* words handed out */
	uint32_t children;	 /* forks that were seen */
	uint64_t thin_cursor;	 /* next live slot to thin; cap if idle */
	uint64_t doublings;
	uint64_t last_sample;	 /* ns since start_monotonic */
	uint64_t allocator;	 /* enum ull_allocator */
	uint64_t reserved[18];
	uint64_t losses[ULL_LOSS_CAP];
};

/* ---- modules: what code was mapped when a stack was taken ---------------- */

/* `ready` is stored last, release; a reader ignores the record without it. */
struct ull_module {
	uint32_t ready;
	uint32_t build_id_len; /* 0: none */
	uint64_t start;	       /* first byte of its mapping */
	uint64_t end;	       /* one past the last */
	uint64_t bias;	       /* load address minus link address */
	uint8_t build_id[32];
	char path[ULL_PATH]; /* as the loader knows it; "" is the program */
};

/* ---- stacks -------------------------------------------------------------- */

/*
 * The record is filled before its number is put into the index (release).
 * `modules` is the number of module records when the stack was first seen:
 * a frame belongs to the last of those that covers it.
 *
 * Bytes are usable ones: what the object costs, not what was asked for.
 *
 * peak_* are the live sums at the moment of the high-water mark if
 * peak_epoch equals the counter; otherwise the live sums have not changed
 * since and are themselves the peak.
 */
struct ull_stack {
	uint64_t hash;	  /* never 0 once published */
	uint32_t frames;  /* first word in the frame store; leaf first */
	uint16_t depth;
	uint16_t cut;	  /* 1 + enum ull_loss that ended the walk, 0: whole */
	uint32_t modules;
	uint32_t pad;
	uint64_t alloc_objects; /* in 1/ULL_OBJECT_ONE */
	uint64_t alloc_bytes;
	uint64_t alloc_variance; /* of alloc_bytes; a double's bits */
	uint64_t samples;
	uint64_t live_objects; /* in 1/ULL_OBJECT_ONE */
	uint64_t live_bytes;
	uint64_t peak_objects;
	uint64_t peak_bytes;
	uint64_t peak_epoch;
	uint64_t opened_fds; /* descriptors, exact */
	uint64_t created_threads;
	uint64_t reserved[2];
};

/* ---- live table ----------------------------------------------------------- */

/*
 * A key is the address of a sampled object. Values below 16 and low bits are
 * states, so that an entry changes hands with one compare-and-swap:
 *
 *   0            free
 *   ULL_KEY_BUSY claimed, being filled
 *   addr         published
 *   addr|1       held by the thinner
 *   addr|2       freed while the thinner held it; the thinner removes it
 *
 * An address may be in one of two buckets. `check` is over key and entry, so
 * a reader knows a torn copy.
 */
#define ULL_KEY_BUSY UINT64_C(4)
#define ULL_KEY_HELD UINT64_C(1)
#define ULL_KEY_ORPHAN UINT64_C(2)
#define ULL_KEY_STATE UINT64_C(7)

struct ull_live {
	uint64_t size;	 /* bytes asked for */
	uint64_t usable; /* bytes that the allocator set aside for them */
	float weight;	/* objects that it stands for: 1/p */
	uint32_t stack;
	uint32_t birth; /* in 1/16 s since start_monotonic */
	uint32_t check;
};

static inline uint32_t
ull_live_check(uint64_t addr, uint64_t size, uint64_t usable,
    uint32_t weight_bits, uint32_t stack, uint32_t birth)
{
	uint64_t h = (addr ^ usable << 20) * UINT64_C(0x9e3779b97f4a7c15);

	h = (h ^ size) * UINT64_C(0xff51afd7ed558ccd);
	h ^= h >> 29;
	h = (h ^ ((uint64_t)weight_bits << 32 | stack)) *
	    UINT64_C(0xc4ceb9fe1a85ec53);
	h ^= h >> 32;
	return (uint32_t)h ^ birth * UINT32_C(0x85ebca6b);
}

/* ---- the keeper and its receipts ------------------------------------------- */

/* Whose malloc the target's calls reach, told by what that object exports. */
enum ull_allocator {
	ULL_ALLOCATOR_UNKNOWN = 0,
	ULL_ALLOCATOR_GLIBC = 1,
	ULL_ALLOCATOR_TCMALLOC = 2, /* gperftools' */
	ULL_ALLOCATOR_JEMALLOC = 3,
	ULL_ALLOCATOR_MIMALLOC = 4,
};

enum ull_keeper_state {
	ULL_KEEPER_NONE = 0,
	ULL_KEEPER_STARTING = 1,
	ULL_KEEPER_WATCHING = 2,
	ULL_KEEPER_TRIMMING = 3,
};

/* Why there is no keeper, or why it gave up. To add one: a row at the end. */
#define ULL_REASONS(X)                                                         \
	X(NONE, "")                                                            \
	X(THREAD, "a thread could not be created (RLIMIT_NPROC, pids.max or "  \
		  "memory)")                                                   \
	X(SECCOMP, "the process is under a seccomp filter, so the agent makes "\
		   "no system calls")                                          \
	X(FILES, "the keeper could not get a descriptor table of its own "     \
		 "(close_range, Linux 5.9)")                                   \
	X(PROC, "/proc/self/statm could not be read, so there is no resident " \
		"size to go by")                                               \
	X(ALLOCATOR, "the allocator has no way to release memory that is "     \
		     "known here")                                             \
	X(OVERRUN, "three trims in a row took longer than the stall budget; "  \
		   "the knob was switched off")                                \
	X(SAMPLER, "the sampler is off (interval 0), so the live heap is not " \
		   "known")                                                    \
	X(SEGMENT, "there is no memory for the table of receipts")

enum ull_reason {
#define X(name, text) ULL_REASON_##name,
	ULL_REASONS(X)
#undef X
	    ULL_REASON_COUNT
};

/* Why a trim came about. */
#define ULL_CAUSES(X)                                                          \
	X(KNOB, "knob")                                                        \
	X(LIMIT, "limit")                                                      \
	X(NOW, "now")                                                          \
	X(FULL, "now --full")

enum ull_cause {
#define X(name, text) ULL_CAUSE_##name,
	ULL_CAUSES(X)
#undef X
	    ULL_CAUSE_COUNT
};

/* How a trim ended, and what is known of it; bits. */
#define ULL_TRIM_EXHAUSTED UINT64_C(1) /* nothing more was to be had */
#define ULL_TRIM_GREW UINT64_C(2)      /* ended because the heap grew */
#define ULL_TRIM_LOCKS UINT64_C(4)     /* its calls hold the allocator's lock */
#define ULL_TRIM_OVERRAN UINT64_C(8)   /* one was longer than the budget */
#define ULL_TRIM_NO_SEED UINT64_C(16)  /* no arena could be reached */
#define ULL_TRIM_STOPPED UINT64_C(32)  /* the knob went off meanwhile */

struct ull_receipt {
	uint64_t seq;	   /* 1 and up; stored last, release; 0: none */
	uint64_t time;	   /* of its end, ns since start_monotonic */
	uint64_t cause;	   /* enum ull_cause */
	uint64_t flags;
	uint64_t before;   /* RSS in bytes; 0: unknown */
	uint64_t after;
	uint64_t live;	   /* the sampler's estimate at the end */
	uint64_t wanted;   /* bytes */
	uint64_t duration; /* ns, rests included */
	uint64_t work;	   /* ns of processor time */
	uint64_t longest;  /* ns, of one call */
	uint64_t faults;   /* minor, of the process in the next second; or max */
	uint64_t arenas;   /* that were reached */
	uint64_t chunks;   /* taken, looked into and given back */
	uint64_t reserved[2];
};

#define ULL_RECEIPTS 64 /* the newest; slot is seq % 64 */
#define ULL_ARENAS 64

struct ull_arena {
	uint64_t id;	    /* the allocator's number of it */
	uint64_t allocated; /* bytes; max: unknown */
	uint64_t dirty;	    /* free and resident; max: unknown */
	uint64_t threads;   /* max: unknown */
};

/* The allocator's own numbers in bytes, UINT64_MAX where it has none. */
struct ull_statistics {
	uint64_t time;	      /* ns since start_monotonic; 0: never asked */
	uint64_t cost;	      /* ns that asking took */
	uint64_t allocated;   /* in use by the program, or in thread caches */
	uint64_t resident;
	uint64_t releasable;  /* free, resident, and a release may return it */
	uint64_t cached;      /* free, and no release returns it */
	uint64_t metadata;
	uint64_t unmapped;    /* address space alone */
	uint64_t free;	      /* not in use, resident or not */
	uint64_t reserved[3];
};

struct ull_keeper {
	uint64_t state;	 /* enum ull_keeper_state */
	uint64_t reason; /* enum ull_reason */
	uint64_t tid;
	uint64_t starts;
	/* Tickets of struct ull_control that are served. */
	uint64_t trim_now, trim_full, report, setting;
	int64_t setting_old; /* INT64_MIN: the allocator cannot tell */
	uint64_t setting_ok; /* 1: done, 0: it refused */
	/* What it saw last, in bytes, and when. */
	uint64_t seen_time, seen_rss, seen_anonymous, seen_live;
	uint64_t base;	   /* anonymous memory that no trim returns */
	uint64_t pause;	   /* ns that it waits between trims, at least */
	uint64_t overruns; /* of all trims */
	uint64_t in_row;   /* of the last ones */
	uint64_t receipts; /* written so far */
	uint64_t budget;   /* ns that a call may last */
	uint64_t n_arenas; /* valid ones below */
	uint64_t reserved[43];
	struct ull_statistics statistics;
	char version[64]; /* of the allocator; "" until asked */
	struct ull_arena arenas[ULL_ARENAS];
};
/* ---- descriptors ----------------------------------------------------------- */

/*
 * Who opened descriptor fd, and when: word fd % ULL_FDS. One word, so it is
 * never half of one and half of another. Whether fd is still open only the
 * kernel knows: a close is noted when it is seen, and may go unseen.
 *
 *   bits 0..13   stack
 *   bits 14..18  enum ull_fd_kind
 *   bits 19..31  1 + fd / ULL_FDS; 0: no entry
 *   bits 32..63  birth, in 1/16 s since start_monotonic
 */
enum ull_fd_kind {
	ULL_FD_ANY = 0, /* received, or the like: no telling */
	ULL_FD_PATH,	/* whatever a path leads to */
	ULL_FD_PIPE,
	ULL_FD_SOCKET,
	ULL_FD_EVENTFD,
	ULL_FD_EPOLL,
	ULL_FD_TIMERFD,
	ULL_FD_SIGNALFD,
	ULL_FD_INOTIFY,
	ULL_FD_FANOTIFY,
	ULL_FD_MEMFD,
	ULL_FD_PIDFD,
	ULL_FD_IO_URING,
	ULL_FD_USERFAULTFD,
	ULL_FD_PERF,
	ULL_FD_KINDS,
};

#define ULL_FD_TURNS ((1u << 13) - 1) /* an fd of ULL_FDS times that is too high */

static inline uint64_t
ull_fd_word(uint32_t fd, uint32_t stack, uint32_t kind, uint32_t birth)
{
	return (uint64_t)birth << 32 | (uint64_t)(fd / ULL_FDS + 1) << 19 |
	    kind << 14 | stack;
}

static inline uint32_t
ull_fd_stack(uint64_t word)
{
	return (uint32_t)word & 0x3fff;
}

static inline uint32_t
ull_fd_kind(uint64_t word)
{
	return (uint32_t)word >> 14 & 0x1f;
}

/* 1 + fd / ULL_FDS */
static inline uint32_t
ull_fd_turn(uint64_t word)
{
	return (uint32_t)word >> 19;
}

/* ---- threads ----------------------------------------------------------------- */

/*
 * Who created a thread. The key is its pthread_t, which is a multiple of 64;
 * the low bits are states. Two halves: a thread has one bucket in each, and
 * the second half is used when the first bucket is full. An entry goes when
 * the thread is joined, or its pthread_t is handed out again; detached ones
 * also give way when there is no room. Whether a thread runs the kernel knows.
 *
 *   0            free
 *   ULL_KEY_BUSY claimed, being filled
 *   handle       published
 *   handle|1     detached
 */
#define ULL_THREAD_DETACHED UINT64_C(1)
#define ULL_THREAD_STATE UINT64_C(63)

struct ull_thread {
	uint64_t start; /* start routine; 0: only its name is known so far */
	uint64_t name[ULL_THREAD_NAME / 8]; /* text that it gave itself, or 0 */
	uint32_t birth;	/* in 1/16 s since start_monotonic */
	uint16_t stack;
	uint16_t check; /* over all but the name */
};

static inline uint16_t
ull_thread_check(uint64_t handle, uint64_t start, uint32_t birth,
    uint16_t stack)
{
	uint64_t h = (handle ^ start << 16) * UINT64_C(0x9e3779b97f4a7c15);

	h = (h ^ birth ^ (uint64_t)stack << 40) *
	    UINT64_C(0xff51afd7ed558ccd);
	return (uint16_t)(h >> 48);
}

/* ---- layout ---------------------------------------------------------------- */

#define ULL_MODULES_OFF 16384
#define ULL_INDEX_OFF (ULL_MODULES_OFF + 196608)
#define ULL_STACKS_OFF (ULL_INDEX_OFF + ULL_INDEX * 4)
#define ULL_FRAMES_OFF (ULL_STACKS_OFF + ULL_STACKS * 128)
#define ULL_KEYS_OFF (ULL_FRAMES_OFF + ULL_FRAMES * 8)
#define ULL_LIVE_OFF (ULL_KEYS_OFF + ULL_LIVE * 8)
#define ULL_RECEIPTS_OFF (ULL_LIVE_OFF + ULL_LIVE * 32)
#define ULL_KEEPER_OFF (ULL_RECEIPTS_OFF + 8192)
#define ULL_RECEIPTS_SIZE 16384 /* with the keeper's own */
#define ULL_FDS_OFF (ULL_RECEIPTS_OFF + ULL_RECEIPTS_SIZE)
#define ULL_THREADS_OFF (ULL_FDS_OFF + ULL_FDS * 8)
#define ULL_TOTAL (ULL_THREADS_OFF + 131072)

_Static_assert(sizeof(struct ull_header) == 768, "ABI");
_Static_assert(offsetof(struct ull_header, start_realtime) == 64, "frozen");
_Static_assert(offsetof(struct ull_header, disarm) == 48, "frozen");
_Static_assert(ULL_PRESENCE_OFF >= sizeof(struct ull_header), "ABI");
_Static_assert(sizeof(struct ull_presence) == 112, "frozen");
_Static_assert(offsetof(struct ull_presence, stopped) == 40, "frozen");
_Static_assert(offsetof(struct ull_presence, disarm) == 56, "frozen");
_Static_assert(sizeof(struct ull_control) == 512, "ABI");
_Static_assert(sizeof(struct ull_counters) == 768, "ABI");
_Static_assert(sizeof(struct ull_module) == 328, "ABI");
_Static_assert(sizeof(struct ull_stack) == 128, "ABI");
_Static_assert(sizeof(struct ull_live) == 32, "ABI");
_Static_assert(sizeof(struct ull_thread) == 32, "ABI");
_Static_assert(ULL_STACKS <= 1 << 14, "a stack's number fits an fd's word");
_Static_assert(ULL_FD_KINDS <= 1 << 5, "ABI");
_Static_assert(ULL_THREADS * (8 + 32) <= 131072, "ABI");
_Static_assert(ULL_THREADS % (2 * ULL_THREAD_BUCKET) == 0, "two halves");
_Static_assert(ULL_LOSS_COUNT <= ULL_LOSS_CAP, "ABI");
_Static_assert(ULL_MODULES * sizeof(struct ull_module) <= 196608, "ABI");
_Static_assert(sizeof(struct ull_receipt) == 128, "ABI");
_Static_assert(sizeof(struct ull_keeper) == 512 + 96 + 64 + 64 * 32, "ABI");
_Static_assert(sizeof(struct ull_keeper) <= 8192, "ABI");
_Static_assert(ULL_RECEIPTS * sizeof(struct ull_receipt) <= 8192, "ABI");
_Static_assert(ULL_TOTAL <= 8u << 20, "the segment may not exceed 8 MiB");

#endif
