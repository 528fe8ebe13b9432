// SPDX-License-Identifier: MIT
// A program with an operator new of its own, out of an arena.

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <new>
#include <string>

alignas(16) static char arena[4 << 20];
static std::size_t used;

void *
operator new(std::size_t size)
{
	char *p = arena + used;

	used += (size + 15) & ~std::size_t(15);
	if (used > sizeof arena)
		throw std::bad_alloc();
	return p;
}

void
operator delete(void *p) noexcept
{
	if (p != nullptr &&
	    (static_cast<char *>(p) < arena || static_cast<char *>(p) >= arena + used))
		std::abort();
}

void
operator delete(void *p, std::size_t) noexcept
{
	operator delete(p);
}

int
main()
{
	std::map<int, std::string> m;

	for (int i = 0; i < 300; i++)
		m[i] = std::string(50, 'm');
	int *a = new int[100], *b = new (std::nothrow) int(3);

	delete[] a;
	delete b;
	m.clear();
	std::printf("%d\n", used > 0);
}
