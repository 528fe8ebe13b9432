/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "census/kinds.h"
#include "base/hash.h"
#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* Of a hostile process there is no end of names. */
#define KINDS_MAX 65536
#define WORDS_MAX (1u << 18)
#define NAME_MAX_TYPE 4096

/* A string that short may be a pointer. */
#define TEXT_MIN 8

struct kind {
	char *name; /* owned */
	bool class;
};

struct known_word {
	uint64_t word;
	uint32_t kind;
};

struct census_kinds {
	const struct census_reader *reader;
	const struct mappings *maps;
	struct kind *kinds;
	size_t n, cap;
	struct hash by_name; /* id: index + 1 */
	struct known_word *words;
	size_t n_words, cap_words;
	struct hash by_word;
};

static uint32_t
add_kind(struct census_kinds *k, const char *name, bool class)
{
	uint64_t h = hash_mix(hash_bytes(name, strlen(name)), class);
	size_t at = hash_start(&k->by_name, h);
	uint32_t id;

	while ((id = hash_next(&k->by_name, h, &at)) != 0)
		if (k->kinds[id - 1].class == class &&
		    strcmp(k->kinds[id - 1].name, name) == 0)
			return id - 1;
	if (k->n >= KINDS_MAX)
		return KIND_OTHER;
	k->kinds = xgrow(k->kinds, k->n, &k->cap, sizeof *k->kinds);
	k->kinds[k->n].name = xstrdup(name);
	k->kinds[k->n].class = class;
	hash_put(&k->by_name, h, (uint32_t)++k->n);
	return (uint32_t)k->n - 1;
}

struct census_kinds *
census_kinds_new(const struct census_reader *r, const struct mappings *maps)
{
	struct census_kinds *k = xcalloc(1, sizeof *k);

	k->reader = r;
	k->maps = maps;
	add_kind(k, "other", false);
	add_kind(k, "zeros", false);
	add_kind(k, "text", false);
	add_kind(k, "pointer to memory", false);
	return k;
}

void
census_kinds_free(struct census_kinds *k)
{
	if (k == NULL)
		return;
	for (size_t i = 0; i < k->n; i++)
		free(k->kinds[i].name);
	free(k->kinds);
	free(k->words);
	hash_free(&k->by_name);
	hash_free(&k->by_word);
	free(k);
}

const char *
census_kind_name(const struct census_kinds *k, uint32_t kind)
{
	return k->kinds[kind].name;
}

bool
census_kind_is_class(const struct census_kinds *k, uint32_t kind)
{
	return k->kinds[kind].class;
}

size_t
census_kind_count(const struct census_kinds *k)
{
	return k->n;
}

/* ---- C++ --------------------------------------------------------------------- */

/*
 * Reads from a file's mapping. A page of it that is not there is not asked
 * for, except in files that the program executes: those are its own
 * libraries, and their read-only data may not have been touched yet.
 */
static size_t
read_file_part(const struct census_kinds *k, uint64_t address, void *to,
    size_t len)
{
	const struct mapping *m = mappings_find(k->maps, address);
	ssize_t got;

	if (m == NULL || m->inode == 0 || !m->readable || m->shared)
		return 0;
	if (len > m->end - address)
		len = (size_t)(m->end - address);
	if (m->writable)
		return census_read(k->reader, address, to, len) ? len : 0;
	got = k->reader->read(k->reader->arg, address, to, len);
	return got > 0 ? (size_t)got : 0;
}

static bool
is_type_name(const char *name, size_t len)
{
	if (len == 0 || len >= NAME_MAX_TYPE)
		return false;
	for (size_t i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] == 0x7f)
			return false;
	return (name[0] >= '1' && name[0] <= '9') || name[0] == 'N' ||
	    name[0] == 'S' || name[0] == 'Z' || name[0] == 'I';
}

/* The name in type information; the caller's buffer, or false. */
static bool
type_name(const struct census_kinds *k, uint64_t info, char *name,
    uint64_t *vtable)
{
	uint64_t word[2];
	size_t got, len;
	char *from = name;

	if (info % 8 != 0 ||
	    read_file_part(k, info, word, sizeof word) != sizeof word)
		return false;
	got = read_file_part(k, word[1], name, NAME_MAX_TYPE);
	len = strnlen(name, got);
	if (len == got)
		return false;
	/* A star marks a name that is compared by its address. */
	if (len > 0 && *from == '*') {
		memmove(name, name + 1, len);
		len--;
	}
	*vtable = word[0];
	return is_type_name(name, len);
}

/*
 * A vtable's function pointers are preceded by the offset to the top of the
 * object, 0 for one that begins here, and the type information. That has a
 * vtable itself, of a class of the ABI, which is told by its own name.
 */
static bool
class_of(const struct census_kinds *k, uint64_t vtable, char *name)
{
	static const char abi[] = "N10__cxxabiv1";
	char meta[NAME_MAX_TYPE];
	uint64_t word[2], meta_vtable, ignored;

	return vtable % 8 == 0 &&
	    read_file_part(k, vtable - 16, word, sizeof word) ==
	    sizeof word && word[0] == 0 &&
	    type_name(k, word[1], name, &meta_vtable) &&
	    meta_vtable % 8 == 0 &&
	    read_file_part(k, meta_vtable - 16, word, sizeof word) ==
	    sizeof word && word[0] == 0 &&
	    type_name(k, word[1], meta, &ignored) &&
	    strncmp(meta, abi, sizeof abi - 1) == 0;
}

/* ---- a word ------------------------------------------------------------------- */

static uint32_t
name_word(struct census_kinds *k, uint64_t word, const struct mapping *m)
{
	char mangled[NAME_MAX_TYPE + 2] = "_Z";
	char *text;
	uint32_t kind;

	if (class_of(k, word, mangled + 2))
		return add_kind(k, mangled, true);
	text = xasprintf("%s %s", m->executable ? "function of" : "pointer to",
	    mapping_name(m));
	kind = add_kind(k, text, false);
	free(text);
	return kind;
}

static uint32_t
kind_of_word(struct census_kinds *k, uint64_t word)
{
	const struct mapping *m;
	uint64_t h = hash_mix(0, word);
	size_t at;
	uint32_t id, kind;

	if (word < CENSUS_PAGE || word >= CENSUS_USER_END ||
	    (m = mappings_find(k->maps, word)) == NULL)
		return KIND_OTHER;
	/* Huge pages have a file by name alone. */
	if (m->inode == 0 || strncmp(m->path, "/anon_hugepage", 14) == 0)
		return m->readable ? KIND_HEAP : KIND_OTHER;
	at = hash_start(&k->by_word, h);
	while ((id = hash_next(&k->by_word, h, &at)) != 0)
		if (k->words[id - 1].word == word)
			return k->words[id - 1].kind;
	if (k->n_words >= WORDS_MAX)
		return KIND_OTHER;
	kind = name_word(k, word, m);
	k->words = xgrow(k->words, k->n_words, &k->cap_words,
	    sizeof *k->words);
	k->words[k->n_words].word = word;
	k->words[k->n_words].kind = kind;
	hash_put(&k->by_word, h, (uint32_t)++k->n_words);
	return kind;
}

/* Eight printable characters at the least, then more of them to a NUL or to
 * the end of what is seen. */
static bool
is_text(const unsigned char *b, size_t n)
{
	size_t len = 0;

	while (len < n && ((b[len] >= ' ' && b[len] < 0x7f) ||
			      b[len] == '\n' || b[len] == '\t' ||
			      b[len] == '\r'))
		len++;
	return len >= TEXT_MIN && (len == n || b[len] == '\0');
}

static bool
is_zero(const unsigned char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (b[i] != 0)
			return false;
	return n > 0;
}

/* new T[n] keeps n before the objects, if they have destructors. */
static uint32_t
array_kind(struct census_kinds *k, const struct census_chunk *c,
    const uint64_t word[2])
{
	uint32_t kind;
	char *name;

	if (word[0] == 0 || word[0] > c->size / 8)
		return KIND_OTHER;
	kind = kind_of_word(k, word[1]);
	if (!k->kinds[kind].class)
		return KIND_OTHER;
	name = xasprintf("%s[]", k->kinds[kind].name);
	kind = add_kind(k, name, true);
	free(name);
	return kind;
}

uint32_t
census_kind(struct census_kinds *k, const struct census_chunk *c)
{
	uint64_t word[2];
	uint32_t kind;

	if (c->n < sizeof word)
		return KIND_OTHER;
	memcpy(word, c->seen, sizeof word);
	if (word[0] == 0)
		return is_zero(c->seen, c->n) ? KIND_ZEROS : KIND_OTHER;
	kind = kind_of_word(k, word[0]);
	if (kind == KIND_OTHER)
		kind = array_kind(k, c, word);
	if (kind == KIND_OTHER && is_text(c->seen, c->n))
		kind = KIND_TEXT;
	return kind;
}
