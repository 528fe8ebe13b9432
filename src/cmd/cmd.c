/* SPDX-License-Identifier: MIT */
/*
 * The frame of all commands: the table, the way in, help, and the one place
 * where an error becomes words.
 *
 * To add a command: a file cmd/NAME.c that ends in `const struct cmd
 * cmd_NAME`, a row here, and a man page man/ullage-NAME.1.
 */
#include "config.h"

#include "cmd/cmd.h"
#include "base/buf.h"
#include "base/output.h"
#include "base/units.h"
#include "cmd/options.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

extern const struct cmd cmd_run, cmd_ps, cmd_top, cmd_heap, cmd_allocs,
    cmd_peak, cmd_diff, cmd_convert, cmd_limits, cmd_show, cmd_fds, cmd_threads,
    cmd_stack, cmd_cpu, cmd_plan, cmd_census, cmd_memory, cmd_trim,
    cmd_serve, cmd_agent_path, cmd_debug, cmd_help;

const struct cmd *const cmds[] = {
	&cmd_run,
	&cmd_ps,
	&cmd_top,
	&cmd_heap,
	&cmd_allocs,
	&cmd_peak,
	&cmd_show,
	&cmd_census,
	&cmd_limits,
	&cmd_memory,
	&cmd_trim,
	&cmd_fds,
	&cmd_threads,
	&cmd_stack,
	&cmd_cpu,
	&cmd_plan,
#ifdef HAVE_SERVE
	&cmd_serve,
#endif
	&cmd_diff,
	&cmd_convert,
	&cmd_agent_path,
	&cmd_debug,
	&cmd_help,
	NULL,
};

const struct option_spec common_options[] = {
	{ 'q', "quiet", OPT_FLAG, NULL, "say nothing but errors", false },
	{ 'v', "verbose", OPT_FLAG, NULL, "say more on standard error", false },
	{ 0, "color", OPT_TEXT, "WHEN", "auto, always or never", false },
	OPTION_END,
};

const struct cmd *
cmd_find(const char *name)
{
	for (size_t i = 0; cmds[i] != NULL; i++)
		if (strcmp(cmds[i]->name, name) == 0)
			return cmds[i];
	return NULL;
}

bool
cmd_quiet(const struct options *o)
{
	return option_given(o, "quiet");
}

bool
cmd_color(const struct options *o)
{
	const char *when = option_text(o, "color");
	const char *no = getenv("NO_COLOR");

	if (when != NULL && strcmp(when, "auto") != 0)
		return strcmp(when, "always") == 0;
	return isatty(1) && (no == NULL || *no == '\0');
}

size_t
cmd_columns(bool unlimited)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t n;

	if (columns != NULL && units_parse_number(columns, 20, 10000, &n))
		return (size_t)n;
	if (ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20)
		return size.ws_col;
	return unlimited ? 0 : 80;
}

void
cmd_note(const struct options *o, const char *fmt, ...)
{
	va_list ap;

	if (cmd_quiet(o))
		return;
	fflush(stdout);
	fputs("ullage: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* ---- help ---------------------------------------------------------------------- */

static void
list_commands(struct buf *out)
{
	buf_puts(out, "usage: ullage COMMAND [OPTION...] [OPERAND...]\n\n");
	for (size_t i = 0; cmds[i] != NULL; i++)
		if (!cmds[i]->hidden)
			buf_printf(out, "  %-12s %s\n", cmds[i]->name,
			    cmds[i]->summary);
	buf_puts(out,
	    "\nPID is a pid, or a name that exactly one process bears.\n"
	    "ullage help COMMAND tells more; so do the man pages.\n");
}

static int
unknown_command(const char *name, struct err *e)
{
	return err_set(e, ERR_USAGE,
	    "there is no command \"%s\"; ullage help lists them", name);
}

static int
help_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	struct buf out = BUF_INIT;
	const char *name = operand(o, 0);
	const struct cmd *about = NULL;
	int rc;

	(void)cmd;
	if (name != NULL && (about = cmd_find(name)) == NULL)
		return unknown_command(name, e);
	if (about != NULL)
		cmd_usage(about, &out);
	else
		list_commands(&out);
	rc = output_write(NULL, out.bytes, out.len, e);
	buf_free(&out);
	return rc;
}

const struct cmd cmd_help = {
	.name = "help",
	.operands = "[COMMAND]",
	.summary = "tell about a command, or list them all",
	.max_operands = 1,
	.run = help_run,
};

/* ---- the way in -------------------------------------------------------------------- */

/* Leaves no half-written file, then dies of the signal as it should. */
static void
on_signal(int sig)
{
	output_abandon();
	signal(sig, SIG_DFL);
	raise(sig);
}

static void
watch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction act = { .sa_handler = on_signal }, old;

	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		if (sigaction(signals[i], NULL, &old) == 0 &&
		    old.sa_handler != SIG_IGN)
			sigaction(signals[i], &act, NULL);
}

static int
complain(const char *name, const struct err *e)
{
	fflush(stdout);
	fprintf(stderr, "ullage%s%s: %s\n", name ? " " : "", name ? name : "",
	    e->text);
	return e->status;
}

static int
run_cmd(const struct cmd *cmd, int argc, char **argv)
{
	struct err e = { ERR_FAILED, "" };
	struct options *o = NULL;
	int rc;

	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (cmd->stops_at_operand && argv[i][0] != '-')
			break;
		if (strcmp(argv[i], "--help") == 0) {
			char *help[] = { (char *)"help", (char *)cmd->name,
				NULL };

			return run_cmd(&cmd_help, 2, help);
		}
	}
	rc = options_parse(cmd, argc, argv, &o, &e);
	if (rc == 0)
		rc = cmd->run(cmd, o, &e);
	options_free(o);
	if (rc >= 0 && (fflush(stdout) != 0 || ferror(stdout))) {
		errno = errno ? errno : EIO;
		rc = err_errno(&e, "cannot write standard output");
	}
	return rc < 0 ? complain(cmd->name, &e) : rc;
}

/*
 * A standard stream that is closed would lend its number to the next file:
 * a profile for standard output then went into a target's segment. What is
 * opened here cannot be read or written, and a command that is run does not
 * inherit it.
 */
static void
occupy_closed_streams(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/", O_PATH | O_CLOEXEC);
}

int
cmd_main(int argc, char **argv)
{
	struct err e;
	const struct cmd *cmd;

	occupy_closed_streams();
	setlocale(LC_CTYPE, "");
	watch_signals();
	if (argc < 2) {
		const char *name = isatty(0) && isatty(1) ? "top" : "ps";
		char *none[] = { (char *)(uintptr_t)name, NULL };

		return run_cmd(cmd_find(name), 1, none);
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("ullage " ULLAGE_VERSION);
		return fflush(stdout) == 0 ? 0 : ERR_FAILED;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		argv[1] = (char *)"help";
	cmd = cmd_find(argv[1]);
	if (cmd == NULL) {
		unknown_command(argv[1], &e);
		return complain(NULL, &e);
	}
	return run_cmd(cmd, argc - 1, argv + 1);
}
