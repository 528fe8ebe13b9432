# tests/victims

# One descriptor of every type; threads with names.
check_PROGRAMS += tests/victims/descriptors tests/victims/threads
tests_victims_descriptors_SOURCES = tests/victims/descriptors.c
tests_victims_descriptors_CFLAGS = $(AM_CFLAGS)
tests_victims_threads_SOURCES = tests/victims/threads.c
tests_victims_threads_CFLAGS = $(AM_CFLAGS)
tests_victims_threads_LDADD = -lpthread
