# tests/bench

EXTRA_DIST += tests/bench/walk-bench.c

# ullage stack beside eu-stack and gdb.
dist_check_SCRIPTS += tests/bench/stack-bench
