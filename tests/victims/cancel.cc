// SPDX-License-Identifier: MIT
// Threads that are cancelled while they wait in a call that opens, receives or
// joins: what is on their stack is destroyed and their handlers run. Then
// descriptors from many threads and from signal handlers at the same time.
// What it prints is the same with and without an agent.
//
//   cancel FOLDER [hold]   hold: prints "ready" and waits for the end of input

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static std::string folder, fifo;
static int listener, channel[2];
static pthread_t sleeper;

struct guard {
	int *destroyed;
	~guard() { ++*destroyed; }
};

struct blocked {
	const char *name;
	long (*call)();
	pid_t tid = 0;
	int destroyed = 0, handled = 0;
};

// ---- what waits

static long
in_open()
{
	return open(fifo.c_str(), O_RDONLY);
}

static long
in_openat()
{
	return openat(AT_FDCWD, fifo.c_str(), O_RDONLY);
}

static long
in_creat()
{
	return creat(fifo.c_str(), 0600);
}

static long
in_accept()
{
	return accept(listener, nullptr, nullptr);
}

static long
in_accept4()
{
	return accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
}

static long
in_recvmsg()
{
	struct msghdr m = {};

	return recvmsg(channel[0], &m, 0);
}

static long
in_recvmmsg()
{
	struct mmsghdr m[2] = {};

	return recvmmsg(channel[0], m, 2, 0, nullptr);
}

// The lock of a file is held by a description of its own.
static long
in_fcntl()
{
	struct flock lock = {};

	lock.l_type = F_WRLCK;
	return fcntl(open((folder + "/lock").c_str(), O_RDWR), F_OFD_SETLKW,
	    &lock);
}

static long
in_join()
{
	return pthread_join(sleeper, nullptr);
}

// ---- cancelling it

static void
handle(void *arg)
{
	static_cast<blocked *>(arg)->handled++;
}

static void *
body(void *arg)
{
	auto *b = static_cast<blocked *>(arg);
	guard g{&b->destroyed};

	pthread_cleanup_push(handle, b);
	__atomic_store_n(&b->tid, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
	b->call();
	pthread_cleanup_pop(0);
	return nullptr;
}

// Asleep in the kernel: it can be nowhere but in the call.
static bool
asleep(pid_t tid)
{
	char path[64], text[512], *state;
	FILE *f;

	snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)tid);
	if ((f = fopen(path, "r")) == nullptr)
		return false;
	state = fgets(text, sizeof text, f) ? strrchr(text, ')') : nullptr;
	fclose(f);
	return state != nullptr && state[2] == 'S';
}

static void
cancel(const char *name, long (*call)())
{
	blocked b = {name, call};
	void *result;
	pthread_t t;
	pid_t tid;

	pthread_create(&t, nullptr, body, &b);
	while ((tid = __atomic_load_n(&b.tid, __ATOMIC_ACQUIRE)) == 0 ||
	       !asleep(tid))
		sched_yield();
	pthread_cancel(t);
	pthread_join(t, &result);
	printf("%s: %s, %d destroyed, %d handled\n", name,
	    result == PTHREAD_CANCELED ? "cancelled" : "not cancelled",
	    b.destroyed, b.handled);
}

// ---- many at once

static unsigned long in_handler;

static void
on_signal(int)
{
	int kept = errno, fd = open("/dev/null", O_RDONLY), both[2];

	if (fd < 0 || close(fd) != 0 || pipe(both) != 0)
		abort();
	close(both[0]);
	close(both[1]);
	in_handler++;
	errno = kept;
}

static void *
churns(void *arg)
{
	long own = (long)arg;

	for (int i = 0; i < 20000; i++) {
		int fd = open("/dev/null", O_RDONLY), other, both[2];

		if (fd < 0 || (other = dup(fd)) < 0 || pipe(both) != 0 ||
		    dup2(both[0], 500 + (int)own) < 0)
			abort();
		close(fd);
		fd = open("/dev/null", O_RDONLY);
		close(other);
		close(both[1]);
		close(fd);
		close(both[0]);
		if (own == 0 && i % 16 == 0)
			raise(SIGUSR1);
	}
	return nullptr;
}

static void *
sleeps(void *)
{
	for (;;)
		pause();
}

static void
churn()
{
	struct sigaction act = {};
	pthread_t t[4];

	act.sa_handler = on_signal;
	sigaction(SIGUSR1, &act, nullptr);
	for (long i = 0; i < 4; i++)
		pthread_create(&t[i], nullptr, churns, (void *)i);
	for (pthread_t one : t)
		pthread_join(one, nullptr);
	printf("handled %lu\n", in_handler);
	for (int fd = 3, n = 0; fd < 1000; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("open %d: %s %d\n", n++,
			    fd < 500 ? "below" : "at", fd < 500 ? 500 : fd);
}

int
main(int argc, char **argv)
{
	struct sockaddr_un address = {};
	struct flock lock = {};
	int held;

	if (argc < 2)
		return 2;
	closefrom(3);
	folder = argv[1];
	fifo = folder + "/fifo";
	unlink(fifo.c_str());
	mkfifo(fifo.c_str(), 0600);
	address.sun_family = AF_UNIX;
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&address, sizeof(sa_family_t)) ||
	    listen(listener, 5) != 0 ||
	    socketpair(AF_UNIX, SOCK_DGRAM, 0, channel) != 0)
		return 1;
	held = open((folder + "/lock").c_str(), O_RDWR | O_CREAT, 0600);
	lock.l_type = F_WRLCK;
	if (fcntl(held, F_OFD_SETLK, &lock) != 0)
		return 1;
	pthread_create(&sleeper, nullptr, sleeps, nullptr);
	cancel("open", in_open);
	cancel("openat", in_openat);
	cancel("creat", in_creat);
	cancel("accept", in_accept);
	cancel("accept4", in_accept4);
	cancel("recvmsg", in_recvmsg);
	cancel("recvmmsg", in_recvmmsg);
	cancel("fcntl", in_fcntl);
	cancel("pthread_join", in_join);
	churn();
	if (argc > 2) {
		puts("ready");
		fflush(stdout);
		while (getchar() != EOF)
			;
	}
	return 0;
}
