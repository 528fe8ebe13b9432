/* SPDX-License-Identifier: MIT */
/*
 * The system calls and strings allowed in the agent. Results of calls are
 * those of the kernel: negative error numbers, errno untouched.
 */
#ifndef ULLAGE_AGENT_MINI_H
#define ULLAGE_AGENT_MINI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

static inline long
mini_syscall(long n, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long rc;

	__asm__ volatile("syscall"
			 : "=a"(rc)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
			 "r"(r9)
			 : "rcx", "r11", "memory");
	return rc;
}

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/*
 * Gives the calling thread an empty descriptor table of its own, so that what
 * it opens takes no number from the program (CLOSE_RANGE_UNSHARE, Linux 5.9).
 */
static inline bool
mini_own_files(void)
{
	return mini_syscall(SYS_close_range, 0, UINT32_MAX, 2, 0, 0, 0) == 0;
}

#define mini_call1(n, a) mini_syscall(n, (long)(a), 0, 0, 0, 0, 0)
#define mini_call2(n, a, b) mini_syscall(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define mini_call3(n, a, b, c)                                                 \
	mini_syscall(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define mini_call4(n, a, b, c, d)                                              \
	mini_syscall(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)

size_t mini_length(const char *s);
bool mini_equal(const char *a, const char *b);
bool mini_starts(const char *s, const char *prefix);
void mini_zero(void *p, size_t n);

/* Copies at most size - 1 bytes and a NUL. Returns the length of s. */
size_t mini_copy(char *out, size_t size, const char *s);

/* Appends to a NUL-terminated text of that capacity; cut if too long. */
void mini_append(char *out, size_t size, const char *s);
void mini_append_number(char *out, size_t size, uint64_t n);

/* "512k", "1m", "4g", "100": false if malformed. */
bool mini_parse_size(const char *s, uint64_t *value);

/* Decimal digits up to the first other character; *end is that character. */
uint64_t mini_parse_number(const char *s, const char **end);

#endif
