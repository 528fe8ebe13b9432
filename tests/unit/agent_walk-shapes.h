/* SPDX-License-Identifier: MIT */
#ifndef ULLAGE_AGENT_WALK_SHAPES_H
#define ULLAGE_AGENT_WALK_SHAPES_H

#ifdef __cplusplus
extern "C" {
#endif

/* Calls back from under frames of all shapes, one after another. */
void shapes_run(void (*call)(void *), void *arg);

/* From C++: in a try block, a destructor while unwinding, and a handler. */
void shapes_throw(void (*call)(void *), void *arg);

#ifdef __cplusplus
}
#endif

#endif
