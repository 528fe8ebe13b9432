/* SPDX-License-Identifier: MIT */
/*
 * The functions that the hooks forward to: the next definitions after ours in
 * the loader's order, found by reading the ELF hash tables of the loaded
 * objects. Not dlsym: it may allocate, takes the loader's lock, and may be
 * interposed itself. Never __libc_malloc: a program linked to another
 * allocator would then free what libc allocated (redis on jemalloc dies so).
 *
 * In an agent that was loaded late they are the first definitions of all,
 * which is what the program's slots hold. Never what our own import says: in
 * a program that is not position-independent and takes the address of free,
 * that is an entry in the program that jumps through its slot, so, once that
 * is patched, to ourselves.
 *
 * Before the first use each pointer leads to a stub that resolves all and
 * goes on, so that the hot path needs no test.
 */
#ifndef ULLAGE_AGENT_REAL_H
#define ULLAGE_AGENT_REAL_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct real {
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void *(*reallocarray)(void *, size_t, size_t);
	void (*free)(void *);
	int (*posix_memalign)(void **, size_t, size_t);
	void *(*aligned_alloc)(size_t, size_t);
	void *(*memalign)(size_t, size_t);
	void *(*valloc)(size_t);
	void *(*pvalloc)(size_t);
	pid_t (*fork)(void);
	pid_t (*Fork)(void);
	int (*daemon)(int, int);
	pid_t (*forkpty)(int *, char *, const void *, const void *);
	int (*prctl)(int, unsigned long, unsigned long, unsigned long,
	    unsigned long);
	long (*syscall)(long, long, long, long, long, long, long);
};
extern struct real real __attribute__((visibility("hidden")));

/* True if malloc and free were found. */
bool real_resolved(void) __attribute__((visibility("hidden")));

/* Fills `real`; idempotent, cheap when done. */
void real_resolve(void) __attribute__((visibility("hidden")));

/*
 * Bytes that the allocator set aside for p; `size` if it cannot say. Every
 * allocator here answers from the chunk or a page map, without a lock.
 */
size_t real_usable(const void *p, size_t size)
    __attribute__((visibility("hidden")));

/*
 * True if a function of `real` that allocates is of another object than
 * malloc: jemalloc has no pvalloc, so that of libc takes its place. What it
 * returns is no chunk of the allocator, which must not be asked about it.
 */
bool real_is_foreign(const void *function)
    __attribute__((visibility("hidden")));

/* Our own place in the loader's list. */
const struct link_map *real_self(void) __attribute__((visibility("hidden")));

/*
 * Once, in the constructor: true if we were loaded into a running program.
 * libc comes before us in the list then, where a preloaded object comes before
 * libc. Calls do not come to us by our names.
 */
bool real_is_late(void) __attribute__((visibility("hidden")));

/*
 * Calls f while nothing is loaded or unloaded. In a late agent whatever goes
 * through the list runs so; f calls nothing that loads.
 */
void real_locked(void (*f)(void *), void *arg)
    __attribute__((visibility("hidden")));

/* Where the search for what we forward to begins: after us, or, when we are
 * late, with the first of all. NULL if we cannot find ourselves. */
const struct link_map *real_scope(void) __attribute__((visibility("hidden")));

/* The libc that the program runs with, for a late agent. */
const struct link_map *real_libc(void) __attribute__((visibility("hidden")));

/*
 * The definition of a function in one object, or in the first of the list
 * that begins with `from` (skipping ourselves); NULL if there is none.
 */
void *real_in(const struct link_map *object, const char *name)
    __attribute__((visibility("hidden")));
void *real_from(const struct link_map *from, const char *name)
    __attribute__((visibility("hidden")));

/* The same for many names at once; found[i] stays as it is if not NULL. */
void real_fill(const struct link_map *from, const char *const *names,
    void **found, unsigned n) __attribute__((visibility("hidden")));

/* The object that an address belongs to, or NULL. */
const struct link_map *real_owner(const void *address)
    __attribute__((visibility("hidden")));

#endif
