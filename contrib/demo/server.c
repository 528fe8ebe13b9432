/* SPDX-License-Identifier: MIT */
/*
 * ullage-demo-server: a websocket server to look at with ullage.
 *
 * It keeps its own listening socket and hands accepted ones to
 * libwebsockets: so that it can be told to go on when descriptors run out,
 * which the library takes for a reason to spin.
 *
 * Messages, one word and a text each: "login USER", "echo TEXT", "say TEXT"
 * (to some others, and into the broadcast queue). Commands, a line each on
 * standard input: stats, drop all, leak on, leak off, quit.
 */
#include "config.h"

#include "connection.h"
#include "hub.h"
#include "sites.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <libwebsockets.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Accepted at one go, so that a flood of newcomers does not starve others. */
#define ACCEPT_BATCH 64

/* While descriptors are short, try again that often. */
#define ACCEPT_PAUSE_US 100000

/* The library's tables are sized once, from the limit at that moment. */
#define DESCRIPTORS_MAX 131072

/* How many others get a "say". */
#define FANOUT 8

_Static_assert(OUTBOUND_LEAD >= LWS_PRE, "room for the frame header");

/* What a connection points to in the library: our own struct. */
struct link {
	struct connection *c;
};

static struct lws_context *context;
static struct lws_vhost *vhost;
static struct lws *listener;
static lws_sorted_usec_list_t resume_timer;
static bool short_of_descriptors, leak;
static uint64_t messages, refused;
static volatile sig_atomic_t stopping;

static struct {
	unsigned port;
	const char *address;
} options = {.port = 7681, .address = "127.0.0.1"};

/* ---- messages ------------------------------------------------------------ */

/* To those who came after c, around the ring. */
static void
broadcast(struct connection *c, const char *text, size_t length)
{
	struct connection *to = c->next;

	broadcast_enqueue(text, length);
	for (int n = 0; n < FANOUT && to != c; to = to->next) {
		if (to == &connections)
			continue;
		if (connection_queue(to, text, length))
			lws_callback_on_writable(to->wsi);
		n++;
	}
}

static void
message(struct connection *c, char *text, size_t length)
{
	char *rest = strchr(text, ' ');

	messages++;
	rest = rest == NULL ? text + length : rest + 1;
	length -= (size_t)(rest - text);
	if (leak)
		audit_trail_append(rest, length);
	if (strncmp(text, "login ", 6) == 0) {
		connection_login(c, rest);
		session_cache_put(rest);
	} else if (strncmp(text, "say ", 4) == 0) {
		broadcast(c, rest, length);
	}
	if (connection_queue(c, rest, length))
		lws_callback_on_writable(c->wsi);
}

static int
receive(struct lws *wsi, struct connection *c, const void *in, size_t length)
{
	if (connection_take(c, in, length) != 0)
		return -1;
	if (lws_is_final_fragment(wsi) &&
	    lws_remaining_packet_payload(wsi) == 0) {
		message(c, c->inbound, c->inbound_used);
		c->inbound_used = 0;
	}
	return 0;
}

static int
send_next(struct lws *wsi, struct connection *c)
{
	size_t length = connection_next(c);

	/* An empty message is a message; without one nobody asks to write. */
	if (lws_write(wsi, (unsigned char *)c->outbound + OUTBOUND_LEAD, length,
		LWS_WRITE_TEXT) < (int)length)
		return -1;
	if (c->head != NULL)
		lws_callback_on_writable(wsi);
	return 0;
}

static int
websocket(struct lws *wsi, enum lws_callback_reasons reason, void *user,
    void *in, size_t length)
{
	struct link *l = user;

	switch (reason) {
	case LWS_CALLBACK_ESTABLISHED:
		l->c = connection_open(wsi);
		return 0;
	case LWS_CALLBACK_CLOSED:
		connection_close(l->c);
		l->c = NULL;
		return 0;
	case LWS_CALLBACK_RECEIVE:
		return receive(wsi, l->c, in, length);
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return l->c->head == NULL ? 0 : send_next(wsi, l->c);
	default:
		return lws_callback_http_dummy(wsi, reason, user, in, length);
	}
}

/* ---- accepting ----------------------------------------------------------- */

static void
listener_resume(lws_sorted_usec_list_t *timer)
{
	(void)timer;
	lws_rx_flow_control(listener, 1);
}

/* The one line of an episode; the timer asks again until there is room. */
static void
listener_pause(void)
{
	struct rlimit limit;

	if (!short_of_descriptors) {
		getrlimit(RLIMIT_NOFILE, &limit);
		fprintf(stderr,
		    "ullage-demo-server: cannot accept: %s (limit %" PRIu64
		    ", %" PRIu64 " connections); waiting\n",
		    strerror(errno), (uint64_t)limit.rlim_cur,
		    connection_count);
	}
	short_of_descriptors = true;
	lws_rx_flow_control(listener, 0);
	lws_sul_schedule(
	    context, 0, &resume_timer, listener_resume, ACCEPT_PAUSE_US);
}

static int
accept_some(int fd)
{
	for (int n = 0; n < ACCEPT_BATCH; n++) {
		int client =
		    accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (client < 0) {
			if (errno == EMFILE || errno == ENFILE ||
			    errno == ENOMEM || errno == ENOBUFS)
				listener_pause();
			return 0;
		}
		if (short_of_descriptors) {
			fprintf(
			    stderr, "ullage-demo-server: accepting again\n");
			short_of_descriptors = false;
		}
		if (lws_adopt_socket_vhost(vhost, client) == NULL)
			refused++; /* closed by the library */
	}
	return 0;
}

static int
listening(struct lws *wsi, enum lws_callback_reasons reason, void *user,
    void *in, size_t length)
{
	(void)user, (void)in, (void)length;
	if (reason == LWS_CALLBACK_RAW_RX_FILE)
		return accept_some(lws_get_socket_fd(wsi));
	return 0;
}

/* ---- commands ------------------------------------------------------------ */

static void
stats(void)
{
	printf("connections %" PRIu64 "\nmessages %" PRIu64 "\ndropped %" PRIu64
	       "\nrefused %" PRIu64 "\n",
	    connection_count, messages, messages_dropped, refused);
	sites_print();
	printf("end\n");
}

static void
drop_all(void)
{
	struct connection *c;

	printf("dropping %" PRIu64 "\n", connection_count);
	for (c = connections.next; c != &connections; c = c->next)
		lws_set_timeout(
		    c->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

static void
command(const char *line)
{
	if (strcmp(line, "stats") == 0)
		stats();
	else if (strcmp(line, "drop all") == 0)
		drop_all();
	else if (strcmp(line, "leak on") == 0)
		leak = true;
	else if (strcmp(line, "leak off") == 0)
		leak = false;
	else if (strcmp(line, "quit") == 0)
		stopping = 1;
	else
		printf("unknown command: %s\n", line);
	fflush(stdout);
}

/* -1, that is no more commands, at the end of standard input. */
static int
read_commands(int fd)
{
	static char line[256];
	static size_t used;
	ssize_t n = read(fd, line + used, sizeof(line) - 1 - used);
	char *end;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (n == 0)
		return -1;
	used += (size_t)n;
	line[used] = '\0';
	while ((end = strchr(line, '\n')) != NULL) {
		*end++ = '\0';
		command(line);
		used -= (size_t)(end - line);
		memmove(line, end, used + 1);
	}
	if (used == sizeof(line) - 1)
		used = 0; /* nobody's command is that long */
	return 0;
}

static int
commanding(struct lws *wsi, enum lws_callback_reasons reason, void *user,
    void *in, size_t length)
{
	(void)user, (void)in, (void)length;
	if (reason == LWS_CALLBACK_RAW_RX_FILE)
		return read_commands(lws_get_socket_fd(wsi));
	return 0;
}

/* ---- start --------------------------------------------------------------- */

static const struct lws_protocols protocols[] = {
    {.name = "ullage-demo",
	.callback = websocket,
	.per_session_data_size = sizeof(struct link),
	.rx_buffer_size = 1024},
    {.name = "listen", .callback = listening},
    {.name = "command", .callback = commanding},
    {.name = NULL},
};

/*
 * The library sizes its tables by the soft limit that it finds; the limit is
 * lifted for that moment, so that raising it later has an effect.
 */
static struct lws_context *
context_new(void)
{
	struct lws_context_creation_info info = {
	    .port = CONTEXT_PORT_NO_LISTEN_SERVER,
	    .protocols = protocols,
	    .gid = (gid_t)-1,
	    .uid = (uid_t)-1,
	    .max_http_header_pool = 256,
	    .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
	};
	struct rlimit was, room;

	getrlimit(RLIMIT_NOFILE, &was);
	room = was;
	room.rlim_cur =
	    was.rlim_max < DESCRIPTORS_MAX ? was.rlim_max : DESCRIPTORS_MAX;
	if (room.rlim_cur > was.rlim_cur)
		setrlimit(RLIMIT_NOFILE, &room);
	context = lws_create_context(&info);
	setrlimit(RLIMIT_NOFILE, &was);
	if (context != NULL)
		vhost = lws_create_vhost(context, &info);
	return vhost == NULL ? NULL : context;
}

/* Returns the socket and sets options.port to the port that it got. */
static int
listen_on(void)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};
	socklen_t size = sizeof(a);
	const int one = 1;
	int fd;

	if (inet_pton(AF_INET, options.address, &a.sin_addr) != 1) {
		errno = EINVAL;
		return -1;
	}
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&a, size) != 0 ||
	    listen(fd, SOMAXCONN) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &size) != 0) {
		close(fd);
		return -1;
	}
	options.port = ntohs(a.sin_port);
	return fd;
}

static struct lws *
adopt(int fd, const char *protocol)
{
	lws_sock_file_fd_type d = {.filefd = fd};

	return lws_adopt_descriptor_vhost(
	    vhost, LWS_ADOPT_RAW_FILE_DESC, d, protocol, NULL);
}

static void
stop(int signo)
{
	(void)signo;
	stopping = 1;
	if (context != NULL)
		lws_cancel_service(context);
}

static void
usage(FILE *to)
{
	fputs("usage: ullage-demo-server [--port N] [--address A] [--cache N] "
	      "[--leak]\n"
	      "  --port N     listen there; 0 takes a free one (7681)\n"
	      "  --address A  listen there (127.0.0.1)\n"
	      "  --cache N    remember at most N users (20000)\n"
	      "  --leak       keep a record of each message for ever\n"
	      "Commands, a line each on standard input: stats, drop all, "
	      "leak on, leak off, quit\n",
	    to);
}

static unsigned long
number(const char *text, unsigned long least, unsigned long most)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || *text == '-' ||
	    n < least || n > most) {
		fprintf(stderr,
		    "ullage-demo-server: \"%s\" is not a number from %lu "
		    "to %lu\n",
		    text, least, most);
		exit(2);
	}
	return n;
}

static void
parse(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"port", required_argument, NULL, 'p'},
	    {"address", required_argument, NULL, 'a'},
	    {"cache", required_argument, NULL, 'c'},
	    {"leak", no_argument, NULL, 'l'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	int o;

	while ((o = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (o) {
		case 'p':
			options.port = (unsigned)number(optarg, 0, 65535);
			break;
		case 'a':
			options.address = optarg;
			break;
		case 'c':
			session_cache_limit(number(optarg, 1, 1ul << 30));
			break;
		case 'l':
			leak = true;
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

int
main(int argc, char **argv)
{
	int fd, in;

	parse(argc, argv);
	lws_set_log_level(LLL_ERR, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, stop);
	signal(SIGTERM, stop);
	fd = listen_on();
	if (fd < 0) {
		fprintf(stderr,
		    "ullage-demo-server: cannot listen on %s port %u: %s\n",
		    options.address, options.port, strerror(errno));
		return 1;
	}
	if (context_new() == NULL || (listener = adopt(fd, "listen")) == NULL) {
		fputs("ullage-demo-server: libwebsockets does not start\n",
		    stderr);
		return 1;
	}
	/* A copy, so that its end does not free descriptor 0 for a client. */
	in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	if (in >= 0)
		adopt(in, "command");
	printf("ready port %u\n", options.port);
	fflush(stdout);
	while (!stopping && lws_service(context, 0) >= 0)
		continue;
	lws_context_destroy(context);
	return 0;
}
