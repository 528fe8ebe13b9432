/* SPDX-License-Identifier: MIT */
/*
 * How far up a stack may be read.
 *
 * The initial thread's stack ends at __libc_stack_end, and the kernel keeps
 * other mappings out of the room that RLIMIT_STACK gave it at the start.
 * A thread that glibc made has its control block (the thread pointer) at the
 * top of its stack; struct pthread says where the stack begins. The offset of
 * that member is private to glibc, so it is learnt and not assumed: for the
 * initial thread glibc sets stackblock_size to __libc_stack_end itself
 * (sysdeps/nptl/dl-tls_init_tp.c), so the word that holds that value is it,
 * and stackblock is the word before (nptl/descr.h).
 *
 * On any other stack (coroutine, sigaltstack) only the page that sp is in is
 * known to be there.
 *
 * pthread_getattr_np is no way: it allocates and opens files.
 */
#include "agent/agent.h"
#include "agent/mini.h"

#include <sys/resource.h>

extern void *__libc_stack_end;

/* sizeof(struct pthread) is 0x900 in 2.36; the word is well inside. */
#define SEARCH 0x800

static uint64_t main_low;
static uint64_t size_offset; /* of stackblock_size, 0: unknown */
static uint64_t tid_offset;  /* of tid, 0: unknown */

static inline uint64_t
thread_pointer(void)
{
	uint64_t tp;

	__asm__("mov %%fs:0, %0" : "=r"(tp));
	return tp;
}

/*
 * The kernel stores 0 there when the thread has ended, so what looks there
 * knows. Found twice, it is not found.
 */
HIDDEN void
stackend_learn_tid(uint32_t tid)
{
	uint64_t tp = thread_pointer();

	for (uint64_t off = 8; off < SEARCH; off += 4) {
		if (*(uint32_t *)(tp + off) != tid)
			continue;
		if (tid_offset != 0) {
			tid_offset = 0;
			return;
		}
		tid_offset = off;
	}
}

/* Runs on the initial thread: nobody else exists yet. */
HIDDEN void
stackend_init(void)
{
	uint64_t end = (uint64_t)__libc_stack_end, tp = thread_pointer();
	/* Less than the least gap below the stack, 128 MiB (mmap_base). */
	uint64_t room = 100u << 20;
	struct rlimit limit;

	if (mini_call4(SYS_prlimit64, 0, RLIMIT_STACK, 0, &limit) == 0 &&
	    limit.rlim_cur < (UINT64_C(1) << 30) && limit.rlim_cur > room)
		room = limit.rlim_cur;
	main_low = end - room;
	for (uint64_t off = 8; off < SEARCH; off += 8)
		if (*(uint64_t *)(tp + off) == end) {
			size_offset = off;
			break;
		}
}

HIDDEN uint32_t
stackend_stack_offset(void)
{
	return size_offset != 0 ? (uint32_t)size_offset - 8 : 0;
}

HIDDEN uint32_t
stackend_tid_offset(void)
{
	return (uint32_t)tid_offset;
}

HIDDEN GROUPED uint64_t
stackend_find(uint64_t sp)
{
	uint64_t end = (uint64_t)__libc_stack_end;
	uint64_t tp, low, size;

	if (sp < end && sp >= main_low)
		return end;
	tp = thread_pointer();
	if (size_offset != 0 && sp < tp) {
		low = *(uint64_t *)(tp + size_offset - 8);
		size = *(uint64_t *)(tp + size_offset);
		if (low != 0 && low % 4096 == 0 && low <= sp &&
		    tp - low < size)
			return tp;
	}
	return (sp | 4095) + 1;
}
