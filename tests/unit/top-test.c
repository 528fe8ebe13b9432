/* SPDX-License-Identifier: MIT */
/*
 * The live view without a terminal. Golden files are in tests/golden/top, a
 * screen as text and below it the meaning of each cell; ACCEPT=1 rewrites.
 */
#include "config.h"

#include "base/output.h"
#include "fake_profile.h"
#include "fake_top.h"
#include "profile/top.h"
#include "top/settings.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct world {
	struct fake_top fake;
	struct ui ui;
};

/* A view that has seen the machine for half a minute. */
static void
begin(struct world *w, int rows, int columns, bool unicode)
{
	fake_top_init(&w->fake);
	ui_init(&w->ui, &w->fake.source, rows, columns, unicode);
	for (int i = 0; i < 15; i++)
		fake_top_look(&w->fake, &w->ui, 1);
}

static void
end(struct world *w)
{
	ui_free(&w->ui);
}

static void
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

static char *
screen(struct world *w)
{
	struct buf out = BUF_INIT;

	ui_draw(&w->ui);
	canvas_text(&w->ui.canvas, &out);
	return out.bytes;
}

static void
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

static void
assert_shows(struct world *w, const char *text)
{
	char *shown = screen(w);

	if (strstr(shown, text) == NULL)
		fail_msg("no \"%s\" in\n%s", text, shown);
	free(shown);
}

static void
assert_hides(struct world *w, const char *text)
{
	char *shown = screen(w);

	if (strstr(shown, text) != NULL)
		fail_msg("\"%s\" in\n%s", text, shown);
	free(shown);
}

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

/* ---- levers ---------------------------------------------------------------------- */

static void
a_lever_asks_and_shows_the_command(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 24, 80, true);
	open_tab(&w, 4182, '5');
	ui_key(&w.ui, UI_ENTER);
	fake_top_type(&w.ui, "65536\n");
	assert_shows(&w, "ullage do 4182 nofile=65536:");
	assert_shows(&w, "the consequence");
	assert_string_equal(w.fake.done, "");
	ui_key(&w.ui, 'y');
	assert_string_equal(w.fake.done, "0 4182 nofile=65536:");
	end(&w);
}

static void
no_means_no(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 24, 80, true);
	fake_top_type(&w.ui, "k\nn");
	assert_string_equal(w.fake.done, "");
	fake_top_type(&w.ui, "k\n");
	ui_key(&w.ui, UI_ESC);
	ui_key(&w.ui, 'y');
	assert_string_equal(w.fake.done, "");
	end(&w);
}

static void
harm_is_asked_about_twice(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 24, 80, true);
	open_tab(&w, 4182, '5');
	ui_key(&w.ui, UI_ENTER);
	fake_top_type(&w.ui, "5\n");
	assert_shows(&w, "below what is used");
	assert_shows(&w, "does harm");
	ui_key(&w.ui, 'y');
	assert_string_equal(w.fake.done, "0 4182 nofile=5: by force");
	end(&w);
}

static void
a_lever_is_about_the_process_it_was_asked_for(void **state)
{
	struct world w;
	int32_t pid;
	char want[40];

	(void)state;
	begin(&w, 24, 80, true);
	ui_draw(&w.ui);
	pid = w.ui.list.pid;
	ui_key(&w.ui, 'k');
	/* The list turns round while the question is read. */
	w.ui.model.reverse = !w.ui.model.reverse;
	fake_top_look(&w.fake, &w.ui, 1);
	w.ui.list.scroll.at = 5;
	free(screen(&w));
	assert_int_not_equal(w.ui.list.pid, pid);
	fake_top_type(&w.ui, "\ny");
	snprintf(want, sizeof want, "%d %d TERM", (int)ACT_SIGNAL, pid);
	assert_string_equal(w.fake.done, want);
	end(&w);
}

static void
tagged_ones_are_told_and_only_they_get_it(void **state)
{
	struct world w;
	size_t tags = 0;

	(void)state;
	begin(&w, 30, 100, true);
	model_find(&w.ui.model, 977)->tagged = true;
	model_find(&w.ui.model, 2210)->tagged = true;
	/* The cursor is on one that is not tagged. */
	ui_draw(&w.ui);
	assert_int_not_equal(w.ui.list.pid, 977);
	fake_top_type(&w.ui, "k\n");
	assert_shows(&w, "977 postgres: the consequence");
	assert_shows(&w, "2210 redis-server: the consequence");
	assert_shows(&w, "kill -s TERM 977 2210");
	assert_shows(&w, "send TERM to all of these?");
	assert_hides(&w, "do 2 with TERM to");
	fake_top_type(&w.ui, "y");
	assert_shows(&w, "TERM sent to 2 processes");
	assert_string_equal(w.fake.done, "2 2210 TERM");
	for (size_t i = 0; i < w.ui.model.n; i++)
		tags += w.ui.model.all[i].tagged;
	assert_int_equal(tags, 0);
	end(&w);
}

static void
readonly_takes_the_levers_away(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 24, 200, true);
	w.ui.settings.readonly = true;
	fake_top_type(&w.ui, "k");
	assert_false(w.ui.prompt.open);
	assert_hides(&w, "signal");
	open_tab(&w, 4182, '5');
	fake_top_type(&w.ui, "L\n");
	assert_false(w.ui.prompt.open);
	end(&w);
}

/* ---- a process ------------------------------------------------------------------- */

static void
a_process_without_an_agent_gets_advice(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 24, 80, true);
	open_tab(&w, 977, '2');
	assert_shows(&w, "ullage run -- postgres: writer");
	assert_shows(&w, "A   ullage attach 977");
	/* Who may change nothing gets the command, without the key. */
	w.ui.settings.readonly = true;
	assert_hides(&w, "A   ullage attach");
	assert_shows(&w, "ullage attach 977");
	end(&w);
}

static void
descriptors_without_an_agent_say_what_one_would_tell(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 24, 80, true);
	open_tab(&w, 977, '4');
	assert_shows(&w, "A attaches an agent (ullage attach 977)");
	open_tab(&w, 977, '6');
	assert_shows(&w, "A attaches an agent (ullage attach 977)");
	open_tab(&w, 4182, '6');
	assert_hides(&w, "attaches");
	end(&w);
}

static void
attaching_asks_and_is_done_aside(void **state)
{
	struct world w;
	char want[40];

	(void)state;
	begin(&w, 24, 80, true);
	open_tab(&w, 977, '2');
	fake_top_type(&w.ui, "A");
	assert_shows(&w, "the consequence");
	assert_true(w.ui.prompt.open);
	fake_top_type(&w.ui, "y");
	/* Somebody else is at it; the screen goes on. */
	assert_string_equal(w.fake.done, "");
	assert_shows(&w, "putting the agent into 977 ...");
	fake_top_type(&w.ui, "Ay");
	assert_shows(&w, "one thing after the other");
	fake_top_work(&w.fake, &w.ui);
	snprintf(want, sizeof want, "%d 977 ", (int)ACT_ATTACH);
	assert_string_equal(w.fake.done, want);
	assert_shows(&w, "done");
	assert_hides(&w, "putting");
	end(&w);
}

static void
what_cannot_be_attached_to_says_so_in_full(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 24, 80, true);
	open_tab(&w, 5002, '2');
	fake_top_type(&w.ui, "Ay");
	fake_top_work(&w.fake, &w.ui);
	assert_shows(&w, "cannot attach to process 5002");
	assert_shows(&w, "ullage check 5002 for all of it");
	end(&w);
}

static void
an_agent_that_records_is_taken_out(void **state)
{
	struct world w;
	char want[40];

	(void)state;
	begin(&w, 24, 80, true);
	open_tab(&w, 4182, '2');
	fake_top_type(&w.ui, "Ay");
	fake_top_work(&w.fake, &w.ui);
	snprintf(want, sizeof want, "%d 4182 ", (int)ACT_DETACH);
	assert_string_equal(w.fake.done, want);
	end(&w);
}

static void
attached_and_quiet_agents_are_told_apart(void **state)
{
	struct world w;
	char want[40];

	(void)state;
	begin(&w, 24, 140, true);
	assert_shows(&w, "2210 ● ");
	open_tab(&w, 2210, '2');
	assert_shows(&w, "attached agent 512k");
	assert_shows(&w, "since the attach 3h 12m ago");
	w.fake.quiet = true;
	fake_top_look(&w.fake, &w.ui, 1);
	w.ui.detail_wanted = true;
	fake_top_detail(&w.fake, &w.ui);
	assert_shows(&w, "2210 ○ ");
	assert_shows(&w, "attached quiet agent");
	assert_shows(&w, "as the agent left it; A wakes it");
	fake_top_type(&w.ui, "Ay");
	fake_top_work(&w.fake, &w.ui);
	snprintf(want, sizeof want, "%d 2210 ", (int)ACT_ATTACH);
	assert_string_equal(w.fake.done, want);
	ui_key(&w.ui, UI_ESC);
	assert_shows(&w, "2210 ○ ");
	end(&w);
}

static void
every_tab_writes_the_profile_it_shows(void **state)
{
	static const struct {
		int tab;
		const char *file;
	} tabs[] = { { '1', "heap-%p.pb.gz" }, { '2', "heap-%p.pb.gz" },
		{ '3', "threads-%p.pb.gz" }, { '4', "fds-%p.pb.gz" } };
	char want[80];

	(void)state;
	for (size_t i = 0; i < sizeof tabs / sizeof tabs[0]; i++) {
		struct world w;

		begin(&w, 24, 100, true);
		open_tab(&w, 4182, tabs[i].tab);
		fake_top_type(&w.ui, "w\ny");
		/* What is not on the screen is read when it is written. */
		assert_true((w.ui.job == NULL) == (tabs[i].tab == '2'));
		fake_top_work(&w.fake, &w.ui);
		snprintf(want, sizeof want, "%d 4182 %s", (int)ACT_PROFILE,
		    tabs[i].file);
		assert_string_equal(w.fake.done, want);
		end(&w);
	}
}

static void
what_an_agent_would_tell_looks_as_it_did(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 24, 80, true);
	open_tab(&w, 977, '2');
	assert_golden(&w, "advice.txt");
	fake_top_type(&w.ui, "A");
	assert_golden(&w, "attach.txt");
	end(&w);
	begin(&w, 24, 120, true);
	w.fake.quiet = true;
	open_tab(&w, 2210, '2');
	assert_golden(&w, "quiet.txt");
	end(&w);
}

static void
numbers_are_whole_where_it_is_narrow(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 10, 40, true);
	open_tab(&w, 4182, '6');
	assert_shows(&w, "612M");
	assert_shows(&w, " 32%");
	open_tab(&w, 4182, '7');
	assert_shows(&w, "60.0k of 65.5k");
	/* The limits come before the legend. */
	open_tab(&w, 4182, '1');
	assert_shows(&w, "nofile");
	end(&w);
}

static void
threads_of_the_user_count_against_nproc(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 24, 100, true);
	w.fake.no_nproc = true;
	open_tab(&w, 2210, '5');
	assert_shows(&w, " nproc                5 ");
	assert_shows(&w, "5 threads");
	end(&w);
}

static void
no_agent_no_profile(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 24, 100, true);
	open_tab(&w, 977, '4');
	fake_top_type(&w.ui, "w");
	assert_false(w.ui.prompt.open);
	assert_shows(&w, "needs an agent");
	end(&w);
}

static void
a_process_that_ends_keeps_its_last_picture(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 24, 80, true);
	open_tab(&w, 4182, '6');
	w.fake.missing = true;
	fake_top_look(&w.fake, &w.ui, 1);
	w.ui.detail_wanted = true;
	fake_top_detail(&w.fake, &w.ui);
	assert_shows(&w, "ended");
	assert_shows(&w, "live heap");
	fake_top_type(&w.ui, "k");
	assert_shows(&w, "the process has ended");
	end(&w);
}

static void
the_tab_that_is_open_is_in_sight(void **state)
{
	static const char *const titles[] = { "Overview", "Heap", "Threads",
		"Descriptors", "Limits", "Memory", "Losses" };

	(void)state;
	for (int columns = 20; columns <= 100; columns += 8) {
		struct world w;

		begin(&w, 24, columns, true);
		for (int i = 0; i < 7; i++) {
			open_tab(&w, 4182, '1' + i);
			assert_shows(&w, titles[i]);
			/* A click on its first letter finds it, too. */
			assert_in_range(w.ui.process.tab_at[i], 0,
			    columns - 1);
		}
		/* All of them from 64 columns on. */
		if (columns >= 64)
			for (int i = 0; i < 7; i++)
				assert_shows(&w, titles[i]);
		end(&w);
	}
}

static void
what_may_not_be_read_says_why(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 24, 80, true);
	w.fake.denied = true;
	open_tab(&w, 977, '5');
	assert_shows(&w, "may not be read");
	end(&w);
}

static void
callers_open_below_their_site(void **state)
{
	struct world w;
	size_t before;

	(void)state;
	begin(&w, 40, 140, true);
	open_tab(&w, 4182, '2');
	before = w.ui.process.n_rows;
	ui_key(&w.ui, UI_ENTER);
	assert_true(w.ui.process.n_rows > before);
	/* They stay open when the profile is read anew. */
	w.ui.detail_wanted = true;
	fake_top_detail(&w.fake, &w.ui);
	assert_true(w.ui.process.n_rows > before);
	ui_key(&w.ui, UI_ENTER);
	assert_int_equal(w.ui.process.n_rows, before);
	end(&w);
}

/* What the screen says and what the command says may not differ. */
static void
sites_are_those_of_the_commands(void **state)
{
	struct profile *p = fake_heap();
	struct calls *c = calls_new(p);
	struct calls_open none = { NULL, 0, 0 };
	int type = calls_type(p, false);
	struct top *t = top_build(p, (size_t)type, true);
	struct calls_row *rows;
	size_t n, k = 0;
	int64_t total;

	(void)state;
	rows = calls_rows(c, type, false, &none, "", 10000, &n, &total);
	assert_int_equal(total, t->total[type]);
	for (size_t i = 0; i < t->n; i++) {
		if (t->rows[i].flat[type] == 0 && t->rows[i].cum[type] == 0)
			continue;
		assert_true(k < n);
		assert_string_equal(rows[k].name, t->rows[i].name);
		assert_int_equal(rows[k].flat, t->rows[i].flat[type]);
		assert_int_equal(rows[k].cum, t->rows[i].cum[type]);
		k++;
	}
	assert_int_equal(k, n);
	free(rows);
	calls_free(c);
	top_free(t);
	profile_free(p);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list_looks_as_it_did),
		cmocka_unit_test(the_list_looks_as_it_did_in_ascii),
		cmocka_unit_test(the_tabs_look_as_they_did),
		cmocka_unit_test(what_keys_open_looks_as_it_did),
		cmocka_unit_test(the_age_of_a_site_is_that_of_half_of_its_bytes),
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
		cmocka_unit_test(a_lever_asks_and_shows_the_command),
		cmocka_unit_test(no_means_no),
		cmocka_unit_test(harm_is_asked_about_twice),
		cmocka_unit_test(
		    a_lever_is_about_the_process_it_was_asked_for),
		cmocka_unit_test(tagged_ones_are_told_and_only_they_get_it),
		cmocka_unit_test(readonly_takes_the_levers_away),
		cmocka_unit_test(a_process_without_an_agent_gets_advice),
		cmocka_unit_test(
		    descriptors_without_an_agent_say_what_one_would_tell),
		cmocka_unit_test(attaching_asks_and_is_done_aside),
		cmocka_unit_test(what_cannot_be_attached_to_says_so_in_full),
		cmocka_unit_test(an_agent_that_records_is_taken_out),
		cmocka_unit_test(attached_and_quiet_agents_are_told_apart),
		cmocka_unit_test(every_tab_writes_the_profile_it_shows),
		cmocka_unit_test(what_an_agent_would_tell_looks_as_it_did),
		cmocka_unit_test(numbers_are_whole_where_it_is_narrow),
		cmocka_unit_test(threads_of_the_user_count_against_nproc),
		cmocka_unit_test(no_agent_no_profile),
		cmocka_unit_test(a_process_that_ends_keeps_its_last_picture),
		cmocka_unit_test(the_tab_that_is_open_is_in_sight),
		cmocka_unit_test(what_may_not_be_read_says_why),
		cmocka_unit_test(callers_open_below_their_site),
		cmocka_unit_test(sites_are_those_of_the_commands),
		cmocka_unit_test(settings_come_back_as_they_were_written),
		cmocka_unit_test(what_the_command_line_says_is_for_once),
		cmocka_unit_test(no_key_means_two_things),
		cmocka_unit_test(every_column_says_what_it_is),
		cmocka_unit_test(every_size_can_be_drawn),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
