/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "top/prompt.h"
#include "base/xalloc.h"
#include "top/ui.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 12

void
prompt_close(struct prompt *p)
{
	free(p->lines);
	memset(p, 0, sizeof *p);
}

void
prompt_ask(struct prompt *p, const char *label, const char *text,
    const char *hint, void (*done)(struct ui *ui, const char *text))
{
	prompt_close(p);
	p->open = true;
	snprintf(p->label, sizeof p->label, "%s", label);
	snprintf(p->text, sizeof p->text, "%s", text);
	snprintf(p->hint, sizeof p->hint, "%s", hint);
	p->len = strlen(p->text);
	p->done = done;
}

void
prompt_confirm(struct prompt *p, const char *question, const char *lines,
    void (*done)(struct ui *ui, const char *text))
{
	prompt_close(p);
	p->open = p->confirm = true;
	snprintf(p->label, sizeof p->label, "%s", question);
	p->lines = xstrdup(lines);
	p->done = done;
}

/* ---- keys ---------------------------------------------------------------------- */

static void
erase_last(struct prompt *p)
{
	while (p->len > 0 && (p->text[--p->len] & 0xc0) == 0x80)
		;
	p->text[p->len] = '\0';
}

static void
insert(struct prompt *p, int key)
{
	unsigned c = (unsigned)key;
	char bytes[5] = "";
	size_t n;

	if (c < 0x80)
		bytes[0] = (char)c, n = 1;
	else if (c < 0x800)
		bytes[0] = (char)(0xc0 | c >> 6), n = 2;
	else if (c < 0x10000)
		bytes[0] = (char)(0xe0 | c >> 12), n = 3;
	else
		bytes[0] = (char)(0xf0 | c >> 18), n = 4;
	for (size_t i = 1; i < n; i++)
		bytes[i] = (char)(0x80 | (c >> 6 * (n - 1 - i) & 0x3f));
	if (p->len + n >= sizeof p->text)
		return;
	memcpy(p->text + p->len, bytes, n + 1);
	p->len += n;
}

static void
finish(struct ui *ui)
{
	struct prompt *p = &ui->prompt;
	void (*done)(struct ui *ui, const char *text) = p->done;
	char text[PROMPT_TEXT_MAX];

	memcpy(text, p->text, sizeof text);
	prompt_close(p);
	done(ui, text);
}

void
prompt_key(struct ui *ui, int key)
{
	struct prompt *p = &ui->prompt;

	if (key == UI_ESC || key == UI_F(10)) {
		void (*changed)(struct ui *, const char *) = p->changed;

		prompt_close(p);
		if (changed != NULL)
			changed(ui, "");
		return;
	}
	if (p->confirm) {
		if (key == UI_ENTER || key == 'y' || key == 'Y')
			finish(ui);
		else if (key == 'n' || key == 'N' || key == 'q')
			prompt_close(p);
		return;
	}
	if (key == UI_ENTER) {
		finish(ui);
		return;
	}
	if (key == UI_BACKSPACE || key == UI_DELETE)
		erase_last(p);
	else if (key == 'U' - 64)
		p->len = 0, p->text[0] = '\0';
	else if (key >= ' ' && key < 0x110000 && key != 127)
		insert(p, key);
	else
		return;
	if (p->changed != NULL)
		p->changed(ui, p->text);
}

/* ---- drawing ----------------------------------------------------------------------- */

/* Words of a line into lines of `width`; returns how many. */
static int
wrap(const char *text, int width, char lines[LINES_MAX][256])
{
	int n = 0;

	if (width > 250)
		width = 250;
	while (*text != '\0' && n < LINES_MAX) {
		size_t len = strcspn(text, "\n"), cut = len;

		if (len > (size_t)width) {
			for (cut = (size_t)width; cut > 0 && text[cut] != ' ';)
				cut--;
			if (cut == 0)
				cut = (size_t)width;
		}
		snprintf(lines[n++], 256, "%.*s", (int)cut, text);
		text += cut;
		while (*text == ' ')
			text++;
		if (*text == '\n')
			text++;
	}
	return n;
}

int
prompt_draw(const struct prompt *p, struct canvas *c, int bottom)
{
	char lines[LINES_MAX][256];
	int n = p->lines == NULL ? 0 : wrap(p->lines, c->columns - 2, lines);
	char label[LINES_MAX][256];
	int n_label = wrap(p->label, c->columns - 12, label);
	int row, at = 0, top;

	if (n > bottom - n_label - 1)
		n = bottom - n_label - 1 > 0 ? bottom - n_label - 1 : 0;
	top = row = bottom - n - n_label - 1;
	if (row < 0)
		top = row = 0;
	canvas_erase(c, row, 0, bottom - row, c->columns);
	for (int i = 0; i < c->columns; i++)
		canvas_put(c, row, i, STYLE_FAINT, c->unicode ? "─" : "-");
	row++;
	for (int i = 0; i < n; i++) {
		bool command = strncmp(lines[i], "ullage ", 7) == 0 ||
		    strncmp(lines[i], "kill ", 5) == 0;

		canvas_left(c, row++, 1, c->columns - 2,
		    command ? STYLE_OURS : STYLE_PLAIN, lines[i]);
	}
	for (int i = 0; i < n_label; i++) {
		at = 1 + canvas_put(c, row++, 1, STYLE_STRONG, label[i]);
	}
	row--;
	if (p->confirm) {
		at += canvas_put(c, row, at + 2, STYLE_OURS, "y") + 2;
		at += canvas_put(c, row, at + 1, STYLE_PLAIN, "yes") + 1;
		at += canvas_put(c, row, at + 2, STYLE_OURS, "n") + 2;
		canvas_put(c, row, at + 1, STYLE_PLAIN, "no");
		return top;
	}
	at += 1 + canvas_put(c, row, at + 1, STYLE_OURS, p->text);
	canvas_put(c, row, at, STYLE_OURS, c->unicode ? "▏" : "_");
	canvas_left(c, row, at + 3, c->columns - at - 3, STYLE_FAINT, p->hint);
	return top;
}
