/* SPDX-License-Identifier: MIT */
/*
 * Two pieces of code that run inside of a target. See stub.h.
 *
 * The first runs on the thread that was waiting in a system call: it starts a
 * thread and goes back into that call. It needs nobody: whoever put it there
 * may be dead by then. No sigreturn and no iretq, which would make the kernel
 * forget how to go on with an interrupted poll; calls and returns balance, so
 * that a shadow stack stays right.
 *
 * The second runs on the thread that was started, and may wait for any lock,
 * as nobody waits for it.
 */
#include "attach/stub.h"

	.intel_syntax noprefix
	.section .rodata
	.globl stub_begin, stub_entry, stub_decide, stub_registers, stub_end

/* Back into the system call, with everything as it was. */
	.macro leave rax, rip
	mov dword ptr [rbp + STUB_LEFT], 1
	push [rip + s_flags]
	popfq
	mov rax, [rip + \rax]
	mov rbx, [rip + s_rbx]
	mov rcx, [rip + s_rcx]
	mov rdx, [rip + s_rdx]
	mov rsi, [rip + s_rsi]
	mov rdi, [rip + s_rdi]
	mov rbp, [rip + s_rbp]
	mov r8, [rip + s_r8]
	mov r9, [rip + s_r9]
	mov r10, [rip + s_r10]
	mov r11, [rip + s_r11]
	mov r12, [rip + s_r12]
	mov r13, [rip + s_r13]
	mov r14, [rip + s_r14]
	mov r15, [rip + s_r15]
	mov rsp, [rip + s_rsp]
	jmp [rip + \rip]
	.endm

	.balign 16
stub_begin:
	.quad STUB_MAGIC
	.quad 0

/* rdi: scratch memory of this thread's stack, 64-aligned, the header zeroed */
stub_entry:
	cld
	mov rbx, rdi
	mov rbp, [rip + s_status]
	mov dword ptr [rbp + STUB_ENTERED], 1
	/* x87, SSE, AVX, AVX-512: a thread may keep what it likes in there
	 * across a system call. */
	mov eax, 0xe7
	xor edx, edx
	xsave64 [rbx + STUB_XSAVE]
	mov rsp, rbx
	call [rip + s_errno_location]
	mov r12, rax
	mov r13d, [rax]
	/* The thread that is made inherits the mask: it shall handle none of
	 * the program's signals, which would come out of order. */
	mov edi, 2 /* SIG_SETMASK */
	lea rsi, [rip + s_all_signals]
	lea rdx, [rbx + STUB_MASK]
	call [rip + s_pthread_sigmask]
	lea rdi, [rbx + 0x100]
	xor esi, esi
	lea rdx, [rip + worker]
	xor ecx, ecx
	call [rip + s_pthread_create]
	mov [rbp + STUB_CREATED], eax
	mov edi, 2
	lea rsi, [rbx + STUB_MASK]
	xor edx, edx
	call [rip + s_pthread_sigmask]
	mov [r12], r13d
	mov eax, 0xe7
	xor edx, edx
	xrstor64 [rbx + STUB_XSAVE]
	/* From here on, who stops this thread puts it back to where it was. */
stub_decide:
	mov edi, [rip + s_signal]
	test edi, edi
	jz again
	/* Its handler has run in the middle of this. What the kernel would have
	 * made of the call then, the handler's flags say. */
	mov eax, 13 /* rt_sigaction */
	xor esi, esi
	lea rdx, [rbx + STUB_MASK]
	mov r10d, 8
	syscall
	test eax, eax
	jnz again
	test dword ptr [rbx + STUB_MASK + 8], 0x10000000 /* SA_RESTART */
	jnz again
	leave s_rax_ended, s_rip_ended
again:
	leave s_rax, s_rip

/* All signals are blocked from its first instruction on; by way of libc, which
 * keeps its own two for itself. */
worker:
	push rbx
	push r12
	sub rsp, 8
	mov rbx, [rip + s_room]
	mov r12, [rip + s_status]
	mov rdi, fs:[0x10]
	call [rip + s_pthread_detach]
	call [rip + s_gettid]
	mov [r12 + STUB_WORKER], eax
	mov dword ptr [r12 + STUB_STAGE], 1 /* STAGE_LOADING */
	mov rdi, [rip + s_path]
	mov rsi, [rip + s_flags_open]
	call [rip + s_dlopen]
	test rax, rax
	jz failed
	mov rdi, rax
	mov rsi, [rip + s_name]
	call [rip + s_dlsym]
	test rax, rax
	jz failed
	mov dword ptr [r12 + STUB_STAGE], 2 /* STAGE_CALLING */
	mov rdi, [rip + s_argument]
	call rax
	mov [r12 + STUB_RESULT], eax
	mov dword ptr [r12 + STUB_STAGE], 4 /* STAGE_DONE */
	jmp out
failed:
	call [rip + s_dlerror]
	test rax, rax
	jz told
	lea rdx, [r12 + STUB_TEXT]
copy:	dec rbx
	jle told
	mov cl, [rax]
	test cl, cl
	jz told
	mov [rdx], cl
	inc rax
	inc rdx
	jmp copy
told:	mov dword ptr [r12 + STUB_STAGE], 3 /* STAGE_NO_LOAD */
out:	add rsp, 8
	pop r12
	pop rbx
	xor eax, eax
	ret

	.balign 8
stub_registers:
s_rax:	.quad 0
s_rbx:	.quad 0
s_rcx:	.quad 0
s_rdx:	.quad 0
s_rsi:	.quad 0
s_rdi:	.quad 0
s_rbp:	.quad 0
s_rsp:	.quad 0
s_r8:	.quad 0
s_r9:	.quad 0
s_r10:	.quad 0
s_r11:	.quad 0
s_r12:	.quad 0
s_r13:	.quad 0
s_r14:	.quad 0
s_r15:	.quad 0
s_rip:	.quad 0
s_flags: .quad 0
s_rax_ended: .quad 0
s_rip_ended: .quad 0
s_signal: .quad 0
s_errno_location: .quad 0
s_pthread_create: .quad 0
s_pthread_sigmask: .quad 0
s_pthread_detach: .quad 0
s_gettid: .quad 0
s_dlopen: .quad 0
s_dlsym: .quad 0
s_dlerror: .quad 0
s_status: .quad 0
s_room:	.quad 0
s_flags_open: .quad 0
s_path:	.quad 0
s_name:	.quad 0
s_argument: .quad 0
s_all_signals: .zero 128
stub_end:
	.section .note.GNU-stack, "", @progbits
