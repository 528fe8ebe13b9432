/* SPDX-License-Identifier: MIT */
/*
 * A process with many distinct stacks: 2,000 functions of four calls each, of
 * which every stack takes 24 at random.
 *
 * stacks-victim [STACKS]: makes one allocation under each of STACKS (10,000)
 * stacks and keeps it, prints "ready PID", and ends when its standard input
 * does. To be run at interval 1, so that each is recorded.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DEPTH 24
#define FUNCTIONS 2000

typedef void function(unsigned depth, uint64_t path);

static function *const functions[FUNCTIONS];

static __attribute__((noinline)) void
leave(uint64_t path)
{
	void *volatile p = malloc(16 + path % 64);

	(void)p;
}

static inline uint64_t
next(uint64_t path)
{
	return path * 6364136223846793005u + 1442695040888963407u;
}

static inline function *
function_of(uint64_t path)
{
	return functions[(path >> 33) % FUNCTIONS];
}

/* Four calls, so that a function has four return addresses; none is a jump
 * that leaves no frame. */
#define F(name)                                                                \
	static __attribute__((noinline)) void name(unsigned depth,             \
	    uint64_t path)                                                     \
	{                                                                      \
		uint64_t p = next(path);                                       \
                                                                               \
		if (depth == 0)                                                \
			leave(p);                                              \
		else if (p >> 62 == 0)                                         \
			function_of(p)(depth - 1, p);                          \
		else if (p >> 62 == 1)                                         \
			function_of(p)(depth - 1, p + 1);                      \
		else if (p >> 62 == 2)                                         \
			function_of(p)(depth - 1, p + 2);                      \
		else                                                           \
			function_of(p)(depth - 1, p + 3);                      \
		__asm__ volatile("" : : "r"(depth) : "memory");                \
	}

#define TEN(X, n)                                                              \
	X(n##0) X(n##1) X(n##2) X(n##3) X(n##4)                                \
	X(n##5) X(n##6) X(n##7) X(n##8) X(n##9)

#define HUNDRED(X, n)                                                          \
	TEN(X, n##0) TEN(X, n##1) TEN(X, n##2) TEN(X, n##3) TEN(X, n##4)       \
	TEN(X, n##5) TEN(X, n##6) TEN(X, n##7) TEN(X, n##8) TEN(X, n##9)

/* clang-format off */
/* A line for each hundred, so that lines differ too. */
HUNDRED(F, a)
HUNDRED(F, b)
HUNDRED(F, c)
HUNDRED(F, d)
HUNDRED(F, e)
HUNDRED(F, f)
HUNDRED(F, g)
HUNDRED(F, h)
HUNDRED(F, i)
HUNDRED(F, j)
HUNDRED(F, k)
HUNDRED(F, l)
HUNDRED(F, m)
HUNDRED(F, n)
HUNDRED(F, o)
HUNDRED(F, p)
HUNDRED(F, q)
HUNDRED(F, r)
HUNDRED(F, s)
HUNDRED(F, t)

#define NAME(name) name,

static function *const functions[FUNCTIONS] = {
	HUNDRED(NAME, a) HUNDRED(NAME, b) HUNDRED(NAME, c) HUNDRED(NAME, d)
	HUNDRED(NAME, e) HUNDRED(NAME, f) HUNDRED(NAME, g) HUNDRED(NAME, h)
	HUNDRED(NAME, i) HUNDRED(NAME, j) HUNDRED(NAME, k) HUNDRED(NAME, l)
	HUNDRED(NAME, m) HUNDRED(NAME, n) HUNDRED(NAME, o) HUNDRED(NAME, p)
	HUNDRED(NAME, q) HUNDRED(NAME, r) HUNDRED(NAME, s) HUNDRED(NAME, t)
};
/* clang-format on */

int
main(int argc, char **argv)
{
	unsigned stacks = argc > 1 ? (unsigned)atoi(argv[1]) : 10000;
	char c;

	for (unsigned i = 0; i < stacks; i++)
		functions[i % FUNCTIONS](DEPTH,
		    next(i * UINT64_C(0x9e3779b97f4a7c15)));
	printf("ready %d\n", getpid());
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	return 0;
}
