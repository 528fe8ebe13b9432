# base: errors, memory, buffers, units, safe text, output. Knows nothing of
# profiling.
src_libhome_a_SOURCES += \
	src/base/buf.c src/base/buf.h \
	src/base/err.c src/base/err.h \
	src/base/escape.c src/base/escape.h \
	src/base/hash.c src/base/hash.h \
	src/base/json.c src/base/json.h \
	src/base/output.c src/base/output.h \
	src/base/units.c src/base/units.h \
	src/base/xalloc.c src/base/xalloc.h
