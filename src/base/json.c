/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/json.h"
#include "base/escape.h"

json_t *
json_text(const char *text)
{
	struct buf clean = BUF_INIT;
	json_t *j;

	if (escape_is_utf8(text))
		return json_string_nocheck(text);
	escape_utf8(&clean, text);
	j = json_string_nocheck(buf_text(&clean));
	buf_free(&clean);
	return j;
}

json_t *
json_address(uint64_t address)
{
	return json_sprintf("0x%llx", (unsigned long long)address);
}

json_t *
json_known(uint64_t n)
{
	return n == UINT64_MAX ? json_null() : json_integer((json_int_t)n);
}
