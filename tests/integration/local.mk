# tests/integration: whole programs, by scripts that print TAP.
integration_tests = \
	tests/integration/demo \
	tests/integration/truth
dist_check_SCRIPTS += $(integration_tests)
TESTS += $(integration_tests)

# ullage stack, ullage cpu.
stack_tests = \
	tests/integration/cpu \
	tests/integration/stack \
	tests/integration/stack-unnoticed
dist_check_SCRIPTS += $(stack_tests)
TESTS += $(stack_tests)

# The same, until it is sure: 500 looks at programs that abort on EINTR, 200
# times killed. Minutes.
check-unnoticed: $(check_PROGRAMS) $(bin_PROGRAMS)
	ROUNDS=17 KILLS=200 TEST_TIMEOUT=1800 $(MAKE) $(AM_MAKEFLAGS) check \
	    TESTS=tests/integration/stack-unnoticed
.PHONY: check-unnoticed
# What is open, threads, plans.
fds_integration = \
	tests/integration/fds \
	tests/integration/plan
dist_check_SCRIPTS += $(fds_integration)
TESTS += $(fds_integration)
# The agent in whole programs (tests/victims).
agent_integration_tests = \
	tests/integration/agent-children \
	tests/integration/agent-hazards \
	tests/integration/agent-hostile \
	tests/integration/agent-kill \
	tests/integration/agent-late \
	tests/integration/agent-memory \
	tests/integration/agent-oracle \
	tests/integration/cmd-errors
dist_check_SCRIPTS += $(agent_integration_tests)
EXTRA_DIST += tests/lib/agent.sh
TESTS += $(agent_integration_tests)

# Limits, ps: set and shown, of victims, of the demo and of real servers.
limits_integration_tests = \
	tests/integration/limits \
	tests/integration/limits-demo \
	tests/integration/limits-hostile \
	tests/integration/limits-servers
dist_check_SCRIPTS += $(limits_integration_tests)
TESTS += $(limits_integration_tests)
# Two hundred samplings of one truth.
if HAVE_CMOCKA
check_PROGRAMS += tests/integration/agent_statistics-test
TESTS += tests/integration/agent_statistics-test
tests_integration_agent_statistics_test_SOURCES = \
	tests/integration/agent_statistics-test.c
tests_integration_agent_statistics_test_CFLAGS = $(src_libhome_a_CFLAGS) \
	$(CMOCKA_CFLAGS)
tests_integration_agent_statistics_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
endif

# The live view, in terminals of tmux.
top_integration_tests = \
	tests/integration/top-screen \
	tests/integration/top-story \
	tests/integration/top-attach \
	tests/integration/top-hostile
dist_check_SCRIPTS += $(top_integration_tests)
EXTRA_DIST += tests/lib/screen.sh
TESTS += $(top_integration_tests)

# The memory ledger and the trim knob.
memory_integration_tests = \
	tests/integration/memory \
	tests/integration/trim \
	tests/integration/trim-demo
dist_check_SCRIPTS += $(memory_integration_tests)
TESTS += $(memory_integration_tests)

# Who opened it, who created it.
dist_check_SCRIPTS += tests/integration/openers
TESTS += tests/integration/openers
# The census of a heap.
dist_check_SCRIPTS += tests/integration/census tests/integration/census-more
TESTS += tests/integration/census tests/integration/census-more
# HTTP.
if SERVE
serve_integration_tests = \
	tests/integration/serve \
	tests/integration/serve-hostile \
	tests/integration/serve-pages
dist_check_SCRIPTS += $(serve_integration_tests)
TESTS += $(serve_integration_tests)
endif
# Attach and detach. attach-safety runs a tenth of what make check-attach does.
attach_tests = \
	tests/integration/attach \
	tests/integration/attach-contained \
	tests/integration/attach-safety
dist_check_SCRIPTS += $(attach_tests)
TESTS += $(attach_tests)

# All of it: half an hour.
check-attach: $(check_PROGRAMS) $(bin_PROGRAMS)
	ATTACH_RUNS=300 ATTACH_KILLS=1000 ATTACH_ZOO=200 ATTACH_SIGNALS=10000 \
	ATTACH_ATTACHES=500 ATTACH_CYCLES=1000 TEST_TIMEOUT=7200 \
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(attach_tests)'
.PHONY: check-attach
EXTRA_DIST += tests/lib/browser.py tests/lib/drive-pages.py \
	tests/lib/hostile-http.py
