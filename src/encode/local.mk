# encode: profiles to bytes and back.
src_libhome_a_SOURCES += \
	src/encode/arena.c src/encode/arena.h \
	src/encode/collapsed.c \
	src/encode/decode.c \
	src/encode/encode.c src/encode/encode.h \
	src/encode/gperftools.c \
	src/encode/gzip.c src/encode/gzip.h \
	src/encode/heap_text.c src/encode/heap_text.h \
	src/encode/jemalloc.c \
	src/encode/json.c src/encode/json_read.c \
	src/encode/pprof.c src/encode/pprof_read.c \
	src/encode/text.c \
	src/encode/values.c src/encode/values.h

# Generated beside the objects, never in the source tree.
nodist_src_libhome_a_SOURCES = \
	src/encode/profile.pb-c.c src/encode/profile.pb-c.h
BUILT_SOURCES += src/encode/profile.pb-c.h
CLEANFILES += src/encode/profile.pb-c.c src/encode/profile.pb-c.h
EXTRA_DIST += src/encode/profile.proto

src/encode/profile.pb-c.c: src/encode/profile.proto
	$(AM_V_GEN)$(MKDIR_P) src/encode && $(PROTOC_C) \
		--proto_path=$(srcdir)/src/encode --c_out=src/encode \
		$(srcdir)/src/encode/profile.proto

# One run makes both; the header is remade if it alone was removed.
src/encode/profile.pb-c.h: src/encode/profile.pb-c.c
	@test -f $@ || { rm -f $< && $(MAKE) $(AM_MAKEFLAGS) $<; }
