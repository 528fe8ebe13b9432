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
	src/encode/html.c src/encode/html.h \
	src/encode/json.c src/encode/json_read.c \
	src/encode/pprof.c src/encode/pprof_read.c \
	src/encode/plot.c src/encode/plot.h \
	src/encode/prom.c src/encode/prom.h \
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

# The pages' files, as arrays of characters with a NUL at the end.
html_assets = src/encode/page.css src/encode/page.js src/encode/flame.js
EXTRA_DIST += $(html_assets)
nodist_src_libhome_a_SOURCES += src/encode/assets.h
BUILT_SOURCES += src/encode/assets.h
CLEANFILES += src/encode/assets.h

src/encode/assets.h: $(html_assets)
	$(AM_V_GEN)$(MKDIR_P) src/encode && for f in $(html_assets); do \
	    printf 'static const char asset_%s[] = {' \
		"$$(basename $$f | tr . _)"; \
	    od -An -v -to1 $(srcdir)/$$f | sed 's/ \([0-7]*\)/0\1,/g'; \
	    echo '0};'; \
	done >$@.tmp && mv $@.tmp $@
