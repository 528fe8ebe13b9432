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
