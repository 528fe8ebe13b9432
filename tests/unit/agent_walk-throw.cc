/* SPDX-License-Identifier: MIT */
#include <stdexcept>

#include "agent_walk-shapes.h"

namespace
{

struct at_exit {
	void (*call)(void *);
	void *arg;
	~at_exit()
	{
		call(arg);
	}
};

__attribute__((noinline)) void
thrower(void (*call)(void *), void *arg)
{
	at_exit a = {call, arg};

	call(arg);
	throw std::runtime_error("thrown by the test");
}

} // namespace

void
shapes_throw(void (*call)(void *), void *arg)
{
	try {
		thrower(call, arg);
	} catch (const std::exception &) {
		call(arg);
	}
}
