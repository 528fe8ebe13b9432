/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/buf.h"
#include "symbol/symbol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct pair {
	const char *mangled, *expected;
};

static void
check(const struct pair *pairs, size_t n)
{
	char *text;
	size_t i;

	for (i = 0; i < n; i++) {
		text = symbol_demangle(pairs[i].mangled);
		if (text == NULL)
			fail_msg("%s is not demangled", pairs[i].mangled);
		assert_string_equal(text, pairs[i].expected);
		free(text);
	}
}

#define CHECK(pairs) check(pairs, sizeof pairs / sizeof pairs[0])

static void
cxx_names_are_demangled(void **state)
{
	static const struct pair pairs[] = {
		{ "_Z3foov", "foo()" },
		{ "_ZN3foo3barEv", "foo::bar()" },
		{ "_ZL6hiddeni", "hidden(int)" },
		{ "_ZNSt6vectorIiSaIiEE9push_backERKi",
		    "std::vector<int, std::allocator<int> >::push_back("
		    "int const&)" },
		{ "_ZN3foo3barEv.cold", "foo::bar() [clone .cold]" },
	};

	(void)state;
	CHECK(pairs);
}

static void
legacy_rust_names_lose_hash_and_escapes(void **state)
{
	static const struct pair pairs[] = {
		{ "_ZN4core3ptr13drop_in_place17h0123456789abcdefE",
		    "core::ptr::drop_in_place" },
		{ "_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo.."
		  "Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE",
		    "<Test + 'static as foo::Bar<Test>>::bar" },
		{ "_ZN3foo17h05af221e174051e9E.llvm.1234", "foo" },
		{ "_ZN3a.b17h05af221e174051e9E", "a.b" },
		{ "_ZN4$RP$17h05af221e174051e9E", ")" },
		{ "_ZN5$u4e$17h05af221e174051e9E", "N" },
		/* What is no escape stays. */
		{ "_ZN4$XX$17h05af221e174051e9E", "$XX$" },
		{ "_ZN2$a17h05af221e174051e9E", "$a" },
	};

	(void)state;
	CHECK(pairs);
}

static void
a_cxx_name_that_looks_like_rust_is_cxx(void **state)
{
	static const struct pair pairs[] = {
		{ "_ZN3foo17h0000000000000000E", "foo::h0000000000000000" },
		{ "_ZN3foo16h05af221e174051eE", "foo::h05af221e174051e" },
	};

	(void)state;
	CHECK(pairs);
}

static void
rust_v0_names_are_demangled(void **state)
{
	static const struct pair pairs[] = {
		{ "_RNvC6_123foo3bar", "123foo::bar" },
		{ "_RNvCs1234_7mycrate3foo", "mycrate::foo" },
		{ "_RNCNCNgCs6DXkGYLi8lr_2cc5spawn00B5_",
		    "cc::spawn::{closure#0}::{closure#0}" },
		{ "_RNCINkXs25_NgCsbmNqQUJIY6D_4core5sliceINyB9_4IterhENuNgNoBb_"
		  "4iter8iterator8Iterator9rpositionNCNgNpB9_6memchr7memrchrs_"
		  "0E0Bb_",
		    "<core::slice::Iter<u8> as core::iter::iterator::Iterator>"
		    "::rposition::<core::slice::memchr::memrchr::{closure#1}>"
		    "::{closure#0}" },
		{ "_RMC0INtC8arrayvec8ArrayVechKj7b_E",
		    "<arrayvec::ArrayVec<u8, 123>>" },
		{ "_RMCs4fqI2P2rA04_13const_genericINtB0_4CharKc76_E",
		    "<const_generic::Char<'v'>>" },
		{ "_RMCs4fqI2P2rA04_13const_genericINtB0_4BoolKb1_E",
		    "<const_generic::Bool<true>>" },
		{ "_RMCs4fqI2P2rA04_13const_genericINtB0_8UnsignedKan55_E",
		    "<const_generic::Unsigned<-85>>" },
		{ "_RNvYFG_RL0_hEuNtC1a1b1c",
		    "<for<'a> fn(&'a u8) as a::b>::c" },
		{ "_RNvMC0TTcbEE3foo", "<((char, bool),)>::foo" },
		{ "_RNvMC0Ahj4_3foo", "<[u8; 4]>::foo" },
		{ "_RNvMC0SRe3foo", "<[&str]>::foo" },
		{ "_RNvMC0QDNtC1a1bEL_3foo", "<&mut dyn a::b>::foo" },
		{ "_RNvMC0DINtC1a1bhEp4ItemlEL_3foo",
		    "<dyn a::b<u8, Item = i32>>::foo" },
		{ "_RNvMC0PFUKCEu3foo",
		    "<*const unsafe extern \"C\" fn()>::foo" },
		{ "_RIC0KRe616263_E", "::<\"abc\">" },
		{ "_RNvC1a1b.llvm.123", "a::b" },
		{ "_RNvCu5_tda_a1b", "punycode{tda_a}::b" },
	};

	(void)state;
	CHECK(pairs);
}

static void
other_names_are_left_alone(void **state)
{
	static const char *const names[] = { "", "main", "_", "_Z", "_R", "_ZN",
		"_R1", "_RC", "_RNv", "_RNvC1a", "_RB_", "_RNvB_1a",
		"_RNvC1a1bxx", "_Zzz", "i", "_RNvC99999999999999999999a1b",
		"_RNvCs1234567890123456789012_1a1b", "malloc",
		"_ZN17h05af221e174051e9E_" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_null(symbol_demangle(names[i]));
}

/* Each tuple holds the one before it twice: 2^n in n steps. */
static void
names_that_explode_are_bounded(void **state)
{
	struct buf rust = BUF_INIT, cxx = BUF_INIT;
	char *text;
	int i;

	(void)state;
	/* _Z1fSt4pairI…: a parameter that repeats the ones before it. */
	buf_puts(&cxx, "_Z1f1a");
	buf_puts(&cxx, "1bIS_S_S_S_S_S_S_S_E");
	for (i = 1; i < 30; i++)
		buf_printf(&cxx, "1%cIS%c_S%c_S%c_S%c_E", 'a' + i % 26,
		    '0' + i % 9, '0' + i % 9, '0' + i % 9, '0' + i % 9);
	text = symbol_demangle(buf_text(&cxx));
	if (text != NULL)
		assert_true(strlen(text) < 20000);
	free(text);
	/* A type inside 10,000 others. */
	buf_puts(&rust, "_RINvC1a1b");
	buf_fill(&rust, 'S', 10000);
	buf_puts(&rust, "hE");
	assert_null(symbol_demangle(buf_text(&rust)));
	rust.len = 0;
	/* Tuples of back references to the tuple before. */
	buf_puts(&rust, "_RINvC1a1bTTTTTTTThhE");
	for (i = 0; i < 7; i++)
		buf_printf(&rust, "B%c_B%c_B%c_B%c_E", 'e' - i, 'e' - i,
		    'e' - i, 'e' - i);
	buf_puts(&rust, "E");
	text = symbol_demangle(buf_text(&rust));
	if (text != NULL)
		assert_true(strlen(text) < 20000);
	free(text);
	buf_free(&rust);
	buf_free(&cxx);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cxx_names_are_demangled),
		cmocka_unit_test(legacy_rust_names_lose_hash_and_escapes),
		cmocka_unit_test(a_cxx_name_that_looks_like_rust_is_cxx),
		cmocka_unit_test(rust_v0_names_are_demangled),
		cmocka_unit_test(other_names_are_left_alone),
		cmocka_unit_test(names_that_explode_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
