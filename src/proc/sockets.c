/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "proc/sockets.h"
#include "base/buf.h"
#include "base/xalloc.h"
#include "proc/sockets_source.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define NET_FILE_MAX (1u << 30)
#define SLABINFO_MAX (4u << 20)

static const char *const kind_names[SOCKET_KINDS] = {
    [SOCKET_OTHER] = "socket",
    [SOCKET_TCP] = "tcp",
    [SOCKET_UDP] = "udp",
    [SOCKET_RAW] = "raw",
    [SOCKET_UNIX] = "unix",
    [SOCKET_NETLINK] = "netlink",
    [SOCKET_PACKET] = "packet",
};

/* include/net/tcp_states.h */
static const char *const tcp_states[SOCKET_STATES] = {
    [1] = "established",
    [2] = "syn-sent",
    [3] = "syn-recv",
    [4] = "fin-wait-1",
    [5] = "fin-wait-2",
    [6] = "time-wait",
    [7] = "close",
    [8] = "close-wait",
    [9] = "last-ack",
    [10] = "listen",
    [11] = "closing",
    [12] = "new-syn-recv",
};

const char *
socket_kind_name(enum socket_kind kind)
{
	return kind < SOCKET_KINDS ? kind_names[kind] : "socket";
}

/* The others borrow TCP's numbers for connected and not connected. */
const char *
socket_state_name(const struct socket *s)
{
	if (s->state == 0 || s->state >= SOCKET_STATES)
		return "";
	if (s->kind == SOCKET_TCP || s->state == SOCKET_LISTEN)
		return tcp_states[s->state];
	return s->state == SOCKET_ESTABLISHED ? "connected" : "unconnected";
}

/* ---- by inode ------------------------------------------------------------ */

void
sockets_init(struct sockets *s, const uint64_t *inodes, size_t n)
{
	memset(s, 0, sizeof *s);
	s->list = xcalloc(n + 1, sizeof *s->list);
	s->n = n;
	for (size_t i = 0; i < n; i++) {
		s->list[i].inode = inodes[i];
		if (inodes[i] != 0 && sockets_find(s, inodes[i]) == NULL)
			hash_put(
			    &s->index, hash_mix(0, inodes[i]), (uint32_t)i + 1);
	}
}

void
sockets_free(struct sockets *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->list[i].local);
		free(s->list[i].peer);
	}
	for (size_t i = 0; i < s->n_names; i++)
		free(s->names[i].name);
	free(s->names);
	free(s->list);
	hash_free(&s->index);
	hash_free(&s->name_index);
	memset(s, 0, sizeof *s);
}

struct socket *
sockets_find(const struct sockets *s, uint64_t inode)
{
	uint64_t h = hash_mix(0, inode);
	uint32_t id;

	if (inode == 0 || s->index.n == 0)
		return NULL;
	for (size_t at = hash_start(&s->index, h);
	     (id = hash_next(&s->index, h, &at)) != 0;)
		if (s->list[id - 1].inode == inode)
			return &s->list[id - 1];
	return NULL;
}

struct socket *
sockets_claim(struct sockets *s, uint64_t inode, enum socket_kind kind)
{
	struct socket *k = sockets_find(s, inode);

	if (k == NULL || k->kind != SOCKET_OTHER)
		return NULL;
	k->kind = kind;
	s->found++;
	return k;
}

void
sockets_add_name(
    struct sockets *s, uint64_t inode, const char *name, size_t len)
{
	char *text;

	/* Of a path the terminating NUL may be there; it is not the name. */
	if (len > 0 && name[0] != '\0')
		len = strnlen(name, len);
	if (len == 0 || inode == 0)
		return;
	text = xmalloc(len + 1);
	for (size_t i = 0; i < len; i++)
		text[i] = name[i] != '\0' ? name[i] : '@';
	text[len] = '\0';
	s->names = xgrow(s->names, s->n_names, &s->cap_names, sizeof *s->names);
	s->names[s->n_names++] = (struct socket_name){inode, text};
	hash_put(&s->name_index, hash_mix(0, inode), (uint32_t)s->n_names);
}

static const char *
name_of(const struct sockets *s, uint64_t inode)
{
	uint64_t h = hash_mix(0, inode);
	uint32_t id;

	if (inode == 0 || s->name_index.n == 0)
		return NULL;
	for (size_t at = hash_start(&s->name_index, h);
	     (id = hash_next(&s->name_index, h, &at)) != 0;)
		if (s->names[id - 1].inode == inode)
			return s->names[id - 1].name;
	return NULL;
}

void
sockets_resolve_peers(struct sockets *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct socket *k = &s->list[i];
		const char *name;

		if (k->kind != SOCKET_UNIX)
			continue;
		if (k->local == NULL && (name = name_of(s, k->inode)) != NULL)
			k->local = xstrdup(name);
		if (k->peer == NULL &&
		    (name = name_of(s, k->peer_inode)) != NULL)
			k->peer = xstrdup(name);
	}
}

/* ---- reading ------------------------------------------------------------- */

/* In the order in which servers have them: the search ends with the last. */
static const struct {
	enum diag_family diag;
	int family;
	enum socket_kind kind;
	const char *file; /* below /proc/PID/net */
} sources[] = {
    {DIAG_TCP, AF_INET, SOCKET_TCP, "tcp"},
    {DIAG_TCP, AF_INET6, SOCKET_TCP, "tcp6"},
    {DIAG_UNIX, AF_UNIX, SOCKET_UNIX, "unix"},
    {DIAG_UDP, AF_INET, SOCKET_UDP, "udp"},
    {DIAG_UDP, AF_INET6, SOCKET_UDP, "udp6"},
    {DIAG_NETLINK, AF_NETLINK, SOCKET_NETLINK, NULL},
    {DIAG_RAW, AF_INET, SOCKET_RAW, "raw"},
    {DIAG_RAW, AF_INET6, SOCKET_RAW, "raw6"},
    {DIAG_PACKET, AF_PACKET, SOCKET_PACKET, NULL},
};

static void
read_proc(
    int32_t pid, const char *file, enum socket_kind kind, struct sockets *s)
{
	struct buf text = BUF_INIT;
	struct err ignored;
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/net/%s", pid, file);
	if (buf_read_file(&text, path, NET_FILE_MAX, &ignored) == 0) {
		if (kind == SOCKET_UNIX)
			sockets_parse_unix(s, buf_text(&text));
		else
			sockets_parse_inet(s, kind, buf_text(&text));
	}
	buf_free(&text);
}

void
sockets_read(int32_t pid, const uint64_t *inodes, size_t n, struct sockets *out)
{
	int link;

	sockets_init(out, inodes, n);
	out->source = "sock_diag";
	if (n == 0)
		return;
	link = sockets_diag_open(pid);
	for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
		struct err refused;

		if (out->found == out->index.n)
			break;
		if (link >= 0 && sockets_diag_dump(link, sources[i].diag,
				     sources[i].family, out, &refused) == 0)
			continue;
		if (sources[i].file == NULL)
			continue;
		out->source = "/proc/net";
		read_proc(pid, sources[i].file, sources[i].kind, out);
	}
	if (link >= 0)
		close(link);
	sockets_resolve_peers(out);
	for (size_t i = 0; i < n; i++)
		out->has_memory |= out->list[i].has_memory;
}

bool
socket_protocol(int32_t pid, int32_t fd, char *out, size_t size)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, fd);
	n = getxattr(path, "system.sockprotoname", out, size - 1);
	if (n <= 0)
		return false;
	out[n] = '\0';
	return out[0] != '\0';
}

/* ---- what one costs ------------------------------------------------------ */

/* The number at column `column` of the line that begins with the name. */
static uint64_t
column_of(const char *text, const char *name, int column)
{
	size_t len = strlen(name);
	const char *s = text;

	while (s != NULL && *s != '\0') {
		if (strncmp(s, name, len) == 0 && s[len] == ' ') {
			for (s += len; column > 0; column--) {
				s += strspn(s, " ");
				if (column > 1)
					s += strcspn(s, " \n");
			}
			return isdigit((unsigned char)*s)
				   ? strtoull(s, NULL, 10)
				   : 0;
		}
		if ((s = strchr(s, '\n')) != NULL)
			s++;
	}
	return 0;
}

uint64_t
slab_object_bytes(const char *text, const char *name)
{
	return column_of(text, name, 3);
}

uint64_t
protocol_object_bytes(const char *text, const char *name)
{
	return column_of(text, name, 1);
}

uint64_t
socket_object_bytes(enum socket_kind kind, bool *whole)
{
	static const char *const protocols[SOCKET_KINDS] = {
	    [SOCKET_TCP] = "TCP",
	    [SOCKET_UDP] = "UDP",
	    [SOCKET_RAW] = "RAW",
	    [SOCKET_UNIX] = "UNIX",
	    [SOCKET_NETLINK] = "NETLINK",
	    [SOCKET_PACKET] = "PACKET",
	};
	static const char *const rest[] = {
	    "sock_inode_cache", "dentry", "filp"};
	struct buf text = BUF_INIT;
	struct err ignored;
	uint64_t bytes = 0, more;

	*whole = false;
	if (kind >= SOCKET_KINDS || protocols[kind] == NULL)
		return 0;
	if (buf_read_file(
		&text, "/proc/net/protocols", SLABINFO_MAX, &ignored) == 0)
		bytes = protocol_object_bytes(buf_text(&text), protocols[kind]);
	text.len = 0;
	if (bytes != 0 && buf_read_file(&text, "/proc/slabinfo", SLABINFO_MAX,
			      &ignored) == 0) {
		*whole = true;
		for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++) {
			more = slab_object_bytes(buf_text(&text), rest[i]);
			*whole = *whole && more != 0;
			bytes += more;
		}
	}
	buf_free(&text);
	return bytes;
}
