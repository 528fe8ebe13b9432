// SPDX-License-Identifier: MIT
// With its C++ runtime linked in.

#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>

int
main()
{
	std::map<int, std::string> m;

	for (int i = 0; i < 300; i++)
		m[i] = std::string(50 + i, 'm');
	try {
		throw std::runtime_error(m[7]);
	} catch (const std::exception &e) {
		std::printf("%zu\n", std::string(e.what()).size());
	}
}
