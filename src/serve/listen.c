/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 512

/* What the kernel holds for a client that does not read, by default up to
 * 4 MiB; accepted sockets have it from the listening one. */
#define SEND_BUFFER (64 << 10)

static int
listen_on(int fd)
{
	const int size = SEND_BUFFER;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	return listen(fd, BACKLOG);
}

/* Whether the socket file is a leftover: nobody answers behind it. */
static bool
is_stale(const struct sockaddr_un *address)
{
	struct stat st;
	bool stale;
	int fd;

	if (lstat(address->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	stale = connect(fd, (const struct sockaddr *)address,
		    sizeof *address) != 0 &&
	    errno == ECONNREFUSED;
	close(fd);
	return stale;
}

static int
open_unix(const char *path, struct listener *l, struct err *e)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int rc;

	if (*path == '\0' || strlen(path) >= sizeof address.sun_path)
		return err_set(e, ERR_USAGE,
		    "\"%s\" cannot be the path of a socket: at most %zu bytes",
		    path, sizeof address.sun_path - 1);
	strcpy(address.sun_path, path);
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return err_errno(e, "cannot make a socket");
	if (is_stale(&address))
		unlink(path);
	mask = umask(0177);
	rc = bind(l->fd, (struct sockaddr *)&address, sizeof address);
	umask(mask);
	if (rc != 0 || listen_on(l->fd) != 0)
		return err_errno(e, "cannot listen on %s", path);
	strcpy(l->path, path);
	l->loopback = true;
	snprintf(l->url, sizeof l->url, "unix:%s", path);
	return 0;
}

/* "HOST:PORT" in its parts; either may be missing. */
static int
split(const char *where, char host[128], char port[16], struct err *e)
{
	const char *colon = strrchr(where, ':'), *end = colon;

	if (colon == NULL) {
		bool number = strspn(where, "0123456789") == strlen(where);

		snprintf(host, 128, "%s", number ? "127.0.0.1" : where);
		snprintf(port, 16, "%s", number ? where : "6060");
		return 0;
	}
	if (*where == '[') {
		end = strchr(++where, ']');
		if (end == NULL || (end[1] != ':' && end[1] != '\0'))
			goto bad;
		colon = end[1] == ':' ? end + 1 : ":6060";
	}
	if ((size_t)(end - where) >= 128 || strlen(colon + 1) >= 16 ||
	    colon[1] == '\0')
		goto bad;
	snprintf(host, 128, "%.*s", (int)(end - where), where);
	/* ":6060" is not every address, as elsewhere, but the safe one. */
	if (*host == '\0')
		strcpy(host, "127.0.0.1");
	snprintf(port, 16, "%s", colon + 1);
	return 0;
bad:
	return err_set(e, ERR_USAGE,
	    "\"%s\" is no address to listen on; write 127.0.0.1:6060, "
	    "[::1]:6060 or unix:PATH", where);
}

static bool
is_loopback(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)a)
				  ->sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(
	    &((const struct sockaddr_in6 *)a)->sin6_addr);
}

static int
open_address(const struct addrinfo *a, const char *where, struct listener *l,
    struct err *e)
{
	struct sockaddr_storage bound;
	socklen_t len = sizeof bound;
	char host[128], port[16];
	int one = 1;

	l->fd = socket(a->ai_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return err_errno(e, "cannot make a socket");
	setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (a->ai_family == AF_INET6)
		setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	if (bind(l->fd, a->ai_addr, a->ai_addrlen) != 0 ||
	    listen_on(l->fd) != 0 ||
	    getsockname(l->fd, (struct sockaddr *)&bound, &len) != 0)
		return err_errno(e, "cannot listen on %s", where);
	if (getnameinfo((struct sockaddr *)&bound, len, host, sizeof host,
		port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return err_set(e, ERR_FAILED, "%s has no numeric form", where);
	l->loopback = is_loopback((struct sockaddr *)&bound);
	snprintf(l->url, sizeof l->url,
	    a->ai_family == AF_INET6 ? "http://[%s]:%s/" : "http://%s:%s/",
	    host, port);
	return 0;
}

int
listen_open(const char *where, struct listener *l, struct err *e)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV }, *found;
	char port[16];
	int rc;

	*l = (struct listener){ .fd = -1 };
	if (strncmp(where, "unix:", 5) == 0) {
		rc = open_unix(where + 5, l, e);
	} else {
		if (split(where, l->host, port, e) < 0)
			return -1;
		rc = getaddrinfo(l->host, port, &hints, &found);
		if (rc != 0)
			return err_set(e, ERR_USAGE,
			    "cannot listen on \"%s\": %s", where,
			    gai_strerror(rc));
		rc = open_address(found, where, l, e);
		freeaddrinfo(found);
	}
	if (rc < 0)
		listen_close(l);
	return rc;
}

void
listen_close(struct listener *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	if (l->path[0] != '\0')
		unlink(l->path);
	l->path[0] = '\0';
}
