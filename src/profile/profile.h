/* SPDX-License-Identifier: MIT */
/*
 * A profile: stacks × values. One of the two nouns that come out of ullage.
 *
 * The shape is that of profile.proto (perftools.profiles), because everything
 * that we write or read maps onto it; names are ids into the profile's own
 * string table. Every step between is profile in, profile out: build,
 * symbolize, diff, merge, encode.
 *
 * Ids of strings are 0-based with 0 the empty string; ids of mappings,
 * locations and functions are 1..n in order, 0 meaning none (so that they can
 * be written as they are: some readers insist on sequential ids).
 *
 * Borrowed pointers and strings stay good until the profile is freed or the
 * array they point into grows (any function that adds).
 */
#ifndef ULLAGE_PROFILE_PROFILE_H
#define ULLAGE_PROFILE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define PROFILE_VALUES_MAX 8

typedef uint32_t string_id;

struct profile_type {
	string_id type; /* "inuse_space" */
	string_id unit; /* "bytes", "count", "nanoseconds", "seconds" */
};

struct profile_mapping {
	uint64_t start, limit; /* addresses in the target, [start, limit) */
	uint64_t offset;       /* file offset of start */
	uint64_t bias;	       /* load address minus link address; ours alone */
	string_id file;	       /* path in the target's own root */
	string_id build_id;    /* lower-case hex, or "" */
	bool deleted;	       /* the file is gone or was replaced; ours alone */
	bool has_functions, has_filenames, has_lines, has_inline_frames;
};

struct profile_function {
	string_id name;	       /* demangled, as shown */
	string_id system_name; /* as in the symbol table */
	string_id file;	       /* source, or "" */
	int64_t start_line;
};

struct profile_line {
	uint32_t function; /* id, never 0 */
	int64_t line;	   /* 0: unknown */
};

struct profile_location {
	uint32_t mapping;  /* id, or 0 */
	uint64_t address;  /* inside the call instruction: return address - 1 */
	uint32_t line;	   /* index of the first of n_lines in p->lines */
	uint32_t n_lines;  /* inlined callee first, outermost caller last */
};

struct profile_label {
	string_id key;
	string_id text; /* a text label, or 0 */
	int64_t number; /* a number label if text is 0 */
	string_id unit; /* of number */
};

struct profile_sample {
	uint32_t location; /* index of the first of n in p->stack_ids */
	uint32_t n_locations;
	uint32_t label;	   /* index of the first of n_labels in p->labels */
	uint32_t n_labels;
	int64_t values[PROFILE_VALUES_MAX];
};

struct profile {
	struct profile_type types[PROFILE_VALUES_MAX];
	size_t n_types;
	size_t default_type; /* index; the value that views show first */
	struct profile_type period_type;
	int64_t period;
	int64_t time_ns;     /* since the epoch */
	int64_t duration_ns; /* 0 for a state, e.g. a heap */
	string_id drop_frames;
	bool symbolized;

	/*
	 * Standard error of the total of each value; 0 where the value is
	 * exact, negative where the error is not known.
	 */
	double stderror[PROFILE_VALUES_MAX];

	struct profile_mapping *mappings;     size_t n_mappings, cap_mappings;
	struct profile_function *functions;   size_t n_functions, cap_functions;
	struct profile_location *locations;   size_t n_locations, cap_locations;
	struct profile_line *lines;	      size_t n_lines, cap_lines;
	struct profile_sample *samples;	      size_t n_samples, cap_samples;
	uint32_t *stack_ids;		      size_t n_stack_ids, cap_stack_ids;
	struct profile_label *labels;	      size_t n_labels, cap_labels;
	string_id *comments;		      size_t n_comments, cap_comments;
	char **strings;			      size_t n_strings, cap_strings;

	struct profile_index *index; /* hashes behind the functions below */
};

struct profile *profile_new(void) __attribute__((returns_nonnull));
void profile_free(struct profile *p);

/* The id of a string, added if new. NULL is "". */
string_id profile_string(struct profile *p, const char *text);

/* The text of an id; "" for one out of range. */
const char *profile_text(const struct profile *p, string_id id);

/* Appends a value type, at most PROFILE_VALUES_MAX; the last one added becomes
 * the default. */
void profile_add_type(struct profile *p, const char *type, const char *unit);

/* Index of the value type of that name, or -1. Go's unprefixed short forms
 * ("space" for inuse_space) are understood as go tool pprof does. */
int profile_type_find(const struct profile *p, const char *type);

/* Appends a mapping; returns its id. The program's own comes first. */
uint32_t profile_add_mapping(struct profile *p,
    const struct profile_mapping *m);

/* The location at address in that mapping, added without lines if new. */
uint32_t profile_location(struct profile *p, uint32_t mapping,
    uint64_t address);

/*
 * The location at that address with exactly those lines, added if new: for
 * profiles that come with their names. Address and mapping may be 0.
 */
uint32_t profile_location_lines(struct profile *p, uint32_t mapping,
    uint64_t address, const struct profile_line *lines, size_t n);

/* The function of those names, added if new. */
uint32_t profile_function(struct profile *p, const char *name,
    const char *system_name, const char *file, int64_t start_line);

/*
 * Gives a location its lines (callee first). May be called once for each
 * location; the location must have none yet.
 */
void profile_set_lines(struct profile *p, uint32_t location,
    const struct profile_line *lines, size_t n);

/*
 * Adds values to the sample of that stack (leaf first, ids of locations) and
 * those labels; equal stacks with equal labels become one sample. The arrays
 * must not be this profile's own.
 */
void profile_add_sample(struct profile *p, const uint32_t *locations,
    size_t n_locations, const struct profile_label *labels, size_t n_labels,
    const int64_t *values);

/* Removes the samples whose values are all zero. */
void profile_drop_zeros(struct profile *p);

void profile_add_comment(struct profile *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* a + b, stopping at the ends of the range instead of wrapping. */
int64_t profile_sum(int64_t a, int64_t b);

/* Sum of a value over all samples. */
int64_t profile_total(const struct profile *p, size_t type);

/*
 * True if every id and index is in range: the invariant of the structure.
 * Decoders call it on what they built; tests on everything. e says what is
 * wrong.
 */
bool profile_valid(const struct profile *p, struct err *e);

/*
 * The name that a view shows for line i of a location: function, or
 * "file+0xoffset" (the link address where the bias is known), or "0xaddress".
 * Returns out, which is cut to size, or the profile's own text. Not escaped.
 */
const char *profile_location_name(const struct profile *p, uint32_t location,
    uint32_t line, char *out, size_t size);

#endif
