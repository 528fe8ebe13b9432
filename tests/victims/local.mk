# tests/victims: small programs that the tests look at.

# ullage stack. Optimised and with lines, as a server in production is.
stack_victims = tests/victims/deadlock tests/victims/frames \
	tests/victims/kill-after tests/victims/stacks tests/victims/waiting
check_PROGRAMS += $(stack_victims)
tests_victims_deadlock_SOURCES = tests/victims/deadlock.c
tests_victims_deadlock_CFLAGS = $(AM_CFLAGS) -g -O2
tests_victims_frames_SOURCES = tests/victims/frames.cc
tests_victims_frames_CXXFLAGS = -std=gnu++17 -Wall -g -O2 -fomit-frame-pointer
tests_victims_kill_after_SOURCES = tests/victims/kill-after.c
tests_victims_stacks_SOURCES = tests/victims/stacks.c
tests_victims_stacks_CFLAGS = $(AM_CFLAGS) -g -O2
tests_victims_waiting_SOURCES = tests/victims/waiting.c
tests_victims_waiting_CFLAGS = $(AM_CFLAGS) -g -O2
tests_victims_waiting_LDADD = -lrt
EXTRA_DIST += tests/victims/clock.go tests/victims/Clock.java
