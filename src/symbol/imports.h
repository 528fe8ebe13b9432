/* SPDX-License-Identifier: MIT */
/* What a program takes from its libraries. */
#ifndef ULLAGE_SYMBOL_IMPORTS_H
#define ULLAGE_SYMBOL_IMPORTS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * True if the program that process pid runs imports one of the names, a
 * NULL-terminated list. False too if it is not known: no permission, a static
 * program, no section headers.
 */
bool imports_any(int32_t pid, const char *const *names);

#endif
