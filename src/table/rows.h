/* SPDX-License-Identifier: MIT */
/* What the drawings of a table see of it. Private to this folder. */
#ifndef ULLAGE_TABLE_ROWS_H
#define ULLAGE_TABLE_ROWS_H

#include "table/table.h"

enum cell_state {
	CELL_UNKNOWN = 0,
	CELL_U64,
	CELL_I64,
	CELL_DOUBLE,
	CELL_STRING,
};

struct cell {
	enum cell_state state;
	int kind; /* enum cell_kind + 1 where it is not the column's; else 0 */
	union {
		uint64_t u64;
		int64_t i64;
		double real;
		char *text; /* owned */
	};
};

struct table {
	const struct column *columns; /* borrowed */
	size_t n_columns;
	struct cell **rows; /* each an array of n_columns */
	size_t n, cap;
};

/* A cell as a signed number, cut to its range; 0 for text. */
int64_t cell_i64(const struct cell *c);
double cell_double(const struct cell *c);

/* How the cell is drawn. */
enum cell_kind cell_kind(const struct column *column, const struct cell *c);

/* True for the value that a limit kind shows as "unlimited". */
bool cell_unlimited(const struct column *column, const struct cell *c);

#endif
