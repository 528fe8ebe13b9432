# tests/fuzz

# symbol
EXTRA_DIST += tests/fuzz/symbol-fuzz.c
if FUZZERS
noinst_PROGRAMS += tests/fuzz/symbol-fuzz
tests_fuzz_symbol_fuzz_SOURCES = tests/fuzz/symbol-fuzz.c
tests_fuzz_symbol_fuzz_CFLAGS = $(src_libhome_a_CFLAGS) -fsanitize=fuzzer
tests_fuzz_symbol_fuzz_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_symbol_fuzz_LDADD = $(HOME_LIBS)
endif
