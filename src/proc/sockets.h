/* SPDX-License-Identifier: MIT */
/*
 * Sockets by inode: state, addresses, queues and kernel memory, as sock_diag
 * tells for the caller's network namespace, or one that may be entered, and
 * as /proc/PID/net tells (without memory) for others. Texts may come from the
 * target and are not escaped.
 */
#ifndef ULLAGE_PROC_SOCKETS_H
#define ULLAGE_PROC_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"

enum socket_kind {
	SOCKET_OTHER, /* not found: its protocol alone may be known */
	SOCKET_TCP,   /* over IPv4 or IPv6, as the addresses show */
	SOCKET_UDP,
	SOCKET_RAW,
	SOCKET_UNIX,
	SOCKET_NETLINK,
	SOCKET_PACKET,
	SOCKET_KINDS,
};

/* As the kernel numbers them (include/net/tcp_states.h); 0 is not known. */
enum socket_state {
	SOCKET_ESTABLISHED = 1,
	SOCKET_TIME_WAIT = 6,
	SOCKET_CLOSE = 7,
	SOCKET_LISTEN = 10,
	SOCKET_STATES = 13,
};

struct socket {
	uint64_t inode;
	enum socket_kind kind;
	uint8_t state; /* enum socket_state */
	uint8_t family; /* AF_INET, AF_INET6, AF_UNIX; 0: unknown */
	bool datagram; /* of AF_UNIX */
	uint16_t local_port, peer_port; /* of IP */
	uint8_t local_ip[16], peer_ip[16]; /* IPv4 in the first four */
	char *local, *peer; /* owned; NULL: none or unknown */
	uint64_t peer_inode; /* of AF_UNIX */
	bool has_queues, has_memory;
	/* Bytes; of a listening socket: connections waiting, and at most. */
	uint64_t receive_queue, send_queue;
	uint64_t memory;  /* bytes of buffers charged to it */
	uint64_t dropped; /* packets, since it was opened */
	char protocol[16]; /* of SOCKET_OTHER, "VSOCK"; or "" */
};

struct sockets {
	struct socket *list; /* in the order of the inodes asked for */
	size_t n, found;
	struct hash index;
	const char *source; /* "sock_diag" or "/proc/net" */
	bool has_memory;    /* whether the source tells it at all */
	/* Names of AF_UNIX sockets, by inode, to tell who a peer is. */
	struct socket_name {
		uint64_t inode;
		char *name;
	} *names;
	size_t n_names, cap_names;
	struct hash name_index;
	uint64_t malformed; /* messages and lines that made no sense */
};

/*
 * The sockets with these inodes, as process pid's network namespace knows
 * them. Those that are not found keep SOCKET_OTHER. sockets_free in any case.
 */
void sockets_read(int32_t pid, const uint64_t *inodes, size_t n,
    struct sockets *out);
void sockets_free(struct sockets *s);

struct socket *sockets_find(const struct sockets *s, uint64_t inode);

/*
 * "TCP", "UNIX" of one descriptor, for those that were not found. False if
 * the kernel does not tell.
 */
bool socket_protocol(int32_t pid, int32_t fd, char *out, size_t size);

const char *socket_kind_name(enum socket_kind kind);
const char *socket_state_name(const struct socket *s); /* "" if unknown */

/*
 * Bytes of the kernel's objects behind one socket of that kind beside its
 * buffers: the socket itself, and its inode, directory entry and file where
 * /proc/slabinfo may be read (*whole tells). 0: unknown.
 */
uint64_t socket_object_bytes(enum socket_kind kind, bool *whole);

/* ---- the parsers, for tests and fuzzers ---------------------------------- */

enum diag_family {
	DIAG_TCP,
	DIAG_UDP,
	DIAG_RAW,
	DIAG_UNIX,
	DIAG_NETLINK,
	DIAG_PACKET,
};

enum diag_verdict {
	DIAG_MORE,  /* read on */
	DIAG_DONE,  /* the dump is complete */
	DIAG_ERROR, /* the kernel refuses; *error has its errno */
};

/* Room for n sockets with these inodes; then the parsers fill them in. */
void sockets_init(struct sockets *s, const uint64_t *inodes, size_t n);

/* One datagram from the kernel; it may be cut short or be nonsense. */
enum diag_verdict sockets_parse_diag(struct sockets *s,
    enum diag_family family, const void *bytes, size_t len, int *error);

/* The text of /proc/PID/net/{tcp,tcp6,udp,udp6,raw,raw6} and unix. */
void sockets_parse_inet(struct sockets *s, enum socket_kind kind,
    const char *text);
void sockets_parse_unix(struct sockets *s, const char *text);

/* Objects of /proc/slabinfo: bytes of one, or 0. And /proc/net/protocols. */
uint64_t slab_object_bytes(const char *text, const char *name);
uint64_t protocol_object_bytes(const char *text, const char *name);

/* Gives unix sockets the names of their peers; after the last parser. */
void sockets_resolve_peers(struct sockets *s);

#endif
