/* SPDX-License-Identifier: MIT */
/*
 * NETLINK_SOCK_DIAG: one dump for each kind, matched by inode. What comes is
 * copied out of the message before it is looked at, and nothing in it is
 * believed beyond the bytes that are there.
 */
#include "config.h"

#include "proc/sockets_source.h"
#include "base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/netlink_diag.h>
#include <linux/packet_diag.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* The kernel fills at most 32 KiB of it at a time. */
#define REPLY_BYTES 65536

/* Only these have an inode, that is a descriptor. */
#define STATES (0xfffu & ~(1u << SOCKET_TIME_WAIT) & ~(1u << 3))

/* ---- parsing ------------------------------------------------------------- */

struct attribute {
	uint16_t type;
	const unsigned char *bytes;
	size_t len;
};

/* Takes the next attribute from bytes[*at...len); false after the last. */
static bool
next_attribute(
    const unsigned char *bytes, size_t len, size_t *at, struct attribute *a)
{
	struct nlattr head;

	if (*at > len || len - *at < sizeof head)
		return false;
	memcpy(&head, bytes + *at, sizeof head);
	if (head.nla_len < sizeof head || head.nla_len > len - *at)
		return false;
	a->type = head.nla_type & NLA_TYPE_MASK;
	a->bytes = bytes + *at + sizeof head;
	a->len = head.nla_len - sizeof head;
	*at += NLA_ALIGN(head.nla_len);
	return true;
}

/*
 * TCP counts its send buffers in wmem_queued (wmem_alloc holds clones of the
 * same data), the others in wmem_alloc.
 */
static void
take_memory(struct socket *k, const struct attribute *a)
{
	uint32_t v[SK_MEMINFO_VARS] = {0};

	if (a->len < (SK_MEMINFO_WMEM_QUEUED + 1) * sizeof v[0])
		return;
	memcpy(v, a->bytes, a->len < sizeof v ? a->len : sizeof v);
	k->memory = (uint64_t)v[SK_MEMINFO_RMEM_ALLOC] +
		    (v[SK_MEMINFO_WMEM_QUEUED] != 0 || k->kind == SOCKET_TCP
			    ? v[SK_MEMINFO_WMEM_QUEUED]
			    : v[SK_MEMINFO_WMEM_ALLOC]) +
		    v[SK_MEMINFO_FWD_ALLOC] + v[SK_MEMINFO_OPTMEM] +
		    v[SK_MEMINFO_BACKLOG];
	k->dropped = v[SK_MEMINFO_DROPS];
	k->has_memory = true;
}

static bool
parse_inet(struct sockets *s, enum socket_kind kind, const unsigned char *b,
    size_t len)
{
	struct inet_diag_msg m;
	struct attribute a;
	struct socket *k;

	if (len < sizeof m)
		return false;
	memcpy(&m, b, sizeof m);
	if ((k = sockets_claim(s, m.idiag_inode, kind)) == NULL)
		return true;
	k->state = m.idiag_state;
	k->family = m.idiag_family;
	k->local_port = ntohs(m.id.idiag_sport);
	k->peer_port = ntohs(m.id.idiag_dport);
	memcpy(k->local_ip, m.id.idiag_src, sizeof k->local_ip);
	memcpy(k->peer_ip, m.id.idiag_dst, sizeof k->peer_ip);
	k->receive_queue = m.idiag_rqueue;
	k->send_queue = m.idiag_wqueue;
	k->has_queues = true;
	socket_write_addresses(k);
	for (size_t at = NLMSG_ALIGN(sizeof m);
	     next_attribute(b, len, &at, &a);)
		if (a.type == INET_DIAG_SKMEMINFO)
			take_memory(k, &a);
	return true;
}

static bool
parse_unix(struct sockets *s, const unsigned char *b, size_t len)
{
	struct unix_diag_rqlen queues;
	struct unix_diag_msg m;
	struct attribute a;
	struct socket *k;
	uint32_t peer;

	if (len < sizeof m)
		return false;
	memcpy(&m, b, sizeof m);
	if ((k = sockets_claim(s, m.udiag_ino, SOCKET_UNIX)) != NULL) {
		k->state = m.udiag_state;
		k->family = AF_UNIX;
		k->datagram = m.udiag_type == SOCK_DGRAM;
	}
	for (size_t at = NLMSG_ALIGN(sizeof m);
	     next_attribute(b, len, &at, &a);) {
		if (a.type == UNIX_DIAG_NAME) {
			sockets_add_name(
			    s, m.udiag_ino, (const char *)a.bytes, a.len);
		} else if (k == NULL) {
			continue;
		} else if (a.type == UNIX_DIAG_PEER && a.len >= sizeof peer) {
			memcpy(&peer, a.bytes, sizeof peer);
			k->peer_inode = peer;
		} else if (a.type == UNIX_DIAG_RQLEN &&
			   a.len >= sizeof queues) {
			memcpy(&queues, a.bytes, sizeof queues);
			k->receive_queue = queues.udiag_rqueue;
			k->send_queue = queues.udiag_wqueue;
			k->has_queues = true;
		} else if (a.type == UNIX_DIAG_MEMINFO) {
			take_memory(k, &a);
		}
	}
	return true;
}

static bool
parse_netlink(struct sockets *s, const unsigned char *b, size_t len)
{
	struct netlink_diag_msg m;
	struct attribute a;
	struct socket *k;

	if (len < sizeof m)
		return false;
	memcpy(&m, b, sizeof m);
	if ((k = sockets_claim(s, m.ndiag_ino, SOCKET_NETLINK)) == NULL)
		return true;
	k->family = AF_NETLINK;
	k->local =
	    xasprintf("protocol %u, port %u", m.ndiag_protocol, m.ndiag_portid);
	for (size_t at = NLMSG_ALIGN(sizeof m);
	     next_attribute(b, len, &at, &a);)
		if (a.type == NETLINK_DIAG_MEMINFO)
			take_memory(k, &a);
	return true;
}

static bool
parse_packet(struct sockets *s, const unsigned char *b, size_t len)
{
	struct packet_diag_msg m;
	struct attribute a;
	struct socket *k;

	if (len < sizeof m)
		return false;
	memcpy(&m, b, sizeof m);
	if ((k = sockets_claim(s, m.pdiag_ino, SOCKET_PACKET)) == NULL)
		return true;
	k->family = AF_PACKET;
	k->local = xasprintf("protocol 0x%04x", m.pdiag_num);
	for (size_t at = NLMSG_ALIGN(sizeof m);
	     next_attribute(b, len, &at, &a);)
		if (a.type == PACKET_DIAG_MEMINFO)
			take_memory(k, &a);
	return true;
}

static bool
parse_one(struct sockets *s, enum diag_family family, const unsigned char *b,
    size_t len)
{
	switch (family) {
	case DIAG_TCP:
		return parse_inet(s, SOCKET_TCP, b, len);
	case DIAG_UDP:
		return parse_inet(s, SOCKET_UDP, b, len);
	case DIAG_RAW:
		return parse_inet(s, SOCKET_RAW, b, len);
	case DIAG_UNIX:
		return parse_unix(s, b, len);
	case DIAG_NETLINK:
		return parse_netlink(s, b, len);
	case DIAG_PACKET:
		return parse_packet(s, b, len);
	}
	return false;
}

/* The errno in the body of an error or of the end of a dump; 0 if none. */
static int
errno_of(const unsigned char *body, size_t len)
{
	int32_t v;

	if (len < sizeof v)
		return 0;
	memcpy(&v, body, sizeof v);
	return v < 0 && v > -4096 ? -v : 0;
}

enum diag_verdict
sockets_parse_diag(struct sockets *s, enum diag_family family,
    const void *bytes, size_t len, int *error)
{
	const unsigned char *b = bytes;
	struct nlmsghdr head;

	*error = 0;
	while (len >= sizeof head) {
		const unsigned char *body = b + sizeof head;
		size_t size, step;

		memcpy(&head, b, sizeof head);
		if (head.nlmsg_len < sizeof head || head.nlmsg_len > len) {
			s->malformed++;
			return DIAG_MORE;
		}
		size = head.nlmsg_len - sizeof head;
		switch (head.nlmsg_type) {
		case NLMSG_DONE:
			*error = errno_of(body, size);
			return *error != 0 ? DIAG_ERROR : DIAG_DONE;
		case NLMSG_ERROR:
			*error = errno_of(body, size);
			return *error != 0 ? DIAG_ERROR : DIAG_DONE;
		case SOCK_DIAG_BY_FAMILY:
			s->malformed += !parse_one(s, family, body, size);
			break;
		}
		step = NLMSG_ALIGN((size_t)head.nlmsg_len);
		if (step >= len)
			return DIAG_MORE;
		b += step;
		len -= step;
	}
	s->malformed += len != 0;
	return DIAG_MORE;
}

/* ---- asking -------------------------------------------------------------- */

union request {
	struct inet_diag_req_v2 inet;
	struct unix_diag_req un;
	struct netlink_diag_req nl;
	struct packet_diag_req packet;
};

static size_t
make_request(union request *r, enum diag_family diag, int family)
{
	memset(r, 0, sizeof *r);
	switch (diag) {
	case DIAG_UNIX:
		r->un.sdiag_family = AF_UNIX;
		r->un.udiag_states = ~0u;
		r->un.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER |
				   UDIAG_SHOW_RQLEN | UDIAG_SHOW_MEMINFO;
		return sizeof r->un;
	case DIAG_NETLINK:
		r->nl.sdiag_family = AF_NETLINK;
		r->nl.sdiag_protocol = NDIAG_PROTO_ALL;
		r->nl.ndiag_show = NDIAG_SHOW_MEMINFO;
		return sizeof r->nl;
	case DIAG_PACKET:
		r->packet.sdiag_family = AF_PACKET;
		r->packet.pdiag_show = PACKET_SHOW_MEMINFO;
		return sizeof r->packet;
	default:
		r->inet.sdiag_family = (uint8_t)family;
		r->inet.sdiag_protocol = diag == DIAG_TCP   ? IPPROTO_TCP
					 : diag == DIAG_UDP ? IPPROTO_UDP
							    : IPPROTO_RAW;
		r->inet.idiag_ext = 1 << (INET_DIAG_SKMEMINFO - 1);
		r->inet.idiag_states = STATES;
		return sizeof r->inet;
	}
}

static int
send_request(int link, enum diag_family diag, int family)
{
	struct {
		struct nlmsghdr head;
		union request body;
	} m;
	size_t size;

	memset(&m, 0, sizeof m);
	size = make_request(&m.body, diag, family);
	m.head.nlmsg_len = (uint32_t)NLMSG_LENGTH(size);
	m.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
	m.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	return send(link, &m, m.head.nlmsg_len, 0) < 0 ? -1 : 0;
}

int
sockets_diag_dump(int link, enum diag_family diag, int family,
    struct sockets *s, struct err *e)
{
	enum diag_verdict verdict = DIAG_MORE;
	char *reply;
	int error = 0;
	ssize_t n;

	if (send_request(link, diag, family) < 0)
		return err_errno(e, "cannot ask the kernel for its sockets");
	reply = xmalloc(REPLY_BYTES);
	while (verdict == DIAG_MORE) {
		n = recv(link, reply, REPLY_BYTES, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			error = n < 0 ? errno : EPROTO;
			break;
		}
		verdict = sockets_parse_diag(s, diag, reply, (size_t)n, &error);
	}
	free(reply);
	errno = error;
	return error == 0
		   ? 0
		   : err_errno(e, "the kernel does not list its sockets");
}

/* ---- whose namespace ----------------------------------------------------- */

static bool
same_namespace(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_ino == y.st_ino &&
	       x.st_dev == y.st_dev;
}

static int
diag_socket(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
}

/*
 * A netlink socket belongs to the namespace in which it was made, so the
 * thread visits that of the target only for as long as that takes.
 */
int
sockets_diag_open(int32_t pid)
{
	char path[64];
	int ours, theirs, link = -1;

	snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
	ours = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	theirs = open(path, O_RDONLY | O_CLOEXEC);
	if (ours >= 0 && theirs >= 0) {
		if (same_namespace(ours, theirs)) {
			link = diag_socket();
		} else if (setns(theirs, CLONE_NEWNET) == 0) {
			link = diag_socket();
			/* Nothing else of ours depends on where we are. */
			if (setns(ours, CLONE_NEWNET) != 0 && link >= 0) {
				close(link);
				link = -1;
			}
		}
	}
	if (ours >= 0)
		close(ours);
	if (theirs >= 0)
		close(theirs);
	return link;
}
