/* SPDX-License-Identifier: MIT */
/* The live view without a terminal: levers, and one process. */
#include "config.h"

#include "fake_profile.h"
#include "profile/top.h"
#include "top/action.h"
#include "top_world.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lever_asks_and_shows_the_command),
		cmocka_unit_test(no_means_no),
		cmocka_unit_test(harm_is_asked_about_twice),
		cmocka_unit_test(a_lever_is_about_the_process_it_was_asked_for),
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
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
