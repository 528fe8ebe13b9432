/* SPDX-License-Identifier: MIT */
/*
 *   LD_PRELOAD=late.so LATE_AGENT=libullage.so LATE_INTERVAL=1 program
 */
#include "config.h"

#include "late.h"
#include "abi/arm.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct order {
	const char *library;
	const struct ull_arm *how; /* to arm with */
	int disarm;
	int result;
};

static void *
carry_out(void *arg)
{
	struct order *o = arg;
	ull_disarm_fn *disarm;
	ull_arm_fn *arm;
	void *handle;

	/* All but what it complains to. */
	syscall(SYS_close_range, 3, ~0u, 2 /* CLOSE_RANGE_UNSHARE */);
	handle = dlopen(o->library, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (handle == NULL) {
		fprintf(stderr, "late: %s\n", dlerror());
		return NULL;
	}
	arm = (ull_arm_fn *)dlsym(handle, "ullage_arm");
	disarm = (ull_disarm_fn *)dlsym(handle, "ullage_disarm");
	if (arm == NULL || disarm == NULL)
		fprintf(stderr, "late: %s is no agent\n", o->library);
	else
		o->result = o->disarm ? disarm() : arm(o->how);
	return NULL;
}

static int
give(struct order *o)
{
	sigset_t all, old;
	pthread_t thread;
	int rc;

	o->result = -1;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&thread, NULL, carry_out, o);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc == 0)
		pthread_join(thread, NULL);
	return o->result;
}

int
late_arm(const char *library, uint64_t interval)
{
	const char *dir = getenv("ULLAGE_DIR"), *lease = getenv("LATE_LEASE"),
		   *follow = getenv("LATE_FOLLOW");
	struct ull_arm how = { .size = sizeof how,
		.abi = ULL_ARM_ABI,
		.interval = interval,
		.trim = UINT64_MAX,
		.follow = follow != NULL ? (uint32_t)atoi(follow) :
					   ULL_FOLLOW_FORK,
		.flags = ULL_ARM_OWN_FILES };
	struct order o = { .library = library, .how = &how };

	if (dir != NULL)
		snprintf(how.dir, sizeof how.dir, "%s", dir);
	if (lease != NULL)
		how.lease = strtoull(lease, NULL, 10);
	return give(&o);
}

int
late_disarm(const char *library)
{
	struct order o = { .library = library, .disarm = 1 };

	return give(&o);
}

int
late_state(const char *library)
{
	struct order o = { .library = library };

	return give(&o);
}

#ifdef LATE_PRELOADED
__attribute__((constructor)) static void
begin(void)
{
	const char *library = getenv("LATE_AGENT");
	const char *interval = getenv("LATE_INTERVAL");
	int rc;

	if (library == NULL || strstr(getenv("LD_PRELOAD"), "late.so") == NULL)
		return;
	rc = late_arm(library,
	    interval != NULL ? strtoull(interval, NULL, 10) : 524288);
	if (rc != ULL_ARM_OK)
		fprintf(stderr, "late: armed with result %d\n", rc);
}
#endif
