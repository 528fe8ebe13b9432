/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "symbol/names.h"
#include "base/xalloc.h"
#include "symbol/rust.h"
#include "symbol/symbol.h"

#include <stdlib.h>
#include <string.h>

void
names_free(struct names *t)
{
	size_t i;

	for (i = 0; i < t->n_slots; i++) {
		if (t->slots[i] == NULL)
			continue;
		if (t->slots[i]->shown != t->slots[i]->system_name)
			free((char *)t->slots[i]->shown);
		free((char *)t->slots[i]->system_name);
		free(t->slots[i]);
	}
	free(t->slots);
	*t = (struct names)NAMES_INIT;
}

static struct name **
slot_of(const struct names *t, const char *text, size_t len)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	struct name **slot;
	size_t i;

	for (i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) *
		    UINT64_C(0x100000001b3);
	for (i = (size_t)hash;; i++) {
		slot = &t->slots[i & (t->n_slots - 1)];
		if (*slot == NULL ||
		    (strncmp((*slot)->system_name, text, len) == 0 &&
			(*slot)->system_name[len] == '\0'))
			return slot;
	}
}

static void
make_room(struct names *t)
{
	struct names old = *t;
	size_t i;

	if (t->n * 2 < t->n_slots)
		return;
	t->n_slots = t->n_slots ? t->n_slots * 2 : 1024;
	t->slots = xcalloc(t->n_slots, sizeof *t->slots);
	for (i = 0; i < old.n_slots; i++)
		if (old.slots[i] != NULL)
			*slot_of(t, old.slots[i]->system_name,
			    strlen(old.slots[i]->system_name)) = old.slots[i];
	free(old.slots);
}

const struct name *
names_get(struct names *t, const char *system_name)
{
	size_t len = strnlen(system_name, DEMANGLED_MAX);
	struct name **slot, *name;
	char *copy;

	make_room(t);
	slot = slot_of(t, system_name, len);
	if (*slot == NULL) {
		copy = xmalloc(len + 1);
		memcpy(copy, system_name, len);
		copy[len] = '\0';
		name = xmalloc(sizeof *name);
		name->system_name = copy;
		name->shown = symbol_demangle(copy);
		if (name->shown == NULL)
			name->shown = copy;
		*slot = name;
		t->n++;
	}
	return *slot;
}
