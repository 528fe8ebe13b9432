/* SPDX-License-Identifier: MIT */
/* The pages for people. Everything on them comes from this server. */
#include "config.h"

#include "serve/pages.h"
#include "encode/html.h"
#include "table/html.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a page shows of processor time; its reader is waiting. */
#define CPU_PAGE_SECONDS 3

/* Processes that the overview draws. */
#define PLOTS_MAX 24

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

static void
draw_plot(void *arg, const struct plot *plot, const char *title,
    const struct plot_part *parts, size_t n)
{
	struct answer *a = arg;

	if (plot != NULL)
		plot_lines(plot, &a->body);
	else
		plot_bar(title, parts, n, &a->body);
}

/* A small one of each, as long as they fit on a page. */
static void
draw_overview(struct visit *v, struct answer *a)
{
	const struct source *s = v->routes->source;
	int32_t *pids;
	struct err ignored;
	size_t n;

	if (s->pids(s->arg, &pids, &n, &ignored) < 0)
		return;
	buf_puts(&a->body, "<div class=\"plots\">\n");
	for (size_t i = 0; i < n && i < PLOTS_MAX; i++)
		s->plots(s->arg, pids[i], true, draw_plot, a, &ignored);
	buf_puts(&a->body, "</div>\n");
	free(pids);
}

void
page_overview(struct visit *v, struct answer *a)
{
	const struct source *s = v->routes->source;
	struct table *t = s->overview(s->arg);

	page_begin(v, a, "processes");
	if (table_rows(t) == 0) {
		buf_puts(&a->body,
		    "<p>No process is served now. Start one with <code>ullage "
		    "run</code>.</p>\n");
	} else {
		buf_puts(&a->body, "<section>\n");
		table_html(t, "/pid/", &a->body);
		buf_puts(&a->body, "</section>\n");
		draw_overview(v, a);
	}
	page_end(a);
	table_free(t);
}

static void
section(void *arg, const char *title, const char *help, const struct table *t)
{
	struct answer *a = arg;

	/* Many columns take the whole width. */
	buf_puts(&a->body, table_columns(t) > 4 ?
		"<section class=\"wide\"><h2>" : "<section><h2>");
	html_text(&a->body, title);
	buf_puts(&a->body, "</h2>\n");
	if (help != NULL) {
		buf_puts(&a->body, "<p>");
		html_text(&a->body, help);
		buf_puts(&a->body, "</p>\n");
	}
	if (table_rows(t) > 0)
		table_html(t, NULL, &a->body);
	buf_puts(&a->body, "</section>\n");
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
	buf_puts(&a->body, "<nav>");
	for (k = s->kinds; k->name != NULL; k++)
		buf_printf(&a->body,
		    "<a href=\"flame/%s\" title=\"%s\">%s</a> ", k->name,
		    k->summary, k->name);
	buf_puts(&a->body, "<a href=\"debug/pprof/\">pprof</a></nav>\n"
			   "<div class=\"plots\">\n");
	if (s->plots(s->arg, v->pid, false, draw_plot, a, &e) < 0) {
		answer_err(a, &e);
		return;
	}
	buf_puts(&a->body, "</div>\n<div class=\"tables\">\n");
	if (s->sections(s->arg, v->pid, section, a, &e) < 0) {
		answer_err(a, &e);
		return;
	}
	buf_puts(&a->body, "</div>\n");
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
