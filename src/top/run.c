/* SPDX-License-Identifier: MIT */
/* Joins the view to the terminal, to signals and to the threads that read. */
#include "config.h"

#include "top/run.h"
#include "top/action.h"
#include "top/aside.h"
#include "top/settings.h"
#include "top/terminal.h"
#include "top/ui.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The spinner of what is being read moves so often. */
#define SPIN_MS 100

/* So many seconds after a signal to end it ends in any case. */
#define PATIENCE_S 3

/* So long leaving waits for a lever that is being pulled: the agent in the
 * middle of its way in should get there. */
#define JOB_S 5

#define FIRST_NS INT64_C(250000000)

static volatile sig_atomic_t signalled, resized, suspended, continued;
static int signal_pipe[2] = { -1, -1 };

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- signals --------------------------------------------------------------------- */

/* The loop has not ended: most likely the terminal takes no more output. */
static void
end_now(void)
{
	int sig = signalled;
	sigset_t set;

	if (sig == 0)
		return;
	terminal_abandon();
	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	raise(sig);
}

static void
on_signal(int sig)
{
	int saved = errno;
	ssize_t n;

	if (sig == SIGWINCH)
		resized = 1;
	else if (sig == SIGTSTP)
		suspended = 1;
	else if (sig == SIGCONT)
		continued = 1;
	else if (sig == SIGALRM)
		end_now();
	else {
		signalled = sig;
		alarm(PATIENCE_S);
	}
	n = write(signal_pipe[1], "", 1);
	(void)n;
	errno = saved;
}

static const int watched[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP,
	SIGCONT, SIGALRM };

#define N_WATCHED (sizeof watched / sizeof watched[0])

static struct sigaction old_actions[N_WATCHED];

static int
watch_signals(struct err *e)
{
	struct sigaction act = { .sa_handler = on_signal,
		.sa_flags = SA_RESTART };

	signalled = resized = suspended = continued = 0;
	if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_errno(e, "cannot make a pipe");
	for (size_t i = 0; i < N_WATCHED; i++)
		sigaction(watched[i], &act, &old_actions[i]);
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

static void
unwatch_signals(void)
{
	alarm(0);
	for (size_t i = 0; i < N_WATCHED; i++)
		sigaction(watched[i], &old_actions[i], NULL);
	close(signal_pipe[0]);
	close(signal_pipe[1]);
}

/* ---- what is read aside ---------------------------------------------------------- */

struct list_job {
	unsigned needs;
	struct err e;
};

struct view {
	struct ui ui;
	const struct source *source;
	struct aside lists, details, jobs;
	struct list_job list_job;
	struct source_request request;
	int64_t next_list, next_detail;
};

static void *
read_list(void *arg, void *job)
{
	const struct source *source = arg;
	struct list_job *j = job;

	return source->list(source->arg, j->needs, &j->e);
}

static void *
read_detail(void *arg, void *job)
{
	const struct source *source = arg;

	return source->detail(source->arg, job);
}

static void *
do_job(void *arg, void *job)
{
	action_job_run(arg, job);
	return job;
}

static void
give_work(struct view *v)
{
	struct ui *ui = &v->ui;
	int64_t now = ui->now;
	struct action_job *job = ui_job(ui);

	if (job != NULL)
		aside_give(&v->jobs, job);

	if (aside_is_idle(&v->lists) &&
	    (ui->list_wanted || (!ui->paused && now >= v->next_list))) {
		v->list_job.needs = ui_needs(ui);
		/* Names are enough to begin with; a command line is a file
		 * more for each process. */
		if (ui->model.lists == 0)
			v->list_job.needs &= ~(unsigned)NEED_COMMAND;
		ui->list_wanted = false;
		/* The first has no rates: the second comes soon. */
		v->next_list = now + (ui->model.lists == 0 ? FIRST_NS :
			ui->settings.delay);
		aside_give(&v->lists, &v->list_job);
	}
	if (aside_is_idle(&v->details) &&
	    (ui->detail_wanted || (!ui->paused && now >= v->next_detail)) &&
	    ui_request(ui, &v->request)) {
		v->next_detail = now + ui->settings.delay;
		aside_give(&v->details, &v->request);
	}
}

/* True if something came. */
static bool
take_results(struct view *v)
{
	void *result;
	bool any = false;

	if (aside_take(&v->lists, &result)) {
		ui_list(&v->ui, result, v->list_job.e.text);
		any = true;
	}
	if (aside_take(&v->details, &result)) {
		ui_detail(&v->ui, result);
		any = true;
	}
	if (aside_take(&v->jobs, &result)) {
		ui_job_done(&v->ui);
		any = true;
	}
	return any;
}

/* ---- the loop ---------------------------------------------------------------------- */

static void
take_signals(struct view *v)
{
	char bytes[64];
	int rows, columns;

	while (read(signal_pipe[0], bytes, sizeof bytes) > 0)
		;
	if (suspended) {
		suspended = 0;
		terminal_suspend();
		continued = 0;
		resized = 1;
	}
	if (continued) {
		continued = 0;
		resized = 1;
	}
	if (resized) {
		resized = 0;
		terminal_resized();
		terminal_size(&rows, &columns);
		ui_resize(&v->ui, rows, columns);
	}
}

static void
take_keys(struct view *v)
{
	struct terminal_event event;

	while (!v->ui.quit && terminal_event(&event)) {
		if (event.click)
			ui_click(&v->ui, event.row, event.column, event.twice);
		else if (event.wheel != 0)
			ui_wheel(&v->ui, event.wheel);
		else
			ui_key(&v->ui, event.key);
	}
}

static int
timeout_of(const struct view *v)
{
	int64_t until = v->next_list, now = now_ns();

	if (v->ui.process.busy && v->ui.process.detail == NULL)
		return SPIN_MS;
	if (v->ui.message[0] != '\0' && v->ui.message_until != 0 &&
	    v->ui.message_until < until)
		until = v->ui.message_until;
	if (v->ui.paused && v->ui.message[0] == '\0')
		return -1;
	if (until <= now)
		return 10;
	return (int)((until - now) / 1000000) + 1;
}

/* Until it is told to end. */
static void
loop(struct view *v)
{
	struct pollfd p[] = {
		{ STDIN_FILENO, POLLIN, 0 },
		{ signal_pipe[0], POLLIN, 0 },
		{ v->lists.fd, POLLIN, 0 },
		{ v->details.fd, POLLIN, 0 },
		{ v->jobs.fd, POLLIN, 0 },
	};

	while (!v->ui.quit && signalled == 0) {
		v->ui.now = now_ns();
		give_work(v);
		ui_draw(&v->ui);
		terminal_show(&v->ui.canvas, v->ui.redraw);
		v->ui.redraw = false;
		if (poll(p, 5, timeout_of(v)) < 0 && errno != EINTR)
			break;
		/* Nobody is there any more. */
		if ((p[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
			break;
		v->ui.now = now_ns();
		take_signals(v);
		take_keys(v);
		take_results(v);
	}
}

static void
begin(struct view *v, const struct top_options *o)
{
	struct model *m = &v->ui.model;
	int rows, columns;

	terminal_size(&rows, &columns);
	ui_init(&v->ui, v->source, rows, columns, terminal_unicode());
	settings_load(&v->ui);
	v->ui.settings.readonly = o->readonly;
	ui_once(&v->ui, o->delay,
	    o->sort != NULL ? list_column_find(o->sort) : NULL);
	if (o->filter != NULL)
		strncat(m->filter, o->filter, sizeof m->filter - 1);
	m->only = o->pids;
	m->n_only = o->n_pids;
	v->ui.now = now_ns();
}

/* The terminal is back already, so a slow reader keeps nobody waiting. */
static void
end(struct view *v)
{
	void *list = NULL, *detail = NULL, *job = NULL;

	settings_save(&v->ui);
	if (!aside_stop(&v->jobs, JOB_S, &job) ||
	    !aside_stop(&v->lists, 1, &list) ||
	    !aside_stop(&v->details, 1, &detail)) {
		unwatch_signals();
		if (signalled != 0) {
			signal(signalled, SIG_DFL);
			raise(signalled);
		}
		_exit(0);
	}
	source_list_free(list);
	source_detail_free(detail);
	ui_free(&v->ui);
	unwatch_signals();
}

int
top_run(const struct source *source, const struct top_options *o,
    struct err *e)
{
	static struct view v;

	memset(&v, 0, sizeof v);
	v.source = source;
	/*
	 * First the signals: curses leaves alone what has a handler already.
	 * It would ignore SIGTSTP for as long as each update takes, and a
	 * Ctrl-Z that comes then would be lost.
	 */
	if (watch_signals(e) < 0)
		return -1;
	if (terminal_open(o->ascii, e) < 0) {
		unwatch_signals();
		return -1;
	}
	if (aside_start(&v.lists, read_list, (void *)(uintptr_t)source, e) <
		0 ||
	    aside_start(&v.details, read_detail, (void *)(uintptr_t)source,
		e) < 0 ||
	    aside_start(&v.jobs, do_job, (void *)(uintptr_t)source, e) < 0) {
		terminal_close();
		unwatch_signals();
		return -1;
	}
	begin(&v, o);
	loop(&v);
	terminal_close();
	end(&v);
	return signalled;
}
