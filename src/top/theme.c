/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "top/theme.h"

#include <stdlib.h>
#include <string.h>

const char theme_letters[STYLE_COUNT + 1] = ".fsLRWTOM";

static const struct row {
	short dark256, light256, ansi;
	bool bold, faint; /* besides; where there are no colours, alone */
} rows[STYLE_COUNT] = {
	[STYLE_PLAIN] = { -1, -1, -1, false, false },
	[STYLE_FAINT] = { 245, 243, -1, false, true },
	[STYLE_STRONG] = { -1, -1, -1, true, false },
	[STYLE_LIVE] = { 114, 28, 2, false, false },
	[STYLE_RETAINED] = { 221, 136, 3, false, false },
	[STYLE_WARN] = { 215, 166, 3, true, false },
	[STYLE_TROUBLE] = { 203, 160, 1, true, false },
	[STYLE_OURS] = { 80, 30, 6, false, false },
	[STYLE_FILE] = { 110, 67, 4, false, false },
};

struct theme_look
theme_look(enum style style, int colors, bool light)
{
	const struct row *r = &rows[style];
	struct theme_look look = { -1, r->bold, false };

	if (colors >= 256)
		look.color = light ? r->light256 : r->dark256;
	else if (colors >= 8)
		look.color = r->ansi;
	if (colors < 256)
		look.faint = r->faint;
	return look;
}

short
theme_selected(int colors, bool light)
{
	if (colors < 256)
		return -1;
	return light ? 254 : 237;
}

bool
theme_is_light(void)
{
	const char *theme = getenv("ULLAGE_THEME");
	const char *ground = getenv("COLORFGBG");

	if (theme != NULL && *theme != '\0')
		return strcmp(theme, "light") == 0;
	/* "15;0", "0;default;15": the last is the ground. */
	if (ground == NULL || (ground = strrchr(ground, ';')) == NULL)
		return false;
	return strcmp(ground, ";7") == 0 || strcmp(ground, ";15") == 0;
}

int
theme_colors(int terminal)
{
	const char *no = getenv("NO_COLOR");

	if (no != NULL && *no != '\0')
		return 0;
	return terminal >= 256 ? 256 : terminal >= 8 ? 8 : 0;
}
