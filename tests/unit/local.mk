# tests/unit

# base, profile, encode, table.
EXTRA_DIST += tests/data/heap/README tests/data/heap/jemalloc.heap \
	tests/data/heap/jemalloc-accum.heap tests/data/heap/gperftools.heap \
	tests/golden/encode/heap.txt tests/golden/encode/heap-80.txt \
	tests/golden/encode/heap.collapsed tests/golden/encode/heap.json
if HAVE_CMOCKA
nouns_tests = tests/unit/base-test tests/unit/profile-test \
	tests/unit/encode-test tests/unit/decode-test tests/unit/table-test
check_PROGRAMS += $(nouns_tests)
TESTS += $(nouns_tests)
nouns_cflags = $(AM_CFLAGS) $(SAN_CFLAGS) $(CMOCKA_CFLAGS)
nouns_cppflags = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit \
	-DGOLDEN='"$(abs_srcdir)/tests/golden/encode/"' \
	-DDATA='"$(abs_srcdir)/tests/data/heap/"' -DGO='"$(GO)"'
nouns_fake = tests/unit/fake_profile.c tests/unit/fake_profile.h
tests_unit_base_test_SOURCES = tests/unit/base-test.c
tests_unit_base_test_CFLAGS = $(nouns_cflags)
tests_unit_base_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
tests_unit_profile_test_SOURCES = tests/unit/profile-test.c $(nouns_fake)
tests_unit_profile_test_CPPFLAGS = $(nouns_cppflags)
tests_unit_profile_test_CFLAGS = $(nouns_cflags)
tests_unit_profile_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
tests_unit_encode_test_SOURCES = tests/unit/encode-test.c $(nouns_fake)
tests_unit_encode_test_CPPFLAGS = $(nouns_cppflags)
tests_unit_encode_test_CFLAGS = $(nouns_cflags)
tests_unit_encode_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
tests_unit_decode_test_SOURCES = tests/unit/decode-test.c $(nouns_fake)
tests_unit_decode_test_CPPFLAGS = $(nouns_cppflags)
tests_unit_decode_test_CFLAGS = $(nouns_cflags) $(PROTOBUF_C_CFLAGS)
tests_unit_decode_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
tests_unit_table_test_SOURCES = tests/unit/table-test.c
tests_unit_table_test_CFLAGS = $(nouns_cflags)
tests_unit_table_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
endif
