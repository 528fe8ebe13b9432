# tests/fuzz

# Profiles from strangers. The replay runs in every make check; with
# --enable-fuzzers the same source is a fuzzer, over objects of its own.
EXTRA_DIST += tests/fuzz/decode-corpus/heap.pb \
	tests/fuzz/decode-corpus/heap.pb.gz
check_PROGRAMS += tests/fuzz/decode-replay
dist_check_SCRIPTS += tests/fuzz/replay-decode
TESTS += tests/fuzz/replay-decode
tests_fuzz_decode_replay_SOURCES = tests/fuzz/decode-fuzz.c
tests_fuzz_decode_replay_CFLAGS = $(AM_CFLAGS) $(SAN_CFLAGS)
tests_fuzz_decode_replay_LDADD = $(HOME_LIBS)
if FUZZERS
noinst_PROGRAMS += tests/fuzz/decode-fuzz
tests_fuzz_decode_fuzz_SOURCES = tests/fuzz/decode-fuzz.c \
	src/profile/copy.c src/profile/diff.c src/profile/drop.c \
	src/profile/profile.c src/profile/top.c src/profile/valid.c \
	src/encode/arena.c src/encode/collapsed.c src/encode/decode.c \
	src/encode/encode.c src/encode/gperftools.c src/encode/gzip.c \
	src/encode/heap_text.c src/encode/jemalloc.c src/encode/json.c \
	src/encode/json_read.c src/encode/pprof.c src/encode/pprof_read.c \
	src/encode/text.c src/encode/values.c \
	src/base/buf.c src/base/err.c src/base/escape.c src/base/hash.c \
	src/base/units.c src/base/xalloc.c
nodist_tests_fuzz_decode_fuzz_SOURCES = src/encode/profile.pb-c.c
tests_fuzz_decode_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZING_WITH_LIBFUZZER
tests_fuzz_decode_fuzz_CFLAGS = $(AM_CFLAGS) $(PROTOBUF_C_CFLAGS) \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined
tests_fuzz_decode_fuzz_LDFLAGS = -fsanitize=fuzzer,address,undefined
tests_fuzz_decode_fuzz_LDADD = $(PROTOBUF_C_LIBS) $(ZLIB_LIBS) \
	$(JANSSON_LIBS) -lm
endif

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

# relocations of loaded objects
EXTRA_DIST += tests/fuzz/slots-fuzz.c
if FUZZERS
noinst_PROGRAMS += tests/fuzz/slots-fuzz
tests_fuzz_slots_fuzz_SOURCES = tests/fuzz/slots-fuzz.c \
	src/agent/slots_scan.c src/agent/slots_scan.h
tests_fuzz_slots_fuzz_CFLAGS = $(AM_CFLAGS) \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined
tests_fuzz_slots_fuzz_LDFLAGS = -fsanitize=fuzzer,address,undefined
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

# proc/maps
EXTRA_DIST += tests/fuzz/maps-fuzz.c
if FUZZERS
noinst_PROGRAMS += tests/fuzz/maps-fuzz
tests_fuzz_maps_fuzz_SOURCES = tests/fuzz/maps-fuzz.c src/proc/maps.c \
	src/base/buf.c src/base/err.c src/base/xalloc.c
tests_fuzz_maps_fuzz_CFLAGS = $(AM_CFLAGS) \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined
tests_fuzz_maps_fuzz_LDFLAGS = -fsanitize=fuzzer,address,undefined
endif

# proc/smaps, the ledger made of it, and statm as the keeper reads it
EXTRA_DIST += tests/fuzz/smaps-fuzz.c
if FUZZERS
noinst_PROGRAMS += tests/fuzz/smaps-fuzz
tests_fuzz_smaps_fuzz_SOURCES = tests/fuzz/smaps-fuzz.c \
	src/agent/keeper_rule.c src/proc/smaps.c src/tune/ledger.c \
	src/base/buf.c src/base/err.c src/base/xalloc.c
tests_fuzz_smaps_fuzz_CFLAGS = $(AM_CFLAGS) \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined
tests_fuzz_smaps_fuzz_LDFLAGS = -fsanitize=fuzzer,address,undefined
endif

# The texts of /proc, and the grammar of limits.
EXTRA_DIST += tests/fuzz/limits-fuzz.c
if FUZZERS
noinst_PROGRAMS += tests/fuzz/limits-fuzz
tests_fuzz_limits_fuzz_SOURCES = tests/fuzz/limits-fuzz.c \
	src/proc/cgroup.c src/proc/limits.c src/proc/stat.c \
	src/proc/status.c src/tune/assignment.c src/base/buf.c \
	src/base/err.c src/base/escape.c src/base/units.c src/base/xalloc.c
tests_fuzz_limits_fuzz_CFLAGS = $(AM_CFLAGS) \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined
tests_fuzz_limits_fuzz_LDFLAGS = -fsanitize=fuzzer,address,undefined
tests_fuzz_limits_fuzz_LDADD = -lm
endif

# Texts and messages of the kernel about descriptors, sockets and threads.
check_PROGRAMS += tests/fuzz/proc-fds-mutate
TESTS += tests/fuzz/proc-fds-mutate
tests_fuzz_proc_fds_mutate_SOURCES = tests/fuzz/proc-fds-fuzz.c
tests_fuzz_proc_fds_mutate_CFLAGS = $(AM_CFLAGS) $(SAN_CFLAGS)
tests_fuzz_proc_fds_mutate_LDADD = $(HOME_LIBS)
if FUZZERS
noinst_PROGRAMS += tests/fuzz/proc-fds-fuzz
tests_fuzz_proc_fds_fuzz_SOURCES = tests/fuzz/proc-fds-fuzz.c \
	src/proc/fds.c src/proc/sockets.c src/proc/sockets_diag.c \
	src/proc/sockets_proc.c src/proc/tasks.c \
	src/base/buf.c src/base/err.c src/base/hash.c src/base/xalloc.c
tests_fuzz_proc_fds_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZING_WITH_LIBFUZZER
tests_fuzz_proc_fds_fuzz_CFLAGS = $(AM_CFLAGS) \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined
tests_fuzz_proc_fds_fuzz_LDFLAGS = -fsanitize=fuzzer,address,undefined
endif

# Segments. Without libFuzzer it changes words by itself.
check_PROGRAMS += tests/fuzz/snapshot-replay
TESTS += tests/fuzz/snapshot-replay
tests_fuzz_snapshot_replay_SOURCES = tests/fuzz/snapshot-fuzz.c
tests_fuzz_snapshot_replay_CFLAGS = $(src_libhome_a_CFLAGS)
tests_fuzz_snapshot_replay_LDADD = $(HOME_LIBS)
if FUZZERS
noinst_PROGRAMS += tests/fuzz/snapshot-fuzz
tests_fuzz_snapshot_fuzz_SOURCES = tests/fuzz/snapshot-fuzz.c
tests_fuzz_snapshot_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZING_WITH_LIBFUZZER
tests_fuzz_snapshot_fuzz_CFLAGS = $(src_libhome_a_CFLAGS) -fsanitize=fuzzer
tests_fuzz_snapshot_fuzz_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_snapshot_fuzz_LDADD = $(HOME_LIBS)
endif

# The census. Without libFuzzer it forges heaps by itself.
check_PROGRAMS += tests/fuzz/census-forge
TESTS += tests/fuzz/census-forge
tests_fuzz_census_forge_SOURCES = tests/fuzz/census-fuzz.c
tests_fuzz_census_forge_CFLAGS = $(AM_CFLAGS) $(SAN_CFLAGS)
tests_fuzz_census_forge_LDADD = $(HOME_LIBS)
if FUZZERS
noinst_PROGRAMS += tests/fuzz/census-fuzz
tests_fuzz_census_fuzz_SOURCES = tests/fuzz/census-fuzz.c \
	src/census/caches.c src/census/kinds.c src/census/layout.c \
	src/census/maps.c src/census/pins.c src/census/reader.c \
	src/census/resume.c \
	src/census/tally.c src/census/walk.c src/base/buf.c src/base/err.c \
	src/base/hash.c src/base/xalloc.c
tests_fuzz_census_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZING_WITH_LIBFUZZER
tests_fuzz_census_fuzz_CFLAGS = $(AM_CFLAGS) \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined
tests_fuzz_census_fuzz_LDFLAGS = -fsanitize=fuzzer,address,undefined
tests_fuzz_census_fuzz_LDADD = -lm
endif

# Requests. Without libFuzzer it changes good ones by itself.
check_PROGRAMS += tests/fuzz/serve-mutate
TESTS += tests/fuzz/serve-mutate
tests_fuzz_serve_mutate_SOURCES = tests/fuzz/serve-fuzz.c
tests_fuzz_serve_mutate_CFLAGS = $(AM_CFLAGS) $(SAN_CFLAGS)
tests_fuzz_serve_mutate_LDADD = $(HOME_LIBS)
if FUZZERS
noinst_PROGRAMS += tests/fuzz/serve-fuzz
tests_fuzz_serve_fuzz_SOURCES = tests/fuzz/serve-fuzz.c
tests_fuzz_serve_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZING_WITH_LIBFUZZER
tests_fuzz_serve_fuzz_CFLAGS = $(src_libhome_a_CFLAGS) -fsanitize=fuzzer
tests_fuzz_serve_fuzz_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_serve_fuzz_LDADD = $(HOME_LIBS)
endif
