# tests/bench

EXTRA_DIST += tests/bench/walk-bench.c
