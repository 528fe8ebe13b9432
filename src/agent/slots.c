/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "agent/slots.h"
#include "agent/hooks.h"
#include "agent/pages.h"
#include "agent/mini.h"
#include "agent/real.h"
#include "agent/slots_scan.h"

#include <dlfcn.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <time.h>

HIDDEN uint32_t slots_stale;
HIDDEN void *slots_dlopen;

__asm__(".pushsection .text\n"
	".globl slots_dlopen_entry\n"
	".hidden slots_dlopen_entry\n"
	".type slots_dlopen_entry, @function\n"
	"slots_dlopen_entry:\n"
	".cfi_startproc\n"
	"endbr64\n"
	"movl $1, slots_stale(%rip)\n"
	"jmp *slots_dlopen(%rip)\n"
	".cfi_endproc\n"
	".size slots_dlopen_entry, . - slots_dlopen_entry\n"
	".popsection");

/* ---- what was there before ------------------------------------------------- */

struct slot {
	uint64_t *at; /* NULL: free */
	uint64_t old;
	uint64_t entry;
	uint64_t protection; /* of its page, before */
};

#define SLOTS 16384
#define SLOTS_MOST (SLOTS / 4 * 3)

static struct slot *slots; /* a hash by address; mapped at the first arming */
static uint32_t slots_used;

static struct slot *
slot_of(uint64_t *at)
{
	uint64_t h = ((uint64_t)at >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 50;

	while (slots[h].at != NULL && slots[h].at != at)
		h = (h + 1) % SLOTS;
	return &slots[h];
}
_Static_assert(SLOTS == 1 << (64 - 50), "the shift above");

static bool
have_slots(void)
{
	long at;

	if (slots != NULL)
		return true;
	at = mini_syscall(SYS_mmap, 0, SLOTS * sizeof *slots,
	    PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at < 0 && at > -4096)
		return false;
	slots = (struct slot *)at;
	return true;
}

static void
drop_slots(void)
{
	if (slots != NULL)
		mini_call2(SYS_munmap, slots, SLOTS * sizeof *slots);
	slots = NULL;
	slots_used = 0;
}

/* ---- objects that were there at the last look ---------------------------------------------- */

#define KNOWN 4096

static uint64_t known[KNOWN]; /* load addresses plus one; a hash. 0: none */
static uint32_t complete; /* all that there are were looked at once */

static uint64_t *
known_at(uint64_t bias)
{
	uint64_t h = (bias >> 12) * UINT64_C(0x9e3779b97f4a7c15) >> 52;

	for (unsigned i = 0; i < 16; i++) {
		uint64_t *k = &known[(h + i) % KNOWN];

		if (load(k) == 0 || load(k) == bias + 1)
			return k;
	}
	return NULL;
}
_Static_assert(KNOWN == 1 << (64 - 52), "the shift above");

HIDDEN void
slots_meet(uint64_t bias)
{
	const uint64_t *k = known_at(bias);

	if (load(&complete) != 0 && k != NULL && load(k) == 0)
		store(&slots_stale, 1);
}

/* ---- a walk over all objects ---------------------------------------------------- */

enum what {
	PATCH_GIVING, /* the hooks of what gives something back, alone */
	PATCH,
	RESTORE,
};

struct pass {
	enum what what;
	struct slots_object object;
	const struct link_map *libc;
	uint64_t loader, vdso; /* addresses in them; 0: none */
	bool after_libc;
	/* Of patching: what had been unloaded when the objects were listed. */
	uint64_t listed_subs;
	bool last_try;
	bool unloaded; /* something was since, so the list says nothing */
	bool left_out; /* an object that may not be complete */
	bool program; /* the first of all: the program itself */
	struct slots_object program_object;
	struct pages *pages;
	struct page page; /* that is open for writing */
	uint64_t adds, subs; /* the loader's counters of what came and went */
	uint32_t changed;
	/* As in struct ull_presence: */
	uint32_t slots, objects, foreign, unbound, refused, kept;
	uint32_t here; /* slots in this object */
};

static bool
contains(const struct slots_object *o, uint64_t address)
{
	for (unsigned i = 0; i < o->n_headers; i++) {
		const Elf64_Phdr *p = &o->headers[i];

		if (p->p_type == PT_LOAD &&
		    address - (o->bias + p->p_vaddr) < p->p_memsz)
			return true;
	}
	return false;
}

/*
 * What a slot of an object that was loaded with the program will be bound to
 * is the first definition of all. One that came later may be bound to that of
 * its own libraries first (RTLD_DEEPBIND): certain only if there is one.
 */
static bool
is_certain(const struct pass *p, const char *name, const void *original)
{
	const struct link_map *own = real_self();

	if (!p->after_libc)
		return true;
	for (const struct link_map *l = real_scope(); l != NULL; l = l->l_next) {
		const void *found = l != own ? real_in(l, name) : NULL;

		if (found != NULL && found != original)
			return false;
	}
	return true;
}

/*
 * The program's own stub for a function that it does not define: in one that
 * is not position-independent it stands for the function wherever its address
 * was taken. Calls through it come to us by the program's slot.
 */
static bool
is_programs_stub(const struct pass *p, uint64_t value)
{
	return p->program_object.bias == 0 &&
	    contains(&p->program_object, value);
}

static bool
swap(struct pass *p, uint64_t *slot, uint64_t from, uint64_t to,
    uint64_t protection)
{
	if (!page_open(&p->page, (uint64_t)slot, protection)) {
		p->refused++;
		return false;
	}
	return __atomic_compare_exchange_n(slot, &from, to, false,
	    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

static void
patch(struct pass *p, const struct hook *h, uint64_t *at, uint64_t value)
{
	uint64_t protection;
	struct slot *s = slot_of(at);

	if ((s->at == NULL && slots_used >= SLOTS_MOST) ||
	    !pages_find(p->pages, (uint64_t)at, &protection)) {
		p->refused++;
		return;
	}
	if (s->at == NULL)
		slots_used++;
	/* First it is known how to take it back. */
	*s = (struct slot){ at, value, (uint64_t)h->entry, protection };
	if (swap(p, at, value, (uint64_t)h->entry, protection)) {
		p->changed++;
		p->here++;
	}
}

static void
visit_patch(void *arg, const struct slots_found *f)
{
	struct pass *p = arg;
	const struct hook *h = hooks_find(f->name);
	const void *original = h != NULL ? load(h->original) : NULL;
	uint64_t value = load(f->slot);

	if (original == NULL || (p->what == PATCH_GIVING && !h->gives_back))
		return;
	if (value == (uint64_t)h->entry)
		p->here++;
	else if (value == (uint64_t)original ||
	    (f->lazy && is_certain(p, f->name, original)))
		patch(p, h, f->slot, value);
	else if (f->lazy)
		p->unbound++;
	else if (!is_programs_stub(p, value))
		p->foreign++;
}

static void
visit_restore(void *arg, const struct slots_found *f)
{
	struct pass *p = arg;
	const struct hook *h = hooks_find(f->name);
	const struct slot *s = slot_of(f->slot);
	uint64_t value = load(f->slot);

	if (h == NULL || s->at == NULL || s->entry != (uint64_t)h->entry)
		return;
	if (value == s->entry) {
		if (swap(p, f->slot, value, s->old, s->protection))
			p->changed++;
		else
			p->kept++;
	} else if (value != s->old && value != (uint64_t)load(h->original) &&
	    real_owner((const void *)value) != NULL) {
		/* Not so of one that was unloaded, when another that is being
		 * loaded lies in its place. */
		p->kept++;
	}
}

/* ---- which objects ----------------------------------------------------------------- */

/*
 * Ours, the loader, the kernel's, the allocator's own, other copies of us.
 * libc is not left alone, even when it is the allocator: it calls malloc,
 * calloc, realloc and free by slots just so that others can take their place,
 * and its allocator never does.
 */
static bool
is_left_alone(const struct pass *p, const struct dl_phdr_info *info)
{
	const struct slots_object *o = &p->object;
	struct link_map l = { .l_addr = info->dlpi_addr };

	if (contains(o, (uint64_t)&slots_patch) || contains(o, p->loader) ||
	    contains(o, p->vdso) ||
	    (contains(o, (uint64_t)real.malloc) &&
		info->dlpi_addr != p->libc->l_addr))
		return true;
	for (unsigned i = 0; i < o->n_headers; i++)
		if (o->headers[i].p_type == PT_DYNAMIC)
			l.l_ld = (Elf64_Dyn *)(o->bias +
			    o->headers[i].p_vaddr);
	return real_in(&l, "ullage_arm") != NULL;
}

/*
 * An object that is being loaded is in the list before its slots are filled
 * and its pages are protected, and to write to it then would be fatal. One
 * that was listed before we waited for the loader is complete, if nothing was
 * unloaded since: then it is the same one. Those up to libc came with the
 * program, and always are.
 */
static bool
is_complete(struct pass *p, const struct dl_phdr_info *info)
{
	const uint64_t *k = known_at(info->dlpi_addr);

	if (p->what == RESTORE || !p->after_libc)
		return true;
	if (!p->unloaded && k != NULL && load(k) == info->dlpi_addr + 1)
		return true;
	p->left_out = true;
	return false;
}

static int
visit_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct pass *p = arg;

	(void)size;
	p->unloaded = info->dlpi_subs != p->listed_subs;
	if (p->what != RESTORE && p->unloaded && !p->last_try)
		return 1;
	p->object = (struct slots_object){ .bias = info->dlpi_addr,
		.headers = info->dlpi_phdr, .n_headers = info->dlpi_phnum };
	if (p->program)
		p->program_object = p->object;
	p->program = false;
	p->adds = info->dlpi_adds;
	p->subs = info->dlpi_subs;
	p->here = 0;
	if (is_complete(p, info) && !is_left_alone(p, info))
		slots_scan(&p->object,
		    p->what == RESTORE ? visit_restore : visit_patch, p);
	page_close(&p->page);
	p->slots += p->here;
	p->objects += p->here != 0;
	if (info->dlpi_addr == p->libc->l_addr)
		p->after_libc = true;
	return 0;
}

static void
run(struct pass *p)
{
	p->program = true;
	p->loader = getauxval(AT_BASE);
	p->vdso = getauxval(AT_SYSINFO_EHDR);
	p->libc = real_libc();
	dl_iterate_phdr(visit_object, p);
}

/* ---- from outside -------------------------------------------------------------------- */

/* When all were patched last. */
static uint64_t seen_adds, seen_subs;

/* Waits until whoever is loading or unloading now is done with it. */
static void
wait_for_loader(void)
{
	const struct link_map *libc = real_libc();
	void *(*open)(const char *, int);
	int (*close)(void *);
	void *handle;

	open = (void *(*)(const char *, int))real_in(libc, "dlopen");
	close = (int (*)(void *))real_in(libc, "dlclose");
	if (open == NULL || close == NULL)
		return;
	handle = open(NULL, RTLD_LAZY);
	if (handle != NULL)
		close(handle);
}

static int
list_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	uint64_t *k = known_at(info->dlpi_addr), *subs = arg;

	(void)size;
	if (k != NULL)
		store(k, info->dlpi_addr + 1);
	*subs = info->dlpi_subs;
	return 0;
}

static void
forget_objects(void)
{
	for (unsigned i = 0; i < KNOWN; i++)
		store(&known[i], 0);
}

#define PASSES 4
#define TRIES 20 /* while others unload all the time */

/* False if the map cannot be read. */
static bool
patch_once(struct pass *p, enum what what)
{
	struct timespec t = { 0, 1000000 };
	struct pages pages;
	uint64_t subs = 0;
	bool ok;

	for (int i = 0;; i++) {
		forget_objects();
		dl_iterate_phdr(list_object, &subs);
		wait_for_loader();
		ok = pages_read(&pages);
		*p = (struct pass){ .what = what, .pages = &pages,
			.listed_subs = subs, .last_try = i == TRIES - 1 };
		if (ok)
			run(p);
		pages_free(&pages);
		if (!ok || !p->unloaded || p->last_try)
			break;
		mini_call2(SYS_nanosleep, &t, NULL);
	}
	if (p->left_out)
		store(&slots_stale, 1);
	return ok;
}

/*
 * Again until nothing changes: a thread that was just binding a slot may have
 * written over what we put there, and another may have loaded something.
 */
static bool
patch_all(struct pass *p)
{
	uint64_t adds = 0, subs = 0;

	for (int i = 0; i < PASSES; i++) {
		if (!patch_once(p, i == 0 ? PATCH_GIVING : PATCH))
			return false;
		if (i != 0 && p->changed == 0 && p->adds == adds &&
		    p->subs == subs)
			break;
		adds = p->adds;
		subs = p->subs;
	}
	return true;
}

static struct ull_presence numbers; /* those that are of slots */

HIDDEN void
slots_present(struct ull_presence *p)
{
	store(&p->slots, numbers.slots);
	store(&p->objects, numbers.objects);
	store(&p->foreign, numbers.foreign);
	store(&p->unbound, numbers.unbound);
	store(&p->refused, numbers.refused);
	store(&p->scans, numbers.scans);
}

HIDDEN enum ull_arm_result
slots_patch(struct ull_presence *presence)
{
	struct pass p;

	if (!have_slots())
		return ULL_ARM_LIBRARIES;
	store(&slots_stale, 0);
	real_locked(hooks_prepare, NULL);
	if (!patch_all(&p))
		return ULL_ARM_SLOTS;
	seen_adds = p.left_out ? UINT64_MAX : p.adds; /* to be looked at */
	seen_subs = p.subs;
	store(&complete, 1);
	numbers = (struct ull_presence){
		.slots = p.slots,
		.objects = p.objects,
		.foreign = p.foreign,
		.unbound = p.unbound,
		.refused = p.refused,
		.scans = numbers.scans + 1,
	};
	slots_present(presence);
	if (p.slots == 0)
		return ULL_ARM_SLOTS;
	return slots_used >= SLOTS_MOST ? ULL_ARM_LIBRARIES : ULL_ARM_OK;
}

HIDDEN unsigned
slots_restore(void)
{
	unsigned kept = 0;

	if (slots == NULL)
		return 0;
	for (int i = 0; i < PASSES; i++) {
		struct pass p = { .what = RESTORE };

		run(&p);
		kept = p.kept;
		if (p.changed == 0)
			break;
	}
	drop_slots();
	numbers = (struct ull_presence){ .scans = numbers.scans };
	store(&complete, 0);
	forget_objects();
	return kept;
}

static int
read_counters(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct pass *p = arg;

	(void)size;
	p->adds = info->dlpi_adds;
	p->subs = info->dlpi_subs;
	return 1;
}

static bool
has_changed(void)
{
	struct pass p = { .what = PATCH };

	store(&slots_stale, 0);
	wait_for_loader();
	dl_iterate_phdr(read_counters, &p);
	return p.adds != seen_adds || p.subs != seen_subs;
}

HIDDEN void
slots_follow(void)
{
	if (!agent_late() || load(&slots_stale) == 0 || !arm_follow())
		return;
	if (agent_writes() && has_changed())
		slots_patch(tables.presence);
	arm_end();
}
