/* SPDX-License-Identifier: MIT */
/*
 * The hooks of operator new and delete, in all forms of C++17.
 *
 * libstdc++'s call malloc and free, which are hooked already: those are only
 * passed on, or they would count twice. Those of an allocator mostly do not,
 * so they are counted here. Which it is, the first call of a form shows:
 * jemalloc's aligned forms do call its aligned_alloc, its others do not. Only
 * forms of the object that malloc comes from are watched so; another's, an
 * arena on top of malloc, counts by what it takes from there.
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
#include "agent/hooks.h"
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

enum counts {
	COUNTS_NOT, /* comes by malloc, or is none of ours */
	COUNTS_UNKNOWN,
	COUNTS,
};

struct form {
	void *next; /* NULL until first called */
	enum counts counts;
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

static void *
find_next(const char *name, const struct link_map *from)
{
	const struct link_map *scope = real_scope();
	void *found = NULL;

	if (from != NULL && from != real_self())
		found = real_in(from, name);
	if (found == NULL && scope != NULL)
		found = real_from(scope, name);
	return found;
}

static void
settle(struct form *f, void *found)
{
	const struct link_map *allocator;

	if (found == NULL || __atomic_load_n(&f->next, __ATOMIC_ACQUIRE))
		return;
	allocator = real_owner((const void *)real.malloc);
	store(&f->counts,
	    allocator != NULL && real_owner(found) == allocator ?
		COUNTS_UNKNOWN :
		COUNTS_NOT);
	__atomic_store_n(&f->next, found, __ATOMIC_RELEASE);
}

static void resolve(struct form *f, const void *caller, void *fallback);

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

/* The first call of a form: did something that it called count already? */
static NOINLINE void *
first_new(size_t size, uintptr_t b, uintptr_t c, struct form *f)
{
	const uint64_t *frame = __builtin_frame_address(0);
	struct walk_regs caller = { frame[1], (uint64_t)(frame + 2),
		frame[0] };
	uint64_t left = self.countdown, interval;
	uint32_t asked = self.asked;
	void *p = ((new_fn *)f->next)(size, b, c);

	if (p == NULL || size == 0)
		return p;
	if (self.countdown != left || self.asked != asked) {
		store(&f->counts, COUNTS_NOT);
		return p;
	}
	store(&f->counts, COUNTS);
	if (self.countdown > size)
		self.countdown -= size;
	else if (sample_due(size, &interval))
		sample_put(p, size, interval, &caller);
	return p;
}

#define DEFINE_NEW(symbol, can_throw)                                          \
	static struct form form##symbol = { .name = #symbol };                 \
	void *symbol(size_t, uintptr_t, uintptr_t);                            \
	static NOINLINE void *late_##symbol(size_t size, uintptr_t b,          \
	    uintptr_t c)                                                       \
	{                                                                      \
		resolve(&form##symbol, __builtin_return_address(0),            \
		    can_throw ? (void *)new_by_malloc :                        \
				(void *)new_by_malloc_nothrow);                \
		return symbol(size, b, c);                                     \
	}                                                                      \
                                                                               \
	EXPORT void *symbol(size_t size, uintptr_t b, uintptr_t c)             \
	{                                                                      \
		new_fn *next =                                                 \
		    (new_fn *)__atomic_load_n(&form##symbol.next,              \
			__ATOMIC_ACQUIRE);                                     \
                                                                               \
		if (UNLIKELY(next == NULL))                                    \
			return late_##symbol(size, b, c);                      \
		if (load(&form##symbol.counts) == COUNTS_NOT)                  \
			return next(size, b, c);                               \
		if (UNLIKELY(load(&form##symbol.counts) == COUNTS_UNKNOWN))    \
			return first_new(size, b, c, &form##symbol);           \
		if (UNLIKELY(self.countdown <= size))                          \
			return slow_new(size, b, c, next);                     \
		self.countdown -= size;                                        \
		return next(size, b, c);                                       \
	}

/* One that calls free finds the entry gone there: looking costs little. */
#define DEFINE_DELETE(symbol)                                                  \
	static struct form form##symbol = { .name = #symbol };                 \
	void symbol(void *, uintptr_t, uintptr_t);                             \
	static NOINLINE void late_##symbol(void *p, uintptr_t b, uintptr_t c)  \
	{                                                                      \
		resolve(&form##symbol, __builtin_return_address(0),            \
		    (void *)delete_by_free);                                   \
		symbol(p, b, c);                                               \
	}                                                                      \
                                                                               \
	EXPORT void symbol(void *p, uintptr_t b, uintptr_t c)                  \
	{                                                                      \
		delete_fn *next =                                              \
		    (delete_fn *)__atomic_load_n(&form##symbol.next,           \
			__ATOMIC_ACQUIRE);                                     \
		struct taken t;                                                \
                                                                               \
		if (UNLIKELY(next == NULL)) {                                  \
			late_##symbol(p, b, c);                                \
			return;                                                \
		}                                                              \
		if (load(&form##symbol.counts) != COUNTS_NOT &&                \
		    UNLIKELY(filter_maybe(p)))                                 \
			sample_take(p, &t);                                    \
		next(p, b, c);                                                 \
	}

NEW_FORMS(DEFINE_NEW)
DELETE_FORMS(DEFINE_DELETE)

static struct form *const forms[] = {
#define NEW(symbol, can_throw) &form##symbol,
#define DELETE(symbol) &form##symbol,
	NEW_FORMS(NEW) DELETE_FORMS(DELETE)
};

/*
 * All forms at once, so that what one object's new returns does not go to
 * another's delete because a library was loaded in between.
 */
static void
resolve(struct form *f, const void *caller, void *fallback)
{
	const struct link_map *from = real_owner(caller);

	real_resolve();
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		settle(forms[i], find_next(forms[i]->name, from));
	settle(f, fallback);
}

/* ---- for slots ------------------------------------------------------------------- */

/*
 * Entries for slots, as in hook_heap.c. Where the definition is not the
 * allocator's, there is no need of one.
 */
#define ATTACHED_NEW(symbol, can_throw)                                        \
	static void *attached##symbol(size_t size, uintptr_t b, uintptr_t c)   \
	{                                                                      \
		if (UNLIKELY(self.arming != load(&agent.arming)))              \
			self.countdown = 0;                                    \
		return symbol(size, b, c);                                     \
	}
NEW_FORMS(ATTACHED_NEW)

static void *originals[sizeof forms / sizeof forms[0]];

static const struct hook rows[] = {
#define NEW_ROW(symbol, can_throw) { #symbol, attached##symbol, NULL, false },
#define DELETE_ROW(symbol) { #symbol, symbol, NULL, true },
	NEW_FORMS(NEW_ROW) DELETE_FORMS(DELETE_ROW)
};
_Static_assert(sizeof rows / sizeof rows[0] == HOOK_NEW_FORMS, "one each");

HIDDEN void
hook_new_prepare(struct hook *out)
{
	for (unsigned i = 0; i < HOOK_NEW_FORMS; i++) {
		settle(forms[i], find_next(forms[i]->name, NULL));
		if (load(&forms[i]->counts) != COUNTS_NOT)
			originals[i] = acquire(&forms[i]->next);
		out[i] = rows[i];
		out[i].original = &originals[i];
	}
}
