# tune: what changes a target, and the reasoning before it.
src_libhome_a_SOURCES += \
	src/tune/ledger.c src/tune/ledger.h \
	src/tune/assignment.c src/tune/assignment.h \
	src/tune/setlimit.c src/tune/setlimit.h \
	src/tune/refuse.c src/tune/refuse.h \
	src/tune/trend.c src/tune/trend.h
