/* SPDX-License-Identifier: MIT */
/* The pages for people. Everything on them comes from this server. */
#include "config.h"

#include "serve/pages.h"
#include "encode/html.h"
#include "table/html.h"

#include <stdio.h>
#include <string.h>

/* What a page shows of processor time; its reader is waiting. */
#define CPU_PAGE_SECONDS 3

void
page_begin(struct visit *v, struct answer *a, const char *title)
{
	const struct source *s = v->routes->source;
	char name[64] = "";
	struct err ignored;

	a->type = "text/html; charset=utf-8";
	a->page = true;
	if (v->pid != 0)
		s->name(s->arg, v->pid, name, &ignored);
	for (int i = 0; i < 2; i++) {
		buf_puts(&a->body, i == 0 ?
			"<!DOCTYPE html>\n<html lang=\"en\"><head>"
			"<meta charset=\"utf-8\">\n"
			"<meta name=\"viewport\" content="
			"\"width=device-width\">\n"
			"<link rel=\"icon\" href=\"data:,\">\n<title>" :
			"</title>\n"
			"<link rel=\"stylesheet\" href=\"/assets/page.css\">\n"
			"<script src=\"/assets/page.js\" defer></script>\n"
			"</head><body><main>\n<h1><a href=\"/\">ullage</a> ");
		html_text(&a->body, title);
		if (v->pid == 0)
			continue;
		buf_puts(&a->body, " of ");
		html_text(&a->body, name);
		buf_printf(&a->body, " (%d)", v->pid);
	}
	buf_puts(&a->body, "</h1>\n");
}

void
page_end(struct answer *a)
{
	buf_puts(&a->body, "</main></body></html>\n");
}

void
page_overview(struct visit *v, struct answer *a)
{
	const struct source *s = v->routes->source;
	struct table *t = s->overview(s->arg);

	page_begin(v, a, "processes");
	if (table_rows(t) == 0)
		buf_puts(&a->body,
		    "<p>No process is served now. Start one with <code>ullage "
		    "run</code>.</p>\n");
	else
		table_html(t, "/pid/", &a->body);
	buf_puts(&a->body, "<p><a href=\"/metrics\">metrics</a></p>\n");
	page_end(a);
	table_free(t);
}

static void
section(void *arg, const char *title, const char *help, const struct table *t)
{
	struct answer *a = arg;

	buf_puts(&a->body, "<h2>");
	html_text(&a->body, title);
	buf_puts(&a->body, "</h2>\n");
	if (help != NULL) {
		buf_puts(&a->body, "<p>");
		html_text(&a->body, help);
		buf_puts(&a->body, "</p>\n");
	}
	table_html(t, NULL, &a->body);
}

void
page_process(struct visit *v, struct answer *a)
{
	const struct source *s = v->routes->source;
	const struct source_kind *k;
	struct err e;

	if (visit_pid(v, a) < 0)
		return;
	page_begin(v, a, "process");
	buf_puts(&a->body, "<p>");
	for (k = s->kinds; k->name != NULL; k++)
		buf_printf(&a->body, "<a href=\"flame/%s\">%s</a> ", k->name,
		    k->name);
	buf_puts(&a->body, "<a href=\"debug/pprof/\">pprof</a></p>\n");
	if (s->sections(s->arg, v->pid, section, a, &e) < 0) {
		answer_err(a, &e);
		return;
	}
	page_end(a);
}

void
page_flame(struct visit *v, struct answer *a)
{
	const struct source *s = v->routes->source;
	const struct source_kind *k = s->kinds;
	struct profile *p;
	char name[64], title[128];
	uint64_t seconds = 0;
	struct err e;

	while (k->name != NULL && strcmp(k->name, v->rest) != 0)
		k++;
	if (k->name == NULL) {
		answer_error(a, 404, "Unknown profile");
		return;
	}
	if (strcmp(k->name, "cpu") == 0)
		seconds = CPU_PAGE_SECONDS;
	if (visit_pid(v, a) < 0 ||
	    (p = visit_profile(v, k->name, seconds, a)) == NULL)
		return;
	if (s->name(s->arg, v->pid, name, &e) < 0)
		strcpy(name, "?");
	snprintf(title, sizeof title, "%s of %s (%d)", k->name, name, v->pid);
	if (request_parameter(v->request, "json") != NULL) {
		a->type = "application/json";
		html_flame_json(p, title, &a->body);
	} else {
		a->type = "text/html; charset=utf-8";
		a->page = true;
		html_flame(p, title, HTML_LINKED, &a->body);
	}
	profile_free(p);
}

void
page_asset(struct visit *v, struct answer *a)
{
	const struct html_asset *f = html_asset(v->rest);

	if (f == NULL) {
		answer_error(a, 404, "there is no such page");
		return;
	}
	a->type = f->type;
	buf_add(&a->body, f->text, f->len);
}
