/* SPDX-License-Identifier: MIT */
/*
 * host HOW PLUGIN: opens a plug-in in one of the ways there are, lets it
 * work, and frees what it gives.
 */
#include "config.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
open_plugin(const char *how, const char *path)
{
	if (strcmp(how, "namespace") == 0)
		return dlmopen(LM_ID_NEWLM, path, RTLD_NOW);
	return dlopen(path, RTLD_NOW |
	    (strcmp(how, "deep") == 0 ? RTLD_DEEPBIND | RTLD_LOCAL :
		strcmp(how, "global") == 0 ? RTLD_GLOBAL : RTLD_LOCAL));
}

int
main(int argc, char **argv)
{
	int times = argc > 3 ? atoi(argv[3]) : 1, sum = 0;

	for (int i = 0; i < times; i++) {
		void *plugin = open_plugin(argv[1], argv[2]);
		int (*work)(void);
		char *(*gift)(void);

		if (plugin == NULL) {
			printf("%s\n", dlerror());
			return 1;
		}
		*(void **)&work = dlsym(plugin, "plugin_work");
		*(void **)&gift = dlsym(plugin, "plugin_gift");
		sum += work();
		/* Another namespace has a heap of its own. */
		if (strcmp(argv[1], "namespace") != 0)
			free(gift());
		sum += work();
		dlclose(plugin);
	}
	printf("%d\n", sum);
	return 0;
}
