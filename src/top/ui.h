/* SPDX-License-Identifier: MIT */
/*
 * The live view without a terminal: keys, lists and details go in, a canvas
 * comes out. run.c joins it to a terminal and to threads; tests drive it as
 * it is.
 */
#ifndef ULLAGE_TOP_UI_H
#define ULLAGE_TOP_UI_H

#include "top/calls.h"
#include "top/canvas.h"
#include "top/columns.h"
#include "top/keys.h"
#include "top/model.h"
#include "top/prompt.h"
#include "top/source.h"

/* ---- lists that scroll ---------------------------------------------------------- */

struct scroll {
	long at, top; /* the row with the cursor, the first on the screen */
	long n;	      /* rows in all */
	int page;     /* rows on the screen; set when drawn */
};

/* Moves by a key; false if it is not one that moves. */
bool scroll_key(struct scroll *s, int key);

/* Brings everything into range: n rows, `page` of them on the screen. */
void scroll_fit(struct scroll *s, long n, int page);

/* ---- screens ----------------------------------------------------------------------- */

/*
 * To add one: a file screen_NAME.c with its struct, declared in screens.h.
 * Footer and help come from its keys.
 */
struct screen {
	const char *name;  /* in goldens */
	const char *title; /* in help */
	const struct key_row *keys;
	void (*draw)(struct ui *ui);
	/* Further keys that depend on what is open; or NULL. */
	const struct key_row *(*more_keys)(const struct ui *ui);
	/* A click at that place; or NULL. */
	void (*click)(struct ui *ui, int row, int column, bool twice);
	struct scroll *(*scroll)(struct ui *ui);
};

struct list_state {
	const struct list_column *columns[LIST_COLUMNS_MAX];
	int n_columns;
	int at[LIST_COLUMNS_MAX], width[LIST_COLUMNS_MAX]; /* as drawn */
	int headings, first; /* their rows, as drawn */
	struct scroll scroll;
	int32_t pid; /* under the cursor */
	bool follow; /* the cursor stays with it, and the screen says so */
	bool moved;  /* it stays too once somebody has moved it */
	char search[64];
};

#define TABS_MAX 10

struct process_state {
	int32_t pid;
	uint64_t start;
	bool gone;
	struct source_row row; /* as it was seen last */
	int tab;
	int tab_at[TABS_MAX], tab_end[TABS_MAX]; /* columns, as drawn */
	struct scroll scroll[TABS_MAX];
	int first; /* row of the first line of the tab's list, as drawn */
	struct source_detail *detail; /* owned; of the tab, or NULL */
	bool busy;		      /* another one is being made */

	/* Heap. */
	int view; /* index into kinds of profiles */
	bool objects, by_cum;
	struct calls *calls; /* of detail's profile; owned */
	struct calls_row *rows; /* owned */
	size_t n_rows;
	int64_t total;
	struct calls_open open;
	char filter[64];
	struct profile *base; /* owned */
	int64_t base_time;
	bool base_wanted;

	/* Overview: what grows. */
	struct profile *growth_base;
	int64_t growth_time;

	/* Descriptors, threads: the table as text. */
	char **lines;
	size_t n_lines;
	size_t tail; /* bytes of a line before its last column; 0: none */
	int way;     /* of grouping; -1: not chosen */
	int sort;
	bool invert;

	struct trend limits[LIMITS_MAX];
};

struct ui_settings {
	bool readonly;
	int64_t delay; /* ns between lists */
	/* What was asked for this once, and what it would be otherwise: that
	 * is remembered, unless somebody has changed it on the screen. 0 and
	 * NULL: nothing was. */
	int64_t delay_once, delay_was;
	const struct list_column *sort_once, *sort_was;
	bool reverse_was;
};

struct ui {
	struct canvas canvas;
	struct model model;
	const struct source *source;
	struct ui_settings settings;
	const struct screen *screen, *back; /* back: where help was asked */
	struct list_state list;
	struct process_state process;
	struct scroll help, chooser;
	struct prompt prompt;
	char message[512];
	enum style message_style;
	int64_t message_until; /* ns; 0: until a key */
	int64_t now;	       /* ns, monotonic; set by whoever runs it */
	bool quit, paused, redraw;
	bool list_wanted;   /* at once, whatever the delay */
	bool detail_wanted; /* at once */
	struct action_job *job; /* a slow lever; owned; NULL: none */
	bool job_out;		/* somebody is at it */
};

void ui_init(struct ui *ui, const struct source *source, int rows,
    int columns, bool unicode);
void ui_free(struct ui *ui);

void ui_resize(struct ui *ui, int rows, int columns);
void ui_key(struct ui *ui, int key);
void ui_click(struct ui *ui, int row, int column, bool twice);
void ui_wheel(struct ui *ui, int lines);
void ui_draw(struct ui *ui);

/* Takes over a list; NULL is one that could not be read, for that reason. */
void ui_list(struct ui *ui, struct source_list *l, const char *problem);

/* What the visible columns need. */
unsigned ui_needs(const struct ui *ui);

/* The detail that is to be made now; false if none is. Between this and
 * ui_detail nothing that the request borrows is changed. */
bool ui_request(struct ui *ui, struct source_request *r);
void ui_detail(struct ui *ui, struct source_detail *d);

/* The lever that is to be done now, see top/action.h; NULL if none is. It
 * stays where it is until ui_job_done. */
struct action_job *ui_job(struct ui *ui);
void ui_job_done(struct ui *ui);

/* A line above the footer for some seconds. */
void ui_say(struct ui *ui, enum style style, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

void ui_go(struct ui *ui, const struct screen *screen);

/* Opens the process screen. */
void ui_open(struct ui *ui, int32_t pid);

/* For this once, as the command line says; 0 and NULL: as it is. */
void ui_once(struct ui *ui, int64_t delay, const struct list_column *sort);

/* The columns of the list by key; unknown keys are left out. */
void ui_set_columns(struct ui *ui, const char *const *keys, size_t n);

/* ---- shared parts of screens ------------------------------------------------------- */

/* Footer, message and prompt; returns the first row that they take. */
int ui_draw_bottom(struct ui *ui);

/* First and last row that a screen may use for itself: above the bottom. */
int ui_bottom(const struct ui *ui);

/* "–" or "-". */
const char *ui_none(const struct ui *ui);

extern const struct key_row global_keys[];

#endif
