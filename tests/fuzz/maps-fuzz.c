/* SPDX-License-Identifier: MIT */
/* Memory maps that no kernel wrote. */
#include "config.h"

#include "proc/maps.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
	struct maps m = MAPS_INIT;

	maps_parse(&m, (const char *)bytes, size);
	for (size_t i = 0; i < m.n; i++) {
		if (m.rows[i].start >= m.rows[i].limit ||
		    (i > 0 && m.rows[i].start < m.rows[i - 1].limit) ||
		    maps_find(&m, m.rows[i].start) != &m.rows[i] ||
		    maps_find(&m, m.rows[i].limit - 1) != &m.rows[i])
			abort();
	}
	maps_free(&m);
	return 0;
}
