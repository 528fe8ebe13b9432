/* SPDX-License-Identifier: MIT */
/*
 * Prints what the agent and the program must agree on, for tests/golden/
 * segment.txt: a changed line there is a change of the ABI.
 */
#include "config.h"

#include <stdio.h>

#include "abi/segment.h"

#define STRUCT(s) printf("struct %s size %zu\n", #s, sizeof(struct s))
#define MEMBER(s, m)                                                           \
	printf("  %s.%s at %zu size %zu\n", #s, #m, offsetof(struct s, m),     \
	    sizeof(((struct s *)0)->m))
#define VALUE(v) printf("%s %lld\n", #v, (long long)(v))

static void
header(void)
{
	STRUCT(ull_header);
	MEMBER(ull_header, magic);
	MEMBER(ull_header, abi_major);
	MEMBER(ull_header, abi_minor);
	MEMBER(ull_header, header_size);
	MEMBER(ull_header, total_size);
	MEMBER(ull_header, pid);
	MEMBER(ull_header, parent_pid);
	MEMBER(ull_header, start_ticks);
	MEMBER(ull_header, nonce);
	MEMBER(ull_header, disarm);
	MEMBER(ull_header, state);
	MEMBER(ull_header, start_realtime);
	MEMBER(ull_header, start_monotonic);
	MEMBER(ull_header, modules_cap);
	MEMBER(ull_header, module_size);
	MEMBER(ull_header, stacks_cap);
	MEMBER(ull_header, stack_size);
	MEMBER(ull_header, frames_cap);
	MEMBER(ull_header, index_cap);
	MEMBER(ull_header, live_cap);
	MEMBER(ull_header, live_size);
	MEMBER(ull_header, modules_off);
	MEMBER(ull_header, index_off);
	MEMBER(ull_header, stacks_off);
	MEMBER(ull_header, frames_off);
	MEMBER(ull_header, keys_off);
	MEMBER(ull_header, live_off);
	MEMBER(ull_header, shadowed);
	MEMBER(ull_header, agent_version);
	MEMBER(ull_header, exe);
	MEMBER(ull_header, allocator);
	MEMBER(ull_header, fds_cap);
	MEMBER(ull_header, threads_cap);
	MEMBER(ull_header, thread_size);
	MEMBER(ull_header, tid_offset);
	MEMBER(ull_header, stack_offset);
	MEMBER(ull_header, fds_off);
	MEMBER(ull_header, threads_off);
	STRUCT(ull_control);
	MEMBER(ull_control, interval);
	MEMBER(ull_control, trim);
	MEMBER(ull_control, memory_limit);
	MEMBER(ull_control, trim_now);
	MEMBER(ull_control, trim_full);
	MEMBER(ull_control, report);
	MEMBER(ull_control, setting);
	MEMBER(ull_control, attention);
}

static void
counters(void)
{
	STRUCT(ull_counters);
	MEMBER(ull_counters, interval_floor);
	MEMBER(ull_counters, samples);
	MEMBER(ull_counters, frees);
	MEMBER(ull_counters, live_bytes);
	MEMBER(ull_counters, live_entries);
	MEMBER(ull_counters, peak_bytes);
	MEMBER(ull_counters, peak_epoch);
	MEMBER(ull_counters, peak_time);
	MEMBER(ull_counters, stacks_used);
	MEMBER(ull_counters, modules_used);
	MEMBER(ull_counters, frames_used);
	MEMBER(ull_counters, children);
	MEMBER(ull_counters, thin_cursor);
	MEMBER(ull_counters, doublings);
	MEMBER(ull_counters, last_sample);
	MEMBER(ull_counters, allocator);
	MEMBER(ull_counters, losses);
}

static void
tables(void)
{
	STRUCT(ull_module);
	MEMBER(ull_module, ready);
	MEMBER(ull_module, build_id_len);
	MEMBER(ull_module, start);
	MEMBER(ull_module, end);
	MEMBER(ull_module, bias);
	MEMBER(ull_module, build_id);
	MEMBER(ull_module, path);
	STRUCT(ull_stack);
	MEMBER(ull_stack, hash);
	MEMBER(ull_stack, frames);
	MEMBER(ull_stack, depth);
	MEMBER(ull_stack, cut);
	MEMBER(ull_stack, modules);
	MEMBER(ull_stack, alloc_objects);
	MEMBER(ull_stack, alloc_bytes);
	MEMBER(ull_stack, alloc_variance);
	MEMBER(ull_stack, samples);
	MEMBER(ull_stack, live_objects);
	MEMBER(ull_stack, live_bytes);
	MEMBER(ull_stack, peak_objects);
	MEMBER(ull_stack, peak_bytes);
	MEMBER(ull_stack, peak_epoch);
	MEMBER(ull_stack, opened_fds);
	MEMBER(ull_stack, created_threads);
	STRUCT(ull_live);
	MEMBER(ull_live, size);
	MEMBER(ull_live, usable);
	MEMBER(ull_live, weight);
	MEMBER(ull_live, stack);
	MEMBER(ull_live, birth);
	MEMBER(ull_live, check);
	STRUCT(ull_thread);
	MEMBER(ull_thread, start);
	MEMBER(ull_thread, name);
	MEMBER(ull_thread, birth);
	MEMBER(ull_thread, stack);
	MEMBER(ull_thread, check);
}

static void
keeper(void)
{
	STRUCT(ull_receipt);
	MEMBER(ull_receipt, seq);
	MEMBER(ull_receipt, time);
	MEMBER(ull_receipt, cause);
	MEMBER(ull_receipt, flags);
	MEMBER(ull_receipt, before);
	MEMBER(ull_receipt, after);
	MEMBER(ull_receipt, live);
	MEMBER(ull_receipt, wanted);
	MEMBER(ull_receipt, duration);
	MEMBER(ull_receipt, work);
	MEMBER(ull_receipt, longest);
	MEMBER(ull_receipt, faults);
	MEMBER(ull_receipt, arenas);
	MEMBER(ull_receipt, chunks);
	STRUCT(ull_arena);
	MEMBER(ull_arena, id);
	MEMBER(ull_arena, allocated);
	MEMBER(ull_arena, dirty);
	MEMBER(ull_arena, threads);
	STRUCT(ull_statistics);
	MEMBER(ull_statistics, time);
	MEMBER(ull_statistics, cost);
	MEMBER(ull_statistics, allocated);
	MEMBER(ull_statistics, resident);
	MEMBER(ull_statistics, releasable);
	MEMBER(ull_statistics, cached);
	MEMBER(ull_statistics, metadata);
	MEMBER(ull_statistics, unmapped);
	MEMBER(ull_statistics, free);
	STRUCT(ull_keeper);
	MEMBER(ull_keeper, state);
	MEMBER(ull_keeper, reason);
	MEMBER(ull_keeper, tid);
	MEMBER(ull_keeper, starts);
	MEMBER(ull_keeper, trim_now);
	MEMBER(ull_keeper, trim_full);
	MEMBER(ull_keeper, report);
	MEMBER(ull_keeper, setting);
	MEMBER(ull_keeper, setting_old);
	MEMBER(ull_keeper, setting_ok);
	MEMBER(ull_keeper, seen_time);
	MEMBER(ull_keeper, seen_rss);
	MEMBER(ull_keeper, seen_anonymous);
	MEMBER(ull_keeper, seen_live);
	MEMBER(ull_keeper, base);
	MEMBER(ull_keeper, pause);
	MEMBER(ull_keeper, overruns);
	MEMBER(ull_keeper, in_row);
	MEMBER(ull_keeper, receipts);
	MEMBER(ull_keeper, budget);
	MEMBER(ull_keeper, n_arenas);
	MEMBER(ull_keeper, statistics);
	MEMBER(ull_keeper, version);
	MEMBER(ull_keeper, arenas);
	VALUE(ULL_KEEPER_OFF);
	VALUE(ULL_RECEIPTS_OFF);
	VALUE(ULL_RECEIPTS_SIZE);
	VALUE(ULL_TRIM_ONE);
#define X(id, name, allocator, risk) VALUE(ULL_SETTING_##id);
	ULL_SETTINGS(X)
#undef X
#define X(name, text) VALUE(ULL_REASON_##name);
	ULL_REASONS(X)
#undef X
}

static void
values(void)
{
	VALUE(ULL_MAGIC);
	VALUE(ULL_ABI_MAJOR);
	VALUE(ULL_ABI_MINOR);
	VALUE(ULL_DEPTH_MAX);
	VALUE(ULL_MODULES);
	VALUE(ULL_STACKS);
	VALUE(ULL_INDEX);
	VALUE(ULL_FRAMES);
	VALUE(ULL_LIVE);
	VALUE(ULL_BUCKET);
	VALUE(ULL_FDS);
	VALUE(ULL_FD_KINDS);
	VALUE(ULL_FD_TURNS);
	VALUE(ULL_THREADS);
	VALUE(ULL_THREAD_BUCKET);
	VALUE(ULL_THREAD_NAME);
	VALUE(ULL_THREAD_DETACHED);
	VALUE(ULL_THREAD_STATE);
	VALUE(ULL_STACK_LOST);
	VALUE(ULL_OBJECT_ONE);
	VALUE(ULL_STATE_STARTING);
	VALUE(ULL_STATE_ARMED);
	VALUE(ULL_STATE_QUIET);
	VALUE(ULL_KEY_BUSY);
	VALUE(ULL_KEY_HELD);
	VALUE(ULL_KEY_ORPHAN);
	VALUE(ULL_CONTROL_OFF);
	VALUE(ULL_COUNTERS_OFF);
	VALUE(ULL_MODULES_OFF);
	VALUE(ULL_INDEX_OFF);
	VALUE(ULL_STACKS_OFF);
	VALUE(ULL_FRAMES_OFF);
	VALUE(ULL_KEYS_OFF);
	VALUE(ULL_LIVE_OFF);
	VALUE(ULL_FDS_OFF);
	VALUE(ULL_THREADS_OFF);
	VALUE(ULL_TOTAL);
	VALUE(ULL_LOSS_CAP);
#define X(name, text) VALUE(ULL_LOSS_##name);
	ULL_LOSSES(X)
#undef X
	printf("check of (4096, 24, 40, 1.0f, 7, 99) %u\n",
	    ull_live_check(4096, 24, 40, 0x3f800000, 7, 99));
	printf("descriptor 70000 of stack 7, kind 3, birth 99: %016llx\n",
	    (unsigned long long)ull_fd_word(70000, 7, 3, 99));
	printf("check of thread (0x7f0000000040, 4096, 99, 7): %u\n",
	    ull_thread_check(0x7f0000000040, 4096, 99, 7));
}

int
main(void)
{
	values();
	header();
	counters();
	tables();
	keeper();
	return 0;
}
