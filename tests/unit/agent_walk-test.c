/* SPDX-License-Identifier: MIT */
/*
 * The walk against libgcc's unwinder, wherever both can go, and on stacks
 * that nobody can walk.
 */
#include "config.h"

#include "agent/walk.h"

#include "agent/cfi.h"
#include "agent/row.h"

#include "agent_walk-shapes.h"

#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include <cmocka.h>

#define FRAMES 400

static uint64_t stack_end;
static const void *loader; /* where ld.so is mapped */

/* ---- the oracle ------------------------------------------------------- */

struct oracle {
	uint64_t frames[FRAMES];
	unsigned n;
};

static _Unwind_Reason_Code
oracle_take(struct _Unwind_Context *context, void *arg)
{
	struct oracle *o = arg;
	int exact = 0;
	uint64_t ip = _Unwind_GetIPInfo(context, &exact);

	if (ip != 0 && o->n < FRAMES)
		o->frames[o->n++] = ip + (exact != 0);
	return _URC_NO_REASON;
}

struct tally {
	unsigned whole;
	unsigned cut;
	unsigned wrong;
	enum walk_end end;     /* of the last */
	unsigned cut_outside;  /* of the loader */
	unsigned told;	       /* whole ones whose words are known */
	unsigned depth;	       /* of the last */
	uint64_t end_of_stack; /* 0: that of the main thread */
};

/* The registers of whoever called the function that this is expanded in. */
#define CALLER_REGS(r)                                                         \
	struct walk_regs r = {                                                 \
	    (uint64_t)(uintptr_t)__builtin_return_address(0),                  \
	    (uint64_t)(uintptr_t)__builtin_frame_address(0) + 16,              \
	    *(uint64_t *)__builtin_frame_address(0)}

static void
cut(struct tally *t, uint64_t pc)
{
	struct dl_find_object o = {0};

	t->cut++;
	if (_dl_find_object((void *)(uintptr_t)(pc - 1), &o) != 0 ||
	    o.dlfo_map_start != loader)
		t->cut_outside++;
}

static void
differ(const struct oracle *o, const uint64_t *frames, unsigned n)
{
	for (unsigned i = 0; i < n || i + 1 < o->n; i++)
		fprintf(stderr, "%3u walk %#lx libgcc %#lx\n", i,
		    i < n ? frames[i] : 0, i + 1 < o->n ? o->frames[i + 1] : 0);
}

/* Every return address must be in one of the words that the walk is said to
 * depend on. */
static __attribute__((no_sanitize("address"))) void
check_words(struct tally *t, const struct walk_regs *r, const uint64_t *frames,
    unsigned n)
{
	const uint64_t *at = (const uint64_t *)(uintptr_t)r->sp;
	uint64_t hi = t->end_of_stack != 0 ? t->end_of_stack : stack_end;
	uint16_t offsets[300];
	bool fp_matters;
	unsigned words = walk_words(r, hi, offsets, 300, &fp_matters);

	if (words == 0)
		return;
	t->told++;
	for (unsigned i = 1; i < n; i++) {
		unsigned k = 0;

		while (k < words && at[offsets[k]] != frames[i])
			k++;
		t->wrong += k == words;
	}
}

/* Walks from its caller on, by both; a cut walk must agree as far as it is. */
static __attribute__((noinline)) void
compare(void *arg)
{
	struct tally *t = arg;
	static __thread struct oracle o;
	static __thread uint64_t frames[FRAMES];
	CALLER_REGS(r);
	unsigned n =
	    walk(&r, t->end_of_stack != 0 ? t->end_of_stack : stack_end, frames,
		FRAMES, &t->end);

	o.n = 0;
	_Unwind_Backtrace(oracle_take, &o);
	t->depth = n;
	if (t->end == WALK_WHOLE) {
		t->whole++;
		check_words(t, &r, frames, n);
	} else {
		cut(t, frames[n - 1]);
	}
	/* The first of the oracle's is in this function. */
	if (n > o.n - 1 || (t->end == WALK_WHOLE && n != o.n - 1) ||
	    memcmp(frames, o.frames + 1, n * sizeof(frames[0])) != 0) {
		if (t->wrong++ == 0)
			differ(&o, frames, n);
	}
}

static void
assert_all_whole(const struct tally *t)
{
	assert_int_equal(t->wrong, 0);
	assert_int_equal(t->cut, 0);
	assert_true(t->whole > 0);
}

/* ---- ordinary code ---------------------------------------------------- */

static void
frames_of_all_shapes_agree_with_libgcc(void **state)
{
	struct tally t = {0};

	(void)state;
	/* The second time from the cache. */
	for (int i = 0; i < 3; i++)
		shapes_run(compare, &t);
	assert_all_whole(&t);
	assert_true(t.told > 0);
}

static void
rows_that_were_forgotten_are_found_again(void **state)
{
	struct tally t = {0};

	(void)state;
	for (int i = 0; i < 70; i++) {
		walk_forget_rows();
		shapes_run(compare, &t);
	}
	assert_all_whole(&t);
}

static void
exceptions_and_cleanups_agree_with_libgcc(void **state)
{
	struct tally t = {0};

	(void)state;
	shapes_throw(compare, &t);
	shapes_throw(compare, &t);
	assert_all_whole(&t);
	assert_int_equal(t.whole, 6);
}

static void *
on_thread(void *arg)
{
	struct tally *t = arg;
	pthread_attr_t attr;
	void *lo;
	size_t size;

	pthread_getattr_np(pthread_self(), &attr);
	pthread_attr_getstack(&attr, &lo, &size);
	pthread_attr_destroy(&attr);
	t->end_of_stack = (uint64_t)(uintptr_t)lo + size;
	for (int i = 0; i < 200; i++)
		shapes_run(compare, t);
	return NULL;
}

static void
threads_walk_to_their_start_at_the_same_time(void **state)
{
	struct tally t[3] = {{0}};
	pthread_t id[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    pthread_create(&id[i], NULL, on_thread, &t[i]), 0);
	for (int i = 0; i < 300; i++)
		walk_forget_rows();
	for (int i = 0; i < 3; i++) {
		pthread_join(id[i], NULL);
		assert_all_whole(&t[i]);
	}
}

/* ---- signals ---------------------------------------------------------- */

static struct tally signal_tally;

static void
on_signal(int number)
{
	(void)number;
	compare(&signal_tally);
	/* Not a tail call: the handler must have a frame. */
	__asm__ volatile("");
}

static void
raise_in(void *arg)
{
	raise(*(int *)arg);
	__asm__ volatile("");
}

static void
signal_frames_agree_with_libgcc(void **state)
{
	int number = SIGUSR1;

	(void)state;
	signal_tally = (struct tally){0};
	signal(SIGUSR1, on_signal);
	shapes_run(raise_in, &number);
	signal(SIGUSR1, SIG_DFL);
	assert_all_whole(&signal_tally);
}

static void
a_handler_on_an_alternate_stack_ends_the_walk_as_foreign(void **state)
{
	struct sigaction sa = {.sa_flags = SA_ONSTACK};
	size_t size = 1 << 16;
	char *own = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stack_t alternate = {.ss_sp = own, .ss_size = size};
	stack_t none = {.ss_flags = SS_DISABLE};
	int number = SIGUSR2;

	(void)state;
	assert_true(own != MAP_FAILED);
	signal_tally = (struct tally){0};
	signal_tally.end_of_stack = (uint64_t)(uintptr_t)own + size;
	sa.sa_handler = on_signal;
	assert_int_equal(sigaltstack(&alternate, NULL), 0);
	sigaction(SIGUSR2, &sa, NULL);
	raise_in(&number);
	signal(SIGUSR2, SIG_DFL);
	sigaltstack(&none, NULL);
	munmap(own, size);
	assert_int_equal(signal_tally.wrong, 0);
	assert_int_equal(signal_tally.whole, 0);
	assert_int_equal(signal_tally.end, WALK_FOREIGN);
	assert_true(signal_tally.depth >= 2);
}

static void
on_trap(int number)
{
	(void)number;
	compare(&signal_tally);
	__asm__ volatile("");
}

/* Below the red zone, which a leaf may use. */
#define FLAGS_APPLY(instruction)                                               \
	__asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\t" instruction    \
			 "\n\tpopfq\n\tlea 128(%%rsp), %%rsp" ::               \
			     : "memory", "cc")

static void
nothing(void *arg)
{
	(void)arg;
	__asm__ volatile("");
}

/*
 * Every instruction of some code, those of prologues, of PLT entries and of
 * the loader's lazy binding among them, is a place where a signal arrives.
 * The trampoline of the lazy binding finds its frame by rbx, and the first
 * instructions of a function that realigns its stack find theirs by r10. These
 * are not followed: there, and only there, the walk may be cut.
 */
static void
every_single_step_agrees_with_libgcc(void **state)
{
	char text[64];

	(void)state;
#ifdef __SANITIZE_ADDRESS__
	/* The steps go through the sanitizer's interceptors, where the
	 * handler's own instrumentation faults. The plain build runs it. */
	skip();
#endif
	signal_tally = (struct tally){0};
	signal(SIGTRAP, on_trap);
	FLAGS_APPLY("orq $0x100, (%%rsp)");
	shapes_run(nothing, NULL);
	/* First calls, through the PLT. */
	(void)strtoull("123", NULL, 10);
	(void)atoi(getpid() != 0 ? "77" : "78");
	snprintf(text, sizeof(text), "%d %s", 5, "six");
	FLAGS_APPLY("andq $~0x100, (%%rsp)");
	signal(SIGTRAP, SIG_DFL);
	assert_int_equal(signal_tally.wrong, 0);
	assert_true(signal_tally.whole > 1000);
	assert_true(signal_tally.cut_outside * 20 < signal_tally.whole);
}

/* ---- code without tables ---------------------------------------------- */

__asm__(".text\n"
	"with_rbp: push %rbp; mov %rsp, %rbp; mov %rdi, %rax\n"
	"	mov %rsi, %rdi; call *%rax; pop %rbp; ret\n"
	"without_rbp: push %rbp; xor %ebp, %ebp; mov %rdi, %rax\n"
	"	mov %rsi, %rdi; call *%rax; pop %rbp; ret\n"
	"rbp_is_text: push %rbp; lea rbp_is_text(%rip), %rbp\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %rdi; call *%rax; pop %rbp; ret\n"
	"rbp_is_odd: push %rbp; lea 9(%rsp), %rbp; mov %rdi, %rax\n"
	"	mov %rsi, %rdi; call *%rax; pop %rbp; ret\n"
	"rbp_is_sunk: push %rbp; lea -64(%rsp), %rbp; mov %rdi, %rax\n"
	"	mov %rsi, %rdi; call *%rax; pop %rbp; ret\n"
	"assembly_end:\n"
	/* As OpenSSL does: the CFA is *(rsp + 40) + 8. */
	"by_memory: .cfi_startproc\n"
	"	mov %rsp, %rax\n"
	"	.cfi_def_cfa_register %rax\n"
	"	push %rbp\n"
	"	.cfi_offset %rbp, -16\n"
	"	sub $64, %rsp; and $-64, %rsp; mov %rax, 40(%rsp)\n"
	"	.cfi_escape 0x0f, 5, 0x77, 40, 0x06, 0x23, 8\n"
	"	xor %ebp, %ebp; mov %rdi, %rax; mov %rsi, %rdi; call *%rax\n"
	"	mov 40(%rsp), %rsi; mov -8(%rsi), %rbp; mov %rsi, %rsp\n"
	"	.cfi_def_cfa %rsp, 8\n"
	"	.cfi_restore %rbp\n"
	"	ret\n"
	"	.cfi_endproc\n");
void by_memory(void (*call)(void *), void *arg);
void with_rbp(void (*call)(void *), void *arg);
void without_rbp(void (*call)(void *), void *arg);
void rbp_is_text(void (*call)(void *), void *arg);
void rbp_is_odd(void (*call)(void *), void *arg);
void rbp_is_sunk(void (*call)(void *), void *arg);
extern const char assembly_end[];

static struct {
	uint64_t frames[FRAMES];
	unsigned n;
	enum walk_end end;
} taken;

static __attribute__((noinline)) void
take(void *arg)
{
	CALLER_REGS(r);

	taken.n = walk(&r, arg != NULL ? (uint64_t)(uintptr_t)arg : stack_end,
	    taken.frames, FRAMES, &taken.end);
}

static void
a_frame_found_through_memory_agrees_with_libgcc(void **state)
{
	struct tally t = {0};

	(void)state;
	by_memory(compare, &t);
	by_memory(compare, &t);
	assert_all_whole(&t);
}

static void
assembly_with_a_frame_pointer_is_stepped_over(void **state)
{
	unsigned with;

	(void)state;
	take(NULL);
	assert_int_equal(taken.end, WALK_WHOLE);
	with = taken.n + 1;
	with_rbp(take, NULL);
	assert_int_equal(taken.end, WALK_WHOLE);
	assert_int_equal(taken.n, with);
}

static void
assembly_without_one_ends_the_walk(void **state)
{
	void (*const all[])(void (*)(void *), void *) = {
	    without_rbp, rbp_is_text, rbp_is_odd, rbp_is_sunk};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		all[i](take, NULL);
		assert_int_equal(taken.end, WALK_NO_CFI);
		assert_int_equal(taken.n, 1);
	}
}

static void
generated_code_is_stepped_over_by_rbp_or_ends_the_walk(void **state)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const char *from = (const char *)(uintptr_t)with_rbp;
	void (*call)(void (*)(void *), void *);
	uintptr_t there;

	(void)state;
	assert_true(page != MAP_FAILED);
	memcpy(page, from, (size_t)(assembly_end - from));
	there = (uintptr_t)page;
	memcpy(&call, &there, sizeof(call));
	call(take, NULL);
	assert_int_equal(taken.end, WALK_WHOLE);
	assert_true(taken.frames[0] > there && taken.frames[0] < there + 4096);
	there += (uintptr_t)without_rbp - (uintptr_t)with_rbp;
	memcpy(&call, &there, sizeof(call));
	call(take, NULL);
	assert_int_equal(taken.end, WALK_NO_CFI);
	assert_int_equal(taken.n, 1);
	munmap(page, 4096);
}

/* ---- libraries that come and go --------------------------------------- */

static unsigned announced;
static const void *last_announced;

static void
announce(const struct dl_find_object *o)
{
	announced++;
	last_announced = o->dlfo_map_start;
}

static void
a_library_is_walked_again_after_it_was_unloaded(void **state)
{
	struct tally t = {0};
	unsigned before;

	(void)state;
	walk_object_seen = announce;
	for (int i = 0; i < 3; i++) {
		void *library = dlopen(SHAPES_LIBRARY, RTLD_NOW), *symbol;
		void (*run)(void (*)(void *), void *);
		struct dl_find_object o;

		if (library == NULL)
			fail_msg("%s", dlerror());
		symbol = dlsym(library, "shapes_run");
		assert_non_null(symbol);
		memcpy(&run, &symbol, sizeof(run));
		before = announced;
		run(compare, &t);
		assert_int_equal(_dl_find_object(symbol, &o), 0);
		if (i == 0) {
			assert_true(announced > before);
			assert_ptr_equal(last_announced, o.dlfo_map_start);
		}
		before = announced;
		run(compare, &t);
		assert_int_equal(announced, before);
		dlclose(library);
		walk_forget_rows();
	}
	walk_object_seen = NULL;
	assert_all_whole(&t);
}

/* ---- other stacks ----------------------------------------------------- */

static ucontext_t home, away;
static struct tally away_tally;

static void
coroutine(void)
{
	shapes_run(compare, &away_tally);
	take(NULL);
	__asm__ volatile("");
}

static void
coroutines_are_walked_when_their_bounds_are_known(void **state)
{
	size_t size = 1 << 17;
	char *own = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(own != MAP_FAILED);
	away_tally = (struct tally){0};
	away_tally.end_of_stack = (uint64_t)(uintptr_t)own + size;
	getcontext(&away);
	away.uc_stack.ss_sp = own;
	away.uc_stack.ss_size = size;
	away.uc_link = &home;
	makecontext(&away, coroutine, 0);
	swapcontext(&home, &away);
	/*
	 * All of it is walked. That it ends there cannot be known: the first
	 * "return address" is the start of __start_context, and the byte
	 * before that is in no function.
	 */
	assert_int_equal(away_tally.wrong, 0);
	assert_int_equal(away_tally.end, WALK_NO_CFI);
	/* take() was given the bound of the main thread's, which is above. */
	assert_int_equal(taken.end, WALK_NO_CFI);
	assert_int_equal(taken.n, 2);
	munmap(own, size);
}

static void
a_stack_pointer_that_is_not_in_bounds_gives_one_frame(void **state)
{
	uint64_t frames[4];
	enum walk_end end;
	CALLER_REGS(r);

	(void)state;
	assert_int_equal(walk(&r, r.sp, frames, 4, &end), 1);
	assert_int_equal(end, WALK_FOREIGN);
	assert_true(frames[0] == r.pc);
	assert_int_equal(walk(&r, r.sp - 4096, frames, 4, &end), 1);
	assert_int_equal(end, WALK_FOREIGN);
	r.sp += 1;
	assert_int_equal(walk(&r, stack_end, frames, 4, &end), 1);
	assert_int_equal(end, WALK_FOREIGN);
}

static void
the_bound_cuts_the_walk_where_it_is(void **state)
{
	uint64_t frames[FRAMES];
	enum walk_end end;
	unsigned all, last = 0;
	CALLER_REGS(r);

	(void)state;
	all = walk(&r, stack_end, frames, FRAMES, &end);
	assert_int_equal(end, WALK_WHOLE);
	for (uint64_t hi = r.sp + 8; hi < stack_end && last < all; hi += 8) {
		unsigned n = walk(&r, hi, frames, FRAMES, &end);

		assert_true(n >= last && n <= all);
		if (n < all)
			assert_int_equal(end, WALK_FOREIGN);
		last = n;
	}
	assert_int_equal(last, all);
}

static void
the_depth_limit_is_kept_and_told(void **state)
{
	uint64_t frames[FRAMES], cut[FRAMES];
	enum walk_end end;
	unsigned all;
	CALLER_REGS(r);

	(void)state;
	all = walk(&r, stack_end, frames, FRAMES, &end);
	assert_true(all > 3);
	for (unsigned max = 0; max <= all; max++) {
		memset(cut, 0xee, sizeof(cut));
		assert_int_equal(walk(&r, stack_end, cut, max, &end), max);
		assert_int_equal(end, max < all ? WALK_DEEP : WALK_WHOLE);
		assert_memory_equal(cut, frames, max * sizeof(cut[0]));
		assert_true(cut[max] == UINT64_C(0xeeeeeeeeeeeeeeee));
	}
}

/* ---- stacks of garbage ------------------------------------------------ */

static void
tables_give_the_same_row_searched_or_read_through(void **state)
{
	struct dl_find_object o;
	struct cfi_view v;
	const uint8_t *frames;
	int32_t off;
	unsigned found = 0;

	(void)state;
	assert_int_equal(_dl_find_object((void *)(uintptr_t)shapes_run, &o), 0);
	v = (struct cfi_view){
	    o.dlfo_map_start, o.dlfo_map_end, o.dlfo_eh_frame};
	/* What ld writes: a 4-byte offset from its own place. */
	assert_int_equal(v.hdr[1], 0x1b);
	memcpy(&off, v.hdr + 4, sizeof(off));
	frames = v.hdr + 4 + off;
	for (unsigned i = 0; i < 600; i++) {
		struct cfi_row a, b;
		uint64_t at = (uint64_t)(uintptr_t)shapes_run + i - 300;
		enum cfi_found how;

		memset(&a, 0, sizeof(a));
		memset(&b, 0, sizeof(b));
		how = cfi_find(&v, at, &a);
		assert_int_equal(cfi_find_linear(&v, frames, at, &b), how);
		if (how != CFI_FOUND)
			continue;
		found++;
		assert_int_equal(row_pack(&a), row_pack(&b));
	}
	assert_true(found > 300);
}

static void
a_table_cut_anywhere_is_refused_quietly(void **state)
{
	struct dl_find_object o;
	struct cfi_view v;
	struct cfi_row row;
	uint64_t pc = (uint64_t)(uintptr_t)shapes_run + 1;

	(void)state;
	assert_int_equal(_dl_find_object((void *)(uintptr_t)pc, &o), 0);
	v = (struct cfi_view){
	    o.dlfo_map_start, o.dlfo_map_end, o.dlfo_eh_frame};
	assert_int_equal(cfi_find(&v, pc, &row), CFI_FOUND);
	v.hi = v.hdr + 12;
	assert_int_equal(cfi_find(&v, pc, &row), CFI_MALFORMED);
	v.hi = v.hdr + 3;
	assert_int_equal(cfi_find(&v, pc, &row), CFI_NONE);
	v.hi = v.hdr;
	assert_int_equal(cfi_find(&v, pc, &row), CFI_NONE);
}

static uint64_t
next_random(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s * UINT64_C(0x2545f4914f6cdd1d);
}

static uint64_t
some_code(uint64_t *s, const struct dl_find_object *objects, unsigned n)
{
	const struct dl_find_object *o = &objects[next_random(s) % n];
	uint64_t lo = (uintptr_t)o->dlfo_map_start;

	return lo + next_random(s) % ((uintptr_t)o->dlfo_map_end - lo);
}

/* A word as it might be on a stack: code, an address on it, or anything. */
static uint64_t
some_word(uint64_t *s, uint64_t lo, uint64_t hi,
    const struct dl_find_object *objects, unsigned n)
{
	switch (next_random(s) % 8) {
	case 0:
	case 1:
	case 2:
	case 3:
		return some_code(s, objects, n);
	case 4:
	case 5:
		return lo + next_random(s) % (hi - lo + 16) / 8 * 8;
	case 6:
		return next_random(s) >> next_random(s) % 64;
	default:
		return hi - next_random(s) % 64;
	}
}

static void
garbage_is_walked_without_a_fault(void **state)
{
	const size_t size = 4096;
	char *all =
	    mmap(NULL, 3 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t *image = (uint64_t *)(void *)(all + size), s = 20240607;
	uint64_t lo = (uintptr_t)image, hi = lo + size, frames[64];
	unsigned ends[WALK_DEEP + 1] = {0}, deepest = 0;
	struct dl_find_object objects[3];
	void *in[3] = {(void *)(uintptr_t)shapes_run, dlsym(NULL, "qsort"),
	    dlsym(NULL, "__cxa_throw")};

	(void)state;
	assert_true(all != MAP_FAILED);
	assert_int_equal(mprotect(image, size, PROT_READ | PROT_WRITE), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(_dl_find_object(in[i], &objects[i]), 0);
	for (unsigned round = 0; round < 60000; round++) {
		struct walk_regs r;
		enum walk_end end;
		unsigned n;

		if (round % 16 == 0)
			for (unsigned i = 0; i < size / 8; i++)
				image[i] = some_word(&s, lo, hi, objects, 3);
		r.pc = some_code(&s, objects, 3);
		r.sp = lo + next_random(&s) % size / 8 * 8;
		r.fp = some_word(&s, lo, hi, objects, 3);
		if (round % 97 == 0)
			r.pc = next_random(&s);
		n = walk(&r, hi, frames, 64, &end);
		assert_true(n >= 1 && n <= 64);
		assert_true(end <= WALK_DEEP);
		ends[end]++;
		deepest = n > deepest ? n : deepest;
	}
	/* The images are good enough to get somewhere. */
	assert_true(deepest >= 5);
	assert_true(ends[WALK_FOREIGN] > 0 && ends[WALK_NO_CFI] > 0);
	munmap(all, 3 * size);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(frames_of_all_shapes_agree_with_libgcc),
	    cmocka_unit_test(rows_that_were_forgotten_are_found_again),
	    cmocka_unit_test(exceptions_and_cleanups_agree_with_libgcc),
	    cmocka_unit_test(threads_walk_to_their_start_at_the_same_time),
	    cmocka_unit_test(signal_frames_agree_with_libgcc),
	    cmocka_unit_test(
		a_handler_on_an_alternate_stack_ends_the_walk_as_foreign),
	    cmocka_unit_test(every_single_step_agrees_with_libgcc),
	    cmocka_unit_test(a_frame_found_through_memory_agrees_with_libgcc),
	    cmocka_unit_test(tables_give_the_same_row_searched_or_read_through),
	    cmocka_unit_test(a_table_cut_anywhere_is_refused_quietly),
	    cmocka_unit_test(assembly_with_a_frame_pointer_is_stepped_over),
	    cmocka_unit_test(assembly_without_one_ends_the_walk),
	    cmocka_unit_test(
		generated_code_is_stepped_over_by_rbp_or_ends_the_walk),
	    cmocka_unit_test(a_library_is_walked_again_after_it_was_unloaded),
	    cmocka_unit_test(coroutines_are_walked_when_their_bounds_are_known),
	    cmocka_unit_test(
		a_stack_pointer_that_is_not_in_bounds_gives_one_frame),
	    cmocka_unit_test(the_bound_cuts_the_walk_where_it_is),
	    cmocka_unit_test(the_depth_limit_is_kept_and_told),
	    cmocka_unit_test(garbage_is_walked_without_a_fault),
	};
	pthread_attr_t attr;
	void *lo;
	size_t size;

	pthread_getattr_np(pthread_self(), &attr);
	pthread_attr_getstack(&attr, &lo, &size);
	pthread_attr_destroy(&attr);
	stack_end = (uint64_t)(uintptr_t)lo + size;
	loader = (const void *)getauxval(AT_BASE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
