/* SPDX-License-Identifier: MIT */
/* The parts of the list's screen. */
#ifndef ULLAGE_TOP_LIST_PARTS_H
#define ULLAGE_TOP_LIST_PARTS_H

#include "top/screens.h"

/* The lines about the machine; returns the row below. */
int list_machine(struct ui *ui);

/* Sets the places and widths of ui->list's columns; 0: no room. */
void list_lay_out(struct ui *ui);
void list_headings(struct ui *ui, int row);

#endif
