/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "agent/agent.h"
#include "agent/calls.h"
#include "agent/mini.h"
#include "agent/real.h"

#include <dlfcn.h>
#include <elf.h>

/* ---- symbols of one object ------------------------------------------------ */

struct symbols {
	const Elf64_Sym *table;
	const char *names;
	const uint32_t *gnu_hash;
	const uint32_t *hash;
	const uint16_t *versions;
};

static const void *
address_of(const struct link_map *l, const Elf64_Dyn *d)
{
	/* The loader relocates these in place, but not where the dynamic
	 * section is read-only (the vdso). */
	uint64_t v = d->d_un.d_ptr;

	return (const void *)(v < l->l_addr ? v + l->l_addr : v);
}

static bool
symbols_of(const struct link_map *l, struct symbols *s)
{
	mini_zero(s, sizeof *s);
	if (l->l_ld == NULL)
		return false;
	for (const Elf64_Dyn *d = l->l_ld; d->d_tag != DT_NULL; d++) {
		switch (d->d_tag) {
		case DT_SYMTAB:
			s->table = address_of(l, d);
			break;
		case DT_STRTAB:
			s->names = address_of(l, d);
			break;
		case DT_GNU_HASH:
			s->gnu_hash = address_of(l, d);
			break;
		case DT_HASH:
			s->hash = address_of(l, d);
			break;
		case DT_VERSYM:
			s->versions = address_of(l, d);
			break;
		default:
			break;
		}
	}
	return s->table != NULL && s->names != NULL;
}

static bool
defines(const struct symbols *s, uint32_t i, const char *name)
{
	const Elf64_Sym *sym = &s->table[i];
	unsigned type = ELF64_ST_TYPE(sym->st_info);

	/* The high bit of a version marks an old one that new links do not
	 * get (pthread_create@GLIBC_2.2.5). */
	return sym->st_shndx != SHN_UNDEF && sym->st_value != 0 &&
	    ELF64_ST_BIND(sym->st_info) != STB_LOCAL &&
	    (type == STT_FUNC || type == STT_GNU_IFUNC ||
		type == STT_NOTYPE) &&
	    (s->versions == NULL || !(s->versions[i] & 0x8000)) &&
	    mini_equal(s->names + sym->st_name, name);
}

/* Almost all names that an object does not define are ruled out by two bits
 * in its filter. */
static bool
filter_passes(const struct symbols *s, uint32_t h)
{
	uint32_t words = s->gnu_hash[2], shift = s->gnu_hash[3];
	uint64_t word;

	if (words == 0)
		return true;
	__builtin_memcpy(&word, s->gnu_hash + 4 + h / 64 % words * 2, 8);
	return word >> h % 64 & word >> (h >> shift) % 64 & 1;
}

static const Elf64_Sym *
find_gnu(const struct symbols *s, const char *name)
{
	uint32_t buckets = s->gnu_hash[0], first = s->gnu_hash[1];
	uint32_t words = s->gnu_hash[2];
	const uint32_t *bucket = s->gnu_hash + 4 + words * 2;
	const uint32_t *chain = bucket + buckets;
	uint32_t h = 5381, i;

	for (const char *c = name; *c != '\0'; c++)
		h = h * 33 + (unsigned char)*c;
	if (!filter_passes(s, h))
		return NULL;
	if (buckets == 0 || (i = bucket[h % buckets]) < first)
		return NULL;
	for (;; i++) {
		uint32_t entry = chain[i - first];

		if ((entry | 1) == (h | 1) && defines(s, i, name))
			return &s->table[i];
		if (entry & 1)
			return NULL;
	}
}

static const Elf64_Sym *
find_sysv(const struct symbols *s, const char *name)
{
	/* Objects with this table alone are rare; length is all we need. */
	uint32_t n = s->hash[1];

	for (uint32_t i = 1; i < n; i++)
		if (defines(s, i, name))
			return &s->table[i];
	return NULL;
}

static void *
find(const struct link_map *l, const struct symbols *s, const char *name)
{
	const Elf64_Sym *sym = NULL;
	uint64_t value;

	if (s->gnu_hash != NULL)
		sym = find_gnu(s, name);
	else if (s->hash != NULL)
		sym = find_sysv(s, name);
	if (sym == NULL)
		return NULL;
	value = l->l_addr + sym->st_value;
	if (ELF64_ST_TYPE(sym->st_info) == STT_GNU_IFUNC)
		value = ((uint64_t (*)(void))value)();
	return (void *)value;
}

HIDDEN void *
real_in(const struct link_map *l, const char *name)
{
	struct symbols s;

	return symbols_of(l, &s) ? find(l, &s, name) : NULL;
}

HIDDEN void
real_fill(const struct link_map *from, const char *const *names, void **found,
    unsigned n)
{
	const struct link_map *own = real_self();
	struct symbols s;

	for (const struct link_map *l = from; l != NULL; l = l->l_next) {
		if (l == own || !symbols_of(l, &s))
			continue;
		for (unsigned i = 0; i < n; i++)
			if (found[i] == NULL)
				found[i] = find(l, &s, names[i]);
	}
}

HIDDEN void *
real_from(const struct link_map *from, const char *name)
{
	const struct link_map *own = real_self();
	void *found;

	for (const struct link_map *l = from; l != NULL; l = l->l_next)
		if (l != own && (found = real_in(l, name)) != NULL)
			return found;
	return NULL;
}

HIDDEN const struct link_map *
real_owner(const void *address)
{
	struct dl_find_object o;

	return _dl_find_object((void *)address, &o) == 0 ? o.dlfo_link_map :
							   NULL;
}

HIDDEN const struct link_map *
real_self(void)
{
	return real_owner((const void *)&real_resolve);
}

/* Of a late agent; NULL otherwise. None of them is ever unloaded. */
static const struct link_map *late_scope, *late_libc;

HIDDEN bool
real_is_late(void)
{
	const struct link_map *own = real_self(), *first = own;

	for (const struct link_map *l = own; l != NULL; l = l->l_prev) {
		if (l != own && real_in(l, "__libc_start_main") != NULL)
			late_libc = l;
		first = l;
	}
	if (late_libc != NULL)
		late_scope = first;
	return late_libc != NULL;
}

HIDDEN const struct link_map *
real_scope(void)
{
	const struct link_map *own;

	if (late_scope != NULL)
		return late_scope;
	own = real_self();
	return own != NULL ? own->l_next : NULL;
}

HIDDEN const struct link_map *
real_libc(void)
{
	return late_libc;
}

struct locked {
	void (*f)(void *);
	void *arg;
};

static int
call_locked(struct dl_phdr_info *info, size_t size, void *arg)
{
	const struct locked *l = arg;

	(void)info, (void)size;
	l->f(l->arg);
	return 1;
}

HIDDEN void
real_locked(void (*f)(void *), void *arg)
{
	struct locked l = { f, arg };

	dl_iterate_phdr(call_locked, &l);
}

/* ---- stubs until all is resolved ------------------------------------------ */

static void *
first_malloc(size_t size)
{
	real_resolve();
	return real.malloc(size);
}

static void *
first_calloc(size_t n, size_t size)
{
	real_resolve();
	return real.calloc(n, size);
}

static void *
first_realloc(void *p, size_t size)
{
	real_resolve();
	return real.realloc(p, size);
}

static void *
first_reallocarray(void *p, size_t n, size_t size)
{
	real_resolve();
	return real.reallocarray(p, n, size);
}

static void
first_free(void *p)
{
	real_resolve();
	real.free(p);
}

static int
first_posix_memalign(void **p, size_t alignment, size_t size)
{
	real_resolve();
	return real.posix_memalign(p, alignment, size);
}

static void *
first_aligned_alloc(size_t alignment, size_t size)
{
	real_resolve();
	return real.aligned_alloc(alignment, size);
}

static void *
first_memalign(size_t alignment, size_t size)
{
	real_resolve();
	return real.memalign(alignment, size);
}

static void *
first_valloc(size_t size)
{
	real_resolve();
	return real.valloc(size);
}

static void *
first_pvalloc(size_t size)
{
	real_resolve();
	return real.pvalloc(size);
}

static pid_t
first_fork(void)
{
	real_resolve();
	return real.fork();
}

static pid_t
first_Fork(void)
{
	real_resolve();
	return real.Fork();
}

static int
first_daemon(int nochdir, int noclose)
{
	real_resolve();
	return real.daemon(nochdir, noclose);
}

static pid_t
first_forkpty(int *fd, char *name, const void *term, const void *win)
{
	real_resolve();
	return real.forkpty(fd, name, term, win);
}

static int
first_prctl(int op, unsigned long a, unsigned long b, unsigned long c,
    unsigned long d)
{
	real_resolve();
	return real.prctl(op, a, b, c, d);
}

static long
first_syscall(long n, long a, long b, long c, long d, long e, long f)
{
	real_resolve();
	return real.syscall(n, a, b, c, d, e, f);
}

HIDDEN struct real real = {
	.malloc = first_malloc,
	.calloc = first_calloc,
	.realloc = first_realloc,
	.reallocarray = first_reallocarray,
	.free = first_free,
	.posix_memalign = first_posix_memalign,
	.aligned_alloc = first_aligned_alloc,
	.memalign = first_memalign,
	.valloc = first_valloc,
	.pvalloc = first_pvalloc,
	.fork = first_fork,
	.Fork = first_Fork,
	.daemon = first_daemon,
	.forkpty = first_forkpty,
	.prctl = first_prctl,
	.syscall = first_syscall,
};

/* Only that of the object whose malloc is called knows its chunks. */
static size_t (*usable_size)(void *);

HIDDEN size_t
real_usable(const void *p, size_t size)
{
	size_t n = usable_size != NULL ? usable_size((void *)p) : size;

	return n > size ? n : size;
}

static const void *foreign[8];
static size_t n_foreign;

HIDDEN bool
real_is_foreign(const void *function)
{
	for (size_t i = 0; i < n_foreign; i++)
		if (foreign[i] == function)
			return true;
	return false;
}

static void
resolve_usable(void)
{
	const struct link_map *owner = real_owner((const void *)real.malloc);
	const void *const others[] = { (const void *)real.calloc,
		(const void *)real.posix_memalign,
		(const void *)real.aligned_alloc, (const void *)real.memalign,
		(const void *)real.valloc, (const void *)real.pvalloc };
	size_t n = 0;

	if (owner == NULL)
		return;
	usable_size =
	    (size_t(*)(void *))real_in(owner, "malloc_usable_size");
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (real_owner(others[i]) != owner)
			foreign[n++] = others[i];
	n_foreign = n;
}

/*
 * Another thread may resolve at the same time and finds the same, so a plain
 * race is harmless: each pointer goes from its stub to the one answer. A name
 * that nobody defines keeps its stub; nobody can have been linked to it.
 */
HIDDEN void
real_resolve(void)
{
	static bool done;
	const struct link_map *next;

	if (acquire(&done))
		return;
	next = real_scope();

#define RESOLVE(field, name)                                                   \
	do {                                                                   \
		void *found = real_from(next, name);                           \
		if (found != NULL)                                             \
			__atomic_store_n((void **)&real.field, found,          \
			    __ATOMIC_RELAXED);                                 \
	} while (0)
	RESOLVE(malloc, "malloc");
	RESOLVE(calloc, "calloc");
	RESOLVE(realloc, "realloc");
	RESOLVE(reallocarray, "reallocarray");
	RESOLVE(free, "free");
	RESOLVE(posix_memalign, "posix_memalign");
	RESOLVE(aligned_alloc, "aligned_alloc");
	RESOLVE(memalign, "memalign");
	RESOLVE(valloc, "valloc");
	RESOLVE(pvalloc, "pvalloc");
	RESOLVE(fork, "fork");
	RESOLVE(Fork, "_Fork");
	RESOLVE(daemon, "daemon");
	RESOLVE(forkpty, "forkpty");
	RESOLVE(prctl, "prctl");
	RESOLVE(syscall, "syscall");
#undef RESOLVE
	resolve_usable();
	calls_resolve();
	release(&done, true);
}

HIDDEN bool
real_resolved(void)
{
	return real.malloc != first_malloc && real.free != first_free;
}
