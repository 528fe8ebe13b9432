/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/serve.h"
#include "base/xalloc.h"
#include "serve/answers.h"
#include "serve/clients.h"
#include "serve/guard.h"
#include "serve/listen.h"
#include "serve/routes.h"
#include "serve/turns.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

/* Bounds of what strangers can make us hold. */
#define CONNECTIONS_MAX 2000
#define QUIET_MAX 1500		 /* connections that ask nothing */
#define MEMORY_PER_CLIENT 16384	 /* its headers, and some of its answer */
#define BODY_MAX (1 << 20)	 /* of a POST of addresses */
#define UNSENT_MAX (256u << 20)	 /* bytes of answers on their way */
#define UNSENT_SMALL (64u << 10) /* an answer that may always go */
#define PATIENCE_NS 10000000000u /* for the whole of a request */
#define STALL_SECONDS 30	 /* for a client that does not read */
#define WORKER_STACK (2 << 20)

struct server {
	struct serve_options options;
	struct listener listener;
	struct guard guard;
	const struct source *source;
	struct clients *clients;
	struct answers *answers;
	struct MHD_Daemon *daemon;
	pthread_t reaper;
	struct turns turns;
	const char **hosts; /* owned; the options' and the listener's */
};

/* A request on its way: made at its first byte, freed after its last. */
struct call {
	struct server *server;
	struct MHD_Connection *connection;
	struct client *client;
	char *method, *path;
	struct buf body;
	bool too_large, begun, done;
	bool turn; /* it has one */
	struct request request;
	struct answer answer;
	struct shared_answer *shared; /* what is sent; NULL: answer is */
};

/* ---- waiting --------------------------------------------------------------- */

static bool
wait_for(void *arg, uint64_t ns, struct err *e)
{
	struct call *c = arg;

	return turns_wait(&c->server->turns, &c->turn, ns, e);
}

static void *
reap(void *arg)
{
	struct server *s = arg;

	while (turns_idle(&s->turns, 1000000000u)) {
		clients_reap(s->clients);
		answers_reap(s->answers);
	}
	return NULL;
}

/* ---- sending --------------------------------------------------------------- */

static void
header(struct MHD_Response *r, const char *name, const char *value)
{
	MHD_add_response_header(r, name, value);
}

static void
add_headers(struct MHD_Response *r, const struct answer *a)
{
	char text[128];

	header(r, "Content-Type", a->type);
	header(r, "X-Content-Type-Options", "nosniff");
	header(r, "Cache-Control", "no-store");
	header(r, "Referrer-Policy", "no-referrer");
	header(r, "Cross-Origin-Resource-Policy", "same-origin");
	header(r, "X-Frame-Options", "DENY");
	/* Nothing leads away from the page, and nothing that a name of a
	 * process could smuggle in would run. */
	header(r, "Content-Security-Policy", a->page ?
		"default-src 'none'; script-src 'self'; style-src 'self'; "
		"connect-src 'self'; img-src data:; base-uri 'none'; "
		"form-action 'none'; frame-ancestors 'none'" :
		"default-src 'none'; frame-ancestors 'none'");
	if (a->filename[0] != '\0') {
		snprintf(text, sizeof text, "attachment; filename=\"%s\"",
		    a->filename);
		header(r, "Content-Disposition", text);
	}
	if (a->pprof_error)
		header(r, "X-Go-Pprof", "1");
	if (a->allow)
		header(r, "Allow", "GET, HEAD");
	if (a->authenticate)
		header(r, "WWW-Authenticate",
		    "Basic realm=\"ullage\", charset=\"UTF-8\"");
	if (a->location[0] != '\0')
		header(r, "Location", a->location);
	if (a->status == 503)
		header(r, "Retry-After", "5");
}

static void
give_back(void *arg)
{
	answers_give_back(arg);
}

/* Clients that read slowly hold what we made for them: but not any amount. */
static struct shared_answer *
sendable(struct call *c)
{
	struct answers *all = c->server->answers;
	size_t len;

	if (c->shared == NULL)
		c->shared = answers_put(all, NULL, &c->answer, 0);
	len = c->shared->answer.body.len;
	if (len <= UNSENT_SMALL || answers_bytes(all) <= UNSENT_MAX)
		return c->shared;
	answers_give_back(c->shared);
	answer_error(&c->answer, 503, "too many answers are on their way to "
				      "clients that do not read; try again "
				      "later");
	return c->shared = answers_put(all, NULL, &c->answer, 0);
}

static enum MHD_Result
send_answer(struct call *c)
{
	struct shared_answer *shared = sendable(c);
	const struct answer *a = &shared->answer;
	struct MHD_Response *r;
	enum MHD_Result rc;

	/* Gives it back when the last byte is sent, or nobody waits for it. */
	r = MHD_create_response_from_buffer_with_free_callback_cls(
	    a->body.len, a->body.bytes, give_back, shared);
	if (r == NULL)
		return MHD_NO;
	c->shared = NULL;
	add_headers(r, a);
	rc = MHD_queue_response(c->connection, (unsigned)a->status, r);
	MHD_destroy_response(r);
	return rc;
}

/* ---- answering ------------------------------------------------------------- */

/* Makes the answer, when it is its turn. */
static uint64_t
make_answer(struct call *c)
{
	struct server *s = c->server;
	struct routes routes = { s->source, wait_for, c, &s->turns.ending };
	struct timespec from, to;

	turns_take(&s->turns, &c->turn);
	clock_gettime(CLOCK_MONOTONIC, &from);
	routes_answer(&routes, &c->request, &c->answer);
	clock_gettime(CLOCK_MONOTONIC, &to);
	turns_leave(&s->turns, &c->turn);
	return (uint64_t)((to.tv_sec - from.tv_sec) * 1000000000 +
	    to.tv_nsec - from.tv_nsec);
}

static void *
work(void *arg)
{
	struct call *c = arg;
	struct server *s = c->server;
	struct buf key = BUF_INIT;
	bool shared = routes_key(s->source, &c->request, &key);

	if (shared)
		c->shared = answers_find(s->answers, buf_text(&key));
	if (c->shared == NULL) {
		uint64_t cost = make_answer(c);

		c->shared = answers_put(s->answers,
		    shared ? buf_text(&key) : NULL, &c->answer, cost);
	}
	buf_free(&key);
	c->done = true;
	/* Afterwards the call belongs to the daemon's thread again. */
	MHD_resume_connection(c->connection);
	turns_end(&s->turns);
	return NULL;
}

static bool
start_worker(struct call *c)
{
	struct server *s = c->server;
	pthread_attr_t attr;
	pthread_t thread;

	if (!turns_begin(&s->turns))
		return false;
	MHD_suspend_connection(c->connection);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, WORKER_STACK);
	if (pthread_create(&thread, &attr, work, c) != 0) {
		answer_error(&c->answer, 503, "no thread is left to answer");
		c->done = true;
		MHD_resume_connection(c->connection);
		turns_end(&s->turns);
	}
	pthread_attr_destroy(&attr);
	return true;
}

static enum MHD_Result
add_parameter(void *arg, enum MHD_ValueKind kind, const char *name,
    const char *value)
{
	struct request *r = arg;

	(void)kind;
	if (r->n_parameters < REQUEST_PARAMETERS_MAX)
		r->parameters[r->n_parameters++] =
		    (struct parameter){ name, value };
	return MHD_YES;
}

static const char *
header_of(const struct call *c, const char *name)
{
	return MHD_lookup_connection_value(c->connection, MHD_HEADER_KIND,
	    name);
}

static enum MHD_Result
begin(struct call *c)
{
	struct request *r = &c->request;

	c->begun = true;
	clients_asked(c->server->clients, c->client);
	*r = (struct request){ .method = c->method, .path = c->path,
		.host = header_of(c, "Host"),
		.origin = header_of(c, "Origin"),
		.sec_fetch_site = header_of(c, "Sec-Fetch-Site"),
		.authorization = header_of(c, "Authorization"),
		.accept = header_of(c, "Accept"),
		.body = buf_text(&c->body) };
	MHD_get_connection_values(c->connection, MHD_GET_ARGUMENT_KIND,
	    add_parameter, r);
	if (c->too_large)
		answer_error(&c->answer, 413, "the body is too large");
	else if (guard_admit(&c->server->guard, r, &c->answer)) {
		if (start_worker(c))
			return MHD_YES;
		answer_error(&c->answer, 503,
		    "%d requests are being answered already; try again later",
		    TURNS_WORKERS_MAX);
	}
	c->done = true;
	return send_answer(c);
}

static struct client *
client_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}

static enum MHD_Result
handle(void *arg, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload,
    size_t *upload_size, void **state)
{
	struct call *c = *state;

	(void)version;
	if (c == NULL) {
		c = *state = xcalloc(1, sizeof *c);
		c->server = arg;
		c->connection = connection;
		c->client = client_of(connection);
		c->method = xstrdup(method);
		c->path = xstrdup(url);
		c->answer = (struct answer)ANSWER_INIT;
		return MHD_YES;
	}
	if (*upload_size > 0) {
		if (c->body.len + *upload_size > BODY_MAX)
			c->too_large = true;
		else
			buf_add(&c->body, upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	if (!c->begun)
		return begin(c);
	return c->done ? send_answer(c) : MHD_YES;
}

static void
completed(void *arg, struct MHD_Connection *connection, void **state,
    enum MHD_RequestTerminationCode code)
{
	struct server *s = arg;
	struct call *c = *state;

	(void)connection;
	(void)code;
	if (c == NULL)
		return;
	clients_answered(s->clients, c->client);
	if (c->shared != NULL)
		answers_give_back(c->shared);
	answer_free(&c->answer);
	buf_free(&c->body);
	free(c->method);
	free(c->path);
	free(c);
	*state = NULL;
}

static void
connected(void *arg, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode code)
{
	struct server *s = arg;
	const union MHD_ConnectionInfo *info;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		clients_remove(s->clients, *context);
		return;
	}
	info = MHD_get_connection_info(connection,
	    MHD_CONNECTION_INFO_CONNECTION_FD);
	*context = clients_add(s->clients, info->connect_fd);
}

static void
say_nothing(void *arg, const char *fmt, va_list ap)
{
	(void)arg;
	(void)fmt;
	(void)ap;
}

/* ---- starting and ending ---------------------------------------------------- */

/* Names for Host: the options', and the one that was listened on. */
static void
init_guard(struct server *s)
{
	const struct serve_options *o = &s->options;
	size_t n = 0;

	s->hosts = xcalloc(o->n_hosts + 1, sizeof *s->hosts);
	for (size_t i = 0; i < o->n_hosts; i++)
		s->hosts[n++] = o->hosts[i];
	if (s->listener.host[0] != '\0')
		s->hosts[n++] = s->listener.host;
	s->guard = (struct guard){ .token = o->token, .hosts = s->hosts,
		.n_hosts = n, .any_address = !s->listener.loopback };
}

/* Enough descriptors for the clients, or fewer clients. */
static unsigned
connection_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return 200;
	if (r.rlim_cur < CONNECTIONS_MAX * 2) {
		r.rlim_cur = r.rlim_max < CONNECTIONS_MAX * 2 ? r.rlim_max :
		    CONNECTIONS_MAX * 2;
		setrlimit(RLIMIT_NOFILE, &r);
		getrlimit(RLIMIT_NOFILE, &r);
	}
	return r.rlim_cur / 2 < CONNECTIONS_MAX ? (unsigned)r.rlim_cur / 2 :
	    CONNECTIONS_MAX;
}

static int
start_daemon(struct server *s, unsigned connections, struct err *e)
{
	s->daemon = MHD_start_daemon(
	    MHD_USE_AUTO_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
		MHD_USE_ERROR_LOG,
	    0, NULL, NULL, handle, s,
	    MHD_OPTION_EXTERNAL_LOGGER, say_nothing, NULL,
	    MHD_OPTION_LISTEN_SOCKET, s->listener.fd,
	    MHD_OPTION_CONNECTION_LIMIT, connections,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_PER_CLIENT,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)STALL_SECONDS,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1,
	    MHD_OPTION_NOTIFY_COMPLETED, completed, s,
	    MHD_OPTION_NOTIFY_CONNECTION, connected, s, MHD_OPTION_END);
	if (s->daemon == NULL)
		return err_errno(e, "cannot start the server on %s",
		    s->listener.url);
	/* The daemon closes the socket itself. */
	s->listener.fd = -1;
	return 0;
}

static void
server_free(struct server *s)
{
	listen_close(&s->listener);
	clients_free(s->clients);
	answers_free(s->answers);
	turns_fini(&s->turns);
	free(s->hosts);
	free(s);
}

struct server *
server_start(const struct serve_options *o, const struct source *source,
    struct err *e)
{
	struct server *s = xcalloc(1, sizeof *s);
	unsigned connections = connection_limit();

	s->options = *o;
	s->source = source;
	s->clients = clients_new(connections < QUIET_MAX + 100 ?
		connections * 3 / 4 : QUIET_MAX, PATIENCE_NS);
	s->answers = answers_new();
	turns_init(&s->turns);
	if (listen_open(o->listen, &s->listener, e) < 0)
		goto failed;
	if (!s->listener.loopback && o->token == NULL && !o->allow_remote) {
		err_set(e, ERR_USAGE,
		    "%s can be reached from other machines, which could read "
		    "what these processes do; add --token, or --allow-remote "
		    "to let everybody", s->listener.url);
		goto failed;
	}
	init_guard(s);
	if (o->opened != NULL && o->opened(o->opened_arg, e) < 0)
		goto failed;
	if (start_daemon(s, connections, e) < 0)
		goto failed;
	if ((errno = pthread_create(&s->reaper, NULL, reap, s)) == 0)
		return s;
	err_errno(e, "cannot start a thread");
	MHD_stop_daemon(s->daemon);
failed:
	server_free(s);
	return NULL;
}

const char *
server_url(const struct server *s)
{
	return s->listener.url;
}

void
server_stop(struct server *s)
{
	if (s == NULL)
		return;
	turns_stop(&s->turns);
	pthread_join(s->reaper, NULL);
	MHD_stop_daemon(s->daemon);
	server_free(s);
}
