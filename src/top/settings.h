/* SPDX-License-Identifier: MIT */
/*
 * What the live view remembers from one time to the next: columns, order,
 * delay. A file of words, in $XDG_CONFIG_HOME/ullage/top or
 * ~/.config/ullage/top. What cannot be read or understood is left as it was.
 */
#ifndef ULLAGE_TOP_SETTINGS_H
#define ULLAGE_TOP_SETTINGS_H

#include "base/buf.h"
#include "top/ui.h"

/* Owned by the caller; NULL if there is no place for it. */
char *settings_path(void);

void settings_parse(struct ui *ui, const char *text);
void settings_text(const struct ui *ui, struct buf *out);

/* Both never fail: there is nobody to tell while the view is on. */
void settings_load(struct ui *ui);
void settings_save(const struct ui *ui);

#endif
