/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "top_world.h"
#include "base/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

void
begin(struct world *w, int rows, int columns, bool unicode)
{
	fake_top_init(&w->fake);
	ui_init(&w->ui, &w->fake.source, rows, columns, unicode);
	for (int i = 0; i < 15; i++)
		fake_top_look(&w->fake, &w->ui, 1);
}

void
end(struct world *w)
{
	ui_free(&w->ui);
}

void
open_tab(struct world *w, int32_t pid, int key)
{
	ui_open(&w->ui, pid);
	fake_top_detail(&w->fake, &w->ui);
	ui_key(&w->ui, key);
	fake_top_detail(&w->fake, &w->ui);
	/* A second look gives trends and what has grown. */
	for (int i = 0; i < 6; i++) {
		fake_top_look(&w->fake, &w->ui, 1);
		w->ui.detail_wanted = true;
		fake_top_detail(&w->fake, &w->ui);
	}
}

char *
screen(struct world *w)
{
	struct buf out = BUF_INIT;

	ui_draw(&w->ui);
	canvas_text(&w->ui.canvas, &out);
	return out.bytes;
}

void
assert_golden(struct world *w, const char *name)
{
	struct buf out = BUF_INIT, want = BUF_INIT;
	char path[512];
	struct err e;

	ui_draw(&w->ui);
	canvas_text(&w->ui.canvas, &out);
	buf_puts(&out, "\n");
	canvas_styles(&w->ui.canvas, &out);
	snprintf(path, sizeof path, "%s%s", GOLDEN, name);
	if (getenv("ACCEPT") != NULL)
		assert_int_equal(output_write(path, out.bytes, out.len, &e),
		    0);
	if (buf_read_file(&want, path, 1 << 20, &e) < 0)
		fail_msg("%s", e.text);
	assert_string_equal(buf_text(&out), buf_text(&want));
	buf_free(&want);
	buf_free(&out);
}

void
assert_shows(struct world *w, const char *text)
{
	char *shown = screen(w);

	if (strstr(shown, text) == NULL)
		fail_msg("no \"%s\" in\n%s", text, shown);
	free(shown);
}

void
assert_hides(struct world *w, const char *text)
{
	char *shown = screen(w);

	if (strstr(shown, text) != NULL)
		fail_msg("\"%s\" in\n%s", text, shown);
	free(shown);
}
