/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "encode/html.h"
#include "base/escape.h"
#include "base/hash.h"
#include "base/xalloc.h"
#include "encode/assets.h"
#include "encode/encode.h"
#include "profile/ops.h"

#include <stdlib.h>
#include <string.h>

/* In the order of assets.c, which the build makes of the files. */
static const struct html_asset assets[] = {
	{ "page.css", "text/css; charset=utf-8", asset_page_css,
	    sizeof asset_page_css - 1 },
	{ "page.js", "text/javascript; charset=utf-8", asset_page_js,
	    sizeof asset_page_js - 1 },
	{ "flame.js", "text/javascript; charset=utf-8", asset_flame_js,
	    sizeof asset_flame_js - 1 },
};

const struct html_asset *
html_asset(const char *name)
{
	for (size_t i = 0; i < sizeof assets / sizeof *assets; i++)
		if (strcmp(assets[i].name, name) == 0)
			return &assets[i];
	return NULL;
}

/* ---- data ------------------------------------------------------------------ */

/*
 * A JSON string that is also safe in a script element: nothing in it ends one
 * or begins a comment, because it has no "<".
 */
static void
string(struct buf *out, const char *text)
{
	struct buf clean = BUF_INIT;

	escape_terminal(&clean, text, strlen(text));
	buf_puts(out, "\"");
	for (const char *s = buf_text(&clean); *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c < 0x20 || c == '<' || c == '>' || c == '&' ||
		    c == '\'')
			buf_printf(out, "\\u%04x", c);
		else
			buf_add(out, s, 1);
	}
	buf_puts(out, "\"");
	buf_free(&clean);
}

/* The frames that samples name: one for each function, not for each line. */
struct frames {
	struct hash index;
	struct frame {
		char *name, *where;
	} *list;
	size_t n, cap;
};

static uint32_t
frame_id(struct frames *f, const char *name, const char *where)
{
	uint64_t value = hash_mix(hash_bytes(name, strlen(name)),
	    hash_bytes(where, strlen(where)));
	size_t at = hash_start(&f->index, value);
	uint32_t id;

	while ((id = hash_next(&f->index, value, &at)) != 0)
		if (strcmp(f->list[id - 1].name, name) == 0 &&
		    strcmp(f->list[id - 1].where, where) == 0)
			return id - 1;
	f->list = xgrow(f->list, f->n, &f->cap, sizeof *f->list);
	f->list[f->n++] = (struct frame){ xstrdup(name), xstrdup(where) };
	hash_put(&f->index, value, (uint32_t)f->n);
	return (uint32_t)f->n - 1;
}

/* Where a frame is: its source file, else its module. */
static const char *
where_of(const struct profile *p, const struct profile_location *l, uint32_t i)
{
	const char *file = "";

	if (i < l->n_lines)
		file = profile_text(p,
		    p->functions[p->lines[l->line + i].function - 1].file);
	if (*file == '\0' && l->mapping != 0)
		file = profile_text(p, p->mappings[l->mapping - 1].file);
	return file;
}

static void
sample(const struct profile *p, const struct profile_sample *s,
    struct frames *f, struct buf *out)
{
	const char *comma = "";
	char name[512];

	buf_puts(out, "[[");
	/* Root first: ours is leaf first, and so are inlined lines. */
	for (uint32_t k = s->n_locations; k-- > 0;) {
		uint32_t id = p->stack_ids[s->location + k];
		const struct profile_location *l = &p->locations[id - 1];
		uint32_t i = l->n_lines != 0 ? l->n_lines : 1;

		while (i-- > 0) {
			buf_printf(out, "%s%u", comma, frame_id(f,
			    profile_location_name(p, id, i, name,
				sizeof name), where_of(p, l, i)));
			comma = ",";
		}
	}
	buf_puts(out, "]");
	for (size_t t = 0; t < p->n_types; t++)
		buf_printf(out, ",%lld", (long long)s->values[t]);
	buf_puts(out, "]");
}

static void
samples(const struct profile *p, struct frames *f, struct buf *out)
{
	for (size_t i = 0; i < p->n_samples; i++) {
		buf_puts(out, i != 0 ? ",\n" : "\n");
		sample(p, &p->samples[i], f, out);
	}
}

void
html_flame_json(const struct profile *p, const char *title, struct buf *out)
{
	struct frames f = { HASH_INIT, NULL, 0, 0 };
	struct profile *dropped;
	struct err ignored;

	/* Of a profile whose expression is bad, everything is shown. */
	dropped = profile_drop_frames(p, &ignored);
	if (dropped != NULL)
		p = dropped;
	if (*title == '\0' && p->default_type < p->n_types)
		title = profile_text(p, p->types[p->default_type].type);
	buf_puts(out, "{\"title\":");
	string(out, title);
	buf_printf(out, ",\"time\":%lld,\"duration\":%lld,\"default\":%zu,"
	    "\"types\":[", (long long)(p->time_ns / 1000000),
	    (long long)(p->duration_ns / 1000000), p->default_type);
	for (size_t t = 0; t < p->n_types; t++) {
		buf_puts(out, t != 0 ? ",[" : "[");
		string(out, profile_text(p, p->types[t].type));
		buf_puts(out, ",");
		string(out, profile_text(p, p->types[t].unit));
		buf_puts(out, "]");
	}
	buf_puts(out, "],\"samples\":[");
	samples(p, &f, out);
	buf_puts(out, "\n],\"frames\":[");
	for (size_t i = 0; i < f.n; i++) {
		buf_puts(out, i != 0 ? ",\n[" : "\n[");
		string(out, f.list[i].name);
		buf_puts(out, ",");
		string(out, f.list[i].where);
		buf_puts(out, "]");
		free(f.list[i].name);
		free(f.list[i].where);
	}
	buf_puts(out, "\n]}\n");
	free(f.list);
	hash_free(&f.index);
	profile_free(dropped);
}

/* ---- page ------------------------------------------------------------------ */

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<link rel=\"icon\" href=\"data:,\">\n<title>ullage</title>\n";

void
html_flame(const struct profile *p, const char *title, enum html_form form,
    struct buf *out)
{
	buf_puts(out, head);
	if (form == HTML_ALONE)
		buf_printf(out,
		    "<meta http-equiv=\"Content-Security-Policy\" content="
		    "\"default-src 'none'; script-src 'unsafe-inline'; "
		    "style-src 'unsafe-inline'; img-src data:\">\n"
		    "<style>\n%s</style>\n", asset_page_css);
	else
		buf_puts(out,
		    "<link rel=\"stylesheet\" href=\"/assets/page.css\">\n");
	buf_puts(out, "</head><body class=\"flame\">\n"
	    "<noscript>This page needs JavaScript; the same profile as a text: "
	    "ullage heap PID.</noscript>\n"
	    "<script type=\"application/json\" id=\"data\">\n");
	html_flame_json(p, title, out);
	buf_puts(out, "</script>\n");
	if (form == HTML_ALONE)
		buf_printf(out, "<script>\n%s</script>\n", asset_flame_js);
	else
		buf_puts(out, "<script src=\"/assets/flame.js\"></script>\n");
	buf_puts(out, "</body></html>\n");
}

static int
html_write(struct buf *out, const struct profile *p,
    const struct encode_options *o, struct err *e)
{
	(void)o;
	(void)e;
	html_flame(p, "", HTML_ALONE, out);
	return 0;
}

const struct encoder encode_html = {
	.name = "html",
	.extensions = " .html .htm ",
	.content_type = "text/html; charset=utf-8",
	.help = "a flame graph, as a page that needs nothing else",
	.write = html_write,
};
