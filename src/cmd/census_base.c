/* SPDX-License-Identifier: MIT */
/* An older census, as --json wrote it. */
#include "config.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/xalloc.h"
#include "cmd/census_view.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define BASE_MAX ((size_t)256 << 20)

struct census_base {
	json_t *root;
	struct hash index[CENSUS_GROW]; /* id: place in the array + 1 */
};

static json_t *
rows_of(const struct census_base *b, int by)
{
	char key[16];

	snprintf(key, sizeof key, "%ss", census_by_names[by]);
	return json_object_get(b->root, key);
}

static const char *
row_name(const struct census_base *b, int by, size_t i)
{
	const char *name = json_string_value(json_object_get(
	    json_array_get(rows_of(b, by), i), census_by_names[by]));

	return name != NULL ? name : "";
}

struct census_base *
census_base_read(const char *path, struct err *e)
{
	struct buf text = BUF_INIT;
	struct census_base *b;
	json_error_t why;

	if (buf_read_file(&text, path, BASE_MAX, e) < 0) {
		buf_free(&text);
		return NULL;
	}
	b = xcalloc(1, sizeof *b);
	b->root = json_loadb(buf_text(&text), text.len, 0, &why);
	buf_free(&text);
	for (int by = 0; by < CENSUS_GROW; by++) {
		json_t *rows = rows_of(b, by);

		if (!json_is_array(rows)) {
			err_set(e, ERR_FAILED,
			    "%s is not a census; ullage census PID --json "
			    "-o FILE writes one", path);
			census_base_free(b);
			return NULL;
		}
		for (size_t i = 0; i < json_array_size(rows); i++) {
			const char *name = row_name(b, by, i);

			hash_put(&b->index[by],
			    hash_bytes(name, strlen(name)),
			    (uint32_t)i + 1);
		}
	}
	return b;
}

void
census_base_free(struct census_base *b)
{
	if (b == NULL)
		return;
	for (int by = 0; by < CENSUS_GROW; by++)
		hash_free(&b->index[by]);
	json_decref(b->root);
	free(b);
}

void
census_base_find(const struct census_base *b, enum census_by by,
    const char *name, int64_t *count, int64_t *bytes)
{
	uint64_t h = hash_bytes(name, strlen(name));
	size_t at = hash_start(&b->index[by], h);
	uint32_t id;

	*count = *bytes = 0;
	while ((id = hash_next(&b->index[by], h, &at)) != 0) {
		json_t *row = json_array_get(rows_of(b, by), id - 1);

		if (strcmp(row_name(b, by, id - 1), name) != 0)
			continue;
		*count += json_integer_value(json_object_get(row, "count"));
		*bytes += json_integer_value(json_object_get(row, "bytes"));
	}
}
