# tests/unit

# The walk. One binary without frame pointers, a library with them, and lazy
# binding, so that single steps go through PLT entries and the loader.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/agent_walk-test tests/unit/agent_walk-shapes.so
TESTS += tests/unit/agent_walk-test
tests_unit_agent_walk_test_SOURCES = tests/unit/agent_walk-test.c \
	tests/unit/agent_walk-shapes.c tests/unit/agent_walk-shapes.h \
	tests/unit/agent_walk-throw.cc \
	src/agent/walk.c src/agent/walk.h src/agent/cfi.c src/agent/cfi.h \
	src/agent/cfi_expr.c src/agent/cfi_run.c
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
