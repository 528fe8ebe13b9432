/* SPDX-License-Identifier: MIT */
/* All keys of the screen it was asked on, from the same tables that act. */
#include "config.h"

#include "top/screens.h"

#define LABEL 8

static void
act_back(struct ui *ui, int key)
{
	(void)key;
	ui_go(ui, ui->back != NULL ? ui->back : &screen_list);
	ui->back = NULL;
}

static const struct key_row help_keys[] = {
	{ UI_ESC, UI_ENTER, "Esc", "back", "leave this page", 0, act_back },
	{ UI_LEFT, UI_BACKSPACE, "Left", "back", "leave this page", KEY_QUIET,
	    act_back },
	KEY_END,
};

/* One line, if it is in sight. Returns the next number. */
static long
line(struct ui *ui, long at, enum style style, const char *label,
    const char *text)
{
	struct canvas *c = &ui->canvas;
	long row = 2 + at - ui->help.top;

	if (row >= 2 && row < ui_bottom(ui)) {
		canvas_put(c, (int)row, 3, style, label);
		if (text != NULL)
			canvas_left(c, (int)row, 3 + LABEL + 2,
			    c->columns - LABEL - 6, STYLE_PLAIN, text);
	}
	return at + 1;
}

static long
table(struct ui *ui, long at, const char *title, const struct key_row *keys)
{
	if (keys == NULL)
		return at;
	at = line(ui, at, STYLE_STRONG, title, NULL);
	for (; keys->label != NULL; keys++)
		if (!ui->settings.readonly || (keys->flags & KEY_CHANGES) == 0)
			at = line(ui, at, STYLE_OURS, keys->label, keys->help);
	return line(ui, at, STYLE_PLAIN, "", NULL);
}

static void
help_draw(struct ui *ui)
{
	const struct screen *about = ui->back != NULL ? ui->back : &screen_list;
	struct canvas *c = &ui->canvas;
	long at = 0;

	/* Drawn once to count, before the scroll is put in range. */
	for (int round = 0; round < 2; round++) {
		canvas_clear(c);
		canvas_put(c, 0, 1, STYLE_OURS, "ullage");
		canvas_put(c, 0, 9, STYLE_STRONG, about->title);
		at = 0;
		if (about->more_keys != NULL)
			at = table(ui, at, "This tab", about->more_keys(ui));
		at = table(ui, at, "This screen", about->keys);
		at = table(ui, at, "Everywhere", global_keys);
		at = line(ui, at, STYLE_STRONG, "Marks", NULL);
		at = line(ui, at, STYLE_OURS, agent_mark(c, false),
		    "has an agent: its heap is known");
		at = line(ui, at, STYLE_OURS, agent_mark(c, true),
		    ui->settings.readonly ? "has an agent that is quiet" :
		    "has an agent that is quiet: A wakes it");
		at = line(ui, at, STYLE_FAINT, ui_none(ui),
		    "not known, which is never zero");
		at = line(ui, at, STYLE_LIVE, "green", "heap that is held");
		at = line(ui, at, STYLE_RETAINED, "yellow",
		    "memory that the allocator keeps");
		at = line(ui, at, STYLE_TROUBLE, "red", "trouble: 90% and more "
		    "of a limit, or full within ten minutes");
		/* Scrolls as a page, without a cursor. */
		if (ui->help.at > at - (ui_bottom(ui) - 2))
			ui->help.at = at - (ui_bottom(ui) - 2);
		if (ui->help.at < 0)
			ui->help.at = 0;
		ui->help.top = ui->help.at;
		ui->help.n = at;
		ui->help.page = 1;
	}
}

static struct scroll *
help_scroll(struct ui *ui)
{
	return &ui->help;
}

const struct screen screen_help = {
	.name = "help",
	.title = "Help",
	.keys = help_keys,
	.draw = help_draw,
	.scroll = help_scroll,
};
