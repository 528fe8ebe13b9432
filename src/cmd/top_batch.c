/* SPDX-License-Identifier: MIT */
/* The list as lines, for logs: a table each time, or a JSON object a line. */
#include "config.h"

#include "cmd/top_batch.h"
#include "base/output.h"
#include "base/units.h"
#include "base/xalloc.h"
#include "top/columns.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Between the first two looks, without which nothing has a rate. */
#define FIRST_NS INT64_C(500000000)

static const char *const shown[] = { "pid", "user", "cpu", "rss", "live",
	"retained", "threads", "fds", "nofile", "tightest", "tightest_full",
	"full_in", "command" };

#define N_SHOWN (sizeof shown / sizeof shown[0])

static void
wait_for(int64_t ns)
{
	struct timespec left = { (time_t)(ns / 1000000000),
		(long)(ns % 1000000000) };

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
		;
}

static struct table *
make_table(const struct model *m, const struct list_column **columns,
    struct column *plain, size_t rows)
{
	struct table *t;

	for (size_t i = 0; i < N_SHOWN; i++) {
		columns[i] = list_column_find(shown[i]);
		plain[i] = columns[i]->column;
	}
	t = table_new(plain, N_SHOWN);
	for (size_t k = 0; k < m->n_shown && (rows == 0 || k < rows); k++) {
		table_row(t);
		for (size_t i = 0; i < N_SHOWN; i++) {
			struct value v = { .is = VALUE_NONE };

			columns[i]->get(m, model_at(m, k), &v);
			if (v.is == VALUE_TEXT)
				table_text(t, i, v.text);
			else if (v.is == VALUE_NUMBER &&
			    plain[i].kind == CELL_PERCENT)
				table_double(t, i, v.number);
			else if (v.is == VALUE_NUMBER)
				table_i64(t, i, (int64_t)v.number);
		}
	}
	return t;
}

static void
text_header(const struct model *m, struct buf *out)
{
	const struct source_machine *x = &m->machine;
	char when[40], used[UNITS_MAX], all[UNITS_MAX], files[UNITS_MAX];
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S%z", &tm);
	buf_printf(out, "%s  %s  load %.2f %.2f %.2f  memory %s of %s", when,
	    x->host, x->load[0], x->load[1], x->load[2],
	    units_bytes(used, (int64_t)(x->memory - x->available)),
	    units_bytes(all, (int64_t)x->memory));
	if (x->files != NOT_KNOWN)
		buf_printf(out, "  files %s",
		    units_count(files, (int64_t)x->files));
	buf_puts(out, "\n");
}

static void
write_text(const struct model *m, const struct batch_options *b,
    struct buf *out)
{
	const struct list_column *columns[N_SHOWN];
	struct column plain[N_SHOWN];
	struct table_options how = { .rows = b->rows,
		.columns = b->columns, .headings = true };
	struct table *t = make_table(m, columns, plain, 0);

	text_header(m, out);
	table_draw(t, &how, out);
	buf_puts(out, "\n");
	table_free(t);
}

static json_t *
count_json(uint64_t v)
{
	return v >= NOT_KNOWN ? json_null() : json_integer((json_int_t)v);
}

static json_t *
part_json(double v)
{
	return v < 0 ? json_null() : json_real(v);
}

/* Keys of the machine; the processes follow as the table writes them. */
static void
write_json(const struct model *m, const struct batch_options *b,
    struct buf *out)
{
	const struct source_machine *x = &m->machine;
	const struct list_column *columns[N_SHOWN];
	struct column plain[N_SHOWN];
	struct table *t = make_table(m, columns, plain, b->rows);
	struct timespec now;
	struct buf host = BUF_INIT;
	json_t *j;
	char *text;

	clock_gettime(CLOCK_REALTIME, &now);
	buf_puts(&host, x->host);
	j = json_pack("{s:I, s:s, s:[fff], s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
		      "s:o, s:o}",
	    "time", (json_int_t)now.tv_sec * 1000000000 + now.tv_nsec, "host",
	    buf_text(&host), "load", x->load[0], x->load[1], x->load[2],
	    "memory", count_json(x->memory), "available",
	    count_json(x->available), "files", count_json(x->files),
	    "files_max", count_json(x->files_max), "tcp", count_json(x->tcp),
	    "tcp_memory", count_json(x->tcp_memory), "pressure_cpu",
	    part_json(x->pressure_cpu), "pressure_memory",
	    part_json(x->pressure_memory), "pressure_io",
	    part_json(x->pressure_io));
	text = j != NULL ? json_dumps(j, JSON_COMPACT | JSON_REAL_PRECISION(6)) :
			   NULL;
	if (text != NULL)
		buf_add(out, text, strlen(text) - 1);
	buf_puts(out, ",\"processes\":[");
	for (size_t i = 0; i < table_rows(t); i++) {
		if (i > 0)
			buf_puts(out, ",");
		table_json_row(t, i, out);
	}
	buf_puts(out, "]}\n");
	free(text);
	json_decref(j);
	buf_free(&host);
	table_free(t);
}

static int
look(const struct source *source, struct model *m, struct err *e)
{
	struct source_list *l = source->list(source->arg, NEED_FDS |
	    NEED_LIMITS | NEED_COMMAND | NEED_AGENT, e);

	if (l == NULL)
		return -1;
	model_take(m, l);
	return 0;
}

int
top_batch(const struct source *source, const struct top_options *o,
    const struct batch_options *b, struct err *e)
{
	int64_t delay = o->delay > 0 ? o->delay : INT64_C(2000000000);
	struct model m;
	int rc;

	model_init(&m);
	if (o->sort != NULL && list_column_find(o->sort) != NULL)
		m.sort = list_column_find(o->sort);
	if (o->filter != NULL)
		strncat(m.filter, o->filter, sizeof m.filter - 1);
	m.only = o->pids;
	m.n_only = o->n_pids;
	rc = look(source, &m, e);
	for (uint64_t i = 0; rc == 0 && (b->count == 0 || i < b->count); i++) {
		struct buf out = BUF_INIT;

		wait_for(i == 0 && delay > FIRST_NS ? FIRST_NS : delay);
		if ((rc = look(source, &m, e)) == 0) {
			if (b->json)
				write_json(&m, b, &out);
			else
				write_text(&m, b, &out);
			rc = output_write(NULL, out.bytes, out.len, e);
		}
		buf_free(&out);
	}
	model_free(&m);
	return rc;
}
