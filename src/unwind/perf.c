/* SPDX-License-Identifier: MIT */
/*
 * One event for each thread and cpu, since an event that new threads inherit
 * must be bound to a cpu to have a ring; the events of a cpu share one ring.
 * Layout of records: perf_event_open(2).
 */
#include "config.h"

#include "unwind/perf.h"
#include "base/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The largest ring that the locked-memory allowance gives is taken. */
#define RING_MAX ((size_t)4 << 20)
#define RING_MIN ((size_t)128 << 10)

/* Bits of the registers of x86-64 in asm/perf_regs.h: ax to ip, r8 to r15. */
#define REGS_MASK UINT64_C(0xff01ff)
#define REGS_N 17

struct ring {
	struct perf_event_mmap_page *page;
	size_t size;   /* of the data behind the page */
	int fd;	       /* the event that it belongs to */
};

struct perf {
	int32_t pid;
	struct ring *rings; /* by cpu */
	size_t n_cpus;
	int *fds;
	size_t n_fds, cap_fds;
	bool kernel;
	uint64_t lost;
	uint8_t *record; /* one, put together again; 64 KiB */
};

static int
event_open(const struct perf_event_attr *attr, int32_t tid, int cpu)
{
	return (int)syscall(SYS_perf_event_open, attr, tid, cpu, -1,
	    PERF_FLAG_FD_CLOEXEC);
}

static void
describe(struct perf_event_attr *a, unsigned hz, bool kernel)
{
	memset(a, 0, sizeof *a);
	a->size = sizeof *a;
	a->type = PERF_TYPE_SOFTWARE;
	a->config = PERF_COUNT_SW_CPU_CLOCK;
	a->sample_period = UINT64_C(1000000000) / hz;
	a->sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_CALLCHAIN |
	    PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
	a->sample_regs_user = REGS_MASK;
	a->sample_stack_user = PERF_STACK_MAX;
	a->exclude_callchain_user = 1;
	a->exclude_kernel = !kernel;
	a->exclude_hv = 1;
	a->inherit = 1;
	a->disabled = 1;
	a->watermark = 1;
	a->wakeup_watermark = 64 << 10;
}

/* Zero, or -1 with errno. Joins the cpu's ring, or makes it. */
static int
join_ring(struct perf *p, size_t cpu, int fd)
{
	struct ring *r = &p->rings[cpu];
	void *map = MAP_FAILED;
	size_t size, page = (size_t)sysconf(_SC_PAGESIZE);

	if (r->page != NULL)
		return ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, r->fd);
	for (size = RING_MAX; size >= RING_MIN; size /= 2) {
		map = mmap(NULL, page + size, PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
		if (map != MAP_FAILED || errno != EPERM)
			break;
	}
	if (map == MAP_FAILED)
		return -1;
	r->page = map;
	r->size = size;
	r->fd = fd;
	return 0;
}

/* The thread on one cpu. A thread that has ended meanwhile is no failure. */
static int
watch_on(struct perf *p, const struct perf_event_attr *a, int32_t tid,
    size_t cpu)
{
	int fd = event_open(a, tid, (int)cpu);

	if (fd < 0) /* ENODEV: a cpu that is off */
		return errno == ESRCH || errno == ENODEV ? 0 : -1;
	p->fds = xgrow(p->fds, p->n_fds, &p->cap_fds, sizeof *p->fds);
	p->fds[p->n_fds++] = fd;
	return join_ring(p, cpu, fd);
}

static int
watch_thread(struct perf *p, const struct perf_event_attr *a, int32_t tid)
{
	for (size_t cpu = 0; cpu < p->n_cpus; cpu++)
		if (watch_on(p, a, tid, cpu) < 0)
			return -1;
	return 0;
}

static int
refused(const struct perf *p, int error, struct err *e)
{
	FILE *f;
	int level = -1;

	if (error == EMFILE || error == ENFILE)
		return err_set(e, ERR_FAILED,
		    "process %d has so many threads that %zu descriptors are "
		    "too few to watch them on %zu cpus; raise our own nofile",
		    p->pid, p->n_fds, p->n_cpus);
	if (error == ENOSYS || error == EOPNOTSUPP || error == ENOENT)
		return err_set(e, ERR_FAILED,
		    "this kernel has no sampling of the cpu-clock "
		    "(perf_event_open)");
	if (error != EACCES && error != EPERM) {
		errno = error;
		return err_errno(e, "cannot sample process %d", p->pid);
	}
	f = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
	if (f == NULL || fscanf(f, "%d", &level) != 1)
		level = -1;
	if (f != NULL)
		fclose(f);
	return err_set(e, ERR_DENIED,
	    "not permitted to sample process %d: that takes the right to trace "
	    "it, and root, CAP_PERFMON or kernel.perf_event_paranoid of at most "
	    "2 (it is %d)",
	    p->pid, level);
}

/* Every thread there is. New ones are inherited, but by those only that were
 * watched when they were made: hence again, until none is new. */
static int
watch_all(struct perf *p, const struct perf_event_attr *a)
{
	struct dirent *entry;
	int32_t *seen = NULL, tid;
	size_t n = 0, cap = 0, before, i;
	char path[64];
	int rc = 0;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/task", p->pid);
	do {
		before = n;
		dir = opendir(path);
		while (dir != NULL && rc == 0 &&
		    (entry = readdir(dir)) != NULL) {
			if ((tid = atoi(entry->d_name)) <= 0)
				continue;
			for (i = 0; i < n && seen[i] != tid; i++)
				;
			if (i < n)
				continue;
			seen = xgrow(seen, n, &cap, sizeof *seen);
			seen[n++] = tid;
			rc = watch_thread(p, a, tid);
		}
		if (dir != NULL)
			closedir(dir);
	} while (rc == 0 && before == 0 && n > before);
	free(seen);
	return rc;
}

static void
forget(struct perf *p)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (size_t i = 0; i < p->n_cpus; i++)
		if (p->rings[i].page != NULL)
			munmap(p->rings[i].page, page + p->rings[i].size);
	memset(p->rings, 0, p->n_cpus * sizeof *p->rings);
	for (size_t i = 0; i < p->n_fds; i++)
		close(p->fds[i]);
	p->n_fds = 0;
}

struct perf *
perf_open(int32_t pid, unsigned hz, struct err *e)
{
	struct perf *p = xcalloc(1, sizeof *p);
	struct perf_event_attr a;
	int rc;

	p->pid = pid;
	p->n_cpus = (size_t)sysconf(_SC_NPROCESSORS_CONF);
	p->rings = xcalloc(p->n_cpus, sizeof *p->rings);
	p->record = xmalloc(1 << 16);
	p->kernel = true;
	describe(&a, hz, true);
	rc = watch_all(p, &a);
	if (rc < 0 && (errno == EACCES || errno == EPERM)) {
		/* Without the right to look at the kernel. */
		forget(p);
		p->kernel = false;
		describe(&a, hz, false);
		rc = watch_all(p, &a);
	}
	if (rc == 0 && p->n_fds == 0)
		rc = err_set(e, ERR_GONE, "process %d has ended", pid);
	else if (rc < 0)
		refused(p, errno, e);
	for (size_t i = 0; rc == 0 && i < p->n_fds; i++)
		ioctl(p->fds[i], PERF_EVENT_IOC_ENABLE, 0);
	if (rc == 0)
		return p;
	perf_close(p);
	return NULL;
}

void
perf_close(struct perf *p)
{
	if (p == NULL)
		return;
	forget(p);
	free(p->rings);
	free(p->fds);
	free(p->record);
	free(p);
}

void
perf_wait(const struct perf *p, int ms)
{
	struct pollfd *fds = xcalloc(p->n_cpus, sizeof *fds);
	size_t n = 0;

	for (size_t i = 0; i < p->n_cpus; i++)
		if (p->rings[i].page != NULL)
			fds[n++] = (struct pollfd){ p->rings[i].fd, POLLIN, 0 };
	/* An event whose thread has ended is always ready. */
	if (poll(fds, n, ms) > 0 && (fds[0].revents & POLLHUP) != 0)
		poll(NULL, 0, ms < 20 ? ms : 20);
	free(fds);
}

/* ---- records ------------------------------------------------------------------ */

/* What of a record has not been read yet. */
struct cursor {
	const uint8_t *at, *end;
};

static bool
word(struct cursor *c, uint64_t *value)
{
	if (c->end - c->at < 8)
		return false;
	memcpy(value, c->at, 8);
	c->at += 8;
	return true;
}

static bool
take_chain(struct cursor *c, struct perf_sample *s)
{
	uint64_t n, ip;
	bool kernel = false;

	if (!word(c, &n))
		return false;
	while (n-- > 0) {
		if (!word(c, &ip))
			return false;
		/* Markers of context are the last values there are. */
		if (ip >= (uint64_t)PERF_CONTEXT_MAX)
			kernel = ip == (uint64_t)PERF_CONTEXT_KERNEL;
		else if (kernel && s->n_kernel < PERF_KERNEL_MAX)
			s->kernel[s->n_kernel++] = ip;
	}
	return true;
}

static bool
take_registers(struct cursor *c, struct perf_sample *s)
{
	/* In the order of asm/perf_regs.h. */
	struct user_regs_struct *u = &s->regs;
	unsigned long long *const to[REGS_N] = { &u->rax, &u->rbx, &u->rcx,
		&u->rdx, &u->rsi, &u->rdi, &u->rbp, &u->rsp, &u->rip, &u->r8,
		&u->r9, &u->r10, &u->r11, &u->r12, &u->r13, &u->r14, &u->r15 };
	uint64_t abi, value;

	if (!word(c, &abi))
		return false;
	s->has_user = abi == PERF_SAMPLE_REGS_ABI_64;
	for (size_t i = 0; abi != PERF_SAMPLE_REGS_ABI_NONE && i < REGS_N; i++) {
		if (!word(c, &value))
			return false;
		*to[i] = value;
	}
	return true;
}

static bool
take_stack(struct cursor *c, struct perf_sample *s)
{
	uint64_t size, used;

	if (!word(c, &size))
		return false;
	if (size == 0)
		return true;
	if ((uint64_t)(c->end - c->at) < size)
		return false;
	s->stack = c->at;
	c->at += size;
	if (!word(c, &used) || used > size)
		return false;
	s->stack_len = used;
	return true;
}

static void
take_record(struct perf *p, const struct perf_event_header *h, perf_fn *fn,
    void *arg)
{
	struct cursor c = { (const uint8_t *)(h + 1),
		(const uint8_t *)h + h->size };
	struct perf_sample s;
	uint64_t ids, lost;

	if (h->type == PERF_RECORD_LOST) {
		if (word(&c, &ids) && word(&c, &lost))
			p->lost += lost;
		return;
	}
	if (h->type != PERF_RECORD_SAMPLE)
		return;
	memset(&s, 0, sizeof s);
	if (!word(&c, &ids) || !take_chain(&c, &s) ||
	    !take_registers(&c, &s) || !take_stack(&c, &s))
		return;
	/* A child that a thread forked has inherited the event, too. */
	if ((int32_t)(uint32_t)ids != p->pid)
		return;
	s.tid = (int32_t)(ids >> 32);
	fn(arg, &s);
}

/* The tail is stored only when the record has been used: then the kernel may
 * write over it. */
static void
drain_ring(struct perf *p, struct ring *r, perf_fn *fn, void *arg)
{
	const uint8_t *data = (uint8_t *)r->page + r->page->data_offset;
	uint64_t head = __atomic_load_n(&r->page->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = r->page->data_tail;
	size_t at, first, size;
	struct perf_event_header h;

	while (head - tail >= sizeof h) {
		at = tail & (r->size - 1);
		/* Records begin at multiples of eight: a header is whole. */
		memcpy(&h, data + at, sizeof h);
		size = h.size;
		if (size < sizeof h || size > head - tail)
			break;
		first = r->size - at < size ? r->size - at : size;
		memcpy(p->record, data + at, first);
		memcpy(p->record + first, data, size - first);
		tail += size;
		__atomic_store_n(&r->page->data_tail, tail, __ATOMIC_RELEASE);
		take_record(p, (struct perf_event_header *)p->record, fn, arg);
	}
}

void
perf_drain(struct perf *p, perf_fn *fn, void *arg)
{
	for (size_t i = 0; i < p->n_cpus; i++)
		if (p->rings[i].page != NULL)
			drain_ring(p, &p->rings[i], fn, arg);
}

uint64_t
perf_lost(const struct perf *p)
{
	return p->lost;
}

bool
perf_sees_kernel(const struct perf *p)
{
	return p->kernel;
}
