# tune: what changes a target, and the reasoning before it.
src_libhome_a_SOURCES += \
	src/tune/ledger.c src/tune/ledger.h \
	src/tune/ledger_watched.c src/tune/ledger_watched.h \
	src/tune/assignment.c src/tune/assignment.h \
	src/tune/setlimit.c src/tune/setlimit.h \
	src/tune/refuse.c src/tune/refuse.h \
	src/tune/trend.c src/tune/trend.h

src_libhome_a_SOURCES += \
	src/tune/obstacles.c \
	src/tune/plan.c src/tune/plan.h \
	src/tune/plan_measure.c src/tune/plan_measure.h
