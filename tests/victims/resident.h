/* SPDX-License-Identifier: MIT */
/* Of a victim itself: bytes of anonymous memory that are resident. */
#ifndef ULLAGE_VICTIMS_RESIDENT_H
#define ULLAGE_VICTIMS_RESIDENT_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Not statm, whose counters are late; nor the pages of libc that a call may
 * bring. Allocates nothing. */
static long
resident(void)
{
	static char text[8192];
	const char *at;
	size_t len = 0;
	ssize_t n;
	int fd = open("/proc/self/smaps_rollup", O_RDONLY);

	while ((n = read(fd, text + len, sizeof text - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	text[len] = '\0';
	at = strstr(text, "\nAnonymous:");
	if (at == 0)
		abort();
	return atol(at + 11) * 1024;
}

#endif
