/* SPDX-License-Identifier: MIT */
/* The back of a canvas that tests look at: text, and a map of meanings. */
#include "config.h"

#include "top/canvas.h"

static void
end_line(struct buf *out)
{
	while (out->len > 0 && out->bytes[out->len - 1] == ' ')
		out->bytes[--out->len] = '\0';
	buf_puts(out, "\n");
}

void
canvas_text(const struct canvas *c, struct buf *out)
{
	for (int y = 0; y < c->rows; y++) {
		for (int x = 0; x < c->columns; x++)
			buf_puts(out, canvas_at(c, y, x)->text);
		end_line(out);
	}
}

static char
letter(const struct canvas_cell *cell)
{
	if ((cell->flags & CANVAS_REVERSE) != 0)
		return '#';
	if (cell->style != STYLE_PLAIN && cell->text[0] != ' ')
		return theme_letters[cell->style];
	if ((cell->flags & CANVAS_SELECTED) != 0)
		return 'S';
	return cell->text[0] == ' ' ? ' ' : theme_letters[STYLE_PLAIN];
}

void
canvas_styles(const struct canvas *c, struct buf *out)
{
	for (int y = 0; y < c->rows; y++) {
		for (int x = 0; x < c->columns; x++) {
			char one = letter(canvas_at(c, y, x));

			buf_add(out, &one, 1);
		}
		end_line(out);
	}
}
