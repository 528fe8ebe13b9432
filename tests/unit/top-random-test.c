/* SPDX-License-Identifier: MIT */
/*
 * Random keys, clicks, sizes, lists and details, in any order: the view may
 * not crash, and no cell may hold a control character. As many as the first
 * argument says (`make top-random` for minutes of it, under the sanitizers).
 */
#include "config.h"

#include "fake_top.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

static uint64_t events = 30000, seconds, seed = 1;

static uint32_t
random_below(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 16) % n;
}

static int
random_key(void)
{
	static const int special[] = { UI_TAB, UI_ENTER, UI_ESC, UI_UP, UI_DOWN,
		UI_LEFT, UI_RIGHT, UI_PAGE_UP, UI_PAGE_DOWN, UI_HOME, UI_END,
		UI_BACK_TAB, UI_BACKSPACE, UI_DELETE, UI_REDRAW };

	switch (random_below(4)) {
	case 0:
		return special[random_below(sizeof special /
		    sizeof special[0])];
	case 1:
		return UI_F(1 + (int)random_below(12));
	case 2:
		return ' ' + (int)random_below(95);
	default:
		return random_below(20) == 0 ?
		    (int)random_below(0x110000) :
		    "\n\n\n1234567bvu<>kAw\033yy"[random_below(21)];
	}
}

static void
random_size(struct ui *ui)
{
	bool small = random_below(3) != 0;

	ui_resize(ui, 1 + (int)random_below(small ? 30 : 100),
	    1 + (int)random_below(small ? 130 : 400));
}

static void
assert_clean(const struct canvas *c)
{
	for (int i = 0; i < c->rows * c->columns; i++)
		for (const char *s = c->cells[i].text; *s != '\0'; s++)
			if ((unsigned char)*s < 0x20 || *s == 0x7f)
				fail_msg("a control character is in a cell");
}

static void
step(struct fake_top *f, struct ui *ui)
{
	switch (random_below(12)) {
	case 0:
		f->missing = random_below(8) == 0;
		f->denied = random_below(8) == 0;
		f->extra = random_below(200);
		fake_top_look(f, ui, 1);
		break;
	case 1:
		f->quiet = random_below(4) == 0;
		fake_top_work(f, ui);
		ui->detail_wanted = true;
		/* fall through */
	case 2:
		fake_top_detail(f, ui);
		break;
	case 3:
		random_size(ui);
		break;
	case 4:
		ui_click(ui, (int)random_below(60), (int)random_below(200),
		    random_below(2) != 0);
		break;
	case 5:
		ui_wheel(ui, (int)random_below(9) - 4);
		break;
	default:
		ui_key(ui, random_key());
	}
	if (random_below(2) == 0) {
		ui_draw(ui);
		assert_clean(&ui->canvas);
	}
	ui->quit = false;
}

static bool
is_over(uint64_t i, time_t end)
{
	return seconds != 0 ? time(NULL) >= end : i >= events;
}

static void
nothing_random_breaks_it(void **state)
{
	time_t end = time(NULL) + (time_t)seconds;
	uint64_t i = 0;

	(void)state;
	while (!is_over(i, end)) {
		struct fake_top f;
		struct ui ui;

		seed = i * 2654435761u + 1;
		fake_top_init(&f);
		ui_init(&ui, &f.source, 24, 80, random_below(4) != 0);
		/* A thousand, then a new view, so that failures are short. */
		for (int k = 0; k < 1000; k++, i++)
			step(&f, &ui);
		ui_free(&ui);
	}
	print_message("# %llu events\n", (unsigned long long)i);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_random_breaks_it),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	if (argc > 1)
		seconds = strtoull(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
