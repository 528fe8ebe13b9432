/* SPDX-License-Identifier: MIT */
/*
 * A table: rows × columns. The other noun. Cells hold plain values (bytes,
 * nanoseconds, counts); ways of drawing are text and JSON. What is not known
 * is a value: "-" on paper, null in JSON, sorted last.
 */
#ifndef ULLAGE_TABLE_TABLE_H
#define ULLAGE_TABLE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum cell_kind {
	CELL_TEXT,
	CELL_BYTES,    /* "1.94G"; JSON: bytes */
	CELL_COUNT,    /* "18,214"; JSON: the number */
	CELL_LIMIT,    /* a count, where CELL_UNLIMITED is "unlimited" */
	CELL_SIZE_LIMIT, /* bytes, likewise */
	CELL_DURATION, /* "3m 20s"; JSON: nanoseconds */
	CELL_PERCENT,  /* a fraction, "91%"; JSON: the fraction */
	CELL_ID,       /* a number without separators: pid, fd */
	CELL_BOOL,     /* "*" or ""; JSON: true or false */
	CELL_REAL,     /* "1.02"; JSON: the number */
};

#define CELL_UNLIMITED UINT64_MAX

struct column {
	const char *key;    /* JSON key and --sort name; never changes meaning */
	const char *title;  /* heading in text */
	enum cell_kind kind;
	const char *help;   /* one sentence */
	bool left;	    /* text is to the left by default; numbers right */
	bool last;	    /* may be cut at the right edge of the terminal */
};

struct table;

/* columns must outlive the table. */
struct table *table_new(const struct column *columns, size_t n);
void table_free(struct table *t);

/* Starts a row; cells are unknown until set. */
void table_row(struct table *t);

/* Set cells of the newest row, by column index. Text is copied. */
void table_text(struct table *t, size_t column, const char *text);
void table_u64(struct table *t, size_t column, uint64_t value);
void table_i64(struct table *t, size_t column, int64_t value);
void table_double(struct table *t, size_t column, double value);

/* The same, drawn in another way than the column: rows of mixed units. */
void table_u64_as(struct table *t, size_t column, enum cell_kind kind,
    uint64_t value);
void table_double_as(struct table *t, size_t column, enum cell_kind kind,
    double value);

size_t table_rows(const struct table *t);
size_t table_columns(const struct table *t);

/* Index of the column with that key, or -1. */
int table_column(const struct table *t, const char *key);

/* Stable; numbers descending, texts ascending (reverse flips); unknown last. */
void table_sort(struct table *t, size_t column, bool reverse);

struct table_options {
	size_t rows;	/* most rows; 0 is all; the rest is counted in a line */
	size_t columns; /* width to fit; 0 does not fit */
	bool headings;
	uint64_t hidden; /* bit k: column k is left out */
};

/* Escapes everything that came from a target. */
void table_draw(const struct table *t, const struct table_options *o,
    struct buf *out);

/* A JSON array of objects, one per row. */
void table_json(const struct table *t, struct buf *out);

/* One of its rows, as an object and without a line feed. */
void table_json_row(const struct table *t, size_t row, struct buf *out);

#endif
