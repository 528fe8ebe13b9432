# tests/fuzz

# Without libFuzzer the same source is a program that replays files.
EXTRA_DIST += tests/fuzz/cfi-fuzz.c
if FUZZERS
noinst_PROGRAMS += tests/fuzz/cfi-fuzz
tests_fuzz_cfi_fuzz_SOURCES = tests/fuzz/cfi-fuzz.c src/agent/cfi.c \
	src/agent/cfi.h src/agent/cfi_expr.c src/agent/cfi_run.c
tests_fuzz_cfi_fuzz_CFLAGS = $(AM_CFLAGS) \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined
tests_fuzz_cfi_fuzz_LDFLAGS = -fsanitize=fuzzer,address,undefined
endif
