/* SPDX-License-Identifier: MIT */
/*
 * Where in a process code of ours can go, and which functions of its own C
 * library it may call. Found from outside, without stopping anything.
 */
#ifndef ULLAGE_ATTACH_SITE_H
#define ULLAGE_ATTACH_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attach/stub.h"
#include "base/err.h"
#include "proc/maps.h"
#include "symbol/rooted.h"

struct cave {
	uint64_t address; /* 16-aligned */
	uint64_t room;	  /* bytes to the end of its page; 0: there is none */
};

enum site_function {
	SITE_ERRNO_LOCATION,
	SITE_PTHREAD_CREATE,
	SITE_PTHREAD_SIGMASK,
	SITE_PTHREAD_DETACH,
	SITE_GETTID,
	SITE_DLOPEN,
	SITE_DLSYM,
	SITE_DLERROR,
	SITE_FUNCTIONS
};

struct site {
	int32_t pid;
	int32_t body; /* a thread by which its files in /proc are reached: the
		       * first one may have ended before the others */
	/*
	 * Its memory. Opened before anything else was read: whatever it
	 * executes meanwhile, this leads to the old memory or to none.
	 */
	int mem;
	bool writable; /* mem, that is */
	struct maps maps;
	struct rooted root; /* its own */
	int exe;	    /* its program's file, or -1 */
	bool libc_known;
	int libc_minor; /* of 2.N; -1: not a glibc */
	char libc_path[512];
	uint64_t functions[SITE_FUNCTIONS]; /* addresses; 0: it has none */
	const char *missing;		    /* the first that it has not */
	struct cave code, status;
};

#define SITE_NONE                                                              \
	((struct site){ .mem = -1, .exe = -1, .libc_minor = -1, .root.fd = -1 })

/*
 * Opens what can be opened. -1 with e: ERR_GONE if there is no such process,
 * ERR_DENIED if its memory may not be written. site_close in any case.
 */
int site_open(struct site *s, int32_t pid, struct err *e);
void site_close(struct site *s);

/* Finds libc, the functions and the caves; what is not there is 0. */
void site_find(struct site *s);

/* "/proc/PID/task/BODY/NAME" */
void site_path(const struct site *s, const char *name, char *out,
    size_t room);

bool site_read(const struct site *s, uint64_t address, void *to, size_t len);
bool site_write(const struct site *s, uint64_t address, const void *from,
    size_t len);
/* Whether the memory that was opened is still somebody's. */
bool site_is_there(const struct site *s);

bool site_status(const struct site *s, struct stub_status *status);

/*
 * The number of the call that a thread waits in at pc. Where the kernel says
 * restart_syscall, which goes on with a wait that something interrupted, the
 * code in front of pc tells which: -1 if not even that.
 */
int64_t site_call_number(const struct site *s, int64_t number, uint64_t pc);

/*
 * Whether nobody needs the code that an earlier attach left in the caves:
 * -1 with e if one is under way. To be asked again and again with the same
 * *ran, 0 at first: a thread that runs whenever it is looked at has left when
 * it has run for a while.
 */
int site_is_free(const struct site *s, uint64_t *ran, struct err *e);

#endif
