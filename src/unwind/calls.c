/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "unwind/calls.h"

#include <stddef.h>
#include <sys/syscall.h>

struct call {
	const char *name;
	bool again;
};

static const struct call calls[] = {
#define CALL(name, again) [SYS_##name] = { #name, again },
#include "unwind/calls.def"
#undef CALL
};

static const struct call *
find(int64_t number)
{
	if (number < 0 || number >= (int64_t)(sizeof calls / sizeof calls[0]))
		return NULL;
	return &calls[number];
}

const char *
call_name(int64_t number)
{
	const struct call *c = find(number);

	return c != NULL ? c->name : NULL;
}

bool
call_again(int64_t number)
{
	const struct call *c = find(number);

	return c != NULL && c->again;
}
