# tests/unit

# base, profile, encode, table.
EXTRA_DIST += tests/data/heap/README tests/data/heap/jemalloc.heap \
	tests/data/heap/jemalloc-accum.heap tests/data/heap/gperftools.heap \
	tests/golden/encode/heap.txt tests/golden/encode/heap-80.txt \
	tests/golden/encode/heap.collapsed tests/golden/encode/heap.json
if HAVE_CMOCKA
nouns_tests = tests/unit/base-test tests/unit/profile-test \
	tests/unit/encode-test tests/unit/decode-test tests/unit/table-test
check_PROGRAMS += $(nouns_tests)
TESTS += $(nouns_tests)
GOLDEN_TESTS += tests/unit/encode-test
nouns_cflags = $(AM_CFLAGS) $(SAN_CFLAGS) $(CMOCKA_CFLAGS)
nouns_cppflags = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit \
	-DGOLDEN='"$(abs_srcdir)/tests/golden/encode/"' \
	-DDATA='"$(abs_srcdir)/tests/data/heap/"' -DGO='"$(GO)"'
nouns_fake = tests/unit/fake_profile.c tests/unit/fake_profile.h
tests_unit_base_test_SOURCES = tests/unit/base-test.c
tests_unit_base_test_CFLAGS = $(nouns_cflags)
tests_unit_base_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
tests_unit_profile_test_SOURCES = tests/unit/profile-test.c $(nouns_fake)
tests_unit_profile_test_CPPFLAGS = $(nouns_cppflags)
tests_unit_profile_test_CFLAGS = $(nouns_cflags)
tests_unit_profile_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
tests_unit_encode_test_SOURCES = tests/unit/encode-test.c $(nouns_fake)
tests_unit_encode_test_CPPFLAGS = $(nouns_cppflags)
tests_unit_encode_test_CFLAGS = $(nouns_cflags)
tests_unit_encode_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
tests_unit_decode_test_SOURCES = tests/unit/decode-test.c $(nouns_fake)
tests_unit_decode_test_CPPFLAGS = $(nouns_cppflags)
tests_unit_decode_test_CFLAGS = $(nouns_cflags) $(PROTOBUF_C_CFLAGS)
tests_unit_decode_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
tests_unit_table_test_SOURCES = tests/unit/table-test.c
tests_unit_table_test_CFLAGS = $(nouns_cflags)
tests_unit_table_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
endif

# The walk. One binary without frame pointers, a library with them, and lazy
# binding, so that single steps go through PLT entries and the loader.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/agent_walk-test tests/unit/agent_walk-shapes.so
TESTS += tests/unit/agent_walk-test
tests_unit_agent_walk_test_SOURCES = tests/unit/agent_walk-test.c \
	tests/unit/agent_walk-shapes.c tests/unit/agent_walk-shapes.h \
	tests/unit/agent_walk-throw.cc \
	src/agent/walk.c src/agent/walk.h src/agent/cfi.c src/agent/cfi.h \
	src/agent/cfi_expr.c src/agent/cfi_run.c src/agent/row.c \
	src/agent/row.h
tests_unit_agent_walk_test_CPPFLAGS = $(AM_CPPFLAGS) \
	-DSHAPES_LIBRARY='"$(abs_builddir)/tests/unit/agent_walk-shapes.so"'
tests_unit_agent_walk_test_CFLAGS = $(AM_CFLAGS) $(SAN_CFLAGS) \
	-O2 -fomit-frame-pointer $(CMOCKA_CFLAGS)
tests_unit_agent_walk_test_CXXFLAGS = $(SAN_CFLAGS) -g -O2
tests_unit_agent_walk_test_LDFLAGS = -Wl,-z,lazy
tests_unit_agent_walk_test_LDADD = $(CMOCKA_LIBS) -lpthread
tests_unit_agent_walk_shapes_so_SOURCES = tests/unit/agent_walk-shapes.c \
	tests/unit/agent_walk-shapes.h
tests_unit_agent_walk_shapes_so_CFLAGS = $(AM_CFLAGS) -O2 -fPIC \
	-fno-omit-frame-pointer
tests_unit_agent_walk_shapes_so_LDFLAGS = -shared
endif

# symbol
if HAVE_CMOCKA
symbol_tests = tests/unit/symbol-test tests/unit/demangle-test \
	tests/unit/symbolize-test
check_PROGRAMS += $(symbol_tests)
TESTS += $(symbol_tests)
tests_unit_symbol_test_SOURCES = tests/unit/symbol-test.c \
	tests/unit/symbol-fixture.c tests/unit/symbol-fixture.h
tests_unit_symbol_test_CFLAGS = $(src_libhome_a_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_symbol_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
tests_unit_symbolize_test_SOURCES = tests/unit/symbolize-test.c \
	tests/unit/symbol-fixture.c tests/unit/symbol-fixture.h
tests_unit_symbolize_test_CFLAGS = $(src_libhome_a_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_symbolize_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
tests_unit_demangle_test_SOURCES = tests/unit/demangle-test.c
tests_unit_demangle_test_CFLAGS = $(src_libhome_a_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_demangle_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
endif

# proc/maps, unwind.
if HAVE_CMOCKA
stack_unit_tests = tests/unit/maps-test tests/unit/unwind-test
check_PROGRAMS += $(stack_unit_tests)
TESTS += $(stack_unit_tests)
tests_unit_maps_test_SOURCES = tests/unit/maps-test.c
tests_unit_maps_test_CFLAGS = $(AM_CFLAGS) $(SAN_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_maps_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
tests_unit_unwind_test_SOURCES = tests/unit/unwind-test.c
tests_unit_unwind_test_CFLAGS = $(AM_CFLAGS) $(SAN_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_unwind_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
endif

# descriptors, sockets, threads, plan
if HAVE_CMOCKA
fds_tests = tests/unit/proc_fds-test tests/unit/tune_plan-test
check_PROGRAMS += $(fds_tests)
TESTS += $(fds_tests)
tests_unit_proc_fds_test_SOURCES = tests/unit/proc_fds-test.c
tests_unit_proc_fds_test_CFLAGS = $(AM_CFLAGS) $(SAN_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_proc_fds_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
tests_unit_tune_plan_test_SOURCES = tests/unit/tune_plan-test.c
tests_unit_tune_plan_test_CFLAGS = $(AM_CFLAGS) $(SAN_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_tune_plan_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
endif

# The agent's tables, one file of it in each test, in a segment of plain
# memory. These run under the thread sanitizer too (--enable-tsan).
if HAVE_CMOCKA
agent_unit_tests = tests/unit/agent_live-test tests/unit/agent_stacks-test \
	tests/unit/agent_sample-test tests/unit/agent_words-test
check_PROGRAMS += $(agent_unit_tests)
TESTS += $(agent_unit_tests)
agent_fake = tests/unit/agent_fake.c tests/unit/agent_fake.h
agent_fake_cflags = $(AM_CFLAGS) $(SAN_CFLAGS) -O2 $(CMOCKA_CFLAGS) -pthread
agent_fake_libs = $(CMOCKA_LIBS) -lm -lpthread

tests_unit_agent_live_test_SOURCES = tests/unit/agent_live-test.c \
	$(agent_fake) src/agent/sample.c src/agent/stacks.c
tests_unit_agent_live_test_CFLAGS = $(agent_fake_cflags)
tests_unit_agent_live_test_LDADD = $(agent_fake_libs)

tests_unit_agent_stacks_test_SOURCES = tests/unit/agent_stacks-test.c \
	$(agent_fake)
tests_unit_agent_stacks_test_CFLAGS = $(agent_fake_cflags)
tests_unit_agent_stacks_test_LDADD = $(agent_fake_libs)

tests_unit_agent_sample_test_SOURCES = tests/unit/agent_sample-test.c \
	$(agent_fake) src/agent/live.c src/agent/stacks.c
tests_unit_agent_sample_test_CFLAGS = $(agent_fake_cflags)
tests_unit_agent_sample_test_LDADD = $(agent_fake_libs)

tests_unit_agent_words_test_SOURCES = tests/unit/agent_words-test.c \
	$(agent_fake) src/agent/mini.c
tests_unit_agent_words_test_CFLAGS = $(agent_fake_cflags)
tests_unit_agent_words_test_LDADD = $(agent_fake_libs)
endif

# Slots and pages, for attaching.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/agent_slots-test
TESTS += tests/unit/agent_slots-test
tests_unit_agent_slots_test_SOURCES = tests/unit/agent_slots-test.c \
	src/agent/slots_scan.c src/agent/slots_scan.h src/agent/pages.c \
	src/agent/pages.h
tests_unit_agent_slots_test_CFLAGS = $(agent_fake_cflags)
tests_unit_agent_slots_test_LDADD = $(CMOCKA_LIBS)
endif

# The keeper's rules and the memory ledger.
if HAVE_CMOCKA
memory_tests = tests/unit/keeper-test tests/unit/keeper_thread-test \
	tests/unit/ledger-test
check_PROGRAMS += $(memory_tests)
TESTS += $(memory_tests)
tests_unit_keeper_test_SOURCES = tests/unit/keeper-test.c \
	src/agent/keeper_rule.c src/agent/keeper_rule.h
tests_unit_keeper_test_CFLAGS = $(AM_CFLAGS) $(SAN_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_keeper_test_LDADD = $(CMOCKA_LIBS) -lpthread
# The thread itself, under the thread sanitizer too.
tests_unit_keeper_thread_test_SOURCES = tests/unit/keeper_thread-test.c \
	$(agent_fake) src/agent/alloc.c src/agent/keeper.c \
	src/agent/keeper_look.c src/agent/keeper_rule.c \
	src/agent/keeper_work.c src/agent/mini.c
tests_unit_keeper_thread_test_CFLAGS = $(agent_fake_cflags)
tests_unit_keeper_thread_test_LDADD = $(agent_fake_libs)
tests_unit_ledger_test_SOURCES = tests/unit/ledger-test.c
tests_unit_ledger_test_CFLAGS = $(AM_CFLAGS) $(SAN_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_ledger_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
endif
# limits: proc and tune
if HAVE_CMOCKA
limits_tests = tests/unit/proc_limits-test tests/unit/tune_limits-test
check_PROGRAMS += $(limits_tests)
TESTS += $(limits_tests)
tests_unit_proc_limits_test_SOURCES = tests/unit/proc_limits-test.c
tests_unit_proc_limits_test_CFLAGS = $(src_libhome_a_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_proc_limits_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
tests_unit_tune_limits_test_SOURCES = tests/unit/tune_limits-test.c
tests_unit_tune_limits_test_CFLAGS = $(src_libhome_a_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_tune_limits_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
endif

# top: screens on a canvas in memory, and random keys.
if HAVE_CMOCKA
top_tests = tests/unit/top-test tests/unit/top_process-test \
	tests/unit/top-random-test tests/unit/proc_sweep-test
check_PROGRAMS += $(top_tests)
TESTS += $(top_tests)
GOLDEN_TESTS += tests/unit/top-test tests/unit/top_process-test
top_cppflags = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit \
	-DGOLDEN='"$(abs_srcdir)/tests/golden/top/"'
top_fake = tests/unit/fake_top.c tests/unit/fake_top.h \
	tests/unit/fake_profile.c tests/unit/fake_profile.h
top_world = tests/unit/top_world.c tests/unit/top_world.h $(top_fake)
tests_unit_top_test_SOURCES = tests/unit/top-test.c $(top_world)
tests_unit_top_test_CPPFLAGS = $(top_cppflags)
tests_unit_top_test_CFLAGS = $(src_libhome_a_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_top_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
tests_unit_top_process_test_SOURCES = tests/unit/top_process-test.c $(top_world)
tests_unit_top_process_test_CPPFLAGS = $(top_cppflags)
tests_unit_top_process_test_CFLAGS = $(src_libhome_a_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_top_process_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
tests_unit_top_random_test_SOURCES = tests/unit/top-random-test.c $(top_fake)
tests_unit_top_random_test_CPPFLAGS = $(top_cppflags)
tests_unit_top_random_test_CFLAGS = $(src_libhome_a_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_top_random_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
tests_unit_proc_sweep_test_SOURCES = tests/unit/proc_sweep-test.c
tests_unit_proc_sweep_test_CFLAGS = $(src_libhome_a_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_proc_sweep_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)

endif
EXTRA_DIST += \
	tests/golden/top/advice.txt tests/golden/top/attach.txt \
	tests/golden/top/quiet.txt \
	tests/golden/top/columns.txt \
	tests/golden/top/fds-140.txt tests/golden/top/fds-80.txt \
	tests/golden/top/heap-140.txt tests/golden/top/heap-80.txt \
	tests/golden/top/heap-callers.txt \
	tests/golden/top/limits-asked.txt \
	tests/golden/top/limits-question.txt tests/golden/top/stacks.txt \
	tests/golden/top/help.txt \
	tests/golden/top/limits-140.txt tests/golden/top/limits-80.txt \
	tests/golden/top/list-120x20.txt tests/golden/top/list-200x16.txt \
	tests/golden/top/list-40x10.txt tests/golden/top/list-80x24.txt \
	tests/golden/top/list-ascii.txt \
	tests/golden/top/losses-140.txt tests/golden/top/losses-80.txt \
	tests/golden/top/memory-140.txt tests/golden/top/memory-80.txt \
	tests/golden/top/overview-140.txt tests/golden/top/overview-80.txt \
	tests/golden/top/question.txt \
	tests/golden/top/threads-140.txt tests/golden/top/threads-80.txt

# Ten minutes of random keys; configure with --enable-asan for the sanitizers.
TOP_RANDOM_SECONDS = 600
top-random: tests/unit/top-random-test
	tests/unit/top-random-test $(TOP_RANDOM_SECONDS)
.PHONY: top-random
# The same in a terminal, on processes that may be attached to and signalled.
EXTRA_DIST += tests/fuzz/top-keys

# The census: its walk over made-up heaps.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/census-test
TESTS += tests/unit/census-test
tests_unit_census_test_SOURCES = tests/unit/census-test.c
tests_unit_census_test_CFLAGS = $(AM_CFLAGS) $(SAN_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_census_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
endif

# serve, and what it writes.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/serve-test
TESTS += tests/unit/serve-test
tests_unit_serve_test_SOURCES = tests/unit/serve-test.c
tests_unit_serve_test_CFLAGS = $(src_libhome_a_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_serve_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
endif

# Descriptors and threads: the agent's tables, and suspects.
if HAVE_CMOCKA
opener_unit_tests = tests/unit/agent_fds-test tests/unit/agent_memo-test \
	tests/unit/agent_threads-test tests/unit/leaks-test
check_PROGRAMS += $(opener_unit_tests)
TESTS += $(opener_unit_tests)
tests_unit_agent_fds_test_SOURCES = tests/unit/agent_fds-test.c $(agent_fake)
tests_unit_agent_fds_test_CFLAGS = $(agent_fake_cflags)
tests_unit_agent_fds_test_LDADD = $(agent_fake_libs)
tests_unit_agent_memo_test_SOURCES = tests/unit/agent_memo-test.c $(agent_fake)
tests_unit_agent_memo_test_CFLAGS = $(agent_fake_cflags)
tests_unit_agent_memo_test_LDADD = $(agent_fake_libs)
tests_unit_agent_threads_test_SOURCES = tests/unit/agent_threads-test.c \
	$(agent_fake)
tests_unit_agent_threads_test_CFLAGS = $(agent_fake_cflags)
tests_unit_agent_threads_test_LDADD = $(agent_fake_libs)
tests_unit_leaks_test_SOURCES = tests/unit/leaks-test.c
tests_unit_leaks_test_CFLAGS = $(src_libhome_a_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_leaks_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
endif

# Names in the kernel.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/kernel_map-test
TESTS += tests/unit/kernel_map-test
tests_unit_kernel_map_test_SOURCES = tests/unit/kernel_map-test.c
tests_unit_kernel_map_test_CFLAGS = $(src_libhome_a_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_kernel_map_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
endif

# Attach: what can be known without a target.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/attach-test
TESTS += tests/unit/attach-test
tests_unit_attach_test_SOURCES = tests/unit/attach-test.c
tests_unit_attach_test_CFLAGS = $(src_libhome_a_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_attach_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
endif
