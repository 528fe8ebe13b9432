/* SPDX-License-Identifier: MIT */
#include "agent/agent.h"
#include "agent/mini.h"

HIDDEN size_t
mini_length(const char *s)
{
	size_t n = 0;

	while (s[n] != '\0')
		n++;
	return n;
}

HIDDEN bool
mini_equal(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b)
		a++, b++;
	return *a == *b;
}

HIDDEN bool
mini_starts(const char *s, const char *prefix)
{
	while (*prefix != '\0')
		if (*s++ != *prefix++)
			return false;
	return true;
}

HIDDEN void
mini_zero(void *p, size_t n)
{
	/* Not memset: the compiler must not call one that is interposed. */
	__asm__ volatile("rep stosb" : "+D"(p), "+c"(n) : "a"(0) : "memory");
}

HIDDEN size_t
mini_copy(char *out, size_t size, const char *s)
{
	size_t n;

	for (n = 0; s[n] != '\0'; n++)
		if (n + 1 < size)
			out[n] = s[n];
	out[n < size ? n : size - 1] = '\0';
	return n;
}

HIDDEN void
mini_append(char *out, size_t size, const char *s)
{
	size_t n = mini_length(out);

	mini_copy(out + n, size - n, s);
}

HIDDEN void
mini_append_number(char *out, size_t size, uint64_t n)
{
	char digits[21];
	size_t i = sizeof digits - 1;

	digits[i] = '\0';
	do {
		digits[--i] = (char)('0' + n % 10);
		n /= 10;
	} while (n != 0);
	mini_append(out, size, digits + i);
}

HIDDEN uint64_t
mini_parse_number(const char *s, const char **end)
{
	uint64_t n = 0;

	while (*s >= '0' && *s <= '9')
		n = n * 10 + (uint64_t)(*s++ - '0');
	*end = s;
	return n;
}

HIDDEN bool
mini_parse_size(const char *s, uint64_t *value)
{
	const char *end;
	unsigned shift = 0;
	uint64_t n;

	n = mini_parse_number(s, &end);
	if (end == s || end - s > 18)
		return false;
	switch (*end | 0x20) {
	case 'k':
		shift = 10;
		break;
	case 'm':
		shift = 20;
		break;
	case 'g':
		shift = 30;
		break;
	case 't':
		shift = 40;
		break;
	default:
		break;
	}
	if (shift != 0)
		end++;
	if (*end != '\0' || n > UINT64_MAX >> shift)
		return false;
	*value = n << shift;
	return true;
}
