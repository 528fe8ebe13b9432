/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/memory_account.h"
#include "base/escape.h"
#include "base/json.h"

#include <jansson.h>
#include <stdlib.h>

static json_t *
allocator_json(const struct knob *k)
{
	const struct knob_statistics *s = &k->statistics;

	if (!s->asked)
		return json_null();
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "name", k->allocator, "version",
	    escape_is_utf8(k->version) ? k->version : "", "cost",
	    json_known(s->cost_ns), "allocated", json_known(s->allocated), "resident",
	    json_known(s->resident), "free", json_known(s->free), "releasable",
	    json_known(s->releasable), "cached", json_known(s->cached), "metadata",
	    json_known(s->metadata), "unmapped", json_known(s->unmapped));
}

static json_t *
maps_json(const struct ledger *l)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->n_maps; i++) {
		const struct ledger_map *m = &l->maps[i];

		json_array_append_new(list,
		    json_pack("{s:o, s:o, s:o, s:o, s:s, s:o}", "start",
			json_known(m->map->start), "end", json_known(m->map->end),
			"rss", json_known(m->map->rss), "live",
			json_known((uint64_t)m->live), "part",
			ledger_key(m->part), "name",
			json_text(m->map->name)));
	}
	return list;
}

void
memory_json(const struct options *o, const struct memory_account *a, struct buf *out)
{
	const struct ledger *l = &a->l;
	json_t *all = json_object(), *parts = json_object();
	char *text;

	for (int i = 0; i < LEDGER_PARTS; i++)
		json_object_set_new(parts, ledger_key(i),
		    l->known[i] ? json_known(l->bytes[i]) : json_null());
	json_object_set_new(all, "pid", json_integer(a->t->pid));
	json_object_set_new(all, "rss", json_known(l->rss));
	json_object_set_new(all, "parts", parts);
	json_object_set_new(all, "live_error",
	    a->s || a->census.taken ? json_known(l->error) : json_null());
	json_object_set_new(all, "live_absent",
	    a->s || a->census.taken ? json_known(l->live_absent) : json_null());
	json_object_set_new(all, "live_excess",
	    a->s ? json_known((uint64_t)l->excess) : json_null());
	json_object_set_new(all, "page_tables", json_known(l->page_tables));
	json_object_set_new(all, "swap", json_known(l->swap));
	json_object_set_new(all, "trim_estimate",
	    (a->s && a->has_knob) || a->census.taken ? json_known(a->estimate) :
							  json_null());
	json_object_set_new(all, "trim_reason",
	    (a->s && a->has_knob) || a->census.taken ? json_string(a->why) :
							  json_null());
	json_object_set_new(all, "census",
	    memory_census_json(&a->census, a->s, a->status.rss_anon));
	json_object_set_new(all, "smaps_ns",
	    a->has_maps ? json_known(a->maps.cost_ns) : json_null());
	json_object_set_new(all, "allocator",
	    a->has_knob ? json_string(a->k.allocator) : json_null());
	json_object_set_new(all, "statistics",
	    a->has_knob ? allocator_json(&a->k) : json_null());
	if (option_given(o, "maps"))
		json_object_set_new(all, "maps", maps_json(l));
	text = json_dumps(all, JSON_INDENT(1));
	buf_puts(out, text != NULL ? text : "null");
	buf_puts(out, "\n");
	free(text);
	json_decref(all);
}
