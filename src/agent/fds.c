/* SPDX-License-Identifier: MIT */
/*
 * Descriptor table: number → who opened it, and when.
 *
 * A word for each number, so a table of what is open costs what the highest
 * number costs, in steps of 64 KiB. Between the call that opens and the
 * return to the program nobody else has the number, and an entry is taken out
 * before the call that closes: so an entry has one writer at a time in every
 * program that does not close what is not its own.
 *
 * Nothing here is sampled. What is closed behind our back (exec, a raw
 * system call, a library's own) leaves its entry behind until the number is
 * opened again; the reader asks the kernel.
 */
#include "config.h"

#include "agent/agent.h"

/* ---- blocks of the segment ----------------------------------------------------- */

/*
 * Which of them have memory, one bit each: as segment_reserved says, but on a
 * line of the cache that is read anyway.
 */
#define BLOCK (64u * 1024u)
#define SLOT_OFF(slot) (ULL_FDS_OFF + (slot) * 8u)

static inline uint32_t
block_bit(uint32_t slot)
{
	return 1u << (SLOT_OFF(slot) / BLOCK - ULL_FDS_OFF / BLOCK);
}

static inline bool
has_memory(uint32_t slot)
{
	return load(&agent.fds_blocks) & block_bit(slot);
}

static NOINLINE bool
get_memory(uint32_t slot)
{
	if (!segment_reserve(SLOT_OFF(slot), 8))
		return false;
	__atomic_fetch_or(&agent.fds_blocks, block_bit(slot),
	    __ATOMIC_RELEASE);
	return true;
}

HIDDEN void
fds_reserve_ahead(void)
{
	if (agent_writes() && !has_memory(0))
		get_memory(0);
}

/* ---- opening and closing ------------------------------------------------------- */

/* The same number again was closed unseen, or else it shares a slot. */
static NOINLINE void
note_replaced(uint64_t old, uint64_t word)
{
	uint32_t turn = ull_fd_turn(old);

	if (turn != 0)
		loss(turn == ull_fd_turn(word) ? ULL_LOSS_FDS_STALE :
						 ULL_LOSS_FDS_FULL);
}

static inline void
put(uint32_t fd, uint32_t stack, enum ull_fd_kind kind, uint32_t birth)
{
	uint32_t slot = fd % ULL_FDS;
	uint64_t word = ull_fd_word(fd, stack, kind, birth);

	if (UNLIKELY(fd / ULL_FDS >= ULL_FD_TURNS ||
		    (!has_memory(slot) && !get_memory(slot)))) {
		loss(ULL_LOSS_FDS_FULL);
		return;
	}
	if (UNLIKELY(load(&agent.fds[slot]) != 0))
		note_replaced(load(&agent.fds[slot]), word);
	store(&agent.fds[slot], word);
}

HIDDEN GROUPED void
fds_opened(const int *fds, unsigned n, enum ull_fd_kind kind,
    const struct walk_regs *caller)
{
	uint32_t stack;
	uint64_t time;

	if (UNLIKELY(!agent_records() || agent_vforked()))
		return;
	stack = sample_stack(caller, &time);
	add(&agent.stacks[stack].opened_fds, n);
	for (unsigned i = 0; i < n; i++)
		put((uint32_t)fds[i], stack, kind,
		    (uint32_t)(time / 62500000u));
}

HIDDEN GROUPED void
fds_close(int fd)
{
	uint32_t slot = (uint32_t)fd % ULL_FDS;

	if (UNLIKELY(fd < 0 || !has_memory(slot) || !agent_writes() ||
		    agent_vforked()))
		return;
	if (ull_fd_turn(load(&agent.fds[slot])) == (uint32_t)fd / ULL_FDS + 1)
		store(&agent.fds[slot], 0);
}

HIDDEN void
fds_close_range(unsigned first, unsigned last)
{
	if (!agent_writes() || agent_vforked())
		return;
	for (uint32_t slot = 0; slot < ULL_FDS; slot++) {
		uint64_t word, fd;

		if (!has_memory(slot)) {
			/* On to the next block. */
			slot |= BLOCK / 8 / 2 - 1;
			continue;
		}
		word = load(&agent.fds[slot]);
		fd = slot + ((uint64_t)ull_fd_turn(word) - 1) * ULL_FDS;
		if (ull_fd_turn(word) != 0 && fd >= first && fd <= last)
			store(&agent.fds[slot], 0);
	}
}

HIDDEN enum ull_fd_kind
fds_kind(int fd)
{
	uint32_t slot = (uint32_t)fd % ULL_FDS;
	uint64_t word;

	if (fd < 0 || !has_memory(slot) || !agent_writes())
		return ULL_FD_ANY;
	word = load(&agent.fds[slot]);
	return ull_fd_turn(word) == (uint32_t)fd / ULL_FDS + 1 ?
	    (enum ull_fd_kind)ull_fd_kind(word) :
	    ULL_FD_ANY;
}

_Static_assert(ULL_FDS_OFF % (BLOCK / 2) == 0, "blocks begin at half of one");
