/* SPDX-License-Identifier: MIT */
/*
 * Programs that are odd to attach to: `odd KIND [ARG]`, see the table at the
 * end. Each says "ready" when it is what it says.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <immintrin.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static const char *argument = "";
static char **self;
static volatile sig_atomic_t over;

static void
ready(void)
{
	puts("ready");
	fflush(stdout);
}

/* Between two things that it does; no test waits for that. */
static void
rest(long ns)
{
	struct timespec t = { 0, ns };

	syscall(SYS_nanosleep, &t, NULL);
}

static void
on_term(int sig)
{
	(void)sig;
	over = 1;
}

static void
wait_for_ever(void)
{
	for (;;)
		syscall(SYS_futex, &(int){ 0 }, 0, 0, NULL, NULL, 0);
}

static void
start(void *(*fn)(void *), size_t stack)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	if (stack != 0)
		pthread_attr_setstacksize(&attr, stack);
	if (pthread_create(&thread, &attr, fn, NULL) != 0)
		exit(77);
	pthread_attr_destroy(&attr);
}

static void *
in_epoll(void *unused)
{
	struct epoll_event event;
	int fd = epoll_create1(0);

	for (;;)
		epoll_wait(fd, &event, 1, -1);
	return unused;
}

/* ---- stacks ------------------------------------------------------------------- */

static void
small_stack(void)
{
	start(in_epoll, 16384);
	ready();
	wait_for_ever();
}

static ucontext_t outer, inner;

static void
coroutine_body(void)
{
	ready();
	in_epoll(NULL);
}

/* On memory of the heap: below its stack are other things. */
static void
coroutine(void)
{
	char *stack = malloc(1 << 20);

	getcontext(&inner);
	inner.uc_stack.ss_sp = stack + (1 << 19);
	inner.uc_stack.ss_size = 1 << 19;
	inner.uc_link = &outer;
	makecontext(&inner, coroutine_body, 0);
	swapcontext(&outer, &inner);
}

static void
on_usr1(int sig)
{
	(void)sig;
	ready();
	in_epoll(NULL);
}

/* A handler that waits like an event loop: what did it interrupt? */
static void
handler(void)
{
	signal(SIGUSR1, on_usr1);
	raise(SIGUSR1);
}

/* Waits in what everybody waits in; nothing is known of why. */
static void
futex(void)
{
	ready();
	wait_for_ever();
}

static void
compute(void)
{
	volatile uint64_t n = 0;

	ready();
	while (!over)
		n++;
}

/* ---- threads, processes, programs -------------------------------------------------- */

static void *
end_at_once(void *unused)
{
	return unused;
}

/* Ends as many threads a second as it can, and one waits. */
static void
thread_storm(void)
{
	start(in_epoll, 0);
	ready();
	while (!over) {
		pthread_t t[4];
		int n = 0;

		while (n < 4 &&
		    pthread_create(&t[n], NULL, end_at_once, NULL) == 0)
			n++;
		while (n > 0)
			pthread_join(t[--n], NULL);
	}
	puts("ok");
}

static void
fork_storm(void)
{
	struct epoll_event event;
	int fd = epoll_create1(0), status;

	ready();
	while (!over) {
		pid_t child = fork();

		if (child == 0) {
			free(malloc(100));
			_exit(7);
		}
		waitpid(child, &status, 0);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 7)
			abort();
		epoll_wait(fd, &event, 1, 1);
	}
	puts("ok");
}

/* Executes itself every few milliseconds. */
static void
exec_storm(void)
{
	struct epoll_event event;
	int fd = epoll_create1(0);

	if (strcmp(argument, "again") != 0)
		ready();
	free(malloc(1000));
	epoll_wait(fd, &event, 1, 5);
	rest(5000000);
	close(fd);
	execl("/proc/self/exe", self[0], "exec-storm", "again", NULL);
	abort();
}

/* Ends by itself after so many milliseconds. */
static void
mayfly(void)
{
	struct epoll_event event;

	ready();
	epoll_wait(epoll_create1(0), &event, 1, atoi(argument));
	exit(3);
}

static void *
end_as_first(void *unused)
{
	ready();
	return in_epoll(unused);
}

/* Does not take notice of its child's end. */
static void
zombie_child(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	printf("%d\n", child);
	ready();
	wait_for_ever();
}

/* The first thread has ended and the process lives on. */
static void
zombie_leader(void)
{
	start(end_as_first, 0);
	pthread_exit(NULL);
}

/* A parent that the kernel keeps until its child has executed something. */
static void
vfork_parent(void)
{
	/* Bound before anybody compares tables of calls. */
	poll(NULL, 0, 0);
	if (vfork() == 0) {
		ready();
		poll(NULL, 0, 30000);
		_exit(0);
	}
	in_epoll(NULL);
}

/* The child of a vfork, which has its parent's memory and waits. */
static void
vfork_child(void)
{
	if (vfork() == 0) {
		printf("child %d\n", getpid());
		ready();
		poll(NULL, 0, 30000);
		_exit(0);
	}
	wait_for_ever();
}

/* ---- locks ------------------------------------------------------------------------------ */

static void *
load_slowly(void *unused)
{
	while (!over) {
		void *library = dlopen(argument, RTLD_NOW);

		if (library == NULL) {
			fprintf(stderr, "%s\n", dlerror());
			exit(77);
		}
		dlclose(library);
		poll(NULL, 0, 300);
	}
	return unused;
}

/* A thread that is in the loader most of the time. */
static void
loader(void)
{
	struct epoll_event event;
	int fd = epoll_create1(0);

	start(load_slowly, 0);
	ready();
	while (!over)
		epoll_wait(fd, &event, 1, 50);
	puts("ok");
	fflush(stdout);
	_exit(0);
}

/* ---- signals ---------------------------------------------------------------------------- */

static volatile sig_atomic_t runs;
static volatile sig_atomic_t flag;

static void
on_flag(int sig)
{
	(void)sig;
	runs++;
	flag = 1;
}

/* Until it waits: a signal that comes before would be missed without anybody's
 * help. */
static void
wait_for_call(pid_t pid, long number)
{
	char path[32], text[64];
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/syscall", pid);
	for (;;) {
		text[0] = '\0';
		f = fopen(path, "r");
		if (f == NULL || fgets(text, sizeof text, f) == NULL)
			_exit(0);
		fclose(f);
		if (atol(text) == number)
			return;
		rest(20000);
	}
}

/*
 * Waits until it is in its call, pauses for up to three milliseconds, sends a
 * signal, waits at most two seconds until that has been seen; again and again.
 * Nothing but this ends the call, so between the look and the signal it can
 * only be in there, or be attached to.
 */
static void
send_flags(pid_t to, int ack, long number)
{
	struct pollfd p = { ack, POLLIN, 0 };
	unsigned seed = 1;
	char byte;

	for (;;) {
		wait_for_call(to, number);
		rest(rand_r(&seed) % 3000000);
		if (getppid() != to || kill(to, SIGUSR1) < 0)
			_exit(0);
		if (poll(&p, 1, 2000) == 1) {
			if (read(ack, &byte, 1) != 1)
				_exit(0);
			continue;
		}
		fprintf(stderr, "a wake-up was missed\n");
		/* It then says whether the handler ran. */
		kill(to, SIGUSR2);
		kill(to, SIGTERM);
		poll(NULL, 0, 1000);
		kill(to, SIGKILL);
		_exit(1);
	}
}

static volatile sig_atomic_t missed;

static void
on_missed(int sig)
{
	(void)sig;
	missed = 1;
}

static void
begin_flags(void (*on_usr)(int), int flags, int *ack, long number)
{
	struct sigaction act = { .sa_handler = on_usr, .sa_flags = flags };
	pid_t parent = getpid();
	int pair[2];

	sigaction(SIGUSR1, &act, NULL);
	act.sa_handler = on_missed;
	sigaction(SIGUSR2, &act, NULL);
	if (pipe(pair) < 0)
		exit(77);
	*ack = pair[1];
	if (fork() == 0) {
		close(pair[1]);
		send_flags(parent, pair[0], number);
	}
	ready();
}

/*
 * Looks at the flag only when its call ends with EINTR, and the call has no
 * timeout to save it: a wake-up that was lost shows as a flag that nobody
 * ever sees.
 */
static void
flag_loop(long number, int (*wait)(void))
{
	long seen = 0;
	int ack;

	begin_flags(on_flag, 0, &ack, number);
	while (!over) {
		if (wait() != -1 || errno != EINTR)
			abort();
		if (over)
			break;
		/* EINTR without a signal. */
		if (!flag)
			abort();
		flag = 0;
		seen++;
		if (write(ack, "", 1) != 1)
			abort();
	}
	/* Else it came together with the signal that ends us. */
	if (flag && missed)
		fprintf(stderr, "the handler ran, and no call ended\n");
	printf("ok %ld %d\n", seen + flag, (int)runs);
}

static int flag_fd;
static sigset_t flag_mask;

static int
wait_epoll(void)
{
	struct epoll_event event;

	return epoll_pwait(flag_fd, &event, 1, -1, NULL);
}

static void
flag_epoll(void)
{
	flag_fd = epoll_create1(0);
	flag_loop(SYS_epoll_pwait, wait_epoll);
}

static int
wait_pselect(void)
{
	return pselect(0, NULL, NULL, NULL, NULL, &flag_mask);
}

static void
flag_pselect(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &flag_mask);
	flag_loop(SYS_pselect6, wait_pselect);
}

static int
wait_accept(void)
{
	return accept(flag_fd, NULL, NULL);
}

static void
listen_to_nobody(void)
{
	struct sockaddr_un any = { .sun_family = AF_UNIX };

	flag_fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(flag_fd, (struct sockaddr *)&any, sizeof any.sun_family) < 0 ||
	    listen(flag_fd, 5) < 0)
		exit(77);
}

/* One that the kernel starts over if the handler says so, which this one
 * does not. */
static void
flag_accept(void)
{
	listen_to_nobody();
	flag_loop(SYS_accept, wait_accept);
}

static int restart_ack;

static void
on_restart(int sig)
{
	(void)sig;
	runs++;
	if (write(restart_ack, "", 1) != 1)
		abort();
}

static void
on_end(int sig)
{
	(void)sig;
	printf("ok %d %d\n", (int)runs, (int)runs);
	fflush(stdout);
	_exit(0);
}

/* And here it does: the call never ends. */
static void
flag_restart(void)
{
	listen_to_nobody();
	signal(SIGTERM, on_end);
	begin_flags(on_restart, SA_RESTART, &restart_ack, SYS_accept);
	wait_accept();
	fprintf(stderr, "accept: %s\n", strerror(errno));
	abort();
}

static volatile int expected;
static volatile int disorder;

static void
on_queued(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	if (info->si_value.sival_int != expected)
		disorder++;
	expected = info->si_value.sival_int + 1;
	runs++;
}

/* Counts the numbers that come with a queued signal. */
static void
queue(void)
{
	struct sigaction act = { .sa_sigaction = on_queued,
		.sa_flags = SA_SIGINFO };
	struct epoll_event event;
	int fd = epoll_create1(0);

	sigaction(SIGRTMIN, &act, NULL);
	ready();
	while (!over)
		epoll_wait(fd, &event, 1, 100);
	printf("ok %d %d\n", (int)runs, disorder);
}

/* Sends them: odd send PID:COUNT, a thousand a second. */
static void
send_queued(void)
{
	int pid = 0, count = 0;

	if (sscanf(argument, "%d:%d", &pid, &count) != 2)
		exit(2);
	for (int i = 0; i < count; i++) {
		union sigval value = { .sival_int = i };

		while (sigqueue(pid, SIGRTMIN, value) < 0 && errno == EAGAIN)
			rest(1000000);
		rest(1000000);
	}
	puts("ok");
}

/* ---- registers ---------------------------------------------------------------------------- */

/*
 * Waits in a call made by hand, with something in every vector register and
 * in the red zone, and looks whether it is still there.
 */
__attribute__((noinline)) static int
wait_with_registers(int fd, int ms)
{
	static const uint64_t pattern[4] = { 0x1111222233334444,
		0x5555666677778888, 0x9999aaaabbbbcccc, 0xddddeeeeffff0000 };
	struct epoll_event event;
	int rc, bad;

	__asm__ volatile("vmovdqu %[pattern], %%ymm0\n\t"
			 "vmovdqa %%ymm0, %%ymm7\n\t"
			 "vmovdqa %%ymm0, %%ymm15\n\t"
			 "movq $0x77, -64(%%rsp)\n\t"
			 "movl $232, %%eax\n\t"
			 "syscall\n\t"
			 "movl %%eax, %[rc]\n\t"
			 "vpcmpeqd %%ymm0, %%ymm7, %%ymm1\n\t"
			 "vpcmpeqd %%ymm0, %%ymm15, %%ymm2\n\t"
			 "vpcmpeqd %[pattern], %%ymm0, %%ymm3\n\t"
			 "vpand %%ymm1, %%ymm2, %%ymm1\n\t"
			 "vpand %%ymm1, %%ymm3, %%ymm1\n\t"
			 "vpmovmskb %%ymm1, %[bad]\n\t"
			 "cmpq $0x77, -64(%%rsp)\n\t"
			 "je 1f\n\t"
			 "xorl %[bad], %[bad]\n"
			 "1:\n\t"
			 "vzeroupper"
			 : [rc] "=&r"(rc), [bad] "=&r"(bad)
			 : [pattern] "m"(pattern), "D"(fd), "S"(&event),
			 "d"(1L), "r"((long)ms)
			 : "rax", "rcx", "r11", "memory", "xmm0", "xmm1",
			 "xmm2", "xmm3", "xmm7", "xmm15");
	return bad == -1 ? rc : -1000;
}

static void
registers(void)
{
	register long wait __asm__("r10") = 20;
	int fd = epoll_create1(0);
	long rounds = 0;

	if (!__builtin_cpu_supports("avx2"))
		exit(77);
	ready();
	while (!over) {
		__asm__ volatile("" : "+r"(wait));
		if (wait_with_registers(fd, 20) == -1000) {
			fprintf(stderr, "registers have changed\n");
			abort();
		}
		rounds++;
	}
	printf("ok %ld\n", rounds);
}

/* ------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*fn)(void);
} kinds[] = {
	{ "small-stack", small_stack },
	{ "coroutine", coroutine },
	{ "handler", handler },
	{ "futex", futex },
	{ "compute", compute },
	{ "thread-storm", thread_storm },
	{ "fork-storm", fork_storm },
	{ "exec-storm", exec_storm },
	{ "mayfly", mayfly },
	{ "zombie-child", zombie_child },
	{ "zombie-leader", zombie_leader },
	{ "vfork-parent", vfork_parent },
	{ "vfork-child", vfork_child },
	{ "loader", loader },
	{ "flag-epoll", flag_epoll },
	{ "flag-pselect", flag_pselect },
	{ "flag-accept", flag_accept },
	{ "flag-restart", flag_restart },
	{ "queue", queue },
	{ "send", send_queued },
	{ "registers", registers },
};

int
main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_term };

	self = argv;
	if (argc > 2)
		argument = argv[2];
	sigaction(SIGTERM, &act, NULL);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (argc > 1 && strcmp(argv[1], kinds[i].name) == 0) {
			kinds[i].fn();
			return 0;
		}
	return 2;
}
