/* SPDX-License-Identifier: MIT */
/* A live process: process_vm_readv, and pagemap for what is there. */
#include "config.h"

#include "census/reader.h"
#include "base/err.h"
#include "base/xalloc.h"
#include "census/maps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* linux/Documentation/admin-guide/mm/pagemap.rst */
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_SWAPPED (UINT64_C(1) << 62)

struct census_process {
	int32_t pid;
	int pagemap;
};

static ssize_t
process_read_at(void *arg, uint64_t address, void *to, size_t len)
{
	struct census_process *p = arg;
	struct iovec local = { to, len };
	struct iovec remote = { (void *)(uintptr_t)address, len };

	return process_vm_readv(p->pid, &local, 1, &remote, 1, 0);
}

static void
process_pages(void *arg, uint64_t address, size_t n, uint8_t *there)
{
	struct census_process *p = arg;
	uint64_t entries[CENSUS_WINDOW_PAGES];
	size_t done = 0;

	while (done < n) {
		size_t want = n - done, have = 0;
		uint64_t page = address / CENSUS_PAGE + done;
		ssize_t got;

		if (want > CENSUS_WINDOW_PAGES)
			want = CENSUS_WINDOW_PAGES;
		got = pread(p->pagemap, entries, want * 8, (off_t)(page * 8));
		if (got > 0)
			have = (size_t)got / 8;
		for (size_t i = 0; i < want; i++)
			there[done + i] = i < have &&
			    (entries[i] & (PAGEMAP_PRESENT |
					      PAGEMAP_SWAPPED)) != 0;
		done += want;
	}
}

struct census_process *
census_process_open(int32_t pid, struct err *e)
{
	struct census_process *p = xcalloc(1, sizeof *p);
	char path[40];

	snprintf(path, sizeof path, "/proc/%d/pagemap", pid);
	p->pid = pid;
	p->pagemap = open(path, O_RDONLY | O_CLOEXEC);
	if (p->pagemap >= 0)
		return p;
	if (errno == ENOENT || errno == ESRCH)
		err_set(e, ERR_GONE, "there is no process %d", pid);
	else
		err_errno(e, "cannot read the memory of process %d (its "
			     "owner and root may, see ptrace_scope)", pid);
	free(p);
	return NULL;
}

void
census_process_close(struct census_process *p)
{
	if (p == NULL)
		return;
	close(p->pagemap);
	free(p);
}

struct census_reader
census_process_reader(struct census_process *p)
{
	struct census_reader r = { process_read_at, process_pages, p };

	return r;
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
