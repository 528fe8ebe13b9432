/* SPDX-License-Identifier: MIT */
/*
 * Calls through classes, a lambda and a recursive template, without frame
 * pointers, as a Rust program has them; then sleeps. The second thread is in
 * a signal handler, on a stack of its own. Says "ready" when both are there.
 */
#include <atomic>
#include <csignal>
#include <cstdio>
#include <functional>
#include <memory>
#include <poll.h>
#include <pthread.h>
#include <string>
#include <vector>

namespace shop {

std::atomic<int> there;

struct Shelf {
	virtual ~Shelf() = default;
	virtual int reach(const std::string &what, int n) = 0;
};

template <int N> __attribute__((noinline)) int
climb(const std::function<int(int)> &top, int n)
{
	/* Large and of odd size, so that nobody could guess the frame. */
	volatile char rung[N * 24 + 8] = { 0 };
	int rc;

	if constexpr (N == 0)
		rc = top(n);
	else
		rc = climb<N - 1>(top, n + 1);
	return rc + rung[0];
}

struct High : Shelf {
	__attribute__((noinline)) int
	reach(const std::string &what, int n) override
	{
		int rc = climb<6>(
		    [&](int k) {
			    there++;
			    poll(nullptr, 0, -1);
			    return k + (int)what.size();
		    },
		    n);

		return rc + (int)what.size();
	}
};

} // namespace shop

static void
on_signal(int)
{
	shop::there++;
	poll(nullptr, 0, -1);
	__asm__ volatile("");
}

__attribute__((noinline)) static void
raises(void)
{
	raise(SIGUSR1);
	__asm__ volatile("");
}

static void *
in_handler(void *)
{
	static char room[65536];
	stack_t own = {};
	struct sigaction act = {};

	own.ss_sp = room;
	own.ss_size = sizeof room;
	sigaltstack(&own, nullptr);
	act.sa_handler = on_signal;
	act.sa_flags = SA_ONSTACK;
	sigaction(SIGUSR1, &act, nullptr);
	raises();
	return nullptr;
}

static void *
announce(void *)
{
	while (shop::there < 2)
		poll(nullptr, 0, 1);
	std::puts("ready");
	std::fflush(stdout);
	return nullptr;
}

int
main()
{
	std::unique_ptr<shop::Shelf> shelf = std::make_unique<shop::High>();
	pthread_t t;

	pthread_create(&t, nullptr, in_handler, nullptr);
	pthread_create(&t, nullptr, announce, nullptr);
	return shelf->reach("jam", 1);
}
