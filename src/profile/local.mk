# profile: stacks × values, and what one does with them.
src_libhome_a_SOURCES += \
	src/profile/copy.c \
	src/profile/diff.c \
	src/profile/drop.c src/profile/ops.h \
	src/profile/kind.c src/profile/kind.h \
	src/profile/kind_cpu.c src/profile/kind_cpu.h \
	src/profile/kind_fds.c \
	src/profile/kind_heap.c \
	src/profile/kind_threadcreate.c \
	src/profile/kind_threads.c src/profile/kind_threads.h \
	src/profile/leaks.c src/profile/leaks.h \
	src/profile/mappings.c src/profile/mappings.h \
	src/profile/profile.c src/profile/profile.h \
	src/profile/sites.c src/profile/sites.h \
	src/profile/stacks.c src/profile/stacks.h \
	src/profile/symbolize.c src/profile/symbolize.h \
	src/profile/top.c src/profile/top.h \
	src/profile/valid.c
