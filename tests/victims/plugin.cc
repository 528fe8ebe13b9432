// SPDX-License-Identifier: MIT
// A plug-in in C++ for a host in C.

#include <map>
#include <string>

extern "C" {
int plugin_work(void);
char *plugin_gift(void);

int
plugin_work(void)
{
	std::map<int, std::string> m;

	for (int i = 0; i < 200; i++)
		m[i] = std::string(20 + i, 'p');
	return (int)m.size();
}

// For the host to free.
char *
plugin_gift(void)
{
	char *p = static_cast<char *>(__builtin_malloc(300));

	p[0] = 'g';
	return p;
}
}
