/* SPDX-License-Identifier: MIT */
/*
 * Subcommands. A command is a file that ends in a `const struct cmd`, and a
 * row in cmd.c; parsing, help, usage errors, exit statuses and the man-page
 * check come from that struct.
 */
#ifndef ULLAGE_CMD_CMD_H
#define ULLAGE_CMD_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum option_kind {
	OPT_FLAG,
	OPT_TEXT,
	OPT_SIZE,     /* 512k: bytes */
	OPT_NUMBER,   /* decimal, from 0 */
	OPT_DURATION, /* 30, 30s, 5m: nanoseconds */
};

struct option_spec {
	char letter; /* 0: none */
	const char *name;
	enum option_kind kind;
	const char *arg;  /* what help calls the argument */
	const char *help; /* one sentence, small initial, no full stop */
	bool repeats;	  /* OPT_TEXT: may be given again; see options_all */
};

/* Tables end with a row without a name. */
#define OPTION_END { 0, NULL, OPT_FLAG, NULL, NULL, false }

#define CMD_TABLES_MAX 4

struct options;

struct cmd {
	const char *name;
	const char *operands; /* "PID", "A B", "[--] CMD [ARG...]", or "" */
	const char *summary;  /* one sentence, small initial, no full stop */
	const char *details;  /* further paragraph for help, or NULL */
	const struct option_spec *options[CMD_TABLES_MAX]; /* NULL-padded */
	int min_operands, max_operands; /* max -1: any number */
	bool stops_at_operand; /* options after the first operand are its own */
	bool hidden;	       /* not in the list of `ullage help` */
	/* 0, a positive exit status of its own, or -1 with e set. */
	int (*run)(const struct cmd *cmd, struct options *o, struct err *e);
};

/* NULL-terminated, in the order of help. */
extern const struct cmd *const cmds[];

const struct cmd *cmd_find(const char *name);

/* The whole program: returns the exit status. */
int cmd_main(int argc, char **argv);

/* Writes usage and options of one command, as help does. */
struct buf;
void cmd_usage(const struct cmd *cmd, struct buf *out);

/* ---- what was given -------------------------------------------------------- */

bool option_given(const struct options *o, const char *name);
const char *option_text(const struct options *o, const char *name);
uint64_t option_value(const struct options *o, const char *name,
    uint64_t otherwise);
/* Every argument of a repeating option; borrowed. Returns how many. */
size_t option_all(const struct options *o, const char *name,
    const char *const **texts);

size_t operand_count(const struct options *o);
char *operand(const struct options *o, size_t i);
char **operand_rest(const struct options *o, size_t i); /* NULL-terminated */

/* ---- shared by commands ----------------------------------------------------- */

extern const struct option_spec common_options[]; /* -q -v --color */

bool cmd_quiet(const struct options *o);
bool cmd_color(const struct options *o);

/* Columns to fit standard output into: the terminal's, else 80 ($COLUMNS
 * overrides); 0 when it is a file or a pipe and `unlimited` is true. */
size_t cmd_columns(bool unlimited);

/* One line on standard error, unless -q. */
void cmd_note(const struct options *o, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
