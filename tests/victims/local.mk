# tests/victims

# One descriptor of every type; threads with names.
check_PROGRAMS += tests/victims/descriptors tests/victims/threads
tests_victims_descriptors_SOURCES = tests/victims/descriptors.c
tests_victims_descriptors_CFLAGS = $(AM_CFLAGS)
tests_victims_threads_SOURCES = tests/victims/threads.c
tests_victims_threads_CFLAGS = $(AM_CFLAGS)
tests_victims_threads_LDADD = -lpthread
# tests/victims: small programs that do to the agent what has broken others.
# tests/integration runs them with and without it.
victim_cflags = $(AM_CFLAGS) -g -O1 -fno-builtin -pthread

check_PROGRAMS += tests/victims/oracle
tests_victims_oracle_SOURCES = tests/victims/oracle.c \
	tests/victims/oracle.h tests/victims/oracle-cxx.cc
tests_victims_oracle_CFLAGS = $(victim_cflags)
tests_victims_oracle_CXXFLAGS = -std=c++17 -g -O1 -fno-builtin -pthread

# Holds what ullage shows: descriptors, threads, children, locked memory.
check_PROGRAMS += tests/victims/holder
tests_victims_holder_SOURCES = tests/victims/holder.c
tests_victims_holder_CFLAGS = $(AM_CFLAGS)
tests_victims_holder_LDADD = -lpthread
