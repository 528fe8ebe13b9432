# unwind: stacks of other processes' threads. libunwind is known here alone.
src_libhome_a_SOURCES += \
	src/unwind/calls.c src/unwind/calls.def src/unwind/calls.h \
	src/unwind/capture.c src/unwind/capture.h \
	src/unwind/cpu.c src/unwind/cpu.h \
	src/unwind/locks.c src/unwind/locks.h \
	src/unwind/memory.c src/unwind/memory.h \
	src/unwind/modules.c src/unwind/modules.h \
	src/unwind/denial.c src/unwind/denial.h \
	src/unwind/perf.c src/unwind/perf.h \
	src/unwind/remote.c src/unwind/remote.h \
	src/unwind/stop.c src/unwind/stop.h \
	src/unwind/threads.c src/unwind/threads.h
