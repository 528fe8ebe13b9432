/* SPDX-License-Identifier: MIT */
/* Filters judged without a process; which calls are safe; the stub's shape. */
#include "config.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "attach/filter.h"
#include "attach/stub.h"
#include "attach/tasks.h"

#define LOAD(field)                                                            \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define LOAD_ARG(i)                                                            \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS,                                     \
	    offsetof(struct seccomp_data, args) + 8 * (i))
#define IF(what, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, what, yes, no)
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)
#define RUN(program, call)                                                     \
	filter_run(program, sizeof(program) / sizeof(program)[0], call)

static const struct filter_call mprotect_rw = { "mprotect", SYS_mprotect, 4,
	{ 0, 0, PROT_READ | PROT_WRITE } };
static const struct filter_call mprotect_any = { "mprotect", SYS_mprotect, 0,
	{ 0 } };
static const struct filter_call getpid_call = { "getpid", SYS_getpid, 0,
	{ 0 } };

static void
a_filter_that_allows_allows(void **state)
{
	const struct sock_filter p[] = { RETURN(SECCOMP_RET_ALLOW) };

	(void)state;
	assert_int_equal(RUN(p, &getpid_call), SECCOMP_RET_ALLOW);
}

static void
the_number_and_the_architecture_are_known(void **state)
{
	const struct sock_filter p[] = { LOAD(arch),
		IF(AUDIT_ARCH_X86_64, 1, 0), RETURN(SECCOMP_RET_KILL_PROCESS),
		LOAD(nr), IF(SYS_mprotect, 0, 1), RETURN(SECCOMP_RET_TRAP),
		RETURN(SECCOMP_RET_ALLOW) };

	(void)state;
	assert_int_equal(RUN(p, &mprotect_rw), SECCOMP_RET_TRAP);
	assert_int_equal(RUN(p, &getpid_call), SECCOMP_RET_ALLOW);
}

static void
a_known_argument_decides(void **state)
{
	const struct sock_filter p[] = { LOAD_ARG(2),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, PROT_EXEC),
		IF(PROT_EXEC, 0, 1), RETURN(SECCOMP_RET_KILL_PROCESS),
		RETURN(SECCOMP_RET_ALLOW) };

	(void)state;
	assert_int_equal(RUN(p, &mprotect_rw), SECCOMP_RET_ALLOW);
}

static void
an_unknown_argument_takes_the_worst_way(void **state)
{
	const struct sock_filter p[] = { LOAD_ARG(2),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, PROT_EXEC),
		IF(PROT_EXEC, 0, 1), RETURN(SECCOMP_RET_ERRNO | EPERM),
		RETURN(SECCOMP_RET_ALLOW) };
	const struct sock_filter deep[] = { LOAD_ARG(0), IF(1, 0, 3),
		LOAD_ARG(1), IF(2, 0, 1), RETURN(SECCOMP_RET_KILL_THREAD),
		RETURN(SECCOMP_RET_ALLOW) };

	(void)state;
	assert_int_equal(RUN(p, &mprotect_any), SECCOMP_RET_ERRNO | EPERM);
	assert_int_equal(RUN(deep, &mprotect_any), SECCOMP_RET_KILL_THREAD);
}

static void
the_upper_half_of_an_argument_is_its_own_word(void **state)
{
	const struct filter_call call = { "mmap", SYS_mmap, 1,
		{ UINT64_C(0x500000003) } };
	const struct sock_filter p[] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					     offsetof(struct seccomp_data,
						 args) + 4),
		IF(5, 0, 1), RETURN(SECCOMP_RET_ALLOW),
		RETURN(SECCOMP_RET_TRAP) };

	(void)state;
	assert_int_equal(RUN(p, &call), SECCOMP_RET_ALLOW);
}

static void
memory_and_index_work(void **state)
{
	const struct sock_filter p[] = { LOAD(nr),
		BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_IMM, 7),
		BPF_STMT(BPF_LD | BPF_MEM, 3),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1),
		RETURN(SECCOMP_RET_ALLOW), RETURN(SECCOMP_RET_TRAP) };

	(void)state;
	assert_int_equal(RUN(p, &getpid_call), SECCOMP_RET_ALLOW);
}

static void
what_makes_no_sense_kills(void **state)
{
	const struct sock_filter endless[] = { LOAD(nr) };
	const struct sock_filter beyond[] = { BPF_STMT(BPF_JMP | BPF_JA, 99),
		RETURN(SECCOMP_RET_ALLOW) };
	const struct sock_filter odd[] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					       3),
		RETURN(SECCOMP_RET_ALLOW) };
	const struct sock_filter zero[] = {
		BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0),
		RETURN(SECCOMP_RET_ALLOW)
	};

	(void)state;
	assert_int_equal(RUN(endless, &getpid_call), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(RUN(beyond, &getpid_call), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(RUN(odd, &getpid_call), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(RUN(zero, &getpid_call), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(filter_run(endless, 0, &getpid_call),
	    SECCOMP_RET_KILL_PROCESS);
}

/* Each of these branches doubles the ways: 2 to the 60th. */
static void
too_many_ways_kill(void **state)
{
	struct sock_filter p[181];
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 60; i++) {
		p[n++] = (struct sock_filter)LOAD_ARG(0);
		p[n++] = (struct sock_filter)IF((unsigned)i, 0, 1);
		p[n++] = (struct sock_filter)BPF_STMT(BPF_ST, 0);
	}
	p[n++] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
	assert_int_equal(filter_run(p, n, &mprotect_any),
	    SECCOMP_RET_KILL_PROCESS);
}

static void
errors_are_judged_by_what_libc_makes_of_them(void **state)
{
	const struct filter_call clone3 = { "clone3", SYS_clone3, 0, { 0 } };
	const struct filter_call rseq = { "rseq", SYS_rseq, 0, { 0 } };

	(void)state;
	assert_null(filter_judge(&clone3, SECCOMP_RET_ERRNO | ENOSYS));
	assert_string_equal(filter_judge(&clone3, SECCOMP_RET_ERRNO | EPERM),
	    "refuse");
	assert_non_null(filter_judge(&rseq, SECCOMP_RET_ERRNO | ENOSYS));
	assert_null(filter_judge(&rseq, SECCOMP_RET_LOG));
	assert_non_null(filter_judge(&rseq, SECCOMP_RET_TRACE));
	assert_non_null(filter_judge(&rseq, SECCOMP_RET_USER_NOTIF));
}

static void
the_list_of_calls_has_what_an_attach_needs(void **state)
{
	static const int32_t needed[] = { SYS_mmap, SYS_mprotect, SYS_clone3,
		SYS_clone, SYS_rseq, SYS_openat, SYS_futex, SYS_exit,
		SYS_ftruncate, SYS_rt_sigprocmask };
	size_t n;
	const struct filter_call *calls = filter_calls(FILTER_ATTACH, &n);

	(void)state;
	for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
		size_t at = 0;

		while (at < n && calls[at].number != needed[i])
			at++;
		assert_in_range(at, 0, n - 1);
	}
}

static void
no_lock_is_a_safe_point(void **state)
{
	(void)state;
	assert_int_equal(task_safety(SYS_epoll_wait), TASK_SAFE);
	assert_int_equal(task_safety(SYS_nanosleep), TASK_SAFE_WITH_GLIBC);
	assert_int_equal(task_safety(SYS_futex), TASK_UNSAFE);
	assert_int_equal(task_safety(SYS_restart_syscall), TASK_UNSAFE);
	assert_int_equal(task_safety(-1), TASK_UNSAFE);
	assert_int_equal(task_safety(SYS_wait4), TASK_UNSAFE);
}

/* The C side of the words that the assembler writes. */
static void
the_stub_and_its_header_agree(void **state)
{
	uint64_t magic;

	(void)state;
	memcpy(&magic, stub_begin, sizeof magic);
	assert_int_equal(magic, STUB_MAGIC);
	assert_int_equal((size_t)(stub_end - stub_registers),
	    sizeof(struct stub_data));
	assert_int_equal((size_t)(stub_registers - stub_begin) % 8, 0);
	assert_int_equal((size_t)(stub_entry - stub_begin), 16);
	assert_int_equal(offsetof(struct stub_status, stage), STUB_STAGE);
	assert_int_equal(offsetof(struct stub_status, hijacked),
	    STUB_HIJACKED);
	assert_int_equal(STAGE_LOADING, 1);
	assert_int_equal(STAGE_CALLING, 2);
	assert_int_equal(STAGE_NO_LOAD, 3);
	assert_int_equal(STAGE_DONE, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_filter_that_allows_allows),
		cmocka_unit_test(the_number_and_the_architecture_are_known),
		cmocka_unit_test(a_known_argument_decides),
		cmocka_unit_test(an_unknown_argument_takes_the_worst_way),
		cmocka_unit_test(the_upper_half_of_an_argument_is_its_own_word),
		cmocka_unit_test(memory_and_index_work),
		cmocka_unit_test(what_makes_no_sense_kills),
		cmocka_unit_test(too_many_ways_kill),
		cmocka_unit_test(errors_are_judged_by_what_libc_makes_of_them),
		cmocka_unit_test(the_list_of_calls_has_what_an_attach_needs),
		cmocka_unit_test(no_lock_is_a_safe_point),
		cmocka_unit_test(the_stub_and_its_header_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
