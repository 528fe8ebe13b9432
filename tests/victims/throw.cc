// SPDX-License-Identifier: MIT
// Exceptions across twenty frames, two thousand times; thread_local objects
// whose destructors allocate.

#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

struct guard {
	std::string text = std::string(50, 'g');
	~guard() { text += std::string(100, 'h'); }
};

__attribute__((noinline)) static void
descend(int depth)
{
	guard g;

	if (depth == 0)
		throw std::runtime_error("from the bottom " + g.text);
	descend(depth - 1);
}

struct grows {
	std::string text;
	~grows()
	{
		for (int i = 0; i < 10; i++)
			text += std::string(1000, 'x');
		std::vector<std::string> more(20, text);
	}
};

static thread_local grows local;

// With an argument: no threads, whose system calls would be in the way.
int
main(int argc, char **)
{
	int caught = 0;

	for (int i = 0; i < 2000; i++)
		try {
			descend(20);
		} catch (const std::runtime_error &) {
			caught++;
		}
	for (int i = 0; i < 50 && argc == 1; i++)
		std::thread([] { local.text = "a"; }).join();
	std::printf("%d caught\n", caught);
}
