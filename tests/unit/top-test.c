/* SPDX-License-Identifier: MIT */
/*
 * The live view without a terminal. Golden files are in tests/golden/top, a
 * screen as text and below it the meaning of each cell; ACCEPT=1 rewrites.
 */
#include "config.h"

#include "top_world.h"
#include "top/aside.h"
#include "top/settings.h"

#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* ---- goldens --------------------------------------------------------------------- */

static void
the_list_looks_as_it_did(void **state)
{
	static const int sizes[][2] = { { 24, 80 }, { 20, 120 }, { 16, 200 },
		{ 10, 40 } };

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct world w;
		char name[40];

		begin(&w, sizes[i][0], sizes[i][1], true);
		snprintf(name, sizeof name, "list-%dx%d.txt", sizes[i][1],
		    sizes[i][0]);
		assert_golden(&w, name);
		end(&w);
	}
}

static void
the_list_looks_as_it_did_in_ascii(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 20, 120, false);
	assert_golden(&w, "list-ascii.txt");
	end(&w);
}

static void
the_tabs_look_as_they_did(void **state)
{
	static const char *const names[] = { "overview", "heap", "threads",
		"fds", "limits", "memory", "losses" };

	(void)state;
	for (int i = 0; i < 7; i++) {
		struct world w;
		char name[40];

		begin(&w, 24, 80, true);
		open_tab(&w, 4182, '1' + i);
		snprintf(name, sizeof name, "%s-80.txt", names[i]);
		assert_golden(&w, name);
		ui_resize(&w.ui, 30, 140);
		w.ui.detail_wanted = true;
		fake_top_detail(&w.fake, &w.ui);
		snprintf(name, sizeof name, "%s-140.txt", names[i]);
		assert_golden(&w, name);
		end(&w);
	}
}

static void
what_keys_open_looks_as_it_did(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 24, 100, true);
	open_tab(&w, 4182, '3');
	ui_key(&w.ui, 's');
	fake_top_detail(&w.fake, &w.ui);
	assert_golden(&w, "stacks.txt");
	open_tab(&w, 4182, '2');
	ui_key(&w.ui, UI_ENTER);
	assert_golden(&w, "heap-callers.txt");
	open_tab(&w, 4182, '5');
	ui_key(&w.ui, UI_ENTER);
	assert_golden(&w, "limits-asked.txt");
	fake_top_type(&w.ui, "30000");
	ui_key(&w.ui, UI_ENTER);
	assert_golden(&w, "limits-question.txt");
	end(&w);
}

static void
stacks_are_not_taken_again_by_themselves(void **state)
{
	struct source_request r;
	struct world w;

	(void)state;
	begin(&w, 24, 100, true);
	open_tab(&w, 4182, '3');
	ui_key(&w.ui, 's');
	fake_top_detail(&w.fake, &w.ui);
	assert_false(ui_request(&w.ui, &r));
	ui_key(&w.ui, 's');
	assert_true(ui_request(&w.ui, &r));
	assert_int_equal(r.way, THREADS_WAY_STACKS);
	end(&w);
}

static void
a_suspect_is_marked_and_told_in_full(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 24, 80, true);
	open_tab(&w, 4182, '4');
	assert_shows(&w, "!  18,100");
	assert_shows(&w, "main:481");
	ui_key(&w.ui, UI_DOWN);
	assert_hides(&w, "main:481");
	end(&w);
}

static void
help_and_columns_look_as_they_did(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 40, 100, true);
	ui_key(&w.ui, '?');
	assert_golden(&w, "help.txt");
	ui_key(&w.ui, UI_ESC);
	ui_key(&w.ui, 'C');
	assert_golden(&w, "columns.txt");
	end(&w);
}

static void
the_question_looks_as_it_did(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 24, 80, true);
	ui_key(&w.ui, 'k');
	ui_key(&w.ui, UI_ENTER);
	assert_golden(&w, "question.txt");
	end(&w);
}

/* ---- the list -------------------------------------------------------------------- */

static void
those_under_pressure_come_first(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 24, 80, true);
	assert_true(model_at(&w.ui.model, 0)->pressed);
	assert_true(model_at(&w.ui.model, 1)->pressed);
	assert_false(model_at(&w.ui.model, 2)->pressed);
	end(&w);
}

static void
a_growing_server_says_when_it_is_full(void **state)
{
	struct world w;
	struct process_view *p;

	(void)state;
	begin(&w, 24, 80, true);
	p = model_find(&w.ui.model, 4182);
	assert_int_equal(p->trend.verdict, TREND_FULL_IN);
	/* 20,000 - 19,030 at 31 a second. */
	assert_true(p->trend.left > 30 * INT64_C(1000000000));
	assert_true(p->trend.left < 33 * INT64_C(1000000000));
	end(&w);
}

static void
no_control_character_reaches_a_cell(void **state)
{
	struct world w;
	char *text;

	(void)state;
	begin(&w, 30, 200, true);
	text = screen(&w);
	assert_null(strchr(text, '\033'));
	assert_null(strchr(text, '\a'));
	assert_null(strstr(text, "\xe2\x80\xae"));
	assert_non_null(strstr(text, "\\x1b]52;c;"));
	free(text);
	end(&w);
}

static bool
row_begins(const struct canvas *c, int y, const char *pid)
{
	for (int i = 0; i < 4; i++)
		if (canvas_at(c, y, 2 + i)->text[0] != pid[i])
			return false;
	return true;
}

static void
wide_and_combining_names_break_no_column(void **state)
{
	struct world w;
	const struct canvas *c = &w.ui.canvas;
	int wide = -1, plain = -1;

	(void)state;
	begin(&w, 30, 120, true);
	ui_draw(&w.ui);
	/* The descriptors' "of" stands in one column on all rows. */
	for (int y = 0; y < c->rows; y++)
		for (int x = 40; x + 1 < c->columns; x++) {
			bool of = strcmp(canvas_at(c, y, x)->text, "o") == 0 &&
			    strcmp(canvas_at(c, y, x + 1)->text, "f") == 0;

			if (of && row_begins(c, y, "5002"))
				wide = x;
			if (of && row_begins(c, y, "2210"))
				plain = x;
		}
	assert_true(wide > 0);
	assert_int_equal(plain, wide);
	end(&w);
}

static void
the_filter_works_while_it_is_typed(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 24, 80, true);
	fake_top_type(&w.ui, "\\redi");
	assert_int_equal(w.ui.model.n_shown, 1);
	ui_key(&w.ui, UI_ESC);
	assert_int_equal(w.ui.model.n_shown, 7);
	end(&w);
}

static void
growth_is_counted_from_the_baseline(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 24, 120, true);
	ui_key(&w.ui, 'b');
	fake_top_look(&w.fake, &w.ui, 4);
	assert_shows(&w, "+4.00M");
	assert_shows(&w, "+248");
	ui_key(&w.ui, 'b');
	assert_hides(&w, "+4.00M");
	end(&w);
}

static void
the_cursor_stays_with_its_process_once_moved(void **state)
{
	struct world w;
	int32_t pid;

	(void)state;
	begin(&w, 24, 80, true);
	ui_draw(&w.ui);
	ui_key(&w.ui, UI_DOWN);
	ui_key(&w.ui, UI_DOWN);
	ui_draw(&w.ui);
	pid = w.ui.list.pid;
	w.ui.model.reverse = true;
	fake_top_look(&w.fake, &w.ui, 1);
	ui_draw(&w.ui);
	assert_int_equal(w.ui.list.pid, pid);
	end(&w);
}

static void
a_process_that_reuses_a_pid_has_no_past(void **state)
{
	struct world w;
	struct source_list *l;
	struct err e;
	size_t at = 0;

	(void)state;
	begin(&w, 24, 80, true);
	l = w.fake.source.list(&w.fake, 0, &e);
	while (l->rows[at].pid != 2210)
		at++;
	l->rows[at].start += 5;
	l->time = w.ui.model.time + 1000000000;
	ui_list(&w.ui, l, "");
	assert_int_equal(model_find(&w.ui.model, 2210)->n_history, 1);
	assert_true(model_find(&w.ui.model, 2210)->cpu < 0);
	end(&w);
}

static void
only_what_is_visible_is_asked_for(void **state)
{
	static const char *const few[] = { "pid", "name", "rss" };
	struct world w;

	(void)state;
	begin(&w, 24, 80, true);
	assert_true((ui_needs(&w.ui) & NEED_COMMAND) != 0);
	ui_set_columns(&w.ui, few, 3);
	assert_int_equal(ui_needs(&w.ui) & (NEED_COMMAND | NEED_FDS), 0);
	end(&w);
}

static void
a_clock_that_stands_still_harms_nothing(void **state)
{
	struct world w;
	struct source_list *l;
	struct err e;

	(void)state;
	begin(&w, 24, 80, true);
	l = w.fake.source.list(&w.fake, 0, &e);
	l->time = w.ui.model.time;
	ui_list(&w.ui, l, "");
	assert_true(model_find(&w.ui.model, 4182)->cpu < 0);
	l = w.fake.source.list(&w.fake, 0, &e);
	l->time = w.ui.model.time - 1000;
	ui_list(&w.ui, l, "");
	free(screen(&w));
	end(&w);
}

/* ---- settings, keys --------------------------------------------------------------- */

static void
settings_come_back_as_they_were_written(void **state)
{
	static const char *const few[] = { "pid", "command", "allocs" };
	struct world w;
	struct buf text = BUF_INIT;

	(void)state;
	begin(&w, 24, 80, true);
	ui_set_columns(&w.ui, few, 3);
	w.ui.model.sort = list_column_find("rss");
	w.ui.settings.delay = 500000000;
	settings_text(&w.ui, &text);
	end(&w);
	begin(&w, 24, 80, true);
	settings_parse(&w.ui, buf_text(&text));
	assert_int_equal(w.ui.list.n_columns, 3);
	assert_string_equal(w.ui.list.columns[2]->column.key, "allocs");
	assert_string_equal(w.ui.model.sort->column.key, "rss");
	assert_int_equal(w.ui.settings.delay, 500000000);
	/* Nonsense changes nothing. */
	settings_parse(&w.ui, "columns nonsense\nsort nothing\ndelay -1\n"
			      "x\n\ncolumns\ndelay 9999999h\n");
	assert_int_equal(w.ui.list.n_columns, 3);
	assert_int_equal(w.ui.settings.delay, 500000000);
	buf_free(&text);
	end(&w);
}

static void
what_the_command_line_says_is_for_once(void **state)
{
	struct world w;
	struct buf text = BUF_INIT;

	(void)state;
	begin(&w, 24, 80, true);
	w.ui.model.sort = list_column_find("live");
	w.ui.model.reverse = true;
	ui_once(&w.ui, 100000000, list_column_find("rss"));
	settings_text(&w.ui, &text);
	assert_non_null(strstr(buf_text(&text), "sort live reverse\n"));
	assert_non_null(strstr(buf_text(&text), "delay 2000ms\n"));
	/* Changed on the screen it is meant to stay. */
	fake_top_type(&w.ui, "I-");
	text.len = 0;
	settings_text(&w.ui, &text);
	assert_non_null(strstr(buf_text(&text), "sort rss reverse\n"));
	assert_null(strstr(buf_text(&text), "delay 2000ms\n"));
	buf_free(&text);
	end(&w);
}

extern const struct screen screen_list, screen_process, screen_help,
    screen_columns;

static void
assert_no_key_twice(const struct key_row *a, const struct key_row *b)
{
	for (; a->label != NULL; a++) {
		assert_true(a->help != NULL && a->help[0] != '\0');
		for (const struct key_row *x = b; x->label != NULL; x++) {
			if (x == a)
				continue;
			assert_int_not_equal(a->key, x->key);
			assert_true(a->also == 0 || a->also != x->key);
			assert_true(a->also == 0 || a->also != x->also);
		}
	}
}

static void
no_key_means_two_things(void **state)
{
	static const struct screen *const screens[] = { &screen_list,
		&screen_process, &screen_help, &screen_columns };

	(void)state;
	for (size_t i = 0; i < sizeof screens / sizeof screens[0]; i++)
		assert_no_key_twice(screens[i]->keys, screens[i]->keys);
	assert_no_key_twice(global_keys, global_keys);
	assert_no_key_twice(screen_list.keys, global_keys);
	assert_no_key_twice(screen_process.keys, global_keys);
}

static void
every_column_says_what_it_is(void **state)
{
	(void)state;
	for (const struct list_column *c = list_columns; c->column.key; c++) {
		assert_true(strlen(c->column.help) > 0);
		assert_true(c->least <= c->most);
		assert_ptr_equal(list_column_find(c->column.key), c);
	}
	for (int i = 0; list_columns_standard[i] != NULL; i++)
		assert_non_null(list_column_find(list_columns_standard[i]));
}

static void
every_size_can_be_drawn(void **state)
{
	static const int sizes[] = { 1, 2, 3, 5, 10, 24, 60, 100, 400 };
	const size_t n = sizeof sizes / sizeof sizes[0];

	(void)state;
	for (size_t y = 0; y < n; y++)
		for (size_t x = 0; x < n; x++) {
			struct world w;

			begin(&w, sizes[y], sizes[x], true);
			free(screen(&w));
			for (int key = '1'; key <= '7'; key++) {
				open_tab(&w, 4182, key);
				free(screen(&w));
			}
			fake_top_type(&w.ui, "k\n");
			free(screen(&w));
			end(&w);
		}
}

static void
the_age_of_a_site_is_that_of_half_of_its_bytes(void **state)
{
	static const int64_t ages[] = { 3600, 0, 60 };
	static const int64_t bytes[] = { 400, 300, 200 };
	struct profile *p = profile_new();
	struct calls_open none = { NULL, 0, 0 };
	struct profile_line line = { .line = 7 };
	struct calls_row *rows;
	struct calls *c;
	uint32_t location;
	int64_t total;
	size_t n;

	(void)state;
	profile_add_type(p, "inuse_space", "bytes");
	line.function = profile_function(p, "site", "site", "a.c", 1);
	location = profile_location_lines(p, 0, 0x1000, &line, 1);
	for (size_t i = 0; i < 3; i++) {
		struct profile_label age = { .key = profile_string(p, "age"),
			.number = ages[i],
			.unit = profile_string(p, "seconds") };

		profile_add_sample(p, &location, 1, &age, 1, &bytes[i]);
	}
	c = calls_new(p);
	rows = calls_rows(c, 0, false, &none, "", 10, &n, &total);
	assert_int_equal(n, 1);
	assert_int_equal(total, 900);
	/* 400 of 900 are older than an hour, 600 older than a minute. */
	assert_int_equal(rows[0].age, 60);
	free(rows);
	calls_free(c);
	profile_free(p);
}

/* ---- threads ------------------------------------------------------------------------ */

static void
on_overflow(int sig)
{
	(void)sig;
	_exit(42);
}

/* Deeper than any stack, which no compiler need know. */
static int
deeper(volatile char *above, long depth)
{
	volatile char here[4096];

	here[0] = above != NULL ? above[0] : 0;
	return depth == 0 ? 0 : deeper(here, depth - 1) + here[0];
}

static void *
never_ends(void *arg, void *job)
{
	(void)arg;
	return deeper(job, 1L << 30) != 0 ? job : NULL;
}

/* The terminal can be put back although a stack is used up. */
static void
a_reader_that_runs_out_of_stack_is_told_of(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0) {
		static struct aside a;
		struct sigaction act = { .sa_handler = on_overflow,
			.sa_flags = SA_ONSTACK };
		struct err e;

		sigaction(SIGSEGV, &act, NULL);
		sigaction(SIGBUS, &act, NULL);
		if (aside_start(&a, never_ends, NULL, &e) < 0)
			_exit(1);
		aside_give(&a, NULL);
		pthread_join(a.thread, NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list_looks_as_it_did),
		cmocka_unit_test(the_list_looks_as_it_did_in_ascii),
		cmocka_unit_test(the_tabs_look_as_they_did),
		cmocka_unit_test(what_keys_open_looks_as_it_did),
		cmocka_unit_test(
		    the_age_of_a_site_is_that_of_half_of_its_bytes),
		cmocka_unit_test(stacks_are_not_taken_again_by_themselves),
		cmocka_unit_test(a_suspect_is_marked_and_told_in_full),
		cmocka_unit_test(help_and_columns_look_as_they_did),
		cmocka_unit_test(the_question_looks_as_it_did),
		cmocka_unit_test(those_under_pressure_come_first),
		cmocka_unit_test(a_growing_server_says_when_it_is_full),
		cmocka_unit_test(no_control_character_reaches_a_cell),
		cmocka_unit_test(wide_and_combining_names_break_no_column),
		cmocka_unit_test(the_filter_works_while_it_is_typed),
		cmocka_unit_test(growth_is_counted_from_the_baseline),
		cmocka_unit_test(the_cursor_stays_with_its_process_once_moved),
		cmocka_unit_test(a_process_that_reuses_a_pid_has_no_past),
		cmocka_unit_test(only_what_is_visible_is_asked_for),
		cmocka_unit_test(a_clock_that_stands_still_harms_nothing),
		cmocka_unit_test(settings_come_back_as_they_were_written),
		cmocka_unit_test(what_the_command_line_says_is_for_once),
		cmocka_unit_test(no_key_means_two_things),
		cmocka_unit_test(every_column_says_what_it_is),
		cmocka_unit_test(every_size_can_be_drawn),
		cmocka_unit_test(a_reader_that_runs_out_of_stack_is_told_of),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
