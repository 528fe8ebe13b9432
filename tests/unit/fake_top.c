/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "fake_top.h"
#include "base/xalloc.h"
#include "fake_profile.h"
#include "profile/ops.h"
#include "top/action.h"

#include <stdio.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
#define MIB (UINT64_C(1) << 20)
#define BOOT INT64_C(90000000000000)

static const struct process {
	int32_t pid, ppid;
	const char *user, *name, *command;
	char state;
	bool kernel, agent;
	uint64_t cpu, rss, size, threads, fds, fds_more, nofile, live;
} processes[] = {
	{ 1, 0, "root", "init", "init", 'S', false, false, 1, 12 * MIB,
	    40 * MIB, 1, 44, 0, 1048576, NOT_KNOWN },
	{ 2, 0, "root", "kthreadd", "", 'S', true, false, 0, NOT_KNOWN, 0, 1,
	    NOT_KNOWN, 0, NOT_KNOWN, NOT_KNOWN },
	{ 977, 1, "pg", "postgres", "postgres: writer", 'S', false, false, 40,
	    212 * MIB, 400 * MIB, 1, 48, 0, 1024, NOT_KNOWN },
	{ 2210, 1, "redis", "redis-server", "redis-server *:6379", 'S', false,
	    true, 220, 4218 * MIB, 5000 * MIB, 5, 512, 0, 10000, 3800 * MIB },
	{ 4182, 1, "www", "nginx", "nginx: worker process", 'R', false, true,
	    380, 1986 * MIB, 2100 * MIB, 1, 18100, 31, 20000, 612 * MIB },
	{ 5001, 4182, "somebody-with-a-long-name", "\033]52;c;aGk=\a",
	    "\033]52;c;aGk=\a \x9b\x31m \xe2\x80\xae evil", 'S', false, false,
	    0, 3 * MIB, 9 * MIB, 2, 9, 0, 1024, NOT_KNOWN },
	{ 5002, 4182, "u\xcc\x88mlaut", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
	    "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x82\xb5\xe3\x83\xbc"
	    "\xe3\x83\x90 e\xcc\x81\xcc\x82", 'S', false, false, 0, 4 * MIB,
	    9 * MIB, 1, 1023, 0, 1024, NOT_KNOWN },
	{ 5003, 1, "nobody", "zombie", "", 'Z', false, false, 0, NOT_KNOWN, 0,
	    1, NOT_KNOWN, 0, NOT_KNOWN, NOT_KNOWN },
};

#define N (sizeof processes / sizeof processes[0])

static void
fill_row(struct source_row *r, const struct process *p, int looks)
{
	memset(r, 0, sizeof *r);
	r->pid = p->pid;
	r->ppid = p->ppid;
	r->start = (uint64_t)(BOOT - 11520 * SECOND + p->pid);
	r->uid = (uint32_t)p->pid;
	snprintf(r->user, sizeof r->user, "%s", p->user);
	snprintf(r->name, sizeof r->name, "%s", p->name);
	snprintf(r->command, sizeof r->command, "%s", p->command);
	r->state = p->state;
	r->kernel = p->kernel;
	r->agent = p->agent;
	r->attached = p->pid == 2210;
	r->cpu = p->cpu * (uint64_t)looks * 2000000;
	r->rss = p->rss == NOT_KNOWN ? NOT_KNOWN :
	    p->rss + (p->fds_more ? (uint64_t)looks * MIB : 0);
	r->size = p->size;
	r->threads = p->threads;
	r->fds = p->fds == NOT_KNOWN ? NOT_KNOWN :
	    p->fds + p->fds_more * (uint64_t)looks * 2;
	r->user_threads = p->threads;
	r->soft_nofile = p->nofile;
	r->soft_nproc = p->nofile == NOT_KNOWN ? NOT_KNOWN : 96365;
	r->soft_as = p->nofile == NOT_KNOWN ? NOT_KNOWN : NO_LIMIT;
	r->soft_cpu = r->soft_as;
	r->retained = NOT_KNOWN;
	r->live = p->live;
	r->peak = p->live;
	r->samples = p->agent ? (uint64_t)looks * 40 : NOT_KNOWN;
	r->interval = p->agent ? 524288 : NOT_KNOWN;
	r->lost = p->agent ? p->pid == 2210 ? 3 : 0 : NOT_KNOWN;
}

static void
fill_machine(struct source_machine *m)
{
	snprintf(m->host, sizeof m->host, "web-3");
	m->cpus = 4;
	m->load[0] = 1.84;
	m->load[1] = 2.01;
	m->load[2] = 1.77;
	m->memory = 24064 * MIB;
	m->available = 7475 * MIB;
	m->files = 41200;
	m->files_max = 2400000;
	m->tcp = 20100;
	m->tcp_memory = 182 * MIB;
	m->pressure_cpu = 0.12;
	m->pressure_memory = 0;
	m->pressure_io = 0.01;
}

static struct source_list *
list(void *arg, unsigned needs, struct err *e)
{
	struct fake_top *f = arg;
	struct source_list *l = xcalloc(1, sizeof *l);
	struct process dull = processes[0];

	(void)e;
	f->needs = needs;
	l->rows = xcalloc(N + f->extra, sizeof *l->rows);
	for (size_t i = 0; i < N; i++)
		if (!f->missing || processes[i].pid != 4182)
			fill_row(&l->rows[l->n++], &processes[i], f->looks);
	for (size_t i = 0; i < l->n; i++)
		l->rows[i].quiet = f->quiet && l->rows[i].attached;
	dull.name = dull.command = "dull";
	for (size_t i = 0; i < f->extra; i++) {
		dull.pid = 6000 + (int32_t)i;
		fill_row(&l->rows[l->n++], &dull, f->looks);
	}
	fill_machine(&l->machine);
	return l;
}

/* ---- details ------------------------------------------------------------------- */

static void
add_part(struct source_detail *d, const char *name, enum part_kind kind,
    uint64_t bytes, uint64_t error)
{
	struct source_part *p = &d->ledger[d->n_ledger++];

	snprintf(p->name, sizeof p->name, "%s", name);
	p->kind = kind;
	p->bytes = bytes;
	p->error = error;
	d->rss += bytes;
}

static void
add_limit(struct source_detail *d, const char *name, bool bytes, uint64_t used,
    uint64_t soft, uint64_t hard, const char *above)
{
	struct source_limit *l = &d->limits[d->n_limits++];

	snprintf(l->name, sizeof l->name, "%s", name);
	snprintf(l->help, sizeof l->help, "what %s is", name);
	snprintf(l->above, sizeof l->above, "%s", above);
	l->bytes = bytes;
	l->used = used;
	l->soft = soft;
	l->hard = hard;
	l->binds = true;
}

static void
fill_limits(struct source_detail *d, int looks)
{
	add_limit(d, "nofile", false, 18100 + 62 * (uint64_t)looks, 20000,
	    1048576, "fs.nr_open 1,048,576");
	add_limit(d, "nproc", false, 1, 96365, 96365,
	    "kernel.threads-max 192,730");
	add_limit(d, "as", true, 2100 * MIB, NO_LIMIT, NO_LIMIT,
	    "memory 23.5G, 68% used");
	add_limit(d, "stack", true, 132 << 10, 8 * MIB, NO_LIMIT, "");
	add_limit(d, "core", true, NOT_KNOWN, 0, NO_LIMIT, "");
}

static void
fill_openers(struct source_detail *d)
{
	static const struct column columns[] = {
		{ "suspect", " ", CELL_TEXT, "a leak?", true, false },
		{ "count", "OPEN", CELL_COUNT, "how many", false, false },
		{ "oldest", "OLDEST", CELL_DURATION, "age", false, false },
		{ "type", "TYPE", CELL_TEXT, "what", true, false },
		{ "stack", "OPENED BY", CELL_TEXT, "where", true, true },
	};

	d->way = FDS_WAY_OPENER;
	d->table = table_new(columns, 5);
	table_row(d->table);
	table_text(d->table, 0, "!");
	table_u64(d->table, 1, 18100);
	table_u64(d->table, 2, 200 * (uint64_t)SECOND);
	table_text(d->table, 3, "tcp");
	table_text(d->table, 4, "accept_some server.c:189 < listening:214 < "
	    "lws_service_fd_tsi < lws_plat_service_forced_tsi < "
	    "lws_plat_service_tsi < lws_service < main:481");
	table_row(d->table);
	table_text(d->table, 0, " ");
	table_u64(d->table, 1, 12);
	table_u64(d->table, 2, 11520 * (uint64_t)SECOND);
	table_text(d->table, 3, "tcp \033[31mred");
	table_text(d->table, 4, "main:12");
	snprintf(d->note, sizeof d->note, "18,112 descriptors, 18,100 sockets "
	    "with 164M of buffers in the kernel; ! 1 leak suspect");
}

static void
fill_table(const struct source_request *r, struct source_detail *d)
{
	static const struct column columns[] = {
		{ "type", "TYPE", CELL_TEXT, "what they are", true, true },
		{ "count", "COUNT", CELL_COUNT, "how many", false, false },
		{ "memory", "KERNEL", CELL_BYTES, "buffers", false, false },
	};

	if ((r->parts & DETAIL_FDS) != 0 && d->agent && r->way <= 0) {
		fill_openers(d);
		return;
	}
	if ((r->parts & DETAIL_THREADS) != 0 &&
	    r->way == THREADS_WAY_STACKS) {
		d->way = r->way;
		d->text = xstrdup("nginx (4182): 2 threads, 1 different "
		    "stack\n\ndeadlock: 2 threads wait for each other\n\n"
		    "2 threads: a (1), b (2)\n  sleeping in futex\n"
		    "    lock_it                       server.c:12\n"
		    "    main                          server.c:40\n");
		return;
	}
	d->way = r->way >= 0 ? r->way : 0;
	d->table = table_new(columns, 3);
	table_row(d->table);
	table_text(d->table, 0, "tcp \033[31mred");
	table_u64(d->table, 1, 18100);
	table_u64(d->table, 2, 164 * MIB);
	table_row(d->table);
	table_text(d->table, 0, "file");
	table_u64(d->table, 1, 12);
	snprintf(d->note, sizeof d->note, "18,112 descriptors");
}

static void
fill_receipts(struct source_detail *d)
{
	static const struct column columns[] = {
		{ "nr", "NR", CELL_COUNT, "number", false, false },
		{ "returned", "RETURNED", CELL_BYTES, "bytes", false, false },
		{ "took", "TOOK", CELL_DURATION, "ns", false, false },
		{ "cause", "CAUSE", CELL_TEXT, "why", true, true },
	};

	d->receipts = table_new(columns, 4);
	table_row(d->receipts);
	table_u64(d->receipts, 0, 2);
	table_u64(d->receipts, 1, 410 * MIB);
	table_u64(d->receipts, 2, 8400000);
	table_text(d->receipts, 3, "now");
	snprintf(d->knob, sizeof d->knob, "trim knob 100%%; the last trim "
	    "(now) returned 410M in 8ms");
}

static void
fill_losses(struct source_detail *d)
{
	static const struct source_loss losses[] = {
		{ "modules", 12, 512 },
		{ "live", 60000, 65536 },
		{ "walks cut at the depth limit", 42, 0 },
		{ "samples inside a hook (signal handlers)", 0, 0 },
	};

	memcpy(d->losses, losses, sizeof losses);
	d->n_losses = sizeof losses / sizeof losses[0];
	d->interval = 1048576;
	d->interval_asked = 524288;
	d->samples = 120300;
	d->frees = 108000;
	d->agent_since = 11520 * (uint64_t)SECOND;
	d->segment = 6 * MIB;
}

static struct source_detail *
detail(void *arg, const struct source_request *r)
{
	struct fake_top *f = arg;
	struct source_detail *d = xcalloc(1, sizeof *d);
	struct err e;

	d->parts = r->parts;
	d->pid = r->pid;
	d->start = r->start;
	d->time = BOOT + f->looks * 2 * SECOND;
	d->agent = r->pid == 4182 || r->pid == 2210;
	d->attached = r->pid == 2210;
	d->quiet = f->quiet && d->attached;
	d->gone = f->missing && r->pid == 4182;
	if (f->denied) {
		snprintf(d->problem, sizeof d->problem, "process %d may not "
		    "be read; run ullage as that user or as root", r->pid);
		return d;
	}
	add_part(d, "live heap", PART_LIVE, 612 * MIB, 14 * MIB);
	add_part(d, "retained", PART_RETAINED, 1130 * MIB, 0);
	add_part(d, "overhead", PART_OVERHEAD, 38 * MIB, 0);
	add_part(d, "mapped", PART_MAPPED, 96 * MIB, 0);
	add_part(d, "files", PART_FILE, 41 * MIB, 0);
	add_part(d, "unknown", PART_UNKNOWN, 12 * MIB, 0);
	snprintf(d->ledger_note, sizeof d->ledger_note, "a note on memory");
	fill_limits(d, f->looks);
	if (f->no_nproc)
		d->limits[1].used = NOT_KNOWN;
	fill_table(r, d);
	if (!d->agent)
		return d;
	fill_losses(d);
	fill_receipts(d);
	d->profile = fake_heap();
	if (r->base != NULL) {
		/* What grew: all of it, as if the base were empty. */
		d->whole = fake_heap();
		profile_free(d->profile);
		d->profile = profile_copy_head(d->whole);
		profile_free(d->profile);
		d->profile = f->looks % 2 != 0 ? fake_heap() :
		    profile_diff(d->whole, r->base, &e);
	}
	return d;
}

/* ---- levers ---------------------------------------------------------------------- */

static int
plan(void *arg, const struct action *a, struct buf *question,
    struct buf *command, bool *harm, struct err *e)
{
	struct fake_top *f = arg;

	(void)f;
	*harm = false;
	if (a->what == ACT_LIMIT && strcmp(a->text, "nofile=5:") == 0 &&
	    !a->force) {
		*harm = true;
		return err_set(e, ERR_FAILED, "refused: below what is used");
	}
	if (a->what == ACT_TRIM)
		return err_set(e, ERR_FAILED, "cannot trim");
	buf_printf(question, "do %d with %s to %d?", (int)a->what, a->text,
	    a->pid);
	buf_printf(command, "the consequence\nullage do %d %s\n", a->pid,
	    a->text);
	return 0;
}

static int
act(void *arg, const struct action *a, struct buf *said, struct err *e)
{
	struct fake_top *f = arg;

	if (a->what == ACT_ATTACH && a->pid == 5002)
		return err_set(e, ERR_FAILED, "cannot attach to process %d: "
		    "it has no libc that is known; start it under ullage "
		    "run instead, or ask ullage check %d for all of it",
		    a->pid, a->pid);
	snprintf(f->done, sizeof f->done, "%d %d %.200s%s", (int)a->what,
	    a->pid, a->text, a->force ? " by force" : "");
	buf_puts(said, "done");
	return 0;
}

/* ---- driving ----------------------------------------------------------------------- */

void
fake_top_init(struct fake_top *f)
{
	memset(f, 0, sizeof *f);
	f->source = (struct source){ f, list, detail, plan, act };
}

void
fake_top_look(struct fake_top *f, struct ui *ui, int n)
{
	struct source_list *l;
	struct err e;

	f->looks += n;
	l = list(f, ui_needs(ui), &e);
	l->time = BOOT + f->looks * 2 * SECOND;
	ui->now = l->time;
	ui_list(ui, l, "");
}

void
fake_top_detail(struct fake_top *f, struct ui *ui)
{
	struct source_request r;

	for (int i = 0; i < 4 && ui->detail_wanted && ui_request(ui, &r); i++)
		ui_detail(ui, detail(f, &r));
}

void
fake_top_work(struct fake_top *f, struct ui *ui)
{
	struct action_job *job = ui_job(ui);

	if (job == NULL)
		return;
	action_job_run(&f->source, job);
	ui_job_done(ui);
}

void
fake_top_type(struct ui *ui, const char *keys)
{
	for (; *keys != '\0'; keys++)
		ui_key(ui, *keys == '\n' ? UI_ENTER : *keys);
}
