// SPDX-License-Identifier: MIT
// The sites that use operator new, each in its own form; and the matching
// forms of operator delete.

#include "oracle.h"

#include <cstdlib>
#include <new>

/* Clang declares these only when asked to. */
void operator delete(void *, std::size_t) noexcept;
void operator delete[](void *, std::size_t) noexcept;
void operator delete(void *, std::size_t, std::align_val_t) noexcept;

static const auto wide = std::align_val_t(128);

#define NEW_SITE(name, expression)                                             \
	SITE static void *name(struct site *s)                                 \
	{                                                                      \
		return told(s, expression);                                    \
	}

extern "C" {
NEW_SITE(site_new, ::operator new(s->size))
NEW_SITE(site_new_array, ::operator new[](s->size))
NEW_SITE(site_new_nothrow, ::operator new(s->size, std::nothrow))
NEW_SITE(site_new_array_nothrow, ::operator new[](s->size, std::nothrow))
NEW_SITE(site_new_aligned, ::operator new(s->size, wide))
NEW_SITE(site_new_array_aligned, ::operator new[](s->size, wide))
NEW_SITE(site_new_aligned_nothrow, ::operator new(s->size, wide, std::nothrow))
NEW_SITE(site_new_array_aligned_nothrow,
    ::operator new[](s->size, wide, std::nothrow))
NEW_SITE(site_new_sized, ::operator new(s->size))
NEW_SITE(site_new_array_sized, ::operator new[](s->size))
NEW_SITE(site_new_sized_aligned, ::operator new(s->size, wide))

static volatile size_t huge = (size_t)1 << 62;

SITE static void *
site_bad_alloc(struct site *s)
{
	try {
		told(s, ::operator new(huge));
		abort();
	} catch (const std::bad_alloc &) {
	}
	if (::operator new(huge, std::nothrow) != nullptr)
		abort();
	return nullptr;
}

struct site cxx_sites[] = {
#define X(name, prime, by) { #name, name, prime, by, false, 0, 0, 0, 0 }
	X(site_new, 197, BY_DELETE),
	X(site_new_array, 199, BY_DELETE_ARRAY),
	X(site_new_nothrow, 211, BY_DELETE_NOTHROW),
	X(site_new_array_nothrow, 223, BY_DELETE_ARRAY),
	X(site_new_aligned, 227, BY_DELETE_ALIGNED),
	X(site_new_array_aligned, 229, BY_DELETE_ARRAY_ALIGNED),
	X(site_new_aligned_nothrow, 233, BY_DELETE_ALIGNED),
	X(site_new_array_aligned_nothrow, 239, BY_DELETE_ARRAY_ALIGNED),
	X(site_new_sized, 241, BY_DELETE_SIZED),
	X(site_new_array_sized, 251, BY_DELETE_ARRAY_SIZED),
	X(site_new_sized_aligned, 257, BY_DELETE_SIZED_ALIGNED),
	X(site_bad_alloc, 263, BY_DELETE),
};
const size_t n_cxx_sites = sizeof cxx_sites / sizeof cxx_sites[0];

void
cxx_delete(const struct site *s, void *p)
{
	switch (s->by) {
	case BY_DELETE:
		::operator delete(p);
		break;
	case BY_DELETE_ARRAY:
		::operator delete[](p);
		break;
	case BY_DELETE_SIZED:
		::operator delete(p, s->size);
		break;
	case BY_DELETE_ARRAY_SIZED:
		::operator delete[](p, s->size);
		break;
	case BY_DELETE_NOTHROW:
		::operator delete(p, std::nothrow);
		break;
	case BY_DELETE_ALIGNED:
		::operator delete(p, wide);
		break;
	case BY_DELETE_ARRAY_ALIGNED:
		::operator delete[](p, wide);
		break;
	case BY_DELETE_SIZED_ALIGNED:
		::operator delete(p, s->size, wide);
		break;
	default:
		abort();
	}
}
}
