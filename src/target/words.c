/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "target/words.h"

#include <time.h>
#include <unistd.h>

int
words_read(const struct target *t, void *out, size_t size, off_t at,
    struct err *e)
{
	ssize_t n = pread(t->segment, out, size, at);

	if (n < 0)
		return err_errno(e, "cannot read %s", t->segment_path);
	if ((size_t)n != size)
		return err_set(e, ERR_FAILED,
		    "%s is truncated; its agent is of another version or "
		    "something has damaged it",
		    t->segment_path);
	return 0;
}

int
words_write(const struct target *t, off_t at, uint64_t value, struct err *e)
{
	if (pwrite(t->segment, &value, sizeof value, at) == sizeof value)
		return 0;
	return err_errno(e,
	    "cannot command the agent in process %d; that takes root or the "
	    "user of its segment",
	    t->pid);
}

uint64_t
words_ticket(void)
{
	static uint64_t last;
	struct timespec now;
	uint64_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	n = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	n = n << 10 ^ (uint64_t)getpid();
	return last = n == last || n == 0 ? last + 1 : n;
}
