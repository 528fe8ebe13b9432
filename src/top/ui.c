/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "top/ui.h"
#include "base/escape.h"
#include "base/units.h"
#include "top/action.h"
#include "top/screens.h"
#include "top/wrap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_NS INT64_C(6000000000)
#define LETTER_NS INT64_C(40000000)
#define DELAY_MIN INT64_C(250000000)
#define DELAY_MAX INT64_C(60000000000)

/* ---- scrolling -------------------------------------------------------------------- */

bool
scroll_key(struct scroll *s, int key)
{
	long step = s->page > 1 ? s->page - 1 : 1;

	switch (key) {
	case UI_UP:
		s->at--;
		break;
	case UI_DOWN:
		s->at++;
		break;
	case UI_PAGE_UP:
		s->at -= step;
		break;
	case UI_PAGE_DOWN:
		s->at += step;
		break;
	case UI_HOME:
		s->at = 0;
		break;
	case UI_END:
		s->at = s->n - 1;
		break;
	default:
		return false;
	}
	scroll_fit(s, s->n, s->page);
	return true;
}

void
scroll_fit(struct scroll *s, long n, int page)
{
	s->n = n;
	s->page = page > 0 ? page : 1;
	if (s->at >= n)
		s->at = n - 1;
	if (s->at < 0)
		s->at = 0;
	if (s->top > s->at)
		s->top = s->at;
	if (s->top + s->page <= s->at)
		s->top = s->at - s->page + 1;
	if (s->top > n - s->page)
		s->top = n - s->page;
	if (s->top < 0)
		s->top = 0;
}

/* ---- keys everywhere ---------------------------------------------------------------- */

static void
act_help(struct ui *ui, int key)
{
	(void)key;
	if (ui->screen == &screen_help)
		return;
	ui->back = ui->screen;
	ui->help.at = ui->help.top = 0;
	ui_go(ui, &screen_help);
}

static void
act_quit(struct ui *ui, int key)
{
	(void)key;
	ui->quit = true;
}

static void
act_pause(struct ui *ui, int key)
{
	(void)key;
	ui->paused = !ui->paused;
	if (!ui->paused)
		ui->list_wanted = ui->detail_wanted = true;
}

static void
set_delay(struct ui *ui, int64_t ns)
{
	char text[UNITS_MAX];

	if (ns < DELAY_MIN)
		ns = DELAY_MIN;
	if (ns > DELAY_MAX)
		ns = DELAY_MAX;
	ui->settings.delay = ns;
	if (ns % 1000000000 == 0 || ns < 1000000000)
		units_duration(text, ns);
	else
		snprintf(text, sizeof text, "%.2gs", (double)ns / 1e9);
	ui_say(ui, STYLE_PLAIN, "every %s from now on", text);
}

static void
delay_given(struct ui *ui, const char *text)
{
	uint64_t ns;

	if (units_parse_duration(text, &ns))
		set_delay(ui, (int64_t)ns);
	else
		ui_say(ui, STYLE_WARN, "\"%s\" is no duration; 2, 500ms and "
		    "1m are", text);
}

static void
act_delay(struct ui *ui, int key)
{
	char now[UNITS_MAX];

	(void)key;
	prompt_ask(&ui->prompt, "look again every", "",
	    units_duration(now, ui->settings.delay), delay_given);
}

static void
act_speed(struct ui *ui, int key)
{
	set_delay(ui, key == '+' ? ui->settings.delay / 2 :
				   ui->settings.delay * 2);
}

static void
act_redraw(struct ui *ui, int key)
{
	(void)key;
	ui->redraw = true;
}

const struct key_row global_keys[] = {
	{ '?', UI_F(1), "?", "help", "all keys of this screen", 0, act_help },
	{ 'Z', 0, "Z", "pause", "stop looking; again to go on", KEY_QUIET,
	    act_pause },
	{ 'd', 0, "d", "delay", "set the time between two looks", KEY_QUIET,
	    act_delay },
	{ '+', '-', "+ -", "speed", "look twice, half as often", KEY_QUIET,
	    act_speed },
	{ 'L' - 64, UI_REDRAW, "^L", "redraw", "draw the whole screen again",
	    KEY_QUIET, act_redraw },
	{ 'q', UI_F(10), "q", "quit", "leave", 0, act_quit },
	KEY_END,
};

/* ---- the frame -------------------------------------------------------------------------- */

void
ui_init(struct ui *ui, const struct source *source, int rows, int columns,
    bool unicode)
{
	size_t n = 0;

	memset(ui, 0, sizeof *ui);
	canvas_init(&ui->canvas, rows, columns, unicode);
	model_init(&ui->model);
	ui->source = source;
	ui->settings.delay = INT64_C(2000000000);
	ui->screen = &screen_list;
	ui->list_wanted = true;
	while (list_columns_standard[n] != NULL)
		n++;
	ui_set_columns(ui, list_columns_standard, n);
}

void
ui_free(struct ui *ui)
{
	process_close(ui);
	prompt_close(&ui->prompt);
	action_job_drop(ui);
	model_free(&ui->model);
	canvas_free(&ui->canvas);
}

void
ui_set_columns(struct ui *ui, const char *const *keys, size_t n)
{
	ui->list.n_columns = 0;
	for (size_t i = 0; i < n && i < LIST_COLUMNS_MAX; i++) {
		const struct list_column *one = list_column_find(keys[i]);

		if (one != NULL)
			ui->list.columns[ui->list.n_columns++] = one;
	}
}

void
ui_once(struct ui *ui, int64_t delay, const struct list_column *sort)
{
	struct ui_settings *s = &ui->settings;

	if (delay > 0) {
		s->delay_was = s->delay;
		s->delay = s->delay_once = delay;
	}
	if (sort != NULL) {
		s->sort_was = ui->model.sort;
		s->reverse_was = ui->model.reverse;
		ui->model.sort = s->sort_once = sort;
		ui->model.reverse = false;
	}
}

unsigned
ui_needs(const struct ui *ui)
{
	unsigned needs = NEED_AGENT | ui->model.sort->needs;

	for (int i = 0; i < ui->list.n_columns; i++)
		needs |= ui->list.columns[i]->needs;
	if (ui->screen == &screen_process || ui->back == &screen_process)
		needs |= NEED_FDS | NEED_LIMITS;
	return needs;
}

void
ui_resize(struct ui *ui, int rows, int columns)
{
	canvas_resize(&ui->canvas, rows, columns);
	ui->redraw = true;
}

void
ui_go(struct ui *ui, const struct screen *screen)
{
	ui->screen = screen;
	ui->message[0] = '\0';
}

void
ui_say(struct ui *ui, enum style style, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ui->message, sizeof ui->message, fmt, ap);
	va_end(ap);
	ui->message_style = style;
	/* Long ones take longer to read. */
	ui->message_until = ui->now + MESSAGE_NS +
	    (int64_t)strlen(ui->message) * LETTER_NS;
}

void
ui_list(struct ui *ui, struct source_list *l, const char *problem)
{
	if (l == NULL) {
		ui_say(ui, STYLE_TROUBLE, "%s", problem);
		return;
	}
	model_take(&ui->model, l);
	/* At the top the cursor is on whatever is worst; elsewhere it stays
	 * with its process, which may be about to be acted on. */
	if (ui->list.follow || ui->list.moved) {
		long at = model_index(&ui->model, ui->list.pid);

		if (at >= 0)
			ui->list.scroll.at = at;
		else
			ui->list.moved = false;
	}
	if (ui->process.pid != 0) {
		struct process_view *p = process_view_of(ui);

		if (p != NULL)
			ui->process.row = p->row;
		else
			ui->process.gone = true;
	}
}

void
ui_key(struct ui *ui, int key)
{
	const struct key_row *row = NULL;
	const struct screen *screen = ui->screen;

	if (key == UI_NONE)
		return;
	if (key == '\r')
		key = UI_ENTER;
	if (key == 127 || key == 8)
		key = UI_BACKSPACE;
	if (ui->prompt.open && key != UI_REDRAW && key != 'L' - 64) {
		prompt_key(ui, key);
		return;
	}
	ui->message[0] = '\0';
	if (screen->more_keys != NULL)
		row = key_find(screen->more_keys(ui), key,
		    ui->settings.readonly);
	if (row == NULL)
		row = key_find(screen->keys, key, ui->settings.readonly);
	if (row == NULL)
		row = key_find(global_keys, key, ui->settings.readonly);
	if (row != NULL) {
		row->act(ui, key);
		return;
	}
	/* As in less and vi. */
	if (key == 'j' || key == 'g' || key == 'G')
		key = key == 'j' ? UI_DOWN : key == 'g' ? UI_HOME : UI_END;
	if (screen->scroll != NULL && scroll_key(screen->scroll(ui), key) &&
	    screen == &screen_list) {
		ui->list.follow = false;
		ui->list.moved = ui->list.scroll.at > 0;
	}
}

void
ui_click(struct ui *ui, int row, int column, bool twice)
{
	if (!ui->prompt.open && ui->screen->click != NULL)
		ui->screen->click(ui, row, column, twice);
}

void
ui_wheel(struct ui *ui, int lines)
{
	if (ui->prompt.open || ui->screen->scroll == NULL)
		return;
	for (; lines < 0; lines++)
		scroll_key(ui->screen->scroll(ui), UI_UP);
	for (; lines > 0; lines--)
		scroll_key(ui->screen->scroll(ui), UI_DOWN);
}

/* ---- the bottom ---------------------------------------------------------------------------- */

const char *
ui_none(const struct ui *ui)
{
	return ui->canvas.unicode ? "–" : "-";
}

int
ui_bottom(const struct ui *ui)
{
	return ui->canvas.rows - (ui->canvas.rows > 12 ? 2 : 1);
}

static void
draw_footer(struct ui *ui, int row)
{
	struct canvas *c = &ui->canvas;
	bool readonly = ui->settings.readonly;
	/* The way out and to the other keys stays in sight. */
	int column = 1, end = c->columns -
	    keys_width(c, global_keys, readonly);

	if (ui->screen->more_keys != NULL)
		column = keys_footer(c, row, column, end,
		    ui->screen->more_keys(ui), readonly);
	column = keys_footer(c, row, column, end, ui->screen->keys, readonly);
	keys_footer(c, row, column, c->columns, global_keys, readonly);
}

/* What has been said; else what is being done. As many lines as it takes,
 * above `last`; returns the first of them. */
static int
draw_message(struct ui *ui, int last)
{
	struct canvas *c = &ui->canvas;
	const char *text = ui->message;
	enum style style = ui->message_style;
	char doing[80];
	int rows;

	if (*text == '\0') {
		action_job_say(ui, doing);
		text = doing;
		style = STYLE_OURS;
	}
	rows = wrap_count(text, (size_t)(c->columns > 4 ? c->columns - 2 : 2),
	    last > 4 ? last / 2 : 1);
	canvas_erase(c, last - rows, 0, rows, c->columns);
	wrap_put(c, last - rows, 1, c->columns - 2, 0, rows, style, text);
	return last - rows;
}

int
ui_draw_bottom(struct ui *ui)
{
	struct canvas *c = &ui->canvas;
	int last = c->rows - 1;

	if (ui->message[0] != '\0' && ui->message_until != 0 &&
	    ui->now > ui->message_until)
		ui->message[0] = '\0';
	if (c->rows < 3)
		return c->rows;
	canvas_erase(c, last, 0, 1, c->columns);
	if (ui->prompt.open) {
		canvas_put(c, last, 1, STYLE_OURS, "Enter");
		canvas_put(c, last, 7, STYLE_PLAIN,
		    ui->prompt.confirm ? "yes" : "take it");
		canvas_put(c, last, 16, STYLE_OURS, "Esc");
		canvas_put(c, last, 20, STYLE_PLAIN, "leave it");
		return prompt_draw(&ui->prompt, c, last);
	}
	draw_footer(ui, last);
	return draw_message(ui, last);
}

void
ui_draw(struct ui *ui)
{
	struct canvas *c = &ui->canvas;

	canvas_clear(c);
	ui->screen->draw(ui);
	ui_draw_bottom(ui);
	if (ui->paused) {
		canvas_put(c, 0, c->columns - 9, STYLE_WARN, " paused ");
		canvas_flag(c, 0, c->columns - 9, 8, CANVAS_REVERSE);
	}
}
