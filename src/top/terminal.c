/* SPDX-License-Identifier: MIT */
#include "config.h"

#define NCURSES_WIDECHAR 1
#include "top/terminal.h"
#include "base/xalloc.h"
#include "top/aside.h"
#include "top/keys.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <stdint.h>
#include <term.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

/* Of term.h, which has macros of common words. */
#undef columns
#undef lines

#define RESTORE_MAX 256
#define DOUBLE_CLICK_NS INT64_C(400000000)

static struct {
	SCREEN *screen;
	bool open, unicode;
	int colors;
	bool light;
	struct canvas shown; /* what the terminal has */
	struct termios saved;
	char restore[RESTORE_MAX]; /* for handlers, which may not call curses */
	size_t restore_len;
	int64_t click_time;
	int click_row;
	bool clicks; /* there may be more of them */
} tty;

/* ---- the way out ----------------------------------------------------------------- */

static int
collect(int c)
{
	if (tty.restore_len < sizeof tty.restore)
		tty.restore[tty.restore_len++] = (char)c;
	return c;
}

static void
collect_capability(const char *name)
{
	char *s = tigetstr((char *)(uintptr_t)name);

	if (s != NULL && s != (char *)-1)
		tputs(s, 1, collect);
}

static void
prepare_restore(void)
{
	static const char mouse[] = "\033[?1006l\033[?1002l\033[?1000l";

	tty.restore_len = 0;
	collect_capability("sgr0");
	collect_capability("rmkx");
	collect_capability("cnorm");
	collect_capability("rmcup");
	if (tigetstr((char *)(uintptr_t)"kmous") != (char *)-1 &&
	    tigetstr((char *)(uintptr_t)"kmous") != NULL)
		for (const char *s = mouse; *s != '\0'; s++)
			collect(*s);
}

/* Only calls that a handler may make. */
static void
restore_now(void)
{
	ssize_t n;

	if (!tty.open)
		return;
	tty.open = false;
	n = write(STDOUT_FILENO, tty.restore, tty.restore_len);
	(void)n;
	tcsetattr(STDIN_FILENO, TCSANOW, &tty.saved);
}

/* What waits to be written is dropped: it may wait because somebody has
 * pressed Ctrl-S, and then the end of it would have to wait, too. */
void
terminal_abandon(void)
{
	struct termios flowing = tty.saved;

	if (!tty.open)
		return;
	tcflush(STDOUT_FILENO, TCOFLUSH);
	/* Taking away the meaning of Ctrl-S makes output go on. */
	flowing.c_iflag &= ~(tcflag_t)IXON;
	tcsetattr(STDIN_FILENO, TCSANOW, &flowing);
	restore_now();
}

static void
on_crash(int sig)
{
	restore_now();
	signal(sig, SIG_DFL);
	raise(sig);
}

static void
watch_crashes(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT,
		SIGQUIT };
	static char crash_stack[CRASH_STACK];
	const stack_t stack = { .ss_sp = crash_stack,
		.ss_size = sizeof crash_stack };
	struct sigaction act = { .sa_handler = on_crash,
		.sa_flags = SA_NODEFER | SA_ONSTACK };
	struct sigaction old;

	stack_t had;

	if (sigaltstack(NULL, &had) == 0 && (had.ss_flags & SS_DISABLE) != 0)
		sigaltstack(&stack, NULL);

	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		/* A sanitizer has its own to tell; it aborts after that. */
		if (sigaction(signals[i], NULL, &old) == 0 &&
		    old.sa_handler == SIG_DFL &&
		    (old.sa_flags & SA_SIGINFO) == 0)
			sigaction(signals[i], &act, NULL);
}

void
terminal_close(void)
{
	if (tty.open) {
		tty.open = false;
		endwin();
	}
	if (tty.screen != NULL) {
		delscreen(tty.screen);
		tty.screen = NULL;
		canvas_free(&tty.shown);
	}
}

/* ---- the way in ------------------------------------------------------------------- */

static int
check(struct err *e)
{
	const char *name = getenv("TERM");
	const char *cup;
	int status;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return err_set(e, ERR_FAILED,
		    "standard input and output must be a terminal; ullage top "
		    "-b writes lines, ullage ps a table");
	if (name == NULL || *name == '\0')
		return err_set(e, ERR_FAILED,
		    "TERM is not set, so the terminal is not known; ullage top "
		    "-b writes lines");
	if (setupterm(NULL, STDOUT_FILENO, &status) != OK)
		return err_set(e, ERR_FAILED,
		    "the terminal \"%.40s\" is not known; set TERM, or use "
		    "ullage top -b", name);
	cup = tigetstr((char *)(uintptr_t)"cup");
	if (cup == NULL || cup == (char *)-1)
		return err_set(e, ERR_FAILED,
		    "the terminal \"%.40s\" cannot place its cursor; ullage "
		    "top -b writes lines", name);
	return 0;
}

static void
make_colors(void)
{
	tty.light = theme_is_light();
	tty.colors = 0;
	if (has_colors() && start_color() == OK &&
	    use_default_colors() == OK)
		tty.colors = theme_colors(COLORS);
	for (int s = 0; s < STYLE_COUNT && tty.colors > 0; s++) {
		struct theme_look look = theme_look((enum style)s, tty.colors,
		    tty.light);

		init_pair((short)(1 + s * 2), look.color, -1);
		init_pair((short)(2 + s * 2), look.color,
		    theme_selected(tty.colors, tty.light));
	}
}

int
terminal_open(bool ascii, struct err *e)
{
	static bool registered;

	if (check(e) < 0)
		return -1;
	if (tcgetattr(STDIN_FILENO, &tty.saved) < 0)
		return err_errno(e, "cannot ask the terminal for its state");
	prepare_restore();
	/* newterm makes its own of what check has asked for. */
	del_curterm(cur_term);
	tty.screen = newterm(NULL, stdout, stdin);
	if (tty.screen == NULL)
		return err_set(e, ERR_FAILED, "the terminal could not be set "
		    "up; ullage top -b writes lines");
	set_term(tty.screen);
	tty.open = true;
	if (!registered)
		atexit(terminal_close);
	registered = true;
	watch_crashes();
	tty.unicode = !ascii &&
	    strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25);
	curs_set(0);
	leaveok(stdscr, TRUE);
	mouseinterval(0);
	mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
	make_colors();
	canvas_init(&tty.shown, LINES, COLS, tty.unicode);
	return 0;
}

bool
terminal_unicode(void)
{
	return tty.unicode;
}

void
terminal_size(int *rows, int *columns)
{
	*rows = LINES;
	*columns = COLS;
}

void
terminal_resized(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 &&
	    size.ws_col > 0)
		resizeterm(size.ws_row, size.ws_col);
}

void
terminal_suspend(void)
{
	struct sigaction act = { .sa_handler = SIG_DFL }, old;

	tty.open = false;
	endwin();
	sigaction(SIGTSTP, &act, &old);
	raise(SIGTSTP);
	/* Here it goes on. */
	sigaction(SIGTSTP, &old, NULL);
	tty.open = true;
	terminal_resized();
	refresh();
}

/* ---- out ------------------------------------------------------------------------------ */

static attr_t
attributes(const struct canvas_cell *cell, short *pair)
{
	struct theme_look look = theme_look((enum style)cell->style,
	    tty.colors, tty.light);
	bool selected = (cell->flags & CANVAS_SELECTED) != 0;
	attr_t a = A_NORMAL;

	*pair = 0;
	if (tty.colors > 0)
		*pair = (short)(1 + cell->style * 2 + selected);
	if (look.bold || (cell->flags & CANVAS_BOLD) != 0)
		a |= A_BOLD;
	if (look.faint && !selected)
		a |= A_DIM;
	if ((cell->flags & CANVAS_REVERSE) != 0)
		a |= A_REVERSE;
	if (selected && theme_selected(tty.colors, tty.light) < 0)
		a |= A_REVERSE;
	return a;
}

static void
send_cell(int row, int at, const struct canvas_cell *cell)
{
	wchar_t wide[CCHARW_MAX + 1];
	mbstate_t state;
	const char *text = cell->text;
	size_t n;
	cchar_t out;
	short pair;
	attr_t a = attributes(cell, &pair);

	memset(&state, 0, sizeof state);
	n = mbsrtowcs(wide, &text, CCHARW_MAX, &state);
	if (n == (size_t)-1 || n == 0) {
		wide[0] = L'?';
		n = 1;
	}
	wide[n] = L'\0';
	if (setcchar(&out, wide, a, pair, NULL) == OK)
		mvadd_wch(row, at, &out);
}

void
terminal_show(const struct canvas *c, bool again)
{
	bool anew = again || tty.shown.rows != c->rows ||
	    tty.shown.columns != c->columns;

	if (anew) {
		canvas_resize(&tty.shown, c->rows, c->columns);
		erase();
		clearok(stdscr, TRUE);
	}
	for (int i = 0; i < c->rows * c->columns; i++) {
		if (!anew && memcmp(&c->cells[i], &tty.shown.cells[i],
		    sizeof c->cells[i]) == 0)
			continue;
		tty.shown.cells[i] = c->cells[i];
		/* The right half of a wide one comes with the left. */
		if (c->cells[i].text[0] != '\0')
			send_cell(i / c->columns, i % c->columns,
			    &c->cells[i]);
	}
	refresh();
}

/* ---- in ------------------------------------------------------------------------------- */

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* False if nothing has happened. */
static bool
mouse(struct terminal_event *event)
{
	MEVENT m;

	if (getmouse(&m) != OK)
		return false;
	event->row = m.y;
	event->column = m.x;
	if ((m.bstate & BUTTON4_PRESSED) != 0) {
		event->wheel = -3;
	} else if ((m.bstate & BUTTON5_PRESSED) != 0) {
		event->wheel = 3;
	} else if ((m.bstate & BUTTON1_PRESSED) != 0) {
		int64_t now = now_ns();

		event->click = true;
		event->twice = tty.click_row == m.y &&
		    now - tty.click_time < DOUBLE_CLICK_NS;
		tty.click_time = event->twice ? 0 : now;
		tty.click_row = m.y;
	}
	return true;
}

static int
special(wint_t key)
{
	static const struct {
		wint_t from;
		int to;
	} keys[] = {
		{ KEY_UP, UI_UP }, { KEY_DOWN, UI_DOWN },
		{ KEY_LEFT, UI_LEFT }, { KEY_RIGHT, UI_RIGHT },
		{ KEY_PPAGE, UI_PAGE_UP }, { KEY_NPAGE, UI_PAGE_DOWN },
		{ KEY_HOME, UI_HOME }, { KEY_END, UI_END },
		{ KEY_BTAB, UI_BACK_TAB }, { KEY_BACKSPACE, UI_BACKSPACE },
		{ KEY_DC, UI_DELETE }, { KEY_ENTER, UI_ENTER },
	};

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (keys[i].from == key)
			return keys[i].to;
	if (key >= (wint_t)KEY_F(1) && key <= (wint_t)KEY_F(12))
		return UI_F((int)(key - (wint_t)KEY_F0));
	return UI_NONE;
}

bool
terminal_event(struct terminal_event *event)
{
	wint_t key;
	int kind;

	memset(event, 0, sizeof *event);
	/* Clicks that came at once are told of by one key. */
	if (tty.clicks && mouse(event))
		return true;
	tty.clicks = false;
	kind = get_wch(&key);
	if (kind == ERR)
		return false;
	if (kind == KEY_CODE_YES && key == KEY_MOUSE)
		tty.clicks = mouse(event);
	else if (kind == KEY_CODE_YES)
		event->key = special(key);
	else
		event->key = (int)key;
	return true;
}
