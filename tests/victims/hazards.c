/* SPDX-License-Identifier: MIT */
/*
 * One hazard for each name: a small program that does what has broken tools
 * that live in another process. What it prints is the same every time, and
 * must be the same with the agent in it.
 *
 *   hazards NAME [ARG...]
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

extern char **environ;

/* Kept out of the optimizer's sight. */
static void *volatile sink;

/* Allocations and frees of many sizes; what is held is written and checked. */
static void
churn(unsigned rounds, unsigned seed)
{
	unsigned char *held[64] = { NULL };
	size_t size[64] = { 0 };

	for (unsigned i = 0; i < rounds; i++) {
		unsigned k;

		seed = seed * 1103515245 + 12345;
		k = seed >> 16 & 63;
		for (size_t b = 0; held[k] != NULL && b < size[k]; b += 97)
			if (held[k][b] != (unsigned char)(k + 1))
				abort();
		free(held[k]);
		size[k] = 1 + (seed >> 8) % 3000;
		held[k] = malloc(size[k]);
		if (held[k] != NULL)
			memset(held[k], (int)k + 1, size[k]);
	}
	for (unsigned k = 0; k < 64; k++)
		free(held[k]);
}

static void
wait_child(const char *what, pid_t pid)
{
	int status = 0;

	if (waitpid(pid, &status, __WALL) != pid || status != 0) {
		printf("%s: status %x\n", what, (unsigned)status);
		exit(1);
	}
}

/* ---- threads --------------------------------------------------------------- */

#define KEYS 100

static pthread_key_t keys[KEYS];
static atomic_uint destroyed;

static void
destroy(void *p)
{
	unsigned *n = p;

	atomic_fetch_add(&destroyed, 1);
	if (n[1] < 3) {
		/* Set again, as long as it is allowed. */
		unsigned *next = malloc(64 + n[0]);

		next[0] = n[0];
		next[1] = n[1] + 1;
		pthread_setspecific(keys[n[0]], next);
	}
	free(p);
}

static void *
use_keys(void *arg)
{
	for (unsigned i = 0; i < KEYS; i++) {
		unsigned *n = malloc(32 + i);

		n[0] = i;
		n[1] = 0;
		pthread_setspecific(keys[i], n);
	}
	return arg;
}

/* Of libc, where the allocator before it has none. Never freed. */
static void
beside_hazard(void)
{
	for (size_t i = 0; i < 64; i++) {
		char *p = pvalloc(100 + i);

		if (p != NULL)
			p[0] = 'x';
	}
	puts("64 pages");
}

static void
keys_hazard(void)
{
	pthread_t t[4];

	for (unsigned i = 0; i < KEYS; i++)
		pthread_key_create(&keys[i], destroy);
	for (unsigned r = 0; r < 5; r++) {
		for (unsigned i = 0; i < 4; i++)
			pthread_create(&t[i], NULL, use_keys, NULL);
		for (unsigned i = 0; i < 4; i++)
			pthread_join(t[i], NULL);
	}
	printf("%u destroyed\n", destroyed);
}

static void *
short_life(void *arg)
{
	free(malloc(100));
	sink = arg;
	return malloc(24);
}

static void
threads_hazard(void)
{
	unsigned joined = 0;
	pthread_attr_t small;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 32768);
	for (unsigned i = 0; i < 10000; i += 4) {
		pthread_t t[4];
		void *p;

		for (unsigned k = 0; k < 4; k++)
			if (pthread_create(&t[k], &small, short_life, &i) != 0)
				abort();
		for (unsigned k = 0; k < 4; k++) {
			pthread_join(t[k], &p);
			free(p);
			joined++;
		}
	}
	printf("%u joined\n", joined);
}

static void *
churn_thread(void *arg)
{
	churn(500, (unsigned)(uintptr_t)arg);
	return NULL;
}

/* The least stack there is: does a thread start, and may it allocate? */
static void
least_stack_hazard(void)
{
	size_t size = (size_t)sysconf(_SC_THREAD_STACK_MIN);
	pthread_attr_t attr;
	pthread_t t;
	int rc;

	pthread_attr_init(&attr);
	printf("set %d\n", pthread_attr_setstacksize(&attr, size));
	rc = pthread_create(&t, &attr, churn_thread, NULL);
	printf("create %d\n", rc);
	if (rc == 0)
		printf("join %d\n", pthread_join(t, NULL));
}

/* ---- signals ------------------------------------------------------------------ */

static volatile sig_atomic_t alarms;

/*
 * Sizes that nobody else uses here and that wait in the thread's cache: what
 * the handler interrupts may be malloc itself.
 */
static void
on_alarm(int sig)
{
	int saved = errno;
	char *p = malloc(900), *q = malloc(1000);

	(void)sig;
	p[0] = q[0] = 'x';
	free(p);
	free(q);
	if (errno != saved)
		abort();
	alarms++;
}

static void
alarm_hazard(void)
{
	static char alternate[16384];
	stack_t stack = { .ss_sp = alternate, .ss_size = sizeof alternate };
	struct sigaction on = { .sa_handler = on_alarm,
		.sa_flags = SA_ONSTACK | SA_RESTART };
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { 0 };
	unsigned long n = 0;

	on_alarm(0);
	for (size_t size = 16; size <= 512; size *= 2)
		free(malloc(size));
	sigaltstack(&stack, NULL);
	sigaction(SIGALRM, &on, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	while (alarms < 400) {
		char *p = malloc(16u << n++ % 6);

		p[0] = 'y';
		sink = p;
		free(p);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	printf("alarms seen\n");
}

static volatile size_t too_many = SIZE_MAX, too_much = (size_t)1 << 62;

static void
errno_hazard(void)
{
	void *p, *q;

#define KEEPS(expression)                                                      \
	do {                                                                   \
		errno = 77;                                                    \
		expression;                                                    \
		printf("%s: %d\n", #expression, errno);                        \
	} while (0)
	for (unsigned i = 0; i < 3; i++) {
		KEEPS(p = malloc(100));
		KEEPS(p = realloc(p, 10000));
		KEEPS(free(p));
		KEEPS(p = calloc(10, 10));
		KEEPS(free(p));
		KEEPS(p = memalign(64, 100));
		KEEPS(free(p));
		KEEPS(p = aligned_alloc(64, 128));
		KEEPS(free(p));
		KEEPS(sink = (void *)(uintptr_t)posix_memalign(&q, 64, 100));
		KEEPS(free(q));
		KEEPS(sink = (void *)(uintptr_t)posix_memalign(&q, 3, 100));
		KEEPS(free(NULL));
		KEEPS(p = malloc(too_much));
		KEEPS(p = reallocarray(NULL, too_many, 8));
		KEEPS(p = malloc(1 << 20));
		KEEPS(free(p));
	}
}

static jmp_buf back;

static void
deeper(unsigned n)
{
	char *p = malloc(n + 1);

	sink = p;
	free(p);
	if (n == 0)
		longjmp(back, 1);
	if (n != UINT_MAX)
		deeper(n - 1);
	sink = NULL; /* not a tail call */
}

static void
jump_hazard(void)
{
	volatile unsigned jumps = 0;

	for (volatile unsigned i = 0; i < 1000; i++)
		if (setjmp(back) == 0)
			deeper(i % 50);
		else
			jumps++;
	printf("%u jumps\n", jumps);
}

/* ---- other processes ------------------------------------------------------------- */

static atomic_bool stop;

static void *
churn_on(void *arg)
{
	while (!stop)
		churn(300, (unsigned)(uintptr_t)arg);
	return NULL;
}

__attribute__((noinline)) static void
held_by_parent(void)
{
	for (unsigned i = 0; i < 100; i++)
		sink = malloc(1000);
}

__attribute__((noinline)) static void
held_by_child(void)
{
	for (unsigned i = 0; i < 1000; i++)
		sink = malloc(999);
}

static void
fork_hazard(void)
{
	pthread_t t[3];

	held_by_parent();
	for (unsigned i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, churn_on, (void *)(uintptr_t)i);
	for (unsigned i = 0; i < 50; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			held_by_child();
			churn(200, i);
			if (i % 2)
				_exit(0);
			exit(0);
		}
		wait_child("fork", pid);
	}
	stop = true;
	for (unsigned i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	printf("50 children\n");
	fflush(stdout);
	while (getchar() != EOF)
		;
}

__attribute__((noinline)) static pid_t
vfork_and_exec(char **argv)
{
	pid_t pid = vfork();

	if (pid == 0) {
		sink = malloc(1000);
		execv("/bin/true", argv);
		_exit(127);
	}
	return pid;
}

static void
spawn_hazard(void)
{
	char *argv[] = { (char *)"true", NULL };
	pid_t pid;

	for (unsigned i = 0; i < 30; i++) {
		pid = vfork_and_exec(argv);
		free(sink);
		wait_child("vfork", pid);
		if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv,
			environ) != 0)
			abort();
		wait_child("posix_spawn", pid);
	}
	printf("system %d\n", system("exit 3") >> 8);
}

/* By nobody's function: no hook hears of it. */
static long
raw_clone(void)
{
	register long r10 __asm__("r10") = 0;
	register long r8 __asm__("r8") = 0;
	long rc;

	__asm__ volatile("syscall"
			 : "=a"(rc)
			 : "a"(SYS_clone), "D"(SIGCHLD), "S"(0), "d"(0),
			 "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return rc;
}

static void
clone_hazard(void)
{
	held_by_parent();
	for (unsigned i = 0; i < 20; i++) {
		long pid = raw_clone();

		if (pid == 0) {
			held_by_child();
			churn(1000, i);
			_exit(0);
		}
		wait_child("clone", (pid_t)pid);
		pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
		if (pid == 0) {
			churn(1000, i);
			_exit(0);
		}
		wait_child("syscall", (pid_t)pid);
	}
	printf("40 clones\n");
	fflush(stdout);
	while (getchar() != EOF)
		;
}

static void
daemon_hazard(void)
{
	held_by_parent();
	if (daemon(1, 1) != 0)
		abort();
	held_by_child();
	churn(1000, 1);
	printf("daemon\n");
}

static void
exec_hazard(char **argv)
{
	char left[16];
	char *next[] = { argv[0], argv[1], left, NULL };
	int n = argv[2] != NULL ? atoi(argv[2]) : 0;

	churn(50, (unsigned)n);
	if (n == 0) {
		printf("executed\n");
		return;
	}
	snprintf(left, sizeof left, "%d", n - 1);
	execv("/proc/self/exe", next);
	abort();
}

static void
exit_hazard(char **argv)
{
	const char *how = argv[2] != NULL ? argv[2] : "";

	churn(500, 1);
	printf("before %s\n", how);
	fflush(stdout);
	if (strcmp(how, "_exit") == 0)
		_exit(11);
	if (strcmp(how, "quick_exit") == 0)
		quick_exit(12);
	if (strcmp(how, "abort") == 0)
		abort();
	if (strcmp(how, "kill") == 0)
		raise(SIGKILL);
	if (strcmp(how, "segv") == 0)
		raise(SIGSEGV);
	exit(13);
}

/* ---- limits and descriptors ----------------------------------------------------------- */

static void
no_memory_hazard(void)
{
	unsigned n = 0;
	void **list = NULL, **p;

	while ((p = malloc(1 << 20)) != NULL && n < 100000) {
		*p = list;
		list = p;
		n++;
	}
	printf("refused %s\n", n > 0 && n < 100000 ? "in the end" : "oddly");
	while (list != NULL) {
		p = *list;
		free(list);
		list = p;
	}
	churn(1000, 1);
	printf("and goes on\n");
}

static void
list_descriptors(void)
{
	for (int fd = 0; fd < 64; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf(" %d", fd);
	printf("\n");
}

static void
descriptors_hazard(void)
{
	int last = -1, fd;

	list_descriptors();
	churn(2000, 1);
	list_descriptors();
	closefrom(3);
	printf("next %d\n", open("/dev/null", O_RDONLY));
	while ((fd = open("/dev/null", O_RDONLY)) >= 0 && fd < 60)
		last = fd;
	churn(2000, 2);
	printf("last %d\n", last);
	closefrom(3);
	churn(2000, 3);
	list_descriptors();
}

/* What a process shows of itself: no thread, descriptor or handler more. */
static void
fingerprint_hazard(void)
{
	static char text[8192];
	struct dirent *d;
	unsigned tasks = 0;
	DIR *dir;
	ssize_t n;
	int fd;

	churn(5000, 1);
	list_descriptors();
	dir = opendir("/proc/self/task");
	while ((d = readdir(dir)) != NULL)
		tasks += d->d_name[0] != '.';
	closedir(dir);
	printf("threads %u\n", tasks);
	fd = open("/proc/self/status", O_RDONLY);
	n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if ((strncmp(line, "Sig", 3) == 0 && line[3] != 'Q') ||
		    strncmp(line, "Seccomp", 7) == 0)
			printf("%s\n", line);
	fd = open("/proc/self/timers", O_RDONLY);
	printf("timers %zd\n", read(fd, text, sizeof text));
}

static void
locked_hazard(void)
{
	closefrom(3);
	if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
		printf("not locked: %s\n", strerror(errno));
		return;
	}
	churn(5000, 1);
	fork_hazard();
}

/* ---- sandboxes ---------------------------------------------------------------------------- */

#define ALLOW(n)                                                               \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (n), 0, 1),                        \
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/* Nothing but what reads, writes, ends and gets memory. */
static void
strict_filter(bool by_syscall)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		ALLOW(SYS_read), ALLOW(SYS_write), ALLOW(SYS_exit),
		ALLOW(SYS_exit_group), ALLOW(SYS_brk), ALLOW(SYS_mmap),
		ALLOW(SYS_munmap), ALLOW(SYS_mremap),
		ALLOW(SYS_getrandom), /* glibc's first malloc */
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = { sizeof code / sizeof code[0], code };
	long rc;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	rc = by_syscall ?
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) :
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
	if (rc != 0)
		abort();
}

__attribute__((noinline)) static void
in_sandbox(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		sink = malloc(48 + i % 1000);
}

static void
sandbox_hazard(char **argv)
{
	bool early = argv[2] != NULL && argv[3] != NULL;

	setvbuf(stdout, NULL, _IONBF, 0);
	if (!early)
		churn(100, 1);
	strict_filter(argv[2] != NULL && strcmp(argv[2], "syscall") == 0);
	in_sandbox(9000);
	churn(20000, 2);
	printf("alive\n");
	while (getchar() != EOF)
		;
}

/*
 * Starts the rest of the command line under a filter that answers to one
 * system call, from the start. ftruncate is one that a program seldom needs.
 */
static void
under_hazard(char **argv)
{
	unsigned action = strcmp(argv[2], "kill") == 0 ?
	    SECCOMP_RET_KILL_PROCESS :
	    strcmp(argv[2], "trap") == 0 ? SECCOMP_RET_TRAP :
					   SECCOMP_RET_ERRNO | EPERM;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
		    (unsigned)atoi(argv[3]), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof code / sizeof code[0], code };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0)
		abort();
	execvp(argv[4], argv + 4);
	abort();
}

/* ---- foreign stacks -------------------------------------------------------------------------- */

#define COROUTINES 8

static ucontext_t home, coroutine[COROUTINES];
static unsigned turns;

static void
allocate_in_turn(int k)
{
	for (unsigned i = 0; i < 200; i++) {
		char *p = malloc(50 + (unsigned)k);

		p[0] = (char)k;
		turns++;
		swapcontext(&coroutine[k], &home);
		free(p);
	}
}

static void
coroutines_hazard(void)
{
	for (int k = 0; k < COROUTINES; k++) {
		getcontext(&coroutine[k]);
		coroutine[k].uc_stack.ss_sp = malloc(16384);
		coroutine[k].uc_stack.ss_size = 16384;
		coroutine[k].uc_link = &home;
		makecontext(&coroutine[k], (void (*)(void))allocate_in_turn, 1,
		    k);
	}
	for (unsigned i = 0; i < 200; i++)
		for (int k = 0; k < COROUTINES; k++)
			swapcontext(&home, &coroutine[k]);
	printf("%u turns\n", turns);
}

/* ---- for the profile ---------------------------------------------------------------------------- */

/* As many stacks as there are bits in the argument: left or right each. */
__attribute__((noinline)) static void left(unsigned path, unsigned depth);

__attribute__((noinline)) static void
right(unsigned path, unsigned depth)
{
	if (depth == 0)
		sink = malloc(64);
	else if (path & 1)
		left(path >> 1, depth - 1);
	else
		right(path >> 1, depth - 1);
	__asm__ volatile("");
}

__attribute__((noinline)) static void
left(unsigned path, unsigned depth)
{
	if (depth == 0)
		sink = malloc(64);
	else if (path & 1)
		left(path >> 1, depth - 1);
	else
		right(path >> 1, depth - 1);
	__asm__ volatile("");
}

/* stacks BITS: two to that many different stacks, one object each. */
static void
stacks_hazard(char **argv)
{
	unsigned bits = argv[2] != NULL ? (unsigned)atoi(argv[2]) : 4;

	for (unsigned path = 0; path < 1u << bits; path++) {
		left(path, bits);
		if (path % 4 == 3)
			free(sink);
	}
	printf("ready %u\n", 1u << bits);
	fflush(stdout);
	while (getchar() != EOF)
		;
}

/* Known amounts of ten sizes; says how many bytes each takes. */
static void
sizes_hazard(void)
{
	static const struct {
		size_t size;
		unsigned n;
	} held[] = { { 16, 20000 }, { 48, 8000 }, { 100, 4000 }, { 512, 1000 },
		{ 1024, 500 }, { 4096, 150 }, { 16384, 40 }, { 65536, 20 },
		{ 262144, 6 }, { 2097152, 3 } };

	for (size_t k = 0; k < sizeof held / sizeof held[0]; k++) {
		size_t usable = 0;

		for (unsigned i = 0; i < held[k].n; i++) {
			sink = malloc(held[k].size);
			usable += malloc_usable_size(sink);
		}
		printf("%zu %zu\n", held[k].size, usable);
	}
	printf("ready\n");
	fflush(stdout);
	while (getchar() != EOF)
		;
}

/* objects N: holds N objects of 64 bytes; more for each line of input. */
static void
objects_hazard(char **argv)
{
	unsigned n = argv[2] != NULL ? (unsigned)atoi(argv[2]) : 100, all = 0;
	int c;

	do {
		for (unsigned i = 0; i < n; i++)
			sink = malloc(64);
		all += n;
		printf("ready %u\n", all);
		fflush(stdout);
		while ((c = getchar()) != '\n' && c != EOF)
			;
	} while (c != EOF);
}

/*
 * A target that lies: writes garbage all over its own segment, as fast as it
 * can. "keep-header" leaves what would be refused at once.
 */
static void
hostile_hazard(char **argv)
{
	size_t from = argv[2] != NULL ? 16384 / 8 : 1;
	unsigned long start, end;
	volatile uint64_t *at = NULL;
	uint64_t x = 88172645463325252;
	char line[600], mode[8];
	FILE *maps;

	churn(3000, 1);
	maps = fopen("/proc/self/maps", "r");
	while (fgets(line, sizeof line, maps) != NULL)
		if (strstr(line, ".seg") != NULL &&
		    sscanf(line, "%lx-%lx %7s", &start, &end, mode) == 3) {
			at = (volatile uint64_t *)start;
			break;
		}
	if (at == NULL)
		return;
	printf("ready\n");
	fflush(stdout);
	for (size_t words = (end - start) / 8 - from;;) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		/* Where the tables begin, mostly: the rest is empty. */
		at[from + (x >> 20) % (x & 1 ? words : words / 64)] =
		    x & 2 ? x >> 40 : x;
	}
}

/* Until it is killed. */
static void
hammer_hazard(void)
{
	pthread_t t[7];

	printf("ready\n");
	fflush(stdout);
	for (unsigned i = 0; i < 7; i++)
		pthread_create(&t[i], NULL, churn_on, (void *)(uintptr_t)i);
	churn_on(NULL);
}

static const struct {
	const char *name;
	void (*plain)(void);
	void (*with)(char **argv);
} hazards[] = {
	{ "beside", beside_hazard, NULL },
	{ "keys", keys_hazard, NULL },
	{ "threads", threads_hazard, NULL },
	{ "least-stack", least_stack_hazard, NULL },
	{ "alarm", alarm_hazard, NULL },
	{ "errno", errno_hazard, NULL },
	{ "jump", jump_hazard, NULL },
	{ "fork", fork_hazard, NULL },
	{ "spawn", spawn_hazard, NULL },
	{ "clone", clone_hazard, NULL },
	{ "daemon", daemon_hazard, NULL },
	{ "exec", NULL, exec_hazard },
	{ "exit", NULL, exit_hazard },
	{ "no-memory", no_memory_hazard, NULL },
	{ "descriptors", descriptors_hazard, NULL },
	{ "fingerprint", fingerprint_hazard, NULL },
	{ "locked", locked_hazard, NULL },
	{ "sandbox", NULL, sandbox_hazard },
	{ "under", NULL, under_hazard },
	{ "coroutines", coroutines_hazard, NULL },
	{ "stacks", NULL, stacks_hazard },
	{ "sizes", sizes_hazard, NULL },
	{ "objects", NULL, objects_hazard },
	{ "hostile", NULL, hostile_hazard },
	{ "hammer", hammer_hazard, NULL },
};

int
main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof hazards / sizeof hazards[0]; i++)
		if (argc > 1 && strcmp(hazards[i].name, argv[1]) == 0) {
			if (hazards[i].plain != NULL)
				hazards[i].plain();
			else
				hazards[i].with(argv);
			return 0;
		}
	return 99;
}
