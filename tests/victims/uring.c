/* SPDX-License-Identifier: MIT */
/*
 * Rings by way of liburing, to which it is not linked: LD_PRELOAD puts it
 * behind the agent, or "late" loads it as a plugin would. Prints what each
 * call returned, "ready" with two rings open, and ends with its input.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int io_uring_queue_init(unsigned, void *, unsigned) __attribute__((weak));
int io_uring_setup(unsigned, void *) __attribute__((weak));
void io_uring_queue_exit(void *) __attribute__((weak));

/* More than struct io_uring and struct io_uring_params have. */
static uint64_t rings[2][64], params[64];

static __attribute__((noinline)) int
by_queue_init(int which)
{
	int rc = io_uring_queue_init(8, rings[which], 0);

	__asm__ volatile("" : : : "memory"); /* no tail call */
	return rc;
}

static __attribute__((noinline)) int
by_setup(void)
{
	int rc = io_uring_setup(8, params);

	__asm__ volatile("" : : : "memory");
	return rc;
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "late") == 0 &&
	    dlopen("liburing.so.2", RTLD_NOW | RTLD_GLOBAL) == NULL)
		return 1;
	if (&io_uring_queue_init == NULL) {
		puts("none");
		return 0;
	}
	printf("queue_init %d\n", by_queue_init(0));
	printf("queue_init %d\n", by_queue_init(1));
	printf("setup %d\n", by_setup());
	io_uring_queue_exit(rings[0]);
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
