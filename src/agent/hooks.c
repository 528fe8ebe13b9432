/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "agent/hooks.h"
#include "agent/calls.h"
#include "agent/mini.h"
#include "agent/real.h"
#include "agent/slots.h"

/*
 * The addresses of our own definitions. No headers: those declare some of
 * them otherwise. (The linker binds them to ours: -Bsymbolic-functions.)
 */
#define OURS(name) extern const char ours_##name[] __asm__(#name);
#define ATTACHED(name)                                                         \
	extern const char entry_##name[] __asm__("attached_" #name) HIDDEN;

/* Those that take, through an entry of their own; and those that give back. */
#define TAKES(X)                                                               \
	X(malloc) X(calloc) X(aligned_alloc) X(memalign) X(valloc) X(pvalloc)  \
	X(posix_memalign)
#define GIVES(X) X(realloc) X(reallocarray)
#define PROCESS(X) X(fork) X(daemon) X(forkpty) X(prctl) X(syscall)

TAKES(ATTACHED)
GIVES(ATTACHED)
PROCESS(OURS)
CALLS(OURS)
OURS(free)
OURS(_Fork)

#define REAL(name) ((void *const *)(const void *)&real.name)

static const struct hook fixed[] = {
	{ "free", ours_free, REAL(free), true },
#define ROW(name) { #name, entry_##name, REAL(name), true },
	GIVES(ROW)
#undef ROW
#define ROW(name) { #name, entry_##name, REAL(name), false },
	TAKES(ROW)
#undef ROW
#define ROW(name) { #name, ours_##name, REAL(name), false },
	PROCESS(ROW)
#undef ROW
	{ "_Fork", ours__Fork, REAL(Fork), false },
	{ "dlopen", slots_dlopen_entry, &slots_dlopen, false },
#define ROW(name) { #name, ours_##name, &calls[CALL_##name], false },
	CALLS(ROW)
#undef ROW
};
#define FIXED (sizeof fixed / sizeof fixed[0])

/* Taken out before what they belong to is given back. */
static const char *const closers[] = { "close", "fclose", "pclose",
	"closedir", "close_range", "closefrom", "pthread_join",
	"pthread_detach", "thrd_join", "thrd_detach" };

#define PLACES 512 /* of the hash; a power of two */

static struct hook all[FIXED + HOOK_NEW_FORMS];
static uint16_t places[PLACES]; /* index into all plus one; 0: none */
_Static_assert(FIXED + HOOK_NEW_FORMS < PLACES / 2, "enough of them");

static uint32_t
hash(const char *name)
{
	uint32_t h = 5381;

	for (; *name != '\0'; name++)
		h = h * 33 + (unsigned char)*name;
	return h;
}

/*
 * Which first three letters there are. A large C++ library has a hundred
 * thousand names of a hundred letters; this rules out all but a few.
 */
static uint64_t beginnings[16];

static uint32_t
beginning(const char *name)
{
	uint32_t h = 0;

	for (unsigned i = 0; i < 3 && name[i] != '\0'; i++)
		h = h * 31 + (unsigned char)name[i];
	return h % (sizeof beginnings * 8);
}

static void
place(uint16_t i)
{
	uint32_t at = hash(all[i].name) % PLACES;
	uint32_t b = beginning(all[i].name);

	beginnings[b / 64] |= UINT64_C(1) << b % 64;
	while (places[at] != 0)
		at = (at + 1) % PLACES;
	places[at] = i + 1;
}

HIDDEN const struct hook *
hooks_find(const char *name)
{
	uint32_t b = beginning(name), at;

	if (!(beginnings[b / 64] >> b % 64 & 1))
		return NULL;
	at = hash(name) % PLACES;
	for (; places[at] != 0; at = (at + 1) % PLACES)
		if (mini_equal(all[places[at] - 1].name, name))
			return &all[places[at] - 1];
	return NULL;
}

HIDDEN void
hooks_prepare(void *unused)
{
	const struct link_map *from = real_scope();

	(void)unused;
	real_resolve();
	hook_new_prepare(all + FIXED);
	if (slots_dlopen == NULL && from != NULL)
		store(&slots_dlopen, real_from(from, "dlopen"));
	if (all[0].name != NULL)
		return;
	for (uint16_t i = 0; i < FIXED; i++) {
		all[i] = fixed[i];
		for (unsigned c = 0; c < sizeof closers / sizeof closers[0];
		     c++)
			all[i].gives_back |=
			    mini_equal(all[i].name, closers[c]);
	}
	for (uint16_t i = 0; i < FIXED + HOOK_NEW_FORMS; i++)
		place(i);
}
