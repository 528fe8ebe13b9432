// SPDX-License-Identifier: MIT
// A server whose every request ends in an exception twenty frames deep. On
// SIGTERM it says how many it has caught: "ok THROWN CAUGHT".

#include <atomic>
#include <csignal>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <sys/epoll.h>
#include <thread>
#include <vector>

static std::atomic<bool> over;
static std::atomic<long> thrown, caught;

struct guard {
	std::unique_ptr<std::string> text =
	    std::make_unique<std::string>(200, 'g');
};

__attribute__((noinline)) static int
descend(int depth)
{
	guard g;

	if (depth == 0) {
		thrown++;
		throw std::runtime_error("from the bottom " + *g.text);
	}
	return descend(depth - 1) + 1;
}

static void
serve()
{
	epoll_event event;
	int fd = epoll_create1(0);

	while (!over) {
		for (int i = 0; i < 20; i++)
			try {
				descend(20);
			} catch (const std::runtime_error &) {
				caught++;
			}
		epoll_wait(fd, &event, 1, 1);
	}
}

int
main()
{
	std::vector<std::thread> threads;

	std::signal(SIGTERM, [](int) { over = true; });
	for (int i = 0; i < 3; i++)
		threads.emplace_back(serve);
	std::puts("ready");
	std::fflush(stdout);
	serve();
	for (auto &t : threads)
		t.join();
	std::printf("ok %ld %ld\n", thrown.load(), caught.load());
}
