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

# symbol
EXTRA_DIST += tests/fuzz/symbol-fuzz.c
if FUZZERS
noinst_PROGRAMS += tests/fuzz/symbol-fuzz
tests_fuzz_symbol_fuzz_SOURCES = tests/fuzz/symbol-fuzz.c
tests_fuzz_symbol_fuzz_CFLAGS = $(src_libhome_a_CFLAGS) -fsanitize=fuzzer
tests_fuzz_symbol_fuzz_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_symbol_fuzz_LDADD = $(HOME_LIBS)
endif
