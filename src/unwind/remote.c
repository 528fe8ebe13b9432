/* SPDX-License-Identifier: MIT */
/*
 * What is asked of libunwind is one step by the tables (.eh_frame). Its own
 * ways of going on without a table are guesses and not used: where code of a
 * file has no table, the frame pointer is followed, if what it leads to looks
 * like a frame (Go keeps frame pointers and no tables); where code is in no
 * file, as a JIT's is, the stack ends and says so.
 */
#include "config.h"

#include "unwind/remote.h"
#include "base/xalloc.h"

#include <libunwind.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct remote {
	unw_addr_space_t space;
	const struct maps *maps;
	const struct modules *modules;
	struct memory *memory;

	/* The stack at hand. */
	struct user_regs_struct regs;
	const uint8_t *stack;
	uint64_t sp, len; /* where it was copied from, and how much */
	uint64_t also, also_len; /* the same of what comes behind it */
	uint64_t missing; /* an address that could not be read, or 0 */
	bool no_table;	  /* there is none for the last address asked for */
	bool in_tables;	  /* what is read now is no frame */
};

/* Exported for the libraries that belong to libunwind; in no header of it. */
int _Ux86_64_dwarf_search_unwind_table(unw_addr_space_t space, unw_word_t ip,
    unw_dyn_info_t *table, unw_proc_info_t *info, int need, void *arg);

/* ---- what libunwind asks for -------------------------------------------------- */

static bool
read_word(struct remote *r, uint64_t address, uint64_t *value)
{
	/* The stack's rows can be written, so memory_read has none of them. */
	if (address - r->sp < r->len && r->len - (address - r->sp) >= 8) {
		memcpy(value, r->stack + (address - r->sp), 8);
		return true;
	}
	if (address - r->also < r->also_len &&
	    r->also_len - (address - r->also) >= 8) {
		memcpy(value, r->stack + r->len + (address - r->also), 8);
		return true;
	}
	if (memory_read(r->memory, address, value, sizeof *value))
		return true;
	r->missing = address;
	return false;
}

static int
access_mem(unw_addr_space_t space, unw_word_t address, unw_word_t *value,
    int write, void *arg)
{
	uint64_t word;

	struct remote *r = arg;

	(void)space;
	if (write)
		return -UNW_EINVAL;
	/*
	 * Records of C++ name their personality by way of a pointer in data
	 * that the process may write. Nobody needs it here.
	 */
	if (!read_word(r, address, &word)) {
		if (!r->in_tables || modules_at(r->modules, address) == NULL)
			return -UNW_EINVAL;
		r->missing = 0;
		word = 0;
	}
	*value = word;
	return 0;
}

/* DWARF numbers of registers, as in the psABI of x86-64. */
static uint64_t *
reg(struct user_regs_struct *u, unw_regnum_t number)
{
	uint64_t *const regs[] = { (uint64_t *)&u->rax, (uint64_t *)&u->rdx,
		(uint64_t *)&u->rcx, (uint64_t *)&u->rbx, (uint64_t *)&u->rsi,
		(uint64_t *)&u->rdi, (uint64_t *)&u->rbp, (uint64_t *)&u->rsp,
		(uint64_t *)&u->r8, (uint64_t *)&u->r9, (uint64_t *)&u->r10,
		(uint64_t *)&u->r11, (uint64_t *)&u->r12, (uint64_t *)&u->r13,
		(uint64_t *)&u->r14, (uint64_t *)&u->r15,
		(uint64_t *)&u->rip };

	if (number < 0 || (size_t)number >= sizeof regs / sizeof regs[0])
		return NULL;
	return regs[number];
}

static int
access_reg(unw_addr_space_t space, unw_regnum_t number, unw_word_t *value,
    int write, void *arg)
{
	struct remote *r = arg;
	uint64_t *own = reg(&r->regs, number);

	(void)space;
	if (own == NULL)
		return -UNW_EBADREG;
	if (write)
		return -UNW_EREADONLYREG;
	*value = *own;
	return 0;
}

static int
access_fpreg(unw_addr_space_t space, unw_regnum_t number, unw_fpreg_t *value,
    int write, void *arg)
{
	(void)space;
	(void)number;
	(void)value;
	(void)write;
	(void)arg;
	return -UNW_EBADREG;
}

/* The search in the module's table is libunwind's; where that is, is ours. */
static int
find_proc_info(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t *info,
    int need, void *arg)
{
	struct remote *r = arg;
	const struct module *m = modules_at(r->modules, ip);
	unw_dyn_info_t table;
	int rc = -UNW_ENOINFO;

	if (m != NULL && m->table != 0) {
		memset(&table, 0, sizeof table);
		table.format = UNW_INFO_FORMAT_REMOTE_TABLE;
		table.start_ip = m->start;
		table.end_ip = m->limit;
		table.u.rti.segbase = m->header;
		table.u.rti.table_data = m->table;
		table.u.rti.table_len =
		    m->table_entries * 8 / sizeof(unw_word_t);
		r->in_tables = true;
		rc = _Ux86_64_dwarf_search_unwind_table(space, ip, &table,
		    info, need, arg);
		r->in_tables = false;
	}
	if (rc == -UNW_ENOINFO) {
		/* Any other error keeps libunwind from guessing. */
		r->no_table = true;
		return -UNW_ESTOPUNWIND;
	}
	return rc;
}

/* libunwind 1.6 exports nothing to give its records back to its pool. */
static void
put_unwind_info(unw_addr_space_t space, unw_proc_info_t *info, void *arg)
{
	(void)space;
	(void)info;
	(void)arg;
}

static int
no_dyn_info(unw_addr_space_t space, unw_word_t *address, void *arg)
{
	(void)space;
	(void)address;
	(void)arg;
	return -UNW_ENOINFO;
}

static int
no_resume(unw_addr_space_t space, unw_cursor_t *cursor, void *arg)
{
	(void)space;
	(void)cursor;
	(void)arg;
	return -UNW_EINVAL;
}

static int
no_name(unw_addr_space_t space, unw_word_t address, char *name, size_t size,
    unw_word_t *offset, void *arg)
{
	(void)space;
	(void)address;
	(void)name;
	(void)size;
	(void)offset;
	(void)arg;
	return -UNW_ENOINFO;
}

/* ---- how a stack may end --------------------------------------------------------- */

static void
__attribute__((format(printf, 3, 4)))
end(struct remote_stack *out, enum remote_end how, const char *fmt, ...)
{
	va_list ap;

	out->end = how;
	va_start(ap, fmt);
	vsnprintf(out->why, sizeof out->why, fmt, ap);
	va_end(ap);
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

/* Memory was needed that is not in the copy. */
static void
end_missing(const struct remote *r, const struct stopped *from, size_t room,
    struct remote_stack *out)
{
	const struct map *row = maps_find(r->maps, r->missing);
	uint64_t copied = r->sp + r->len;

	if (r->missing >= copied && r->len == room &&
	    (from->limit == 0 || r->missing < from->limit))
		end(out, END_COPY,
		    "the stack is deeper than the %zu KiB that were copied",
		    room / 1024);
	else if (row != NULL && (row->flags & MAP_WRITE) != 0 &&
	    (r->missing < r->sp || r->missing >= from->limit)) {
		out->elsewhere = r->missing;
		end(out, END_ELSEWHERE,
		    "the caller is on another stack, at 0x%llx",
		    (unsigned long long)r->missing);
	} else
		end(out, END_OTHER,
		    "what should be the caller's frame is at 0x%llx, outside "
		    "the stack",
		    (unsigned long long)r->missing);
}

static bool
is_code(const struct remote *r, uint64_t address)
{
	const struct map *row = maps_find(r->maps, address);

	return row != NULL && (row->flags & MAP_EXECUTE) != 0;
}

/* A return address that is none, or code that nothing is known of. */
static bool
can_go_on(const struct remote *r, uint64_t ip, struct remote_stack *out)
{
	const struct map *row = maps_find(r->maps, ip);

	if (!is_code(r, ip)) {
		end(out, END_OTHER, "0x%llx is no code: the stack is corrupt",
		    (unsigned long long)ip);
		return false;
	}
	if (row->path[0] == '\0' || row->inode == 0) {
		if (strcmp(row->path, "[vdso]") == 0)
			return true;
		end(out, END_OTHER,
		    "0x%llx is code of no file, made at run time",
		    (unsigned long long)ip);
		return false;
	}
	return true;
}

/* ---- steps without a table ---------------------------------------------------------- */

/* Whether a call instruction ends at that address. */
static bool
after_call(struct remote *r, uint64_t address)
{
	uint8_t b[7];

	if (!memory_read(r->memory, address - sizeof b, b, sizeof b))
		return false;
	if (b[2] == 0xe8)
		return true;
	/* FF /2: two to seven bytes, the second has 2 in its middle. */
	for (size_t len = 2; len <= 7; len++)
		if (b[7 - len] == 0xff && (b[8 - len] & 0x38) == 0x10)
			return true;
	return false;
}

/* One step by the frame pointer in r->regs; false if it leads nowhere. */
static bool
step_by_pointer(struct remote *r)
{
	uint64_t rbp = r->regs.rbp, caller, next;

	if (rbp < r->regs.rsp || rbp % 8 != 0 || rbp == 0 ||
	    !read_word(r, rbp, &next) || !read_word(r, rbp + 8, &caller))
		return false;
	/* Zeros end the chain; what is said then is that there is no table. */
	if (caller == 0 || !is_code(r, caller) || !after_call(r, caller))
		return false;
	r->regs.rsp = rbp + 16;
	r->regs.rbp = next;
	r->regs.rip = caller - 1;
	return true;
}

/* The cursor's registers become those at hand, to begin anew from there. */
static void
take_registers(struct remote *r, unw_cursor_t *c)
{
	static const unw_regnum_t kept[] = { UNW_X86_64_RBX, UNW_X86_64_RBP,
		UNW_X86_64_RSP, UNW_X86_64_R12, UNW_X86_64_R13,
		UNW_X86_64_R14, UNW_X86_64_R15, UNW_X86_64_RIP };
	uint64_t values[sizeof kept / sizeof kept[0]];
	unw_word_t value;
	size_t i;

	for (i = 0; i < sizeof kept / sizeof kept[0]; i++)
		values[i] = unw_get_reg(c, kept[i], &value) == 0 ? value : 0;
	for (i = 0; i < sizeof kept / sizeof kept[0]; i++)
		*reg(&r->regs, kept[i]) = values[i];
}

/* ---- a whole stack -------------------------------------------------------------------- */

/*
 * One step, by table or else by frame pointer. False at the end, which is
 * then in out.
 */
static bool
step(struct remote *r, unw_cursor_t *c, const struct stopped *from,
    size_t room, struct remote_stack *out, bool *by_pointer)
{
	const struct module *m;
	unw_word_t ip = 0;
	int rc;

	*by_pointer = false;
	r->no_table = false;
	r->missing = 0;
	rc = unw_step(c);
	if (rc > 0)
		return true;
	unw_get_reg(c, UNW_REG_IP, &ip);
	if (rc == 0)
		return false;
	if (!r->no_table) {
		if (r->missing != 0)
			end_missing(r, from, room, out);
		else
			end(out, END_OTHER,
			    "the unwind table is of no use at 0x%llx",
			    (unsigned long long)ip);
		return false;
	}
	take_registers(r, c);
	m = modules_at(r->modules, ip);
	if (step_by_pointer(r) && unw_init_remote(c, r->space, r) == 0) {
		*by_pointer = true;
		return true;
	}
	end(out, END_OTHER, "%s has no unwind table for 0x%llx%s",
	    m != NULL ? base_name(m->path) : "its file",
	    (unsigned long long)ip,
	    out->guessed < out->n ? ", and the frame pointers end" : "");
	return false;
}

static void
walk(struct remote *r, unw_cursor_t *c, const struct stopped *from,
    size_t room, struct remote_stack *out)
{
	unw_word_t ip = from->regs.rip, sp = from->regs.rsp, before;
	bool exact = true, by_pointer = false;

	for (;;) {
		if (!can_go_on(r, exact ? ip : ip - 1, out)) {
			/* The address is told as the last one all the same. */
			if (is_code(r, ip))
				out->frames[out->n++] = exact ? ip : ip - 1;
			return;
		}
		out->frames[out->n++] = exact ? ip : ip - 1;
		if (out->n == REMOTE_FRAMES_MAX) {
			end(out, END_OTHER, "more than %d frames",
			    REMOTE_FRAMES_MAX);
			return;
		}
		/* What a signal interrupted is no call. */
		exact = unw_is_signal_frame(c) > 0;
		out->interrupted = out->interrupted || exact;
		before = sp;
		if (!step(r, c, from, room, out, &by_pointer))
			return;
		unw_get_reg(c, UNW_REG_IP, &ip);
		unw_get_reg(c, UNW_REG_SP, &sp);
		if (by_pointer) {
			exact = true; /* it was moved into the call already */
			if (out->guessed > out->n)
				out->guessed = out->n;
		}
		if (ip == 0)
			return;
		/* A handler may run on a stack of its own, below or above. */
		if (sp <= before && !exact) {
			end(out, END_OTHER,
			    "the caller of 0x%llx would be below it: the "
			    "stack is corrupt",
			    (unsigned long long)out->frames[out->n - 1]);
			return;
		}
	}
}

void
remote_unwind(struct remote *r, const struct stopped *from,
    const uint8_t *stack, size_t room, struct remote_stack *out)
{
	unw_cursor_t c;

	out->n = 0;
	out->guessed = REMOTE_FRAMES_MAX;
	out->end = END_WHOLE;
	out->interrupted = false;
	out->elsewhere = 0;
	out->why[0] = '\0';
	r->regs = from->regs;
	r->stack = stack;
	r->sp = from->regs.rsp;
	r->len = from->stack_len;
	r->also = from->also;
	r->also_len = from->also_len;
	if (unw_init_remote(&c, r->space, r) < 0)
		end(out, END_OTHER, "its registers make no sense");
	else
		walk(r, &c, from, room, out);
	if (out->guessed > out->n)
		out->guessed = out->n;
}

struct remote *
remote_new(const struct maps *maps, const struct modules *modules,
    struct memory *memory, struct err *e)
{
	static unw_accessors_t accessors = {
		.find_proc_info = find_proc_info,
		.put_unwind_info = put_unwind_info,
		.get_dyn_info_list_addr = no_dyn_info,
		.access_mem = access_mem,
		.access_reg = access_reg,
		.access_fpreg = access_fpreg,
		.resume = no_resume,
		.get_proc_name = no_name,
	};
	struct remote *r = xcalloc(1, sizeof *r);

	r->maps = maps;
	r->modules = modules;
	r->memory = memory;
	r->space = unw_create_addr_space(&accessors, 0);
	if (r->space == NULL) {
		free(r);
		err_set(e, ERR_FAILED, "libunwind has no memory left");
		return NULL;
	}
	/* A step costs the tables only where no thread has been before. */
	unw_set_caching_policy(r->space, UNW_CACHE_GLOBAL);
	unw_set_cache_size(r->space, 1024, 0);
	return r;
}

void
remote_free(struct remote *r)
{
	if (r == NULL)
		return;
	unw_destroy_addr_space(r->space);
	free(r);
}
