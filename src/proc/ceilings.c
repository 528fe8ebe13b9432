/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "proc/ceilings.h"
#include "base/buf.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const struct ceiling_row ceiling_rows[CEILINGS] = {
#define CEILING(id, name, unit, path, net, help) \
	[CEILING_##id] = { name, LIMIT_##unit, path, net, help },
#include "proc/ceilings.def"
#undef CEILING
};

#define NUMBERS_MAX 4

/* The numbers that a file below proc begins with. */
static size_t
numbers(const char *proc, const char *name, uint64_t out[NUMBERS_MAX])
{
	struct buf text = BUF_INIT;
	struct err ignored;
	char path[512], *end;
	const char *at;
	size_t n = 0;

	snprintf(path, sizeof path, "%s/%s", proc, name);
	if (buf_read_file(&text, path, 65536, &ignored) == 0)
		for (at = buf_text(&text); n < NUMBERS_MAX; at = end) {
			at += strspn(at, " \t\n");
			errno = 0;
			if (!isdigit((unsigned char)*at))
				break;
			out[n] = strtoull(at, &end, 10);
			if (errno != 0)
				break;
			n++;
		}
	buf_free(&text);
	return n;
}

/* The number after a word in a text, or unknown. */
static uint64_t
after(const char *text, const char *word)
{
	const char *at = strstr(text, word);
	char *end;
	uint64_t v;

	if (at == NULL)
		return CEILING_UNKNOWN;
	at += strlen(word);
	at += strspn(at, " \t");
	if (!isdigit((unsigned char)*at))
		return CEILING_UNKNOWN;
	errno = 0;
	v = strtoull(at, &end, 10);
	return errno == 0 ? v : CEILING_UNKNOWN;
}

static void
text_of(const char *proc, const char *name, struct buf *text)
{
	struct err ignored;
	char path[512];

	snprintf(path, sizeof path, "%s/%s", proc, name);
	if (buf_read_file(text, path, 1 << 20, &ignored) < 0)
		text->len = 0;
}

static uint64_t
kilobytes(uint64_t v)
{
	return v < UINT64_MAX / 1024 ? v * 1024 : CEILING_UNKNOWN;
}

static void
read_memory(const char *proc, struct ceilings *c)
{
	struct buf text = BUF_INIT;
	const char *s;
	uint64_t total, free;

	text_of(proc, "meminfo", &text);
	s = buf_text(&text);
	total = kilobytes(after(s, "MemTotal:"));
	free = kilobytes(after(s, "MemAvailable:"));
	c->of[CEILING_memory].limit = total;
	if (total != CEILING_UNKNOWN && free <= total)
		c->of[CEILING_memory].used = total - free;
	c->of[CEILING_commit].limit = kilobytes(after(s, "CommitLimit:"));
	c->of[CEILING_commit].used = kilobytes(after(s, "Committed_AS:"));
	total = kilobytes(after(s, "SwapTotal:"));
	free = kilobytes(after(s, "SwapFree:"));
	c->swap_total = total != CEILING_UNKNOWN ? total : 0;
	c->swap_free = free != CEILING_UNKNOWN ? free : 0;
	buf_free(&text);
}

/* Numbers of pages, except in user space. */
static void
read_tcp(const char *proc, struct ceilings *c)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), v[NUMBERS_MAX], mem;
	struct buf text = BUF_INIT;
	const char *tcp;

	if (numbers(proc, "sys/net/ipv4/tcp_mem", v) >= 3 &&
	    v[2] < UINT64_MAX / page)
		c->of[CEILING_tcp_mem].limit = v[2] * page;
	text_of(proc, "net/sockstat", &text);
	if ((tcp = strstr(buf_text(&text), "TCP:")) != NULL) {
		mem = after(tcp, " mem ");
		if (mem < UINT64_MAX / page)
			c->of[CEILING_tcp_mem].used = mem * page;
	}
	buf_free(&text);
}

static void
read_used(const char *proc, struct ceilings *c)
{
	uint64_t v[NUMBERS_MAX];
	struct buf text = BUF_INIT;
	const char *slash;

	/* Allocated, free (always 0), maximum. */
	if (numbers(proc, "sys/fs/file-nr", v) >= 1)
		c->of[CEILING_file_max].used = v[0];
	if (numbers(proc, "sys/net/netfilter/nf_conntrack_count", v) >= 1)
		c->of[CEILING_conntrack].used = v[0];
	/* "0.00 0.01 0.05 running/threads last" */
	text_of(proc, "loadavg", &text);
	if ((slash = strchr(buf_text(&text), '/')) != NULL)
		c->of[CEILING_threads_max].used = after(slash, "/");
	c->of[CEILING_pid_max].used = c->of[CEILING_threads_max].used;
	buf_free(&text);
}

void
ceilings_read_from(const char *proc, struct ceilings *c)
{
	uint64_t v[NUMBERS_MAX];

	memset(c, 0, sizeof *c);
	for (int i = 0; i < CEILINGS; i++) {
		c->of[i] = (struct ceiling){ CEILING_UNKNOWN, CEILING_UNKNOWN };
		if (ceiling_rows[i].path != NULL &&
		    numbers(proc, ceiling_rows[i].path, v) >= 1)
			c->of[i].limit = v[0];
	}
	c->overcommit = -1;
	if (numbers(proc, "sys/vm/overcommit_memory", v) >= 1 && v[0] <= 2)
		c->overcommit = (int)v[0];
	if (numbers(proc, "sys/net/ipv4/ip_local_port_range", v) >= 2 &&
	    v[0] <= v[1]) {
		c->port_low = v[0];
		c->port_high = v[1];
		c->of[CEILING_ports].limit = v[1] - v[0] + 1;
	}
	read_memory(proc, c);
	read_tcp(proc, c);
	read_used(proc, c);
}

/* True if both have one; what cannot be read is taken for ours. */
static bool
in_other_network(int32_t pid)
{
	struct stat ours, its;
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
	return stat("/proc/self/ns/net", &ours) == 0 &&
	    stat(path, &its) == 0 && ours.st_ino != its.st_ino;
}

void
ceilings_read(int32_t pid, struct ceilings *c)
{
	ceilings_read_from("/proc", c);
	/* /proc/sys/net shows the namespace of the one who reads. */
	if (!in_other_network(pid))
		return;
	c->other_network = true;
	c->port_low = c->port_high = 0;
	for (int i = 0; i < CEILINGS; i++)
		if (ceiling_rows[i].net)
			c->of[i] = (struct ceiling){ CEILING_UNKNOWN,
				CEILING_UNKNOWN };
}
