/* SPDX-License-Identifier: MIT */
/* Root is given up once the socket is open. */
#ifndef ULLAGE_CMD_SERVE_DROP_H
#define ULLAGE_CMD_SERVE_DROP_H

#include "cmd/serve_targets.h"

/*
 * Does nothing unless we are root. If all that is served are processes of one
 * user, and a try shows that he may look at them in every way that is needed,
 * becomes that user for good. Else keeps only what looking at the processes of
 * others takes: none of them can be changed, no file written that is not
 * root's. *uid is what it runs as afterwards. No other thread may be there.
 */
int serve_drop(struct serve_targets *s, uint32_t *uid, struct err *e);

#endif
