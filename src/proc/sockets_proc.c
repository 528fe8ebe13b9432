/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/net: what is left when sock_diag cannot be asked. The name of a
 * unix socket may hold a line feed, and then a line that its owner made up;
 * the first line about an inode counts, and only inodes of the target's own
 * descriptors are looked at.
 */
#include "config.h"

#include "proc/sockets_source.h"
#include "base/xalloc.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static bool
all_zero(const uint8_t *ip, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ip[i] != 0)
			return false;
	return true;
}

/* "127.0.0.1:80", "[::1]:80", "*:80"; NULL if there is nothing to tell. */
static char *
address(uint8_t family, const uint8_t ip[16], uint16_t port)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	size_t size = family == AF_INET6 ? 16 : 4;
	char host[INET6_ADDRSTRLEN];

	if (all_zero(ip, size)) {
		if (port == 0)
			return NULL;
		return xasprintf(
		    "%s:%u", family == AF_INET6 ? "[::]" : "*", port);
	}
	if (family == AF_INET6 && memcmp(ip, mapped, sizeof mapped) == 0)
		family = AF_INET, ip += sizeof mapped;
	if (inet_ntop(family, ip, host, sizeof host) == NULL)
		return NULL;
	return xasprintf(family == AF_INET6 ? "[%s]:%u" : "%s:%u", host, port);
}

void
socket_write_addresses(struct socket *k)
{
	if (k->family != AF_INET && k->family != AF_INET6)
		return;
	k->local = address(k->family, k->local_ip, k->local_port);
	k->peer = address(k->family, k->peer_ip, k->peer_port);
}

/* A hexadecimal number of at most `digits`; moves *s past it. */
static bool
hex(const char **s, size_t digits, uint64_t *v)
{
	size_t n = 0;

	for (*v = 0; n < digits && isxdigit((unsigned char)**s); n++, (*s)++)
		*v = *v << 4 | (uint64_t)(isdigit((unsigned char)**s)
					      ? **s - '0'
					      : (**s | 0x20) - 'a' + 10);
	return n != 0;
}

static bool
literal(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

static void
spaces(const char **s)
{
	*s += strspn(*s, " ");
}

/* "0100007F:1F90": each word of four bytes in the machine's own order. */
static bool
endpoint(const char **s, uint8_t ip[16], uint8_t *family, uint16_t *port)
{
	const char *start = *s;
	uint64_t v;
	size_t n = 0;

	for (; n < 4 && isxdigit((unsigned char)**s); n++) {
		uint32_t word;

		if (!hex(s, 8, &v) || (*s - start) % 8 != 0)
			return false;
		word = (uint32_t)v;
		memcpy(ip + 4 * n, &word, sizeof word);
	}
	if ((n != 1 && n != 4) || !literal(s, ':') || !hex(s, 4, &v))
		return false;
	*family = n == 1 ? AF_INET : AF_INET6;
	*port = (uint16_t)v;
	return true;
}

static bool
decimal(const char **s, uint64_t *v)
{
	char *end;

	spaces(s);
	if (!isdigit((unsigned char)**s))
		return false;
	*v = strtoull(*s, &end, 10);
	*s = end;
	return true;
}

/* "  sl local remote st tx:rx tr:when retransmits uid timeout inode ..." */
static bool
inet_line(const char *s, struct socket *k)
{
	uint64_t v, state, tx, rx;

	spaces(&s);
	if (!decimal(&s, &v) || !literal(&s, ':'))
		return false;
	spaces(&s);
	if (!endpoint(&s, k->local_ip, &k->family, &k->local_port))
		return false;
	spaces(&s);
	if (!endpoint(&s, k->peer_ip, &k->family, &k->peer_port))
		return false;
	spaces(&s);
	if (!hex(&s, 2, &state))
		return false;
	spaces(&s);
	if (!hex(&s, 8, &tx) || !literal(&s, ':') || !hex(&s, 8, &rx))
		return false;
	spaces(&s);
	if (!hex(&s, 2, &v) || !literal(&s, ':') || !hex(&s, 8, &v))
		return false;
	spaces(&s);
	if (!hex(&s, 8, &v) || !decimal(&s, &v) || !decimal(&s, &v) ||
	    !decimal(&s, &k->inode))
		return false;
	k->state = (uint8_t)state;
	k->send_queue = tx;
	k->receive_queue = rx;
	return true;
}

static void
take_inet(struct sockets *s, enum socket_kind kind, const struct socket *from)
{
	struct socket *k = sockets_claim(s, from->inode, kind);

	if (k == NULL)
		return;
	k->state = from->state;
	k->family = from->family;
	k->local_port = from->local_port;
	k->peer_port = from->peer_port;
	memcpy(k->local_ip, from->local_ip, sizeof k->local_ip);
	memcpy(k->peer_ip, from->peer_ip, sizeof k->peer_ip);
	k->send_queue = from->send_queue;
	k->receive_queue = from->receive_queue;
	k->has_queues = true;
	socket_write_addresses(k);
}

static const char *
next_line(const char *s)
{
	s = strchr(s, '\n');
	return s != NULL ? s + 1 : "";
}

void
sockets_parse_inet(struct sockets *s, enum socket_kind kind, const char *text)
{
	for (text = next_line(text); *text != '\0'; text = next_line(text)) {
		struct socket k = {.inode = 0};

		if (inet_line(text, &k))
			take_inet(s, kind, &k);
		else
			s->malformed++;
	}
}

/* "pointer: references protocol flags type state inode [path]" */
static bool
unix_line(const char *s, struct socket *k, const char **name, size_t *len)
{
	uint64_t v, flags, type, state;

	if (!hex(&s, 16, &v) || !literal(&s, ':'))
		return false;
	spaces(&s);
	if (!hex(&s, 8, &v))
		return false;
	spaces(&s);
	if (!hex(&s, 8, &v))
		return false;
	spaces(&s);
	if (!hex(&s, 8, &flags))
		return false;
	spaces(&s);
	if (!hex(&s, 4, &type))
		return false;
	spaces(&s);
	if (!hex(&s, 2, &state) || !decimal(&s, &k->inode))
		return false;
	k->datagram = type == SOCK_DGRAM;
	/* 0x10000 is SO_ACCEPTCON; 3 is SS_CONNECTED. */
	k->state = flags & 0x10000 ? SOCKET_LISTEN
		   : state == 3	   ? SOCKET_ESTABLISHED
				   : SOCKET_CLOSE;
	*len = 0;
	if (literal(&s, ' '))
		*len = strcspn(s, "\n");
	*name = s;
	return true;
}

void
sockets_parse_unix(struct sockets *s, const char *text)
{
	for (text = next_line(text); *text != '\0'; text = next_line(text)) {
		struct socket line = {.inode = 0}, *k;
		const char *name;
		size_t len;

		if (!unix_line(text, &line, &name, &len)) {
			s->malformed++;
			continue;
		}
		k = sockets_claim(s, line.inode, SOCKET_UNIX);
		if (k == NULL)
			continue;
		k->family = AF_UNIX;
		k->state = line.state;
		k->datagram = line.datagram;
		sockets_add_name(s, line.inode, name, len);
	}
}
