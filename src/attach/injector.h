/* SPDX-License-Identifier: MIT */
/*
 * The process that stops one thread and sends it: what it knows, and its parts
 * in the order in which they are used. Private to this folder. Where a
 * function returns bool, false means that it cannot go on and has told why.
 */
#ifndef ULLAGE_ATTACH_INJECTOR_H
#define ULLAGE_ATTACH_INJECTOR_H

#include "attach/inject.h"
#include "attach/stub.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/user.h>

/* Of the kernel's include/linux/errno.h; seen by tracers alone. */
#define ERESTARTSYS 512
#define ERESTARTNOINTR 513
#define ERESTARTNOHAND 514
#define ERESTART_RESTARTBLOCK 516

#define MS UINT64_C(1000000)
#define PAUSE_NS 10000

struct injector {
	const struct site *site;
	struct vet *vet;
	const struct inject_call *call;
	struct inject_report *report; /* shared */
	int32_t tid;
	int status_fd; /* of the thread's status, opened beforehand */
	int call_fd;   /* and of its system call */
	struct stopped at;	       /* its registers as they were */
	struct user_regs_struct sent;  /* and as they were sent */
	uint8_t *image;
	size_t image_len;
	uint64_t since, stopped; /* when it had not stopped yet, and had */
};

/* ns of CLOCK_MONOTONIC. */
uint64_t injector_now(void);

/* Into the report: how it ended and why; the latter from errno. */
void injector_told(struct injector *j, enum inject_result result,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void injector_failed(struct injector *j, const char *what);

/* Of a stopped thread; false if it runs code that is not 64-bit. */
bool injector_get_regs(int32_t tid, struct user_regs_struct *regs);
bool injector_set_regs(int32_t tid, const struct user_regs_struct *regs);

/* As the kernel would have them, had it been asked to start over without a
 * handler and to answer EINTR with one: see unwind/stop.c. */
struct user_regs_struct injector_natural(struct user_regs_struct regs);
void injector_make_natural(const struct injector *j,
    const struct user_regs_struct *is);
void injector_where_to_return(const struct user_regs_struct *regs,
    uint64_t *rip, uint64_t *rax);

/* The hexadecimal mask after the key in the text of a thread's status. */
uint64_t injector_mask(const char *text, const char *key);

/* The stub's data in our copy of it. */
struct stub_data *injector_data(const struct injector *j);

/* ---- inject_safe.c: before anything is written ------------------------------- */

bool injector_wait_turn(struct injector *j);
int injector_wait_stop(struct injector *j, uint64_t timeout);
bool injector_is_ours(struct injector *j, int status);
bool injector_is_safe(struct injector *j);

/* ---- inject_watch.c: after it was sent --------------------------------------- */

void injector_watch(struct injector *j);

#endif
