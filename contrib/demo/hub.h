/* SPDX-License-Identifier: MIT */
/*
 * What the demo server keeps beyond single connections: a cache of sessions
 * by user, the last broadcasts, and a trail that is a leak on request.
 */
#ifndef ULLAGE_DEMO_HUB_H
#define ULLAGE_DEMO_HUB_H

#include <stdbool.h>
#include <stddef.h>

/* Broadcasts that are kept; an older one makes room for a newer. */
#define BROADCAST_DEPTH 512

/* At most that many users are remembered; 1 or more, before the first put. */
void session_cache_limit(size_t users);

/* Remembers a user, in the place of the oldest if the cache is full. */
void session_cache_put(const char *user);

/* Keeps a message among the last BROADCAST_DEPTH. */
void broadcast_enqueue(const char *text, size_t length);

/* The leak: keeps a record of each message for ever. */
void audit_trail_append(const char *text, size_t length);

#endif
