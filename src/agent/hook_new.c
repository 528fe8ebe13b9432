/* SPDX-License-Identifier: MIT */
/*
 * The hooks of operator new and delete, in all forms of C++17.
 *
 * libstdc++'s call malloc and free, which are hooked already: those are only
 * passed on, or they would count twice. tcmalloc's, jemalloc's and mimalloc's
 * do not, so they are counted here; the test is whether new and malloc come
 * from the same object.
 *
 * A C program may load libstdc++ late, with a plug-in, in a private scope
 * that a search from our place does not see: so each name is looked up when
 * it is first called, and then in the caller's object too.
 *
 * The forms differ only in arguments that are passed in registers; all three
 * are handed on. bad_alloc passes through: these frames have unwind tables
 * and nothing to clean up.
 */
#include "agent/agent.h"
#include "agent/real.h"

#include <stdlib.h>

/* X(symbol, throws): operator new, then new[]; size comes first. */
#define NEW_FORMS(X)                                                           \
	X(_Znwm, true)                                                         \
	X(_Znam, true)                                                         \
	X(_ZnwmRKSt9nothrow_t, false)                                          \
	X(_ZnamRKSt9nothrow_t, false)                                          \
	X(_ZnwmSt11align_val_t, true)                                          \
	X(_ZnamSt11align_val_t, true)                                          \
	X(_ZnwmSt11align_val_tRKSt9nothrow_t, false)                           \
	X(_ZnamSt11align_val_tRKSt9nothrow_t, false)

/* Operator delete, then delete[]; the pointer comes first. */
#define DELETE_FORMS(X)                                                        \
	X(_ZdlPv)                                                              \
	X(_ZdaPv)                                                              \
	X(_ZdlPvm)                                                             \
	X(_ZdaPvm)                                                             \
	X(_ZdlPvRKSt9nothrow_t)                                                \
	X(_ZdaPvRKSt9nothrow_t)                                                \
	X(_ZdlPvSt11align_val_t)                                               \
	X(_ZdaPvSt11align_val_t)                                               \
	X(_ZdlPvmSt11align_val_t)                                              \
	X(_ZdaPvmSt11align_val_t)                                              \
	X(_ZdlPvSt11align_val_tRKSt9nothrow_t)                                 \
	X(_ZdaPvSt11align_val_tRKSt9nothrow_t)

typedef void *new_fn(size_t, uintptr_t, uintptr_t);
typedef void delete_fn(void *, uintptr_t, uintptr_t);

struct form {
	void *next;	    /* NULL until first called */
	bool counts;	    /* does not come by malloc or free */
	bool throws;
	const char *name;
};

/* Nobody defines it: only a program without a C++ runtime can get here. */
static void *
new_by_malloc(size_t size, uintptr_t b, uintptr_t c)
{
	void *p = malloc(size ? size : 1);

	(void)b, (void)c;
	if (p == NULL)
		abort();
	return p;
}

static void *
new_by_malloc_nothrow(size_t size, uintptr_t b, uintptr_t c)
{
	(void)b, (void)c;
	return malloc(size ? size : 1);
}

static void
delete_by_free(void *p, uintptr_t b, uintptr_t c)
{
	(void)b, (void)c;
	free(p);
}

static NOINLINE void *
resolve(struct form *f, const void *caller, void *fallback)
{
	const struct link_map *own = real_self(), *from = real_owner(caller);
	void *found = NULL;

	real_resolve();
	if (own != NULL)
		found = real_from(own->l_next, f->name);
	if (from != NULL && from != own &&
	    (found == NULL || real_in(from, f->name) != NULL))
		found = real_in(from, f->name);
	if (found == NULL)
		found = fallback;
	f->counts = found != fallback &&
	    real_owner(found) == real_owner((const void *)real.malloc);
	__atomic_store_n(&f->next, found, __ATOMIC_RELEASE);
	return found;
}

static NOINLINE void *
slow_new(size_t size, uintptr_t b, uintptr_t c, new_fn *next)
{
	const uint64_t *frame = __builtin_frame_address(0);
	struct walk_regs caller = { frame[1], (uint64_t)(frame + 2),
		frame[0] };
	uint64_t interval;
	bool due = sample_due(size, &interval);
	void *p = next(size, b, c);

	if (due && p != NULL)
		sample_put(p, size, interval, &caller);
	return p;
}

#define DEFINE_NEW(symbol, can_throw)                                          \
	static struct form form##symbol = { .throws = can_throw,               \
		.name = #symbol };                                             \
	void *symbol(size_t, uintptr_t, uintptr_t);                            \
	EXPORT void *symbol(size_t size, uintptr_t b, uintptr_t c)             \
	{                                                                      \
		new_fn *next =                                                 \
		    (new_fn *)__atomic_load_n(&form##symbol.next,              \
			__ATOMIC_ACQUIRE);                                     \
                                                                               \
		if (UNLIKELY(next == NULL))                                    \
			next = (new_fn *)resolve(&form##symbol,                \
			    __builtin_return_address(0),                       \
			    can_throw ? (void *)new_by_malloc :                \
					(void *)new_by_malloc_nothrow);        \
		if (!form##symbol.counts)                                      \
			return next(size, b, c);                               \
		if (UNLIKELY(self.countdown <= size))                          \
			return slow_new(size, b, c, next);                     \
		self.countdown -= size;                                        \
		return next(size, b, c);                                       \
	}

#define DEFINE_DELETE(symbol)                                                  \
	static struct form form##symbol = { .name = #symbol };                 \
	void symbol(void *, uintptr_t, uintptr_t);                             \
	EXPORT void symbol(void *p, uintptr_t b, uintptr_t c)                  \
	{                                                                      \
		delete_fn *next =                                              \
		    (delete_fn *)__atomic_load_n(&form##symbol.next,           \
			__ATOMIC_ACQUIRE);                                     \
		struct taken t;                                                \
                                                                               \
		if (UNLIKELY(next == NULL))                                    \
			next = (delete_fn *)resolve(&form##symbol,             \
			    __builtin_return_address(0),                       \
			    (void *)delete_by_free);                           \
		if (form##symbol.counts && UNLIKELY(filter_maybe(p)))          \
			sample_take(p, &t);                                    \
		next(p, b, c);                                                 \
	}

NEW_FORMS(DEFINE_NEW)
DELETE_FORMS(DEFINE_DELETE)
