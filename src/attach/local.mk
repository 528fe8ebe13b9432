# attach: the agent into a process that runs, and out of it.
src_libhome_a_SOURCES += \
	src/attach/attach.c src/attach/attach.h \
	src/attach/fault.c src/attach/fault.h \
	src/attach/filter.c src/attach/filter.h src/attach/filter_calls.def \
	src/attach/filter_run.c \
	src/attach/inject.c src/attach/inject.h \
	src/attach/inject_safe.c src/attach/inject_watch.c \
	src/attach/injector.c src/attach/injector.h \
	src/attach/look.c src/attach/look.h \
	src/attach/place.c src/attach/place.h \
	src/attach/preflight.c src/attach/preflight.h \
	src/attach/site.c src/attach/site.h \
	src/attach/stub.S src/attach/stub.h \
	src/attach/tasks.c src/attach/tasks.h \
	src/attach/vet.c src/attach/vet.h
src_libhome_a_CCASFLAGS = -I$(srcdir)/src
