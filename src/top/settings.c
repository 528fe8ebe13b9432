/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "top/settings.h"
#include "base/output.h"
#include "base/units.h"
#include "base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX_BYTES 16384

char *
settings_path(void)
{
	const char *config = secure_getenv("XDG_CONFIG_HOME");
	const char *home = secure_getenv("HOME");

	if (config != NULL && config[0] == '/')
		return xasprintf("%s/ullage/top", config);
	if (home != NULL && home[0] == '/')
		return xasprintf("%s/.config/ullage/top", home);
	return NULL;
}

static void
parse_line(struct ui *ui, char *line)
{
	const char *words[LIST_COLUMNS_MAX];
	char *save = NULL, *first = strtok_r(line, " \t", &save), *word;
	size_t n = 0;
	uint64_t ns;

	while (first != NULL && n < LIST_COLUMNS_MAX &&
	    (word = strtok_r(NULL, " \t", &save)) != NULL)
		words[n++] = word;
	if (first == NULL || n == 0)
		return;
	if (strcmp(first, "columns") == 0) {
		struct list_state was = ui->list;

		ui_set_columns(ui, words, n);
		if (ui->list.n_columns == 0)
			ui->list = was;
	} else if (strcmp(first, "sort") == 0 && list_column_find(words[0])) {
		ui->model.sort = list_column_find(words[0]);
		ui->model.reverse = n > 1 && strcmp(words[1], "reverse") == 0;
	} else if (strcmp(first, "delay") == 0 &&
	    units_parse_duration(words[0], &ns) && ns >= 250000000 &&
	    ns <= UINT64_C(60000000000)) {
		ui->settings.delay = (int64_t)ns;
	}
}

void
settings_parse(struct ui *ui, const char *text)
{
	char *copy = xstrdup(text), *save = NULL;

	for (char *line = strtok_r(copy, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save))
		parse_line(ui, line);
	free(copy);
}

void
settings_text(const struct ui *ui, struct buf *out)
{
	const struct ui_settings *s = &ui->settings;
	const struct list_column *sort = ui->model.sort;
	bool reverse = ui->model.reverse;
	int64_t delay = s->delay == s->delay_once ? s->delay_was : s->delay;

	if (sort == s->sort_once && !reverse) {
		sort = s->sort_was;
		reverse = s->reverse_was;
	}
	buf_puts(out, "columns");
	for (int i = 0; i < ui->list.n_columns; i++)
		buf_printf(out, " %s", ui->list.columns[i]->column.key);
	buf_printf(out, "\nsort %s%s\n", sort->column.key,
	    reverse ? " reverse" : "");
	buf_printf(out, "delay %lldms\n", (long long)(delay / 1000000));
}

void
settings_load(struct ui *ui)
{
	char *path = settings_path();
	struct buf text = BUF_INIT;
	struct err ignored;

	if (path != NULL &&
	    buf_read_file(&text, path, FILE_MAX_BYTES, &ignored) == 0)
		settings_parse(ui, buf_text(&text));
	buf_free(&text);
	free(path);
}

static void
make_folder(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
}

void
settings_save(const struct ui *ui)
{
	char *path = settings_path();
	struct buf text = BUF_INIT, was = BUF_INIT;
	struct err ignored;

	if (path == NULL)
		return;
	settings_text(ui, &text);
	if (buf_read_file(&was, path, FILE_MAX_BYTES, &ignored) < 0 ||
	    strcmp(buf_text(&was), buf_text(&text)) != 0) {
		make_folder(path);
		output_write(path, text.bytes, text.len, &ignored);
	}
	buf_free(&was);
	buf_free(&text);
	free(path);
}
