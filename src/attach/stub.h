/* SPDX-License-Identifier: MIT */
/*
 * The code that is written into a target, what it is told, and what it tells.
 * Position independent; assembled by stub.S, which knows these offsets too.
 *
 * It lives in a cave: the zeroes between the end of a segment's contents and
 * the end of its last page. One in a segment of code holds the image, one in
 * a segment of data holds the status words.
 */
#ifndef ULLAGE_ATTACH_STUB_H
#define ULLAGE_ATTACH_STUB_H

/* Offsets in the status words. */
#define STUB_COMMITTED 0  /* written from outside, just before the commit */
#define STUB_ENTERED 4
#define STUB_CREATED 8	  /* what pthread_create returned */
#define STUB_LEFT 12
#define STUB_STAGE 16	  /* enum stub_stage, by the worker */
#define STUB_WORKER 20	  /* its tid in the target's namespace */
#define STUB_RESULT 24	  /* what the function returned */
#define STUB_HIJACKED 28  /* tid, as its attacher saw it */
#define STUB_MAGIC_AT 32
#define STUB_TEXT 40	  /* what dlerror said, cut, NUL-terminated */
#define STUB_STATUS_MIN 64

/* "ULLSTUB1", little endian: the first bytes of the image, and at
 * STUB_MAGIC_AT of the status words. */
#define STUB_MAGIC 0x31425554534c4c55

/* Below the red zone: pthread_t, the signal mask, and the state that XSAVE
 * keeps. The stub's own stack goes down from there. */
#define STUB_SCRATCH 0x1400
#define STUB_MASK 0x180
#define STUB_XSAVE 0x400
#define STUB_HEADER (STUB_XSAVE + 576)
#define STUB_RED_ZONE 128

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

enum stub_stage {
	STAGE_NONE = 0,
	STAGE_LOADING,	/* in dlopen: waits for the loader's lock if it must */
	STAGE_CALLING,	/* in the function */
	STAGE_NO_LOAD,	/* dlopen or dlsym failed: see the text */
	STAGE_DONE,
};

/* The status words, copied. */
struct stub_status {
	uint32_t committed, entered, created, left;
	uint32_t stage, worker;
	int32_t result;
	uint32_t hijacked;
	uint64_t magic;
};

/* The end of the image, in the order of stub.S. */
struct stub_data {
	/* Registers to leave with. */
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rip, flags;
	/* The first two of them if the call ends with EINTR; and the signal
	 * whose handler is to tell whether it does, 0: none came. */
	uint64_t rax_ended, rip_ended, signal;
	/* Functions of the target's C library. */
	uint64_t errno_location, pthread_create, pthread_sigmask;
	uint64_t pthread_detach, gettid, dlopen, dlsym, dlerror;
	uint64_t status;  /* address of the status words */
	uint64_t room;	  /* bytes of text there, with the NUL */
	uint64_t flags_open; /* of dlopen */
	uint64_t path, name; /* addresses of strings behind the image */
	uint64_t argument;
	uint64_t all_signals[16];
};

extern const char stub_begin[], stub_entry[], stub_decide[];
extern const char stub_registers[], stub_end[];
#endif

#endif
