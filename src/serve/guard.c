/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/guard.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define HOST_MAX 256
#define AUTHORIZATION_MAX 1024

bool
guard_equal(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	volatile unsigned char different = n != m;

	/* As many steps as the asker's text is long, which he knows. */
	for (size_t i = 0; i < n; i++)
		different |= (unsigned char)(a[i] ^ b[m != 0 ? i % m : 0]);
	return different == 0;
}

/* Splits off the port; brackets of an IPv6 address go too. */
static bool
host_name(const char *host, char name[HOST_MAX])
{
	const char *end, *port;
	size_t n;

	if (host[0] == '[') {
		end = strchr(++host, ']');
		if (end == NULL)
			return false;
		port = end + 1;
	} else {
		end = port = host + strcspn(host, ":");
	}
	n = (size_t)(end - host);
	if (n == 0 || n >= HOST_MAX)
		return false;
	memcpy(name, host, n);
	name[n] = '\0';
	if (*port == '\0')
		return true;
	return *port == ':' && port[1] != '\0' &&
	    strspn(port + 1, "0123456789") == strlen(port + 1);
}

bool
guard_host(const struct guard *g, const char *host)
{
	char name[HOST_MAX];
	struct in_addr four;
	struct in6_addr six;

	if (!host_name(host, name))
		return false;
	if (strcasecmp(name, "localhost") == 0)
		return true;
	for (size_t i = 0; i < g->n_hosts; i++)
		if (strcasecmp(name, g->hosts[i]) == 0)
			return true;
	if (host[0] != '[' && inet_pton(AF_INET, name, &four) == 1)
		return g->any_address || ntohl(four.s_addr) >> 24 == 127;
	if (host[0] == '[' && inet_pton(AF_INET6, name, &six) == 1)
		return g->any_address || IN6_IS_ADDR_LOOPBACK(&six);
	return false;
}

bool
guard_origin(const char *origin, const char *host)
{
	if (strncasecmp(origin, "http://", 7) == 0)
		return strcasecmp(origin + 7, host) == 0;
	/* Behind a proxy that speaks TLS. */
	if (strncasecmp(origin, "https://", 8) == 0)
		return strcasecmp(origin + 8, host) == 0;
	return false;
}

static int
base64_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* False if it is none; out has room for as many bytes as text. */
static bool
base64(const char *text, char *out)
{
	uint32_t bits = 0;
	int have = 0, digit;

	for (; *text != '\0' && *text != '='; text++) {
		if ((digit = base64_digit(*text)) < 0)
			return false;
		bits = (bits << 6 | (uint32_t)digit) & 0xffffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			*out++ = (char)(bits >> have);
		}
	}
	*out = '\0';
	return true;
}

bool
guard_authorization(const struct guard *g, const char *value)
{
	char plain[AUTHORIZATION_MAX], *colon;
	const char *rest;
	size_t scheme = strcspn(value, " ");

	if (strlen(value) >= AUTHORIZATION_MAX)
		return false;
	rest = value + scheme + strspn(value + scheme, " ");
	if (scheme == 6 && strncasecmp(value, "Bearer", 6) == 0)
		return guard_equal(rest, g->token);
	if (scheme != 5 || strncasecmp(value, "Basic", 5) != 0 ||
	    !base64(rest, plain) || (colon = strchr(plain, ':')) == NULL)
		return false;
	return guard_equal(colon + 1, g->token);
}

static bool
method_admit(const struct request *r, struct answer *a)
{
	bool reads = strcmp(r->method, "GET") == 0 ||
	    strcmp(r->method, "HEAD") == 0;
	size_t n = strlen(r->path);

	/* Only a look-up of names takes a body, and it changes nothing. */
	if (reads || (strcmp(r->method, "POST") == 0 && n >= 7 &&
			 (strcmp(r->path + n - 7, "/symbol") == 0)))
		return true;
	answer_error(a, 405, "this server only reads: use GET or HEAD");
	a->allow = true;
	return false;
}

static bool
site_admit(const struct request *r, struct answer *a)
{
	const char *site = r->sec_fetch_site;

	if (r->origin != NULL && !guard_origin(r->origin, r->host)) {
		answer_error(a, 403, "requests of other sites are refused "
		    "(Origin)");
		return false;
	}
	if (site != NULL && strcmp(site, "same-origin") != 0 &&
	    strcmp(site, "none") != 0) {
		answer_error(a, 403, "requests of other sites are refused "
		    "(Sec-Fetch-Site)");
		return false;
	}
	return true;
}

bool
guard_admit(const struct guard *g, const struct request *r, struct answer *a)
{
	if (r->host == NULL) {
		answer_error(a, 400, "the request has no Host");
		return false;
	}
	if (!guard_host(g, r->host)) {
		answer_error(a, 421, "this server does not go by the name in "
		    "Host; use its address, or start it with --host NAME");
		return false;
	}
	if (!site_admit(r, a))
		return false;
	if (g->token != NULL && (r->authorization == NULL ||
			     !guard_authorization(g, r->authorization))) {
		answer_error(a, 401, "the token is missing or wrong; send it "
		    "as Authorization: Bearer TOKEN, or as the password");
		a->authenticate = true;
		return false;
	}
	return method_admit(r, a);
}
