/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/debug_text.h"
#include "base/escape.h"

#include <string.h>

static long long
value(const struct profile *p, const struct profile_sample *s, int type)
{
	if (type < 0)
		return 0;
	return s != NULL ? s->values[type] : profile_total(p, (size_t)type);
}

/* The four numbers of a heap line: held now, in brackets ever allocated. */
static void
heap_numbers(const struct profile *p, const struct profile_sample *s,
    struct buf *out)
{
	int ao = profile_type_find(p, "alloc_objects");
	int as = profile_type_find(p, "alloc_space");
	int io = profile_type_find(p, "inuse_objects");
	int is = profile_type_find(p, "inuse_space");

	if (io < 0 || is < 0) {
		io = 0;
		is = p->n_types > 1 ? 1 : 0;
	}
	if (ao < 0 || as < 0) {
		ao = io;
		as = is;
	}
	buf_printf(out, "%lld: %lld [%lld: %lld] @", value(p, s, io),
	    value(p, s, is), value(p, s, ao), value(p, s, as));
}

static void
name_lines(const struct profile *p, uint32_t location, struct buf *out)
{
	const struct profile_location *l = &p->locations[location - 1];
	char name[512];
	uint32_t i = 0;

	do {
		const char *text = profile_location_name(p, location, i, name,
		    sizeof name);

		buf_printf(out, "#\t%#llx\t",
		    (unsigned long long)l->address + 1);
		escape_terminal(out, text, strlen(text));
		if (i < l->n_lines) {
			const struct profile_line *line =
			    &p->lines[l->line + i];
			const char *file = profile_text(p,
			    p->functions[line->function - 1].file);

			buf_puts(out, "\t");
			escape_terminal(out, file, strlen(file));
			if (line->line != 0)
				buf_printf(out, ":%lld",
				    (long long)line->line);
		}
		buf_puts(out, "\n");
	} while (++i < l->n_lines);
}

void
debug_text(const struct profile *p, const char *kind, struct buf *out)
{
	bool heap = p->n_types > 1;

	/* "heapprofile" is exact: our values are unbiased already. */
	if (heap) {
		buf_puts(out, "heap profile: ");
		heap_numbers(p, NULL, out);
		buf_puts(out, " heapprofile\n");
	} else {
		buf_printf(out, "%s profile: total %lld\n", kind,
		    value(p, NULL, 0));
	}
	for (size_t i = 0; i < p->n_samples; i++) {
		const struct profile_sample *s = &p->samples[i];

		if (heap)
			heap_numbers(p, s, out);
		else
			buf_printf(out, "%lld @", value(p, s, 0));
		/* Return addresses: readers subtract one again. */
		for (uint32_t k = 0; k < s->n_locations; k++)
			buf_printf(out, " %#llx",
			    (unsigned long long)p->locations[p->stack_ids
				    [s->location + k] - 1].address + 1);
		buf_puts(out, "\n");
		for (uint32_t k = 0; k < s->n_locations; k++)
			name_lines(p, p->stack_ids[s->location + k], out);
		buf_puts(out, "\n");
	}
}

static const char *
label(const struct profile *p, const struct profile_sample *s, const char *key)
{
	for (uint32_t i = 0; i < s->n_labels; i++) {
		const struct profile_label *l = &p->labels[s->label + i];

		if (strcmp(profile_text(p, l->key), key) == 0)
			return profile_text(p, l->text);
	}
	return "?";
}

/* The letter of /proc/PID/stat in words. */
static const char *
state_words(char letter)
{
	switch (letter) {
	case 'R':
		return "running";
	case 'S':
		return "sleeping";
	case 'D':
		return "waiting for a device";
	case 'T':
	case 't':
		return "stopped";
	case 'Z':
	case 'X':
		return "ended";
	default:
		return "unknown";
	}
}

static void
panic_frame(const struct profile *p, uint32_t location, uint32_t i,
    struct buf *out)
{
	const struct profile_location *l = &p->locations[location - 1];
	const struct profile_line *line = &p->lines[l->line + i];
	const char *file = "?";
	char name[512];
	const char *text = profile_location_name(p, location, i, name,
	    sizeof name);

	escape_terminal(out, text, strlen(text));
	if (i < l->n_lines)
		file = profile_text(p, p->functions[line->function - 1].file);
	else if (l->mapping != 0)
		file = profile_text(p, p->mappings[l->mapping - 1].file);
	buf_puts(out, "(...)\n\t");
	escape_terminal(out, *file != '\0' ? file : "?",
	    *file != '\0' ? strlen(file) : 1);
	buf_printf(out, ":%lld %#llx\n",
	    i < l->n_lines ? (long long)line->line : 0,
	    (unsigned long long)l->address);
}

void
debug_stacks(const struct profile *p, const char *kind, struct buf *out)
{
	size_t number = 0;

	(void)kind;
	for (size_t i = 0; i < p->n_samples; i++) {
		const struct profile_sample *s = &p->samples[i];
		const char *name = label(p, s, "thread");

		for (int64_t k = 0; k < s->values[0]; k++) {
			buf_printf(out, "%sthread %zu [%s]:\n# ",
			    number == 0 ? "" : "\n", number + 1,
			    state_words(*label(p, s, "state")));
			number++;
			escape_terminal(out, name, strlen(name));
			buf_puts(out, "\n");
			for (uint32_t at = 0; at < s->n_locations; at++) {
				uint32_t id = p->stack_ids[s->location + at];
				uint32_t n = p->locations[id - 1].n_lines;

				for (uint32_t f = 0; f < n || f == 0; f++)
					panic_frame(p, id, f, out);
			}
		}
	}
}
