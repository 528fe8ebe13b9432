/* SPDX-License-Identifier: MIT */
/*
 * One event for each thread and each processor: only events of one processor
 * may share a ring, and only with a processor is an event inherited by
 * threads to come.
 */
#include "config.h"

#include "unwind/perf.h"
#include "base/xalloc.h"

#include <asm/perf_regs.h>
#include <dirent.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What anybody may lock for a processor (kernel.perf_event_mlock_kb): 512 KiB
 * and a page. */
#define RING ((size_t)512 << 10)

/* Threads times processors. */
#define EVENTS_MAX 20000

#define SAMPLE_MAX (PERF_ROOM + 1024)

#define BIT(n) (UINT64_C(1) << (n))
/* All but the segments that 64-bit code does not have. */
#define REGISTERS \
	((BIT(PERF_REG_X86_64_MAX) - 1) & ~BIT(PERF_REG_X86_DS) & \
	    ~BIT(PERF_REG_X86_ES) & ~BIT(PERF_REG_X86_FS) & \
	    ~BIT(PERF_REG_X86_GS))

struct ring {
	struct perf_event_mmap_page *page; /* NULL: no event of this one yet */
	int event;			   /* whose ring it is */
};

struct perf {
	int32_t pid;
	struct perf_event_attr attr;
	struct ring *rings; /* by processor; owned */
	size_t n_rings;
	int *events; /* owned */
	size_t n, cap;
	uint64_t lost;
	uint8_t *record; /* one that lies across the end of the ring */
};

static int
open_event(struct perf *p, int32_t tid, int cpu)
{
	int fd = (int)syscall(SYS_perf_event_open, &p->attr, tid, cpu, -1,
	    PERF_FLAG_FD_CLOEXEC);

	/* Time in the kernel may be a secret. */
	if (fd < 0 && (errno == EACCES || errno == EPERM) &&
	    p->attr.exclude_kernel == 0 && p->n == 0) {
		p->attr.exclude_kernel = 1;
		fd = (int)syscall(SYS_perf_event_open, &p->attr, tid, cpu, -1,
		    PERF_FLAG_FD_CLOEXEC);
	}
	return fd;
}

static int
refused(const struct perf *p, struct err *e)
{
	if (errno == EACCES || errno == EPERM)
		return err_set(e, ERR_DENIED,
		    "may not measure process %d: it is another user's, or "
		    "kernel.perf_event_paranoid or a filter of system calls "
		    "forbids perf_event_open; run ullage as root, or with "
		    "CAP_PERFMON", p->pid);
	if (errno == EMFILE || errno == ENFILE)
		return err_set(e, ERR_FAILED,
		    "too few descriptors: a CPU profile takes one for each "
		    "thread and processor (%zu so far)", p->n);
	if (errno == ENOSYS || errno == ENOENT || errno == EOPNOTSUPP)
		return err_set(e, ERR_FAILED,
		    "this kernel has no perf_event_open, which a CPU profile "
		    "needs");
	return err_errno(e, "cannot measure process %d", p->pid);
}

static int
map_ring(struct perf *p, struct ring *r, int fd, struct err *e)
{
	size_t size = RING + (size_t)sysconf(_SC_PAGESIZE);

	r->page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (r->page == MAP_FAILED) {
		r->page = NULL;
		return refused(p, e);
	}
	r->event = fd;
	return 0;
}

/* 0 also if the thread has ended, or the processor is off. */
static int
add_event(struct perf *p, int32_t tid, size_t cpu, struct err *e)
{
	struct ring *r = &p->rings[cpu];
	int fd = open_event(p, tid, (int)cpu);

	if (fd < 0)
		return errno == ESRCH || errno == ENODEV ? 0 : refused(p, e);
	p->events = xgrow(p->events, p->n, &p->cap, sizeof *p->events);
	p->events[p->n++] = fd;
	if (r->page == NULL)
		return map_ring(p, r, fd, e);
	if (ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, r->event) < 0)
		return refused(p, e);
	return 0;
}

static int
add_thread(struct perf *p, int32_t tid, struct err *e)
{
	if (p->n + p->n_rings > EVENTS_MAX)
		return err_set(e, ERR_FAILED,
		    "process %d has too many threads for a CPU profile on "
		    "%zu processors", p->pid, p->n_rings);
	for (size_t cpu = 0; cpu < p->n_rings; cpu++)
		if (add_event(p, tid, cpu, e) < 0)
			return -1;
	return 0;
}

/* Threads that are begun from now on inherit from those that begin them. */
static int
add_threads(struct perf *p, struct err *e)
{
	struct dirent *d;
	char path[32];
	int rc = 0;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/task", p->pid);
	if ((dir = opendir(path)) == NULL)
		return err_set(e, ERR_GONE, "process %d has ended", p->pid);
	while (rc == 0 && (d = readdir(dir)) != NULL)
		if (d->d_name[0] != '.')
			rc = add_thread(p, atoi(d->d_name), e);
	closedir(dir);
	if (rc == 0 && p->n == 0)
		rc = err_set(e, ERR_GONE, "process %d has ended", p->pid);
	return rc;
}

struct perf *
perf_open(int32_t pid, uint64_t period_ns, struct err *e)
{
	struct perf *p = xcalloc(1, sizeof *p);
	long processors = sysconf(_SC_NPROCESSORS_CONF);

	p->pid = pid;
	p->attr = (struct perf_event_attr){
		.size = sizeof p->attr,
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = period_ns,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_REGS_USER |
		    PERF_SAMPLE_STACK_USER,
		.sample_regs_user = REGISTERS,
		.sample_stack_user = PERF_ROOM,
		.disabled = 1,
		.inherit = 1,
		.inherit_thread = 1,
		.exclude_hv = 1,
	};
	p->n_rings = processors > 0 ? (size_t)processors : 1;
	p->rings = xcalloc(p->n_rings, sizeof *p->rings);
	p->record = xmalloc(SAMPLE_MAX);
	if (add_threads(p, e) < 0) {
		perf_close(p);
		return NULL;
	}
	for (size_t i = 0; i < p->n; i++)
		ioctl(p->events[i], PERF_EVENT_IOC_ENABLE, 0);
	return p;
}

void
perf_stop(struct perf *p)
{
	for (size_t i = 0; i < p->n; i++)
		ioctl(p->events[i], PERF_EVENT_IOC_DISABLE, 0);
}

void
perf_close(struct perf *p)
{
	size_t size = RING + (size_t)sysconf(_SC_PAGESIZE);

	if (p == NULL)
		return;
	for (size_t i = 0; i < p->n_rings; i++)
		if (p->rings[i].page != NULL)
			munmap(p->rings[i].page, size);
	for (size_t i = 0; i < p->n; i++)
		close(p->events[i]);
	free(p->events);
	free(p->rings);
	free(p->record);
	free(p);
}

bool
perf_user_only(const struct perf *p)
{
	return p->attr.exclude_kernel != 0;
}

uint64_t
perf_lost(const struct perf *p)
{
	return p->lost;
}

/* ---- records ----------------------------------------------------------------- */

/* In the order of the bits of REGISTERS. */
static void
copy_registers(const uint64_t *v, struct user_regs_struct *r)
{
	r->rax = v[0];
	r->rbx = v[1];
	r->rcx = v[2];
	r->rdx = v[3];
	r->rsi = v[4];
	r->rdi = v[5];
	r->rbp = v[6];
	r->rsp = v[7];
	r->rip = v[8];
	r->eflags = v[9];
	r->cs = v[10];
	r->ss = v[11];
	r->r8 = v[12];
	r->r9 = v[13];
	r->r10 = v[14];
	r->r11 = v[15];
	r->r12 = v[16];
	r->r13 = v[17];
	r->r14 = v[18];
	r->r15 = v[19];
}

/*
 * pid, tid; abi, registers unless that is none; size of the stack, the bytes,
 * how many of them are some. The kernel writes it, so it is not doubted, but
 * for its length.
 */
static void
take_sample(struct perf *p, const uint8_t *at, size_t len, perf_fn *fn,
    void *arg)
{
	const size_t registers = (size_t)__builtin_popcountll(REGISTERS) * 8;
	struct perf_sample s = { .tid = 0 };
	uint64_t values[32], abi, size, used;
	uint32_t ids[2];

	if (len < 24)
		return;
	memcpy(ids, at, 8);
	memcpy(&abi, at + 8, 8);
	at += 16;
	len -= 16;
	if ((int32_t)ids[0] != p->pid)
		return;
	s.tid = (int32_t)ids[1];
	if (abi == PERF_SAMPLE_REGS_ABI_64 && len >= registers + 8) {
		memcpy(values, at, registers);
		copy_registers(values, &s.from.regs);
		memcpy(&size, at + registers, 8);
		at += registers + 8;
		len -= registers + 8;
		s.has_stack = true;
		if (size != 0 && size <= PERF_ROOM && len >= size + 8) {
			memcpy(&used, at + size, 8);
			s.from.stack_len = (uint32_t)(used < size ? used :
								    size);
			s.stack = at;
		}
	}
	fn(arg, &s);
}

static void
take_record(struct perf *p, const struct perf_event_header *h,
    const uint8_t *body, perf_fn *fn, void *arg)
{
	size_t len = h->size - sizeof *h;
	uint64_t lost;

	if (h->type == PERF_RECORD_SAMPLE) {
		take_sample(p, body, len, fn, arg);
	} else if (h->type == PERF_RECORD_LOST && len >= 16) {
		memcpy(&lost, body + 8, 8);
		p->lost += lost;
	}
}

static void
copy_out(const uint8_t *ring, uint64_t from, void *to, size_t len)
{
	size_t at = from % RING, first = RING - at < len ? RING - at : len;

	memcpy(to, ring + at, first);
	memcpy((uint8_t *)to + first, ring, len - first);
}

static void
read_ring(struct perf *p, struct ring *r, perf_fn *fn, void *arg)
{
	const uint8_t *bytes = (const uint8_t *)r->page +
	    (size_t)sysconf(_SC_PAGESIZE);
	uint64_t head = __atomic_load_n(&r->page->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = r->page->data_tail;

	while (head - tail >= sizeof(struct perf_event_header)) {
		struct perf_event_header h;

		copy_out(bytes, tail, &h, sizeof h);
		if (h.size < sizeof h || h.size > head - tail)
			break;
		if (h.size <= SAMPLE_MAX) {
			copy_out(bytes, tail, p->record, h.size);
			take_record(p, &h, p->record + sizeof h, fn, arg);
		}
		tail += h.size;
	}
	/* Only now may the kernel write there again. */
	__atomic_store_n(&r->page->data_tail, head, __ATOMIC_RELEASE);
}

void
perf_read(struct perf *p, perf_fn *fn, void *arg)
{
	for (size_t i = 0; i < p->n_rings; i++)
		if (p->rings[i].page != NULL)
			read_ring(p, &p->rings[i], fn, arg);
}
