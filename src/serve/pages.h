/* SPDX-License-Identifier: MIT */
/* What pages begin and end with. Private to this folder. */
#ifndef ULLAGE_SERVE_PAGES_H
#define ULLAGE_SERVE_PAGES_H

#include "serve/routes.h"

/* The title is followed by the process, if the page is about one; escaped. */
void page_begin(struct visit *v, struct answer *a, const char *title);
void page_end(struct answer *a);

#endif
