/* SPDX-License-Identifier: MIT */
/*
 * A live process. A child reads it, into memory that we share with it. A page behind userfaultfd
 * or a FUSE server that does not answer holds a reader for ever, in FUSE's case
 * so that not even SIGKILL frees it; then the child is left behind and another
 * takes its place. What was taken from a page that was there a moment ago is
 * no proof: the target may have given it up between the two.
 */
#include "config.h"

#include "census/reader_child.h"
#include "base/err.h"
#include "base/xalloc.h"
#include "census/maps.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Before a piece, which takes a tenth of it to read; and of all together. */
#define PAUSE_NS UINT64_C(2000000)
#define PAUSES_NS UINT64_C(10000000000)

/* A disk that swaps in is slow; nothing that comes is slower than this. */
#define PATIENCE_MS 2000
#define STUCK_MAX 6

struct census_process {
	int32_t pid;
	int pagemap;
	int child_end; /* socket; -1: there is no child */
	pid_t child;
	struct shared *shared;
	size_t lent;
	unsigned stuck;
	uint64_t bad[STUCK_MAX]; /* pieces where reads stuck: not again */
	uint64_t cost; /* of children that have ended */
};

/* Whoever reads our output waits for its end: nothing of ours is kept. */
static void
keep_only(int *pagemap, int *end)
{
	int a = dup2(*pagemap, 0), b = *end == 1 ? 1 : dup2(*end, 1);

	if (a != 0 || b != 1)
		_exit(1);
	syscall(SYS_close_range, 2U, ~0U, 0U);
	*pagemap = 0;
	*end = 1;
}

/* ---- the child, from here ---------------------------------------------------- */

static bool
start_child(struct census_process *p)
{
	int ends[2], pagemap = p->pagemap;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return false;
	p->child = fork();
	if (p->child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "ullage-census");
		keep_only(&pagemap, &ends[1]);
		census_child_serve(p->shared, p->pid, pagemap, ends[1]);
	}
	close(ends[1]);
	if (p->child < 0) {
		close(ends[0]);
		return false;
	}
	p->child_end = ends[0];
	return true;
}

/* One that is stuck may not end before what it waits for does. */
static void
end_child(struct census_process *p, bool stuck)
{
	struct pollfd f = { .fd = p->child_end, .events = POLLIN };

	if (p->child_end < 0)
		return;
	p->cost += p->shared->cost;
	p->shared->cost = 0;
	if (stuck) {
		kill(p->child, SIGKILL);
		poll(&f, 1, 50);
	}
	close(p->child_end);
	p->child_end = -1;
	waitpid(p->child, NULL, stuck ? WNOHANG : 0);
}

/* Has the child do what is in `shared`; false if it cannot. */
static bool
ask(struct census_process *p)
{
	struct pollfd f = { .events = POLLIN };
	char byte = 0;
	int n;

	p->shared->error = 0;
	if (p->child_end < 0 &&
	    (p->stuck >= STUCK_MAX || !start_child(p)))
		return false;
	f.fd = p->child_end;
	if (send(p->child_end, &byte, 1, MSG_NOSIGNAL) == 1) {
		do
			n = poll(&f, 1, PATIENCE_MS);
		while (n < 0 && errno == EINTR);
		if (n > 0 && read(p->child_end, &byte, 1) == 1)
			return true;
	}
	p->bad[p->stuck++] = p->shared->at;
	end_child(p, true);
	return false;
}

/* Whether a read of this stuck before. */
static bool
is_bad(const struct census_process *p, uint64_t start, uint64_t len)
{
	for (unsigned i = 0; i < p->stuck; i++)
		if (start < p->bad[i] + PIECE && p->bad[i] < start + len)
			return true;
	return false;
}

static ssize_t
process_read_at(void *arg, uint64_t address, void *to, size_t len)
{
	struct census_process *p = arg;
	struct shared *s = p->shared;
	unsigned char *bytes = to;
	bool ours = bytes >= s->bytes && bytes < s->bytes + sizeof s->bytes;

	s->job = JOB_READ;
	s->address = address;
	s->to = ours ? (size_t)(bytes - s->bytes) : 0;
	s->n = ours || len < SCRATCH ? len : SCRATCH;
	if (is_bad(p, address, len) || !ask(p)) {
		errno = ETIMEDOUT;
		return -1;
	}
	if (s->done > 0 && !ours)
		memcpy(to, s->bytes, (size_t)s->done);
	errno = s->error;
	return s->done;
}

static void
process_pages(void *arg, uint64_t address, size_t n, uint8_t *there)
{
	struct census_process *p = arg;

	for (size_t done = 0; done < n; done += CENSUS_WINDOW_PAGES) {
		size_t want = n - done;

		if (want > CENSUS_WINDOW_PAGES)
			want = CENSUS_WINDOW_PAGES;
		p->shared->job = JOB_PAGES;
		p->shared->address = address + done * CENSUS_PAGE;
		p->shared->n = want;
		if (ask(p))
			memcpy(there + done, p->shared->there, want);
		else
			memset(there + done, 0, want);
	}
	for (size_t i = 0; p->stuck > 0 && i < n; i++)
		if (is_bad(p, address + i * CENSUS_PAGE, CENSUS_PAGE))
			there[i] = 0;
}

/* One that sticks is tried again without the pieces that are bad. */
static void
process_load(void *arg, uint64_t address, size_t n, uint8_t *there,
    unsigned char *bytes)
{
	struct census_process *p = arg;
	struct census_reader r = { .read = process_read_at,
		.pages = process_pages, .arg = p };
	struct shared *s = p->shared;

	s->job = JOB_LOAD;
	s->address = address;
	s->to = (size_t)(bytes - s->bytes);
	s->n = n;
	if (!is_bad(p, address, n * CENSUS_PAGE) && ask(p))
		memcpy(there, s->there, n);
	else
		census_load(&r, address, n, there, bytes);
}

static size_t
process_call(void *arg, census_job job, const void *in, size_t n, void *out,
    size_t room)
{
	struct census_process *p = arg;
	struct shared *s = p->shared;

	if (n > CENSUS_IN)
		return 0;
	s->job = JOB_CALL;
	s->call = job;
	memcpy(s->in, in, n);
	s->n = room < SCRATCH ? room : SCRATCH;
	if (!ask(p) || s->n > room || s->n > SCRATCH)
		return 0;
	memcpy(out, s->bytes, s->n);
	return s->n;
}

static void *
process_borrow(void *arg, size_t size)
{
	struct census_process *p = arg;
	void *bytes = p->shared->bytes + SCRATCH + p->lent;

	if (size > LENDABLE - p->lent)
		return NULL;
	p->lent += size;
	return bytes;
}

static void
process_give_back(void *arg, void *bytes)
{
	struct census_process *p = arg;
	unsigned char *from = p->shared->bytes + SCRATCH;

	if (bytes != NULL)
		p->lent = (size_t)((unsigned char *)bytes - from);
}

/* ---- open and close ------------------------------------------------------------ */

struct census_process *
census_process_open(int32_t pid, struct err *e)
{
	struct census_process *p = xcalloc(1, sizeof *p);
	char path[40];

	snprintf(path, sizeof path, "/proc/%d/pagemap", pid);
	p->pid = pid;
	p->child_end = -1;
	p->shared = mmap(NULL, sizeof *p->shared, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	p->pagemap = open(path, O_RDONLY | O_CLOEXEC);
	if (p->pagemap >= 0 && p->shared != MAP_FAILED)
		return p;
	if (errno == ENOENT || errno == ESRCH)
		err_set(e, ERR_GONE, "there is no process %d", pid);
	else
		err_errno(e, "cannot read the memory of process %d (its "
			     "owner and root may, see ptrace_scope)", pid);
	if (p->shared == MAP_FAILED)
		p->shared = NULL;
	census_process_close(p);
	return NULL;
}

void
census_process_close(struct census_process *p)
{
	if (p == NULL)
		return;
	end_child(p, false);
	if (p->pagemap >= 0)
		close(p->pagemap);
	if (p->shared != NULL)
		munmap(p->shared, sizeof *p->shared);
	free(p);
}

struct census_reader
census_process_reader(struct census_process *p)
{
	struct census_reader r = { .read = process_read_at,
		.pages = process_pages, .load = process_load,
		.borrow = process_borrow,
		.give_back = process_give_back, .call = process_call,
		.arg = p };

	return r;
}

void
census_process_pace(struct census_process *p, uint64_t bytes)
{
	uint64_t pieces = bytes / PIECE + 1;
	uint64_t pause = PAUSES_NS / pieces;

	p->shared->pause_ns = (long)(pause < PAUSE_NS ? pause : PAUSE_NS);
}

unsigned
census_process_stuck(const struct census_process *p)
{
	return p->stuck;
}

uint64_t
census_process_cost(const struct census_process *p)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec +
	    p->cost + p->shared->cost;
}

int
census_process_check(struct census_process *p, const struct mappings *m,
    struct err *e)
{
	uint64_t word;

	if (m->n == 0)
		return err_set(e, ERR_FAILED,
		    "process %d has no memory: it is of the kernel, or it "
		    "is ending", p->pid);
	for (size_t i = 0; i < m->n; i++)
		if (m->list[i].writable && !m->list[i].shared) {
			errno = 0;
			process_read_at(p, m->list[i].start, &word,
			    sizeof word);
			if (errno == EPERM)
				return err_errno(e, "cannot read the memory "
				    "of process %d (its owner and root may, "
				    "see ptrace_scope)", p->pid);
			if (errno == ESRCH)
				return err_set(e, ERR_GONE,
				    "process %d ended", p->pid);
			return 0;
		}
	return 0;
}
