// SPDX-License-Identifier: MIT
//
// Nanoseconds per step of what C++ programs do all day: a string is made, put
// into a map and an unordered_map, looked up, and an old one is thrown out.
// About seven allocations a step. Prints "ns N", the median of repetitions.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace
{

using key_map = std::map<std::string, std::vector<int>>;
using id_map = std::unordered_map<uint64_t, std::string>;

class churn
{
public:
	void
	step()
	{
		const uint64_t id = next++;
		std::string key = name(id);

		by_id.emplace(id, key + "/value");
		by_key[key].assign(1 + id % 16, static_cast<int>(id));
		found += by_key.count(name(id / 2));
		if (id >= kept) {
			by_id.erase(id - kept);
			by_key.erase(name(id - kept));
		}
	}

	uint64_t found = 0;

private:
	// Longer than what fits into a string without an allocation.
	static std::string
	name(uint64_t id)
	{
		return "connection-" + std::to_string(id * 2654435761u) +
		    "-session";
	}

	static constexpr uint64_t kept = 2000;
	uint64_t next = 0;
	key_map by_key;
	id_map by_id;
};

double
now()
{
	timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return static_cast<double>(t.tv_sec) * 1e9 +
	    static_cast<double>(t.tv_nsec);
}

double
repetition(churn &c, uint64_t steps)
{
	const double from = now();

	for (uint64_t i = 0; i < steps; i++)
		c.step();
	return (now() - from) / static_cast<double>(steps);
}

} // namespace

int
main()
{
	churn c;
	std::vector<double> ns;
	uint64_t steps = 4096;

	repetition(c, steps);
	while (repetition(c, steps) * static_cast<double>(steps) < 1e7)
		steps *= 2;
	for (int i = 0; i < 7; i++)
		ns.push_back(repetition(c, steps));
	std::sort(ns.begin(), ns.end());
	std::printf("ns %.3f\n", ns[3]);
	return c.found == 0;
}
