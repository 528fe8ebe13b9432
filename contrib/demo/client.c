/* SPDX-License-Identifier: MIT */
/*
 * ullage-demo-client: many websocket connections from one small process.
 *
 * Plain sockets and epoll; about fifty bytes for a connection, since what
 * comes in is counted and thrown away. Not a websocket library: it speaks to
 * the demo server, over IPv4, in frames below 64 KiB.
 *
 * Commands, a line each on standard input: more N, drop N, drop all, rate N,
 * status, quit. "connected N" is printed whenever the number has settled.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Half-open at once: well below any listen backlog. */
#define PENDING_MAX 100

/* A number that has not moved for this long has settled. */
#define SETTLE_NS UINT64_C(100000000)

/* How often messages are due, so that a high rate comes in small lots. */
#define TICK_MS 20

#define STDIN_KEY UINT32_MAX

enum state { FREE, CONNECTING, HANDSHAKE, OPEN };

struct conn {
	int fd;
	uint8_t state;	  /* enum state */
	uint8_t have;	  /* bytes of head; of the blank line in HANDSHAKE */
	uint8_t head[10]; /* the start of a frame */
	uint32_t left;	  /* payload still to come */
	uint32_t user;
};

static struct {
	const char *url;
	uint32_t connections;
	double rate;	/* messages per second, over all connections */
	double seconds; /* 0: until told */
} options = {.url = "ws://127.0.0.1:7681/", .connections = 100};

static char request[512];
static struct sockaddr_in server;
static struct conn *conns;
static uint32_t slots, next_user, cursor;
static uint32_t wanted; /* still to be opened */
static uint32_t pending, open_count, reported = UINT32_MAX;
static uint64_t lost, failed, sent, received, moved_at;
static double owed; /* messages */
static int epoll;
static volatile sig_atomic_t stopping;

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void complain(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

static void
complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("ullage-demo-client: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

/* ---- connections -----------------------------------------------------------
 */

static void
conn_close(struct conn *c)
{
	if (c->state == OPEN)
		open_count--;
	else
		pending--;
	close(c->fd);
	c->state = FREE;
	moved_at = now_ns();
}

/* The server went away, or never was there. */
static void
conn_lose(struct conn *c, const char *why)
{
	if (c->state == OPEN) {
		lost++;
	} else if (failed++ == 0) {
		complain("cannot connect: %s", why);
	}
	conn_close(c);
}

static struct conn *
conn_slot(void)
{
	static uint32_t last;

	for (uint32_t i = 0; i < slots; i++) {
		uint32_t at = (last + i) % slots;

		if (conns[at].state == FREE) {
			last = at + 1;
			return &conns[at];
		}
	}
	last = slots;
	slots = slots == 0 ? 256 : slots * 2;
	conns = realloc(conns, slots * sizeof(*conns));
	if (conns == NULL) {
		complain("out of memory");
		exit(1);
	}
	memset(conns + last, 0, (slots - last) * sizeof(*conns));
	return &conns[last++];
}

/* -1 if this process can have no more of them. */
static int
conn_start(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const int one = 1;
	struct epoll_event ev;
	struct conn *c;

	if (fd < 0) {
		complain("no more sockets: %s", strerror(errno));
		return -1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c = conn_slot();
	memset(c, 0, sizeof(*c));
	c->fd = fd;
	c->state = CONNECTING;
	c->user = next_user++;
	pending++;
	ev.events = EPOLLOUT;
	ev.data.u32 = (uint32_t)(c - conns);
	if (connect(fd, (struct sockaddr *)&server, sizeof(server)) != 0 &&
	    errno != EINPROGRESS)
		conn_lose(c, strerror(errno));
	else
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev);
	return 0;
}

/*
 * Sends one text frame. A client must mask; a mask of zeros leaves the
 * payload as it is. A frame that does not go out whole would spoil the
 * stream: then the connection ends.
 */
static void
conn_send(struct conn *c, uint8_t opcode, const char *text, size_t length)
{
	uint8_t frame[8 + 1024];
	size_t head = length < 126 ? 2 : 4;
	ssize_t n;

	frame[0] = 0x80 | opcode;
	frame[1] = 0x80 | (uint8_t)(length < 126 ? length : 126);
	if (head == 4) {
		frame[2] = (uint8_t)(length >> 8);
		frame[3] = (uint8_t)length;
	}
	memset(frame + head, 0, 4);
	memcpy(frame + head + 4, text, length);
	n = send(c->fd, frame, head + 4 + length, MSG_NOSIGNAL);
	if (n == (ssize_t)(head + 4 + length))
		sent++;
	else if (n >= 0 || errno != EAGAIN)
		conn_lose(c, strerror(errno));
}

static void
conn_established(struct conn *c)
{
	char text[64];

	c->state = OPEN;
	c->have = 0;
	pending--;
	open_count++;
	moved_at = now_ns();
	snprintf(text, sizeof(text), "login user-%" PRIu32, c->user);
	conn_send(c, 1, text, strlen(text));
}

static void
conn_connected(struct conn *c)
{
	struct epoll_event ev = {
	    .events = EPOLLIN, .data.u32 = (uint32_t)(c - conns)};
	socklen_t size = sizeof(int);
	int error = 0;

	getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error != 0) {
		conn_lose(c, strerror(error));
		return;
	}
	if (send(c->fd, request, strlen(request), MSG_NOSIGNAL) !=
	    (ssize_t)strlen(request)) {
		conn_lose(c, "the request was not sent");
		return;
	}
	c->state = HANDSHAKE;
	epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &ev);
}

/* Returns how many bytes belonged to the answer's head. */
static size_t
handshake_bytes(struct conn *c, const char *in, size_t n)
{
	static const char blank[] = "\r\n\r\n";
	size_t i = 0;

	while (i < n) {
		char ch = in[i++];

		if (ch == blank[c->have])
			c->have++;
		else
			c->have = ch == '\r';
		if (c->have == 4) {
			conn_established(c);
			break;
		}
	}
	return i;
}

/* Returns how many bytes the start of a frame took. */
static size_t
frame_bytes(struct conn *c, const uint8_t *in, size_t n)
{
	size_t i = 0, whole;

	while (i < n && c->state == OPEN) {
		c->head[c->have++] = in[i++];
		if (c->have < 2)
			continue;
		whole = c->head[1] < 126 ? 2 : c->head[1] == 126 ? 4 : 10;
		if (c->have < whole)
			continue;
		c->left = whole == 2 ? c->head[1]
				     : (uint32_t)c->head[whole - 2] << 8 |
					   c->head[whole - 1];
		c->have = 0;
		received++;
		if ((c->head[0] & 15) == 9)
			conn_send(c, 10, "", 0); /* a pong for their ping */
		else if ((c->head[0] & 15) == 8)
			conn_lose(c, "closed by the server");
		break;
	}
	return i;
}

static void
conn_read(struct conn *c)
{
	static char in[65536];
	ssize_t n = recv(c->fd, in, sizeof(in), 0);
	size_t at = 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		conn_lose(c, n == 0 ? "closed by the server" : strerror(errno));
		return;
	}
	/* The status line comes in one piece: it is the first thing sent. */
	if (c->state == HANDSHAKE && c->have == 0 && n > 12 &&
	    memcmp(in, "HTTP/", 5) == 0 && memcmp(in + 8, " 101", 4) != 0) {
		conn_lose(c, "the server does not speak websocket here");
		return;
	}
	while (at < (size_t)n && c->state != FREE) {
		size_t rest = (size_t)n - at;

		if (c->state == HANDSHAKE) {
			at += handshake_bytes(c, in + at, rest);
		} else if (c->left == 0) {
			at += frame_bytes(c, (uint8_t *)in + at, rest);
		} else {
			size_t skip = c->left < rest ? c->left : rest;

			c->left -= (uint32_t)skip;
			at += skip;
		}
	}
}

static void
drop(uint32_t n)
{
	wanted = 0;
	for (uint32_t i = 0; i < slots && n > 0; i++) {
		if (conns[i].state == FREE)
			continue;
		conn_close(&conns[i]);
		n--;
	}
}

/* ---- load
 * -------------------------------------------------------------------- */

static void
send_message(struct conn *c)
{
	static const char filler[] =
	    "the quick brown fox jumps over the lazy dog and comes back to "
	    "see whether the dog has noticed, which it has not, being lazy";
	char text[256];
	int n = snprintf(text, sizeof(text), "%s %" PRIu64 " %.*s",
	    sent % 16 == 0 ? "say" : "echo", sent,
	    (int)(sent * 31 % sizeof(filler)), filler);

	conn_send(c, 1, text, (size_t)n);
}

static void
send_due(double seconds)
{
	owed += options.rate * seconds;
	if (open_count == 0 || owed > options.rate + 1)
		owed = open_count == 0 ? 0 : options.rate; /* cannot keep up */
	for (uint32_t i = 0; owed >= 1 && open_count > 0 && i < slots; i++) {
		struct conn *c = &conns[cursor++ % slots];

		if (c->state != OPEN)
			continue;
		send_message(c);
		owed--;
		i = 0;
	}
}

/* ---- commands
 * ---------------------------------------------------------------- */

static void
status(void)
{
	printf("status connected %" PRIu32 " pending %" PRIu32
	       " wanted %" PRIu32 " lost %" PRIu64 " failed %" PRIu64
	       " sent %" PRIu64 " received %" PRIu64 "\n",
	    open_count, pending, wanted, lost, failed, sent, received);
}

static void
command(const char *line)
{
	uint32_t n;

	if (sscanf(line, "more %" SCNu32, &n) == 1) {
		wanted += n;
		reported = UINT32_MAX;
	} else if (strcmp(line, "drop all") == 0) {
		drop(UINT32_MAX);
	} else if (sscanf(line, "drop %" SCNu32, &n) == 1) {
		drop(n);
	} else if (sscanf(line, "rate %" SCNu32, &n) == 1) {
		options.rate = n;
	} else if (strcmp(line, "status") == 0) {
		status();
	} else if (strcmp(line, "quit") == 0) {
		stopping = 1;
	} else {
		printf("unknown command: %s\n", line);
	}
	fflush(stdout);
}

static void
read_commands(void)
{
	static char line[256];
	static size_t used;
	ssize_t n = read(STDIN_FILENO, line + used, sizeof(line) - 1 - used);
	char *end;

	if (n <= 0) {
		if (n == 0)
			epoll_ctl(epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
		return;
	}
	used += (size_t)n;
	line[used] = '\0';
	while ((end = strchr(line, '\n')) != NULL) {
		*end++ = '\0';
		command(line);
		used -= (size_t)(end - line);
		memmove(line, end, used + 1);
	}
	if (used == sizeof(line) - 1)
		used = 0;
}

/* ---- the loop
 * ---------------------------------------------------------------- */

static void
report(uint64_t now)
{
	if (wanted > 0 || pending > 0 || open_count == reported ||
	    now - moved_at < SETTLE_NS)
		return;
	reported = open_count;
	printf("connected %" PRIu32 "\n", open_count);
	fflush(stdout);
}

static void
serve_events(int timeout_ms)
{
	struct epoll_event events[256];
	int n = epoll_wait(epoll, events, 256, timeout_ms);

	for (int i = 0; i < n; i++) {
		struct conn *c;

		if (events[i].data.u32 == STDIN_KEY) {
			read_commands();
			continue;
		}
		/* A command, above, may have closed it meanwhile. */
		c = &conns[events[i].data.u32];
		if (c->state == CONNECTING)
			conn_connected(c);
		else if (c->state != FREE)
			conn_read(c);
	}
}

static void
run(void)
{
	const uint64_t start = now_ns();
	uint64_t last = start, now;

	moved_at = start - SETTLE_NS;
	while (!stopping) {
		while (wanted > 0 && pending < PENDING_MAX) {
			wanted--;
			if (conn_start() != 0)
				wanted = 0;
		}
		serve_events(
		    options.rate > 0 || reported != open_count || pending > 0
			? TICK_MS
			: 200);
		now = now_ns();
		send_due((double)(now - last) / 1e9);
		last = now;
		report(now);
		if (options.seconds > 0 &&
		    (double)(now - start) / 1e9 >= options.seconds)
			break;
	}
}

/* ---- start
 * ------------------------------------------------------------------- */

static void
usage(FILE *to)
{
	fputs("usage: ullage-demo-client [--url ws://HOST:PORT/] "
	      "[--connections N] [--rate R] [--seconds S]\n"
	      "  --url URL        the server (ws://127.0.0.1:7681/)\n"
	      "  --connections N  open that many (100)\n"
	      "  --rate R         messages per second, over all (0)\n"
	      "  --seconds S      end after that time; 0 goes on until told "
	      "(0)\n"
	      "Commands, a line each on standard input: more N, drop N, "
	      "drop all, rate N,\nstatus, quit\n",
	    to);
}

static void
find_server(void)
{
	const struct addrinfo hints = {
	    .ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	char host[128], port[8] = "80", path[128] = "/";
	int error;

	if (sscanf(options.url, "ws://%127[^:/]:%7[0-9]%127s", host, port,
		path) < 1) {
		complain("\"%s\" is not like ws://HOST:PORT/", options.url);
		exit(2);
	}
	error = getaddrinfo(host, port, &hints, &found);
	if (error != 0) {
		complain("%s: %s", host, gai_strerror(error));
		exit(1);
	}
	memcpy(&server, found->ai_addr, sizeof(server));
	freeaddrinfo(found);
	/* The key need not be random: it only proves who understood it. */
	snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: %s:%s\r\nUpgrade: websocket\r\n"
	    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	    "Sec-WebSocket-Protocol: ullage-demo\r\n\r\n",
	    path, host, port);
}

static double
number(const char *text, double most)
{
	char *end;
	double n = strtod(text, &end);

	if (end == text || *end != '\0' || !(n >= 0 && n <= most)) {
		complain("\"%s\" is not a number from 0 to %.0f", text, most);
		exit(2);
	}
	return n;
}

static void
parse(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"url", required_argument, NULL, 'u'},
	    {"connections", required_argument, NULL, 'c'},
	    {"rate", required_argument, NULL, 'r'},
	    {"seconds", required_argument, NULL, 's'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	int o;

	while ((o = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (o) {
		case 'u':
			options.url = optarg;
			break;
		case 'c':
			options.connections = (uint32_t)number(optarg, 1e6);
			break;
		case 'r':
			options.rate = number(optarg, 1e6);
			break;
		case 's':
			options.seconds = number(optarg, 1e9);
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			exit(2);
		}
	}
}

static void
stop(int signo)
{
	(void)signo;
	stopping = 1;
}

int
main(int argc, char **argv)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u32 = STDIN_KEY};
	struct rlimit limit;

	parse(argc, argv);
	find_server();
	signal(SIGINT, stop);
	signal(SIGTERM, stop);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	epoll = epoll_create1(EPOLL_CLOEXEC);
	/* Fails for a file or /dev/null: then there are no commands. */
	epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &ev);
	wanted = options.connections;
	run();
	status();
	return failed > 0 && open_count == 0;
}
