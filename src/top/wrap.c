/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "top/wrap.h"

#include <stdio.h>
#include <string.h>

size_t
wrap_line(const char *text, size_t width)
{
	size_t len = strlen(text), cut = width;

	if (len <= width)
		return len;
	while (cut > width / 2 && text[cut] != ' ')
		cut--;
	if (text[cut] != ' ')
		cut = width;
	while (cut > 1 && (text[cut] & 0xc0) == 0x80)
		cut--;
	return cut > 0 ? cut : 1;
}

static const char *
next_line(const char *text, size_t width)
{
	text += wrap_line(text, width);
	return text + strspn(text, " ");
}

int
wrap_count(const char *text, size_t width, int most)
{
	int n = 0;

	for (; *text != '\0' && n < most; n++)
		text = next_line(text, width > 0 ? width : 1);
	return n;
}

int
wrap_put(struct canvas *c, int row, int column, int width, int indent,
    int most, enum style style, const char *text)
{
	char part[512];

	if (width <= indent + 1)
		width = indent + 2;
	if (width >= (int)sizeof part)
		width = sizeof part - 1;
	for (int i = 0; *text != '\0' && i < most; i++) {
		int left = i == 0 ? 0 : indent;
		size_t n = wrap_line(text, (size_t)(width - indent));

		/* What has no line of its own is told by the ellipsis. */
		if (i + 1 == most)
			n = strlen(text);
		snprintf(part, sizeof part, "%.*s", (int)n, text);
		canvas_left(c, row++, column + left, width - left, style,
		    part);
		text += n;
		text += strspn(text, " ");
	}
	return row;
}
