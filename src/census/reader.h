/* SPDX-License-Identifier: MIT */
/*
 * Memory of a target, read in pieces. A reader is a few functions, so that the
 * walk can be tried over a heap that is made up in a buffer.
 *
 * A page that is not there is never asked for: reading it would fault it in
 * (a heap that is over-committed would grow by being looked at), and a page
 * that userfaultfd or FUSE supplies could keep us waiting for ever.
 */
#ifndef ULLAGE_CENSUS_READER_H
#define ULLAGE_CENSUS_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CENSUS_PAGE UINT64_C(4096)
#define CENSUS_USER_END (UINT64_C(1) << 47)

/* Of a page; 0: it is not there. */
#define PAGE_PRESENT 1u
#define PAGE_SWAPPED 2u

struct census_reader;

/* Something that takes many reads: its result is in out, of so many bytes. */
typedef size_t (*census_job)(const struct census_reader *r, const void *in,
    void *out, size_t room);

struct census_reader {
	/* Bytes read, fewer at a page that cannot be read; -1: none. */
	ssize_t (*read)(void *arg, uint64_t address, void *to, size_t len);
	/* Many of the same length in one go, one after another in `to`; bytes
	 * read. NULL: there is no such thing. */
	ssize_t (*read_many)(void *arg, const uint64_t *address, size_t n,
	    void *to, size_t len);
	/* there[i]: page i from `address` on is in memory or in swap. */
	void (*pages)(void *arg, uint64_t address, size_t n, uint8_t *there);
	/* Both, for whole pages: there[i] and the bytes of those that are, in
	 * memory that was borrowed. NULL: one after the other will do. */
	void (*load)(void *arg, uint64_t address, size_t n, uint8_t *there,
	    unsigned char *bytes);
	/*
	 * Memory into which reads are cheapest, given back in the reverse
	 * order. NULL: the allocator's will do.
	 */
	void *(*borrow)(void *arg, size_t size);
	void (*give_back)(void *arg, void *bytes);
	/* Does a job where reads are cheapest; 0 if it could not be done. */
	size_t (*call)(void *arg, census_job job, const void *in, size_t n,
	    void *out, size_t room);
	void *arg;
};

/* Of census_call: what goes in, and what comes out at most. */
#define CENSUS_IN 128
#define CENSUS_ROOM (2 * CENSUS_PAGE)

size_t census_call(const struct census_reader *r, census_job job,
    const void *in, size_t n, void *out, size_t room);

/* All of it or false; pages that are not there are false too. At most
 * CENSUS_ROOM bytes. */
bool census_read(const struct census_reader *r, uint64_t address, void *to,
    size_t len);
bool census_word(const struct census_reader *r, uint64_t address,
    uint64_t *word);

/* At most so many. */
#define CENSUS_MANY 16
ssize_t census_read_many(const struct census_reader *r,
    const uint64_t *address, size_t n, void *to, size_t len);

/* What load does, by pages and read. */
void census_load(const struct census_reader *r, uint64_t start, size_t n,
    uint8_t *there, unsigned char *bytes);

/* What of [start, end), whole pages, is in memory: bytes. */
uint64_t census_resident(const struct census_reader *r, uint64_t start,
    uint64_t end);

/* ---- a window that slides over a heap ----------------------------------- */

#define CENSUS_WINDOW_PAGES 256

struct census_window {
	const struct census_reader *reader;
	uint64_t start, end;		     /* whole pages; empty: equal */
	size_t pages;			     /* how many to read at a time */
	uint8_t there[CENSUS_WINDOW_PAGES];
	uint64_t old_start, old_end;	     /* where it was before */
	uint8_t old_there[CENSUS_WINDOW_PAGES];
	unsigned char *bytes;
	bool borrowed; /* else owned */
};

void census_window_init(struct census_window *w,
    const struct census_reader *r, size_t pages);
void census_window_fini(struct census_window *w);

/* What was read is forgotten. */
void census_window_drop(struct census_window *w);

/*
 * The bytes at an address, up to `len`; *got is how many there are before a
 * page that is not there or the window's end, at least `need`, or NULL. The
 * window moves so that it begins at the page of the address if it must.
 */
const unsigned char *census_window_at(struct census_window *w,
    uint64_t address, size_t need, size_t len, size_t *got);

/* As census_resident, without asking for what the window knows. */
uint64_t census_window_resident(const struct census_window *w, uint64_t start,
    uint64_t end);

/* ---- a live process ------------------------------------------------------ */

struct census_process;
struct err;

/*
 * NULL: it is gone, or may not be read. A child of ours does the reading, so
 * that a page which never comes costs that child and not us.
 */
struct census_process *census_process_open(int32_t pid, struct err *e);
void census_process_close(struct census_process *p);

/* Whether its memory may be read at all: tries a page of a mapping. */
struct mappings;
int census_process_check(struct census_process *p, const struct mappings *m,
    struct err *e);
struct census_reader census_process_reader(struct census_process *p);

/*
 * So many bytes will be read: how long to pause before each piece follows, so
 * that caches and memory are mostly the target's, and an end is in sight.
 */
void census_process_pace(struct census_process *p, uint64_t bytes);

/* How often a read was given up because nothing came. */
unsigned census_process_stuck(const struct census_process *p);

/* CPU time of ours and of the child so far: ns. */
uint64_t census_process_cost(const struct census_process *p);

#endif
