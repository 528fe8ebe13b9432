/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "encode/encode.h"

#include <string.h>

extern const struct encoder encode_collapsed, encode_json, encode_pprof,
    encode_text, encode_html;

/* To add one: a file that ends in its row, and its name in these two lines. */
const struct encoder *const encoders[] = {
	&encode_pprof,
	&encode_text,
	&encode_collapsed,
	&encode_json,
	&encode_html,
	NULL,
};

const struct encoder *
encoder_find(const char *name)
{
	for (size_t i = 0; encoders[i] != NULL; i++)
		if (strcmp(encoders[i]->name, name) == 0)
			return encoders[i];
	return NULL;
}

/* Whether path ends in the extension of len bytes, with something before. */
static bool
ends_in(const char *path, const char *extension, size_t len)
{
	size_t n = strlen(path);

	return n > len && path[n - len - 1] != '/' &&
	    memcmp(path + n - len, extension, len) == 0;
}

const struct encoder *
encoder_for_file(const char *path)
{
	for (size_t i = 0; encoders[i] != NULL; i++) {
		const char *s = encoders[i]->extensions;

		while (*(s += strspn(s, " ")) != '\0') {
			size_t len = strcspn(s, " ");

			if (ends_in(path, s, len))
				return encoders[i];
			s += len;
		}
	}
	return NULL;
}
