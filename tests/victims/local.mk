# tests/victims: small programs that do to the agent what has broken others.
# tests/integration runs them with and without it.
victim_cflags = $(AM_CFLAGS) -g -O1 -fno-builtin -pthread

check_PROGRAMS += tests/victims/oracle
tests_victims_oracle_SOURCES = tests/victims/oracle.c \
	tests/victims/oracle.h tests/victims/oracle-cxx.cc
tests_victims_oracle_CFLAGS = $(victim_cflags)
tests_victims_oracle_CXXFLAGS = -std=c++17 -g -O1 -fno-builtin -pthread
