# census: the glibc heap of a process that nobody watched.
src_libhome_a_SOURCES += \
	src/census/arenas.c \
	src/census/caches.c src/census/caches.h \
	src/census/census.c src/census/census.h \
	src/census/kinds.c src/census/kinds.h \
	src/census/layout.c src/census/layout.h \
	src/census/mapped.c \
	src/census/maps.c src/census/maps.h \
	src/census/pins.c src/census/pins.h \
	src/census/reader.c src/census/reader.h \
	src/census/reader_child.c src/census/reader_child.h \
	src/census/reader_process.c \
	src/census/resume.c src/census/resume.h \
	src/census/sample.c \
	src/census/taking.h \
	src/census/tally.c src/census/tally.h \
	src/census/walk.c src/census/walk.h
