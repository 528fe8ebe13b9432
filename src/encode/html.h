/* SPDX-License-Identifier: MIT */
/*
 * The flame graph page. As one file it carries its style and script within
 * and asks nobody for anything; served, it links to them, so that a policy can
 * forbid every script that is not ours.
 */
#ifndef ULLAGE_ENCODE_HTML_H
#define ULLAGE_ENCODE_HTML_H

#include "base/buf.h"
#include "profile/profile.h"

enum html_form {
	HTML_ALONE,  /* one file */
	HTML_LINKED, /* style and script under /assets/, and live data */
};

/* The title may hold anything. */
void html_flame(const struct profile *p, const char *title,
    enum html_form form, struct buf *out);

/* The data of the page: what flame.js describes. Safe inside of a script
 * element. */
void html_flame_json(const struct profile *p, const char *title,
    struct buf *out);

struct html_asset {
	const char *name; /* "flame.js" */
	const char *type; /* content type */
	const char *text;
	size_t len;
};

/* NULL if there is none of that name. */
const struct html_asset *html_asset(const char *name);

#endif
