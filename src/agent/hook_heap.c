/* SPDX-License-Identifier: MIT */
/*
 * The hooks of malloc and its kin.
 *
 * Each is two functions. The hot one is a subtraction and a branch, then a
 * jump to the real one; for free, one probe of a bit map. The slow one gets
 * there by a jump too, so that its return address is the caller's and the
 * walk begins outside the agent.
 */
#include "agent/agent.h"
#include "agent/keeper.h"
#include "agent/real.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

/* In one cache line: a pair would else need a third and a fourth. */
#define HOT __attribute__((aligned(64)))

/* Counts size against the countdown; true if the slow path must look. */
static inline __attribute__((always_inline)) bool
used_up(uint64_t size)
{
	uint64_t left = self.countdown;

	if (UNLIKELY(left <= size))
		return true;
	self.countdown = left - size;
	return false;
}

/*
 * An allocating function: its hot and its slow half. `size` is what counts,
 * from the arguments; `call` forwards.
 */
#define ALLOCATES(name, params, args, size, call)                              \
	static NOINLINE void *slow_##name params                               \
	{                                                                      \
		uint64_t bytes = (size), interval;                             \
		struct walk_regs caller;                                       \
		bool due = sample_due(bytes, &interval);                       \
		void *p = call;                                                \
                                                                               \
		if (due && p != NULL &&                                        \
		    !real_is_foreign((const void *)real.name)) {               \
			CALLER(&caller);                                       \
			sample_put(p, bytes, interval, &caller);               \
		}                                                              \
		return p;                                                      \
	}                                                                      \
                                                                               \
	EXPORT HOT void *name params                                           \
	{                                                                      \
		if (UNLIKELY(used_up(size)))                                   \
			return slow_##name args;                               \
		return call;                                                   \
	}

/* A product that overflows fails in the real function; it counts nothing. */
static inline uint64_t
product(size_t n, size_t size)
{
	size_t bytes;

	return __builtin_mul_overflow(n, size, &bytes) ? 0 : bytes;
}

/* clang-format off */
ALLOCATES(malloc, (size_t size), (size), size, real.malloc(size))
ALLOCATES(calloc, (size_t n, size_t size), (n, size), product(n, size),
    real.calloc(n, size))
ALLOCATES(aligned_alloc, (size_t alignment, size_t size), (alignment, size),
    size, real.aligned_alloc(alignment, size))
ALLOCATES(memalign, (size_t alignment, size_t size), (alignment, size), size,
    real.memalign(alignment, size))
ALLOCATES(valloc, (size_t size), (size), size, real.valloc(size))
ALLOCATES(pvalloc, (size_t size), (size), size, real.pvalloc(size))
/* clang-format on */

static NOINLINE int
slow_posix_memalign(void **p, size_t alignment, size_t size)
{
	struct walk_regs caller;
	uint64_t interval;
	bool due = sample_due(size, &interval);
	int rc = real.posix_memalign(p, alignment, size);

	if (due && rc == 0 && *p != NULL &&
	    !real_is_foreign((const void *)real.posix_memalign)) {
		CALLER(&caller);
		sample_put(*p, size, interval, &caller);
	}
	return rc;
}

EXPORT int
posix_memalign(void **p, size_t alignment, size_t size)
{
	if (UNLIKELY(used_up(size)))
		return slow_posix_memalign(p, alignment, size);
	return real.posix_memalign(p, alignment, size);
}

/*
 * A realloc is a free and a malloc: out first, because the real one may give
 * the old memory to somebody else before it returns; back in if it fails.
 * realloc(p, 0) that returns NULL has freed p in every allocator here.
 */
static NOINLINE void *
slow_realloc(void *p, size_t size)
{
	bool due = false, had;
	struct walk_regs caller;
	struct taken old;
	uint64_t interval;
	void *q;

	if (self.countdown <= size)
		due = sample_due(size, &interval);
	else
		self.countdown -= size;
	had = p != NULL && filter_maybe(p) && sample_take(p, &old);
	q = real.realloc(p, size);
	if (q == NULL) {
		if (had && size != 0)
			sample_restore(p, &old);
	} else if (due) {
		CALLER(&caller);
		sample_put(q, size, interval, &caller);
	}
	return q;
}

EXPORT HOT void *
realloc(void *p, size_t size)
{
	uint64_t left = self.countdown;

	if (UNLIKELY(left <= size || filter_maybe(p)))
		return slow_realloc(p, size);
	self.countdown = left - size;
	return real.realloc(p, size);
}

/*
 * Some allocators have one of their own and libc's calls realloc: done here
 * in terms of ours, it counts once with either. But when we are out, or when
 * an allocator that lacks it comes before us, it must go the way that it
 * would go without us: what is ours then is not what handed out p.
 */
EXPORT void *
reallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (UNLIKELY(!agent_armed()))
		return real.reallocarray(p, n, size);
	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, bytes);
}

static NOINLINE void
slow_free(void *p)
{
	struct taken t;

	sample_take(p, &t);
	/* The filter may take NULL for something that is known. */
	if (p != NULL && keeper_look_freed(p, __builtin_return_address(0)))
		return;
	real.free(p);
}

EXPORT HOT void
free(void *p)
{
	if (UNLIKELY(filter_maybe(p))) {
		slow_free(p);
		return;
	}
	real.free(p);
}

/* ---- for slots ------------------------------------------------------------------- */

/*
 * What the slots of a program lead to that the agent was attached to. A
 * thread that is idle between two armings keeps what was left of its
 * countdown; here it begins afresh at its first call. In the functions above
 * that would cost everybody a comparison, for what can only happen here.
 */
static inline __attribute__((always_inline)) void
begin_afresh(void)
{
	if (UNLIKELY(self.arming != load(&agent.arming)))
		self.countdown = 0;
}

#define ATTACHED(type, name, params, args)                                     \
	type attached_##name params HIDDEN;                                    \
	HIDDEN HOT type attached_##name params                                 \
	{                                                                      \
		begin_afresh();                                                \
		return name args;                                              \
	}

/* clang-format off */
ATTACHED(void *, malloc, (size_t size), (size))
ATTACHED(void *, calloc, (size_t n, size_t size), (n, size))
ATTACHED(void *, realloc, (void *p, size_t size), (p, size))
ATTACHED(void *, reallocarray, (void *p, size_t n, size_t size), (p, n, size))
ATTACHED(int, posix_memalign, (void **p, size_t alignment, size_t size),
    (p, alignment, size))
ATTACHED(void *, aligned_alloc, (size_t alignment, size_t size),
    (alignment, size))
ATTACHED(void *, memalign, (size_t alignment, size_t size), (alignment, size))
ATTACHED(void *, valloc, (size_t size), (size))
ATTACHED(void *, pvalloc, (size_t size), (size))
/* clang-format on */
