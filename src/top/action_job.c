/* SPDX-License-Identifier: MIT */
/* Levers that take a while: done by another thread, while the screen goes
 * on. */
#include "config.h"

#include "top/action.h"
#include "base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
action_is_slow(const struct action *a)
{
	return a->what == ACT_ATTACH || a->what == ACT_DETACH ||
	    (a->what == ACT_PROFILE && a->profile == NULL);
}

bool
action_job_start(struct ui *ui, const struct action *a)
{
	struct action_job *j;

	if (ui->job != NULL)
		return false;
	j = ui->job = xcalloc(1, sizeof *j);
	j->action = *a;
	snprintf(j->text, sizeof j->text, "%s", a->text);
	j->action.text = j->text;
	return true;
}

void
action_job_say(const struct ui *ui, char out[80])
{
	static const char *const doing[] = {
		[ACT_PROFILE] = "reading a profile of",
		[ACT_ATTACH] = "putting the agent into",
		[ACT_DETACH] = "taking the agent out of",
	};

	*out = '\0';
	if (ui->job != NULL)
		snprintf(out, 80, "%s %d ...", doing[ui->job->action.what],
		    ui->job->action.pid);
}

struct action_job *
ui_job(struct ui *ui)
{
	if (ui->job == NULL || ui->job_out)
		return NULL;
	ui->job_out = true;
	return ui->job;
}

void
action_job_run(const struct source *source, struct action_job *j)
{
	j->rc = source->act(source->arg, &j->action, &j->said, &j->e);
}

void
ui_job_done(struct ui *ui)
{
	struct action_job *j = ui->job;

	if (j->rc < 0)
		ui_say(ui, STYLE_TROUBLE, "%s", j->e.text);
	else
		ui_say(ui, STYLE_OURS, "%s", buf_text(&j->said));
	ui->list_wanted = ui->detail_wanted = true;
	action_job_drop(ui);
}

void
action_job_drop(struct ui *ui)
{
	if (ui->job != NULL)
		buf_free(&ui->job->said);
	free(ui->job);
	ui->job = NULL;
	ui->job_out = false;
}
