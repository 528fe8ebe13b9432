# tests/bench: what ullage and its peers cost. Not part of make check.
#
#   make bench				all of it, about ten minutes
#   make bench BENCH='--quick'		about two
#   make bench BENCH='--only pairs'	one section
#
# The programs are built with the tests, so that they stay buildable.
bench_programs = \
	tests/bench/accept-bench \
	tests/bench/churn \
	tests/bench/open-many \
	tests/bench/gap \
	tests/bench/pairs \
	tests/bench/sample-bench \
	tests/bench/stacks-victim \
	tests/bench/startup
check_PROGRAMS += $(bench_programs)

EXTRA_DIST += tests/bench/walk-bench.c

# ullage stack beside eu-stack and gdb.
dist_check_SCRIPTS += tests/bench/stack-bench
# ullage attach beside gdb, strace and heaptrack.
dist_check_SCRIPTS += tests/bench/attach-bench tests/bench/attach-servers
tests_bench_gap_SOURCES = tests/bench/gap.c
tests_bench_gap_CFLAGS = $(AM_CFLAGS) -O2 -fno-builtin
tests_bench_gap_LDADD = -lpthread
# By hand: what looking costs, next to top.
EXTRA_DIST += tests/bench/ps-cost
tests_bench_accept_bench_SOURCES = tests/bench/accept-bench.c
tests_bench_accept_bench_CFLAGS = $(AM_CFLAGS) -O2 -D_GNU_SOURCE
tests_bench_open_many_SOURCES = tests/bench/open-many.c
tests_bench_open_many_CFLAGS = $(AM_CFLAGS) -O1 -g -D_GNU_SOURCE
tests_bench_pairs_SOURCES = tests/bench/pairs.c
tests_bench_pairs_CFLAGS = $(AM_CFLAGS) -O2 -fno-builtin
tests_bench_pairs_LDADD = -lpthread
tests_bench_churn_SOURCES = tests/bench/churn.cc
tests_bench_churn_CXXFLAGS = -O2
tests_bench_startup_SOURCES = tests/bench/startup.c
tests_bench_stacks_victim_SOURCES = tests/bench/stacks-victim.c
tests_bench_stacks_victim_CFLAGS = $(AM_CFLAGS) -g -O1

# sample.c is included by it.
tests_bench_sample_bench_SOURCES = tests/bench/sample-bench.c $(agent_files)
tests_bench_sample_bench_CFLAGS = $(AM_CFLAGS) -O2 -ftls-model=initial-exec

EXTRA_DIST += tests/bench/top-cost tests/bench/top-hour tests/bench/top-latency.py
EXTRA_DIST += tests/bench/README.md tests/bench/run tests/bench/rounds.sh \
	tests/bench/servers.sh tests/bench/walk-bench.c

BENCH =
bench: $(bin_PROGRAMS) $(agent_PROGRAMS) $(bench_programs) \
    tests/victims/stacks$(EXEEXT)
	SRC='$(abs_top_srcdir)' BUILD='$(abs_top_builddir)' \
	    $(srcdir)/tests/bench/run $(BENCH)
.PHONY: bench

# What the trim knob gives back, and what that costs those who allocate.
#   make bench-trim				1 GiB
#   make bench-trim BENCH_TRIM='--write 1 4 8'
check_PROGRAMS += tests/bench/trim-bench
tests_bench_trim_bench_SOURCES = tests/bench/trim-bench.c \
	tests/bench/trim-turns.c tests/bench/trim-bench.h
tests_bench_trim_bench_CFLAGS = $(AM_CFLAGS) -O2
tests_bench_trim_bench_LDADD = -lpthread -lm
EXTRA_DIST += tests/bench/trim
BENCH_TRIM =
bench-trim: $(bin_PROGRAMS) $(agent_PROGRAMS) tests/bench/trim-bench
	SRC='$(abs_top_srcdir)' BUILD='$(abs_top_builddir)' \
	    $(srcdir)/tests/bench/trim $(BENCH_TRIM)
.PHONY: bench-trim

# What a census costs and how true it is.
#   make bench-census
#   make bench-census BENCH_CENSUS='--write 1024'
check_PROGRAMS += tests/bench/census-bench
tests_bench_census_bench_SOURCES = tests/bench/census-bench.c
tests_bench_census_bench_CFLAGS = $(AM_CFLAGS) -O2
tests_bench_census_bench_LDADD = -lpthread
EXTRA_DIST += tests/bench/census
BENCH_CENSUS =
bench-census: $(bin_PROGRAMS) tests/bench/census-bench
	SRC='$(abs_top_srcdir)' BUILD='$(abs_top_builddir)' \
	    $(srcdir)/tests/bench/census $(BENCH_CENSUS)
.PHONY: bench-census
