/* SPDX-License-Identifier: MIT */
/*
 * The parsers of links, fdinfo, sock_diag, /proc/net and tasks on arbitrary
 * bytes. The first byte says which; the rest is in memory of exactly its size.
 * Without libFuzzer it changes good inputs at random, from a fixed seed, and
 * prints one TAP line.
 */
#include "config.h"

#include "proc/fds.h"
#include "proc/sockets.h"
#include "proc/tasks.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARSERS 15

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void
sockets(unsigned which, const char *bytes, size_t len)
{
	static const uint64_t inodes[] = {0, 1, 1, 646, 999, 31, 643, 700};
	struct sockets s;
	int error;

	sockets_init(&s, inodes, sizeof inodes / sizeof inodes[0]);
	if (which <= DIAG_PACKET)
		sockets_parse_diag(
		    &s, (enum diag_family)which, bytes, len, &error);
	else if (which == DIAG_PACKET + 1)
		sockets_parse_inet(&s, SOCKET_TCP, bytes);
	else
		sockets_parse_unix(&s, bytes);
	sockets_resolve_peers(&s);
	if (s.found > s.n)
		abort();
	sockets_free(&s);
}

static void
tasks(const char *text, size_t len)
{
	struct task list[3] = {{.stack_pointer = 0x1800},
	    {.stack_pointer = 0x5800}, {.stack_pointer = 1}};
	struct tasks t = {.tasks = list, .n = 3};
	struct task one = {.tid = 0};
	char pattern[16];

	task_stat_parse(text, len, &one);
	if (memchr(one.name, '\0', sizeof one.name) == NULL)
		abort();
	task_syscall_parse(text);
	task_pattern(text, pattern, sizeof pattern);
	tasks_place_stacks(&t, text);
	for (int i = 0; i < 3; i++)
		if (list[i].has_stack &&
		    (list[i].stack_pointer < list[i].stack_start ||
			list[i].stack_pointer >= list[i].stack_end))
			abort();
}

static void
descriptors(const char *text, size_t len)
{
	struct fd f = {.fd = 0};
	char flags[FD_FLAGS_MAX];

	fd_link_parse(text, len, &f);
	if (f.type >= FD_TYPES)
		abort();
	for (int type = 0; type < FD_TYPES; type++) {
		f = (struct fd){.type = (enum fd_type)type};
		if (fd_info_parse(text, &f))
			fd_flags_text(flags, f.flags);
		free(f.detail);
	}
	slab_object_bytes(text, "TCP");
	protocol_object_bytes(text, "TCP");
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	unsigned which;
	char *text;

	if (size == 0)
		return 0;
	which = input[0] % PARSERS;
	size--;
	/* Messages have no end but their length; texts have one. */
	text = malloc(which <= DIAG_PACKET ? size + (size == 0) : size + 1);
	if (text == NULL)
		return 0;
	memcpy(text, input + 1, size);
	if (which > DIAG_PACKET)
		text[size] = '\0';
	if (which <= DIAG_PACKET + 2)
		sockets(which, text, size);
	else if (which == DIAG_PACKET + 3)
		tasks(text, size);
	else
		descriptors(text, size);
	free(text);
	return 0;
}

#ifndef FUZZING_WITH_LIBFUZZER

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>

#define ROUNDS 60000

static const char *const texts[] = {
    "  sl  local\n"
    "   0: 00000000:07E8 00000000:0000 0A 00000000:00000003 00:00000000 "
    "00000000     0        0 646 1 00000000d6d980f5 100\n"
    "   0: 00000000000000000000000001000000:1F90 "
    "0000000000000000FFFF00000100007F:B7FB 08 00000000:00000001 "
    "00:00000000 00000000     0        0 31 1 0 20 4 30 10 -1\n",
    "Num       RefCount Protocol Flags    Type St Inode Path\n"
    "000000006c07cbce: 00000002 00000000 00010000 0001 01   643 /a b\n"
    "000000005f2b6ae6: 00000003 00000000 00000000 0001 03 700 /x\n",
    ("42 (a) R 1 () S 1 2 2 0 -1 4194304 10 0 0 0 150 50 0 0 20 0 5 0 12345 "
     "1000 200\n1000-2000 rw-p 00000000 00:00 0\n5000-6000 rw-p 0 0 0 x\n"),
    "pos:\t17\nflags:\t02004002\neventfd-count: 1f\ntfd: 5\nPid:\t9\n",
    "socket:[1234]",
    "anon_inode:[eventpoll]",
};

static uint64_t seed = 42;

static uint32_t
chance(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % below;
}

/* A dump of one TCP socket and one with a name, either family. */
static size_t
message(uint8_t *out)
{
	static const uint16_t attributes[] = {INET_DIAG_SKMEMINFO,
	    UNIX_DIAG_NAME, UNIX_DIAG_PEER, UNIX_DIAG_MEMINFO};
	struct nlmsghdr head = {.nlmsg_type = SOCK_DIAG_BY_FAMILY};
	size_t at = 0;

	for (int i = 0; i < 2; i++) {
		size_t start = at, body = i == 0 ? sizeof(struct inet_diag_msg)
						 : sizeof(struct unix_diag_msg);

		at += sizeof head;
		memset(out + at, 0, body);
		out[at + (i == 0 ? body - 4 : 4)] = 1; /* the inode */
		at += body;
		for (size_t k = 0; k < 4; k++) {
			struct nlattr a = {sizeof a + 36, attributes[k]};

			memcpy(out + at, &a, sizeof a);
			memset(out + at + sizeof a, 'a', 36);
			at += sizeof a + 36;
		}
		head.nlmsg_len = (uint32_t)(at - start);
		memcpy(out + start, &head, sizeof head);
	}
	return at;
}

static void
mutate(uint8_t *bytes, size_t *len)
{
	for (uint32_t n = chance(6); n > 0 && *len > 1; n--) {
		uint32_t at = 1 + chance((uint32_t)*len - 1);

		switch (chance(4)) {
		case 0:
			bytes[at] = (uint8_t)chance(256);
			break;
		case 1:
			bytes[at] ^= (uint8_t)(1u << chance(8));
			break;
		case 2:
			*len = at;
			break;
		case 3:
			memmove(bytes + at, bytes + 1 + chance(at), *len - at);
			break;
		}
	}
}

int
main(void)
{
	static const size_t n_texts = sizeof texts / sizeof texts[0];

	for (int i = 0; i < ROUNDS; i++) {
		uint8_t bytes[2048];
		size_t len;
		uint32_t which = chance(PARSERS);

		bytes[0] = (uint8_t)which;
		if (which <= DIAG_PACKET) {
			len = 1 + message(bytes + 1);
		} else {
			const char *text =
			    texts[which <= DIAG_PACKET + 3
				      ? which - DIAG_PACKET - 1
				      : chance((uint32_t)n_texts)];

			len = 1 + strlen(text);
			memcpy(bytes + 1, text, len - 1);
		}
		mutate(bytes, &len);
		LLVMFuzzerTestOneInput(bytes, len);
	}
	printf("ok 1 - %d changed inputs do no harm\n1..1\n", ROUNDS);
	return 0;
}

#endif
