/* SPDX-License-Identifier: MIT */
/*
 * What the live view shows, and what it may do, as somebody hands it in: it
 * knows neither /proc nor agents. All values are bytes, counts, nanoseconds.
 *
 * list and detail are called on threads of their own (each by one thread
 * only, but both at the same time); plan and act on the thread that draws,
 * so they must be quick, but for acts that action_is_slow tells: those are
 * done on a third thread.
 */
#ifndef ULLAGE_TOP_SOURCE_H
#define ULLAGE_TOP_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "profile/profile.h"
#include "table/table.h"
#include "tune/trend.h"

#define NOT_KNOWN (UINT64_MAX - 1)
#define NO_LIMIT UINT64_MAX

/* ---- the list --------------------------------------------------------------- */

/* What the visible columns need; the rest is NOT_KNOWN. */
enum source_need {
	NEED_FDS = 1,
	NEED_LIMITS = 2,
	NEED_COMMAND = 4,
	NEED_AGENT = 8,
};

struct source_row {
	int32_t pid, ppid;
	uint64_t start; /* ns since boot; with the pid, its identity */
	uint32_t uid;
	char user[32];
	char state; /* as in /proc/PID/stat */
	bool kernel, agent;
	bool attached; /* the agent saw nothing of what was before */
	bool quiet;    /* the agent records nothing now */
	bool hidden;   /* somebody else's: an agent would not be seen */
	char name[64];	   /* these two are not escaped */
	char command[192]; /* with arguments; "" where not known */
	uint64_t cpu;	   /* ns, all its threads since the start */
	uint64_t rss, size, threads, fds;
	uint64_t user_threads; /* of its user, for nproc */
	uint64_t soft_nofile, soft_nproc, soft_as, soft_cpu; /* NO_LIMIT */
	/* Of an agent. */
	uint64_t live, peak, retained, samples, interval, lost;
};

struct source_machine {
	char host[65];
	int cpus;
	double load[3];
	uint64_t memory, available; /* bytes */
	uint64_t files, files_max;
	uint64_t tcp, tcp_memory; /* sockets; bytes */
	double pressure_cpu, pressure_memory, pressure_io; /* part of 10 s that
			* something waited; negative: not known */
};

struct source_list {
	struct source_row *rows; /* by pid; owned */
	size_t n;
	int64_t time; /* ns, monotonic */
	struct source_machine machine;
};

/* ---- one process ------------------------------------------------------------- */

enum detail_part {
	DETAIL_LEDGER = 1,
	DETAIL_LIMITS = 2,
	DETAIL_PROFILE = 4,
	DETAIL_THREADS = 8,
	DETAIL_FDS = 16,
	DETAIL_LOSSES = 32,
};

#define PARTS_MAX 12
#define LIMITS_MAX 20
#define LOSSES_MAX 40

enum part_kind {
	PART_LIVE,
	PART_RETAINED,
	PART_OVERHEAD,
	PART_MAPPED,
	PART_STACKS,
	PART_FILE,
	PART_SHARED,
	PART_AGENT,
	PART_UNKNOWN,
};

struct source_part {
	char name[40];
	enum part_kind kind;
	uint64_t bytes;
	uint64_t error; /* standard error; 0 exact */
};

struct source_limit {
	char name[16];
	char help[80];
	bool bytes;	       /* else a count, or `unit` */
	char unit[12];	       /* "", "s", "us" */
	uint64_t used, soft, hard; /* NOT_KNOWN, NO_LIMIT */
	bool binds;
	char above[160]; /* what stands above, a phrase; or "" */
};

struct source_loss {
	char text[80];
	uint64_t count;
	uint64_t of; /* a table's fill; 0: a count of losses */
};

enum fds_way {
	FDS_WAY_OPENER, /* needs an agent */
	FDS_WAY_TYPE,
	FDS_WAY_STATE,
	FDS_WAY_PEER,
	FDS_WAY_PATH,
	FDS_WAY_EACH,
	FDS_WAYS,
};

enum threads_way {
	THREADS_WAY_ALIKE, /* of one name, waiting in the same place */
	THREADS_WAY_EACH,
	THREADS_WAY_STACKS, /* stops each of them for some microseconds */
	THREADS_WAYS,
};

struct source_request {
	unsigned parts; /* enum detail_part */
	int32_t pid;
	uint64_t start;
	const char *kind;	    /* of the profile: "heap" */
	const struct profile *base; /* to subtract, or NULL; borrowed */
	int way; /* how descriptors or threads are grouped; -1: whatever
		  * tells most */
	int sort;		    /* column of the table, -1 as it comes */
	bool invert;
};

struct source_detail {
	unsigned parts; /* those that are there */
	int32_t pid;
	uint64_t start;
	bool gone;
	int64_t time; /* ns, monotonic */
	bool agent, attached, quiet; /* as in source_row */
	char problem[512]; /* why something is missing, a sentence; or "" */
	char unseen[512];  /* why no agent is seen, if it is not that there is
			    * none; or "" */

	struct source_part ledger[PARTS_MAX];
	size_t n_ledger;
	uint64_t rss, swap;
	char ledger_note[200];
	char knob[160]; /* a sentence about the trim knob; or "" */

	struct source_limit limits[LIMITS_MAX];
	size_t n_limits;

	struct profile *profile; /* with names; owned */
	struct profile *whole;	 /* before the subtraction; owned; or NULL */

	int way;		/* in which they are grouped */
	struct table *table;	/* threads or descriptors; owned. A row whose
				 * first cell is "!" is a suspect */
	char *text;		/* stacks, lines of text; owned; or NULL */
	uint64_t hidden;	/* columns of the table, by bits */
	struct table *receipts; /* of trims; owned; or NULL */
	char note[240];

	struct source_loss losses[LOSSES_MAX];
	size_t n_losses;
	uint64_t interval, interval_asked, samples, frees;
	uint64_t agent_since; /* ns that the agent has been there */
	uint64_t segment;     /* bytes of memory for its tables */
};

void source_list_free(struct source_list *l);
void source_detail_free(struct source_detail *d);

/* ---- levers ------------------------------------------------------------------ */

enum action_what {
	ACT_LIMIT,    /* text: "nofile=4096:" */
	ACT_INTERVAL, /* text: "64k" */
	ACT_SIGNAL,   /* text: "TERM" */
	ACT_PROFILE,  /* text: a file name; writes `profile` */
	ACT_TRIM,     /* text: a percentage, "off" or "now" */
	ACT_ATTACH,   /* the agent in, or on again; text: "" */
	ACT_DETACH,   /* the agent out, or quiet; text: "" */
};

struct action {
	enum action_what what;
	int32_t pid;
	uint64_t start;
	const char *text;
	const struct profile *profile; /* borrowed; NULL: to be taken now */
	const char *kind;	       /* of the profile */
	bool growth;		       /* the profile is a difference */
	bool force;
};

/* Stops somebody, reads much: not while somebody waits for the screen. */
bool action_is_slow(const struct action *a);

struct source {
	void *arg;
	struct source_list *(*list)(void *arg, unsigned needs, struct err *e);
	struct source_detail *(*detail)(void *arg,
	    const struct source_request *r);
	/*
	 * What the action would mean: a question with its consequence, lines
	 * with warnings, and the command that does the same. Fails if it could
	 * not be done; *harm is then whether `force` would help.
	 */
	int (*plan)(void *arg, const struct action *a, struct buf *question,
	    struct buf *command, bool *harm, struct err *e);
	/* Does it; appends a sentence about what was done. */
	int (*act)(void *arg, const struct action *a, struct buf *said,
	    struct err *e);
};

#endif
