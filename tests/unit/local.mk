# tests/unit

# symbol
if HAVE_CMOCKA
symbol_tests = tests/unit/symbol-test tests/unit/demangle-test \
	tests/unit/symbolize-test
check_PROGRAMS += $(symbol_tests)
TESTS += $(symbol_tests)
tests_unit_symbol_test_SOURCES = tests/unit/symbol-test.c \
	tests/unit/symbol-fixture.c tests/unit/symbol-fixture.h
tests_unit_symbol_test_CFLAGS = $(src_libhome_a_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_symbol_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
tests_unit_symbolize_test_SOURCES = tests/unit/symbolize-test.c \
	tests/unit/symbol-fixture.c tests/unit/symbol-fixture.h
tests_unit_symbolize_test_CFLAGS = $(src_libhome_a_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_symbolize_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
tests_unit_demangle_test_SOURCES = tests/unit/demangle-test.c
tests_unit_demangle_test_CFLAGS = $(src_libhome_a_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_demangle_test_LDADD = $(HOME_LIBS) $(CMOCKA_LIBS)
endif
