/* SPDX-License-Identifier: MIT */
/* The machine in a line: a handful of small files of /proc. */
#include "config.h"

#include "cmd/top_source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX_BYTES 65536

/* Owned by buf; "" if it cannot be read. */
static const char *
read_text(struct buf *b, const char *path)
{
	struct err ignored;

	b->len = 0;
	if (buf_read_file(b, path, FILE_MAX_BYTES, &ignored) < 0) {
		b->len = 0;
		return "";
	}
	return buf_text(b);
}

/* The number behind a word at the start of a line. */
static uint64_t
number_after(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = text; at != NULL && *at != '\0';) {
		if (strncmp(at, word, len) == 0)
			return strtoull(at + len, NULL, 10);
		at = strchr(at, '\n');
		at = at != NULL ? at + 1 : NULL;
	}
	return NOT_KNOWN;
}

static void
read_sockets(struct source_machine *m, const char *text)
{
	const char *line = strstr(text, "TCP: inuse ");
	const char *memory = line != NULL ? strstr(line, " mem ") : NULL;

	m->tcp = m->tcp_memory = NOT_KNOWN;
	if (line == NULL || memory == NULL)
		return;
	m->tcp = strtoull(line + 11, NULL, 10);
	m->tcp_memory = strtoull(memory + 5, NULL, 10) *
	    (uint64_t)sysconf(_SC_PAGESIZE);
}

static double
pressure(struct buf *b, const char *path)
{
	const char *at = strstr(read_text(b, path), "some avg10=");

	return at != NULL ? strtod(at + 11, NULL) / 100 : -1;
}

void
top_machine_read(struct source_machine *m)
{
	struct buf b = BUF_INIT;
	const char *text;

	memset(m, 0, sizeof *m);
	gethostname(m->host, sizeof m->host - 1);
	m->cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	if (sscanf(read_text(&b, "/proc/loadavg"), "%lf %lf %lf", &m->load[0],
		&m->load[1], &m->load[2]) != 3)
		memset(m->load, 0, sizeof m->load);
	text = read_text(&b, "/proc/meminfo");
	m->memory = number_after(text, "MemTotal:");
	m->available = number_after(text, "MemAvailable:");
	if (m->memory == NOT_KNOWN || m->available == NOT_KNOWN) {
		m->memory = m->available = 0;
	} else {
		m->memory *= 1024;
		m->available *= 1024;
	}
	if (sscanf(read_text(&b, "/proc/sys/fs/file-nr"),
		"%" SCNu64 " %*u %" SCNu64, &m->files, &m->files_max) != 2)
		m->files = m->files_max = NOT_KNOWN;
	read_sockets(m, read_text(&b, "/proc/net/sockstat"));
	m->pressure_cpu = pressure(&b, "/proc/pressure/cpu");
	m->pressure_memory = pressure(&b, "/proc/pressure/memory");
	m->pressure_io = pressure(&b, "/proc/pressure/io");
	buf_free(&b);
}
