/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "top/canvas.h"
#include "base/escape.h"
#include "base/xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
canvas_init(struct canvas *c, int rows, int columns, bool unicode)
{
	memset(c, 0, sizeof *c);
	c->unicode = unicode;
	canvas_resize(c, rows, columns);
}

void
canvas_free(struct canvas *c)
{
	free(c->cells);
	memset(c, 0, sizeof *c);
}

void
canvas_resize(struct canvas *c, int rows, int columns)
{
	c->rows = rows > 0 ? rows : 1;
	c->columns = columns > 0 ? columns : 1;
	free(c->cells);
	c->cells = xcalloc((size_t)c->rows * (size_t)c->columns,
	    sizeof *c->cells);
	canvas_clear(c);
}

static void
blank(struct canvas_cell *cell)
{
	memset(cell, 0, sizeof *cell);
	cell->text[0] = ' ';
}

void
canvas_clear(struct canvas *c)
{
	for (int i = 0; i < c->rows * c->columns; i++)
		blank(&c->cells[i]);
}

struct canvas_cell *
canvas_at(const struct canvas *c, int row, int column)
{
	if (row < 0 || row >= c->rows || column < 0 || column >= c->columns)
		return NULL;
	return &c->cells[row * c->columns + column];
}

/* Half of a wide character that is overwritten leaves a blank. */
static void
put_cell(struct canvas *c, int row, int column, const char *text, size_t len,
    int width, enum style style)
{
	struct canvas_cell *cell = canvas_at(c, row, column), *next;

	if (cell == NULL)
		return;
	if (cell->text[0] == '\0' && column > 0) {
		next = canvas_at(c, row, column - 1);
		strcpy(next->text, " ");
	}
	next = canvas_at(c, row, column + width);
	if (next != NULL && next->text[0] == '\0')
		strcpy(next->text, " ");
	memset(cell->text, 0, sizeof cell->text);
	memcpy(cell->text, text, len);
	cell->style = (uint8_t)style;
	cell->flags = 0;
	if (width == 2) {
		next = canvas_at(c, row, column + 1);
		memset(next, 0, sizeof *next);
		next->style = (uint8_t)style;
	}
}

/* What combines with the cell before. More than there is room for is lost. */
static void
combine(struct canvas *c, int row, int column, const char *text, size_t len)
{
	struct canvas_cell *cell = canvas_at(c, row, column);
	size_t had;

	if (cell == NULL)
		return;
	if (cell->text[0] == '\0' && column > 0)
		cell = canvas_at(c, row, column - 1);
	had = strlen(cell->text);
	if (had + len < sizeof cell->text)
		memcpy(cell->text + had, text, len);
}

static size_t
character_bytes(const char *s)
{
	unsigned char c = (unsigned char)*s;

	return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* Text that is safe already. Stops before `limit` columns are passed. */
static int
put_safe(struct canvas *c, int row, int column, int limit, enum style style,
    const char *text)
{
	int used = 0;

	while (*text != '\0') {
		size_t len = character_bytes(text), fit;
		size_t width;
		char one[8];

		memcpy(one, text, len);
		one[len] = '\0';
		if (len > 1 && !c->unicode)
			one[0] = '?', one[1] = '\0';
		fit = escape_fit(one, 2, &width);
		if (fit == 0)
			width = 1;
		text += len;
		if (width == 0) {
			if (used > 0)
				combine(c, row, column + used - 1, one, len);
			continue;
		}
		if (used + (int)width > limit ||
		    column + used + (int)width > c->columns)
			break;
		put_cell(c, row, column + used, one, strlen(one), (int)width,
		    style);
		used += (int)width;
	}
	return used;
}

static bool
is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e)
			return false;
	return true;
}

/* As it goes into cells; `keep` is to be freed. */
static const char *
safe(const struct canvas *c, const char *text, struct buf *keep)
{
	(void)c;
	if (is_plain(text))
		return text;
	escape_terminal(keep, text, strlen(text));
	return buf_text(keep);
}

int
canvas_put(struct canvas *c, int row, int column, enum style style,
    const char *text)
{
	struct buf keep = BUF_INIT;
	int used = put_safe(c, row, column, c->columns - column, style,
	    safe(c, text, &keep));

	buf_free(&keep);
	return used;
}

int
canvas_printf(struct canvas *c, int row, int column, enum style style,
    const char *fmt, ...)
{
	va_list ap;
	char *text;
	int used;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	used = canvas_put(c, row, column, style, text);
	free(text);
	return used;
}

int
canvas_width(const struct canvas *c, const char *text)
{
	struct buf keep = BUF_INIT;
	int width = (int)escape_width(safe(c, text, &keep));

	buf_free(&keep);
	return width;
}

static void
put_cut(struct canvas *c, int row, int column, int width, enum style style,
    const char *text, bool right)
{
	struct buf keep = BUF_INIT;
	const char *s = safe(c, text, &keep);
	const char *dots = c->unicode ? "\xe2\x80\xa6" : "~";
	int w = (int)escape_width(s), used;

	if (width <= 0) {
		buf_free(&keep);
		return;
	}
	if (w <= width) {
		if (right)
			column += width - w;
		put_safe(c, row, column, w, style, s);
	} else {
		used = put_safe(c, row, column, width - 1, style, s);
		put_safe(c, row, column + used, 1, style, dots);
	}
	buf_free(&keep);
}

void
canvas_left(struct canvas *c, int row, int column, int width,
    enum style style, const char *text)
{
	put_cut(c, row, column, width, style, text, false);
}

void
canvas_right(struct canvas *c, int row, int column, int width,
    enum style style, const char *text)
{
	put_cut(c, row, column, width, style, text, true);
}

void
canvas_erase(struct canvas *c, int row, int column, int rows, int columns)
{
	for (int y = row; y < row + rows; y++)
		for (int x = column; x < column + columns; x++)
			if (canvas_at(c, y, x) != NULL)
				put_cell(c, y, x, " ", 1, 1, STYLE_PLAIN);
}

void
canvas_flag(struct canvas *c, int row, int column, int width, unsigned flags)
{
	for (int x = column; x < column + width; x++)
		if (canvas_at(c, row, x) != NULL)
			canvas_at(c, row, x)->flags |= (uint8_t)flags;
}

void
canvas_style(struct canvas *c, int row, int column, int width,
    enum style style)
{
	for (int x = column; x < column + width; x++)
		if (canvas_at(c, row, x) != NULL)
			canvas_at(c, row, x)->style = (uint8_t)style;
}
