# tests/bench

EXTRA_DIST += tests/bench/walk-bench.c

# By hand: what looking costs, next to top.
EXTRA_DIST += tests/bench/ps-cost
