/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "agent/slots_scan.h"

/* Of the dynamic section, with what is needed to stay inside. */
struct tables_of {
	const Elf64_Sym *symbols;
	const char *names;
	uint64_t names_size;
	const Elf64_Rela *rela, *jump;
	uint64_t rela_count, jump_count;
};

/* True if the object has [at, at + len) in a segment with those flags. */
static bool
holds(const struct slots_object *o, uint64_t at, uint64_t len, uint32_t flags)
{
	for (unsigned i = 0; i < o->n_headers; i++) {
		const Elf64_Phdr *p = &o->headers[i];
		uint64_t start = o->bias + p->p_vaddr;

		if (p->p_type == PT_LOAD && (p->p_flags & flags) == flags &&
		    at >= start && at - start < p->p_memsz &&
		    len <= p->p_memsz - (at - start))
			return true;
	}
	return false;
}

/* As many entries as lie in the object; the loader has relocated the address
 * but where it could not write it. */
static uint64_t
table_at(const struct slots_object *o, uint64_t value, uint64_t size,
    uint64_t entry, uint64_t *at)
{
	*at = value;
	if (!holds(o, *at, entry, PF_R))
		*at = value + o->bias;
	if (*at % 8 != 0 || size % entry != 0 || !holds(o, *at, size, PF_R))
		return 0;
	return size / entry;
}

static const Elf64_Dyn *
dynamic_of(const struct slots_object *o, uint64_t *count)
{
	for (unsigned i = 0; i < o->n_headers; i++) {
		const Elf64_Phdr *p = &o->headers[i];
		uint64_t at = o->bias + p->p_vaddr;

		if (p->p_type != PT_DYNAMIC)
			continue;
		*count = p->p_memsz / sizeof(Elf64_Dyn);
		if (at % 8 != 0 || !holds(o, at, p->p_memsz, PF_R))
			return NULL;
		return (const Elf64_Dyn *)at;
	}
	return NULL;
}

struct dynamic {
	uint64_t symtab, syment, strtab, strsz;
	uint64_t rela, relasz, relaent, relacount;
	uint64_t jmprel, pltrelsz, pltrel;
};

static void
read_dynamic(const Elf64_Dyn *d, uint64_t count, struct dynamic *out)
{
	for (; count > 0 && d->d_tag != DT_NULL; d++, count--) {
		uint64_t v = d->d_un.d_val;

		switch (d->d_tag) {
		case DT_SYMTAB: out->symtab = v; break;
		case DT_SYMENT: out->syment = v; break;
		case DT_STRTAB: out->strtab = v; break;
		case DT_STRSZ: out->strsz = v; break;
		case DT_RELA: out->rela = v; break;
		case DT_RELASZ: out->relasz = v; break;
		case DT_RELAENT: out->relaent = v; break;
		case DT_RELACOUNT: out->relacount = v; break;
		case DT_JMPREL: out->jmprel = v; break;
		case DT_PLTRELSZ: out->pltrelsz = v; break;
		case DT_PLTREL: out->pltrel = v; break;
		default: break;
		}
	}
}

static bool
find_tables(const struct slots_object *o, struct tables_of *t)
{
	uint64_t count = 0, at;
	const Elf64_Dyn *d = dynamic_of(o, &count);
	struct dynamic y = { .relaent = sizeof(Elf64_Rela),
		.syment = sizeof(Elf64_Sym) };

	if (d == NULL)
		return false;
	read_dynamic(d, count, &y);
	if (y.syment != sizeof(Elf64_Sym) || y.relaent != sizeof(Elf64_Rela))
		return false;
	/* The number of symbols is nowhere; each is looked at by itself. */
	if (table_at(o, y.symtab, sizeof(Elf64_Sym), sizeof(Elf64_Sym), &at) ==
	    0)
		return false;
	t->symbols = (const Elf64_Sym *)at;
	at = y.strtab;
	if (!holds(o, at, y.strsz, PF_R))
		at += o->bias;
	if (y.strsz == 0 || !holds(o, at, y.strsz, PF_R))
		return false;
	t->names = (const char *)at;
	t->names_size = y.strsz;
	if (t->names[y.strsz - 1] != '\0')
		return false;
	t->rela_count =
	    table_at(o, y.rela, y.relasz, sizeof(Elf64_Rela), &at);
	t->rela = (const Elf64_Rela *)at;
	/* Those come first and name nothing. */
	if (y.relacount <= t->rela_count) {
		t->rela += y.relacount;
		t->rela_count -= y.relacount;
	}
	t->jump_count = y.pltrel != DT_RELA ? 0 :
	    table_at(o, y.jmprel, y.pltrelsz, sizeof(Elf64_Rela), &at);
	t->jump = (const Elf64_Rela *)at;
	return true;
}

static const char *
name_of(const struct slots_object *o, const struct tables_of *t,
    const Elf64_Rela *r)
{
	uint64_t i = ELF64_R_SYM(r->r_info);
	uint64_t at = (uint64_t)t->symbols + i * sizeof(Elf64_Sym);
	const Elf64_Sym *s = (const Elf64_Sym *)at;

	if (i == 0 || !holds(o, at, sizeof *s, PF_R) ||
	    s->st_name >= t->names_size)
		return NULL;
	return t->names + s->st_name;
}

/*
 * A stub pushes the number of its relocation and goes on to the resolver, in
 * the forms of all linkers; with indirect branch tracking a mark comes first.
 */
static bool
is_stub(const struct slots_object *o, uint64_t value, uint64_t number)
{
	static const uint8_t mark[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	const uint8_t *code = (const uint8_t *)value;
	uint32_t pushed;

	if (!holds(o, value, 9, PF_R | PF_X))
		return false;
	if (__builtin_memcmp(code, mark, sizeof mark) == 0)
		code += sizeof mark;
	__builtin_memcpy(&pushed, code + 1, sizeof pushed);
	return code[0] == 0x68 && pushed == number;
}

static bool
is_of_interest(const Elf64_Rela *r)
{
	switch (ELF64_R_TYPE(r->r_info)) {
	case R_X86_64_JUMP_SLOT:
		return true;
	case R_X86_64_GLOB_DAT:
	case R_X86_64_64:
		return r->r_addend == 0;
	default:
		return false;
	}
}

static void
scan_table(struct slots_object *o, const struct tables_of *t,
    const Elf64_Rela *r, uint64_t count,
    void (*visit)(void *arg, const struct slots_found *found), void *arg)
{
	for (uint64_t i = 0; i < count; i++) {
		struct slots_found f;
		uint64_t at = o->bias + r[i].r_offset;

		if (!is_of_interest(&r[i]))
			continue;
		f.name = name_of(o, t, &r[i]);
		if (f.name == NULL || at % 8 != 0 || !holds(o, at, 8, PF_W)) {
			o->unread++;
			continue;
		}
		f.slot = (uint64_t *)at;
		f.lazy =
		    ELF64_R_TYPE(r[i].r_info) == R_X86_64_JUMP_SLOT &&
		    is_stub(o, __atomic_load_n(f.slot, __ATOMIC_RELAXED), i);
		visit(arg, &f);
	}
}

void
slots_scan(struct slots_object *o,
    void (*visit)(void *arg, const struct slots_found *found), void *arg)
{
	struct tables_of t;

	if (!find_tables(o, &t))
		return;
	scan_table(o, &t, t.rela, t.rela_count, visit, arg);
	scan_table(o, &t, t.jump, t.jump_count, visit, arg);
}
