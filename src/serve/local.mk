# serve: HTTP. Without libmicrohttpd everything but the daemon is built.
src_libhome_a_SOURCES += \
	src/serve/answers.c src/serve/answers.h \
	src/serve/debug_text.c src/serve/debug_text.h \
	src/serve/guard.c src/serve/guard.h \
	src/serve/pages.c src/serve/pages.h \
	src/serve/pprof_routes.c \
	src/serve/request.c src/serve/request.h \
	src/serve/routes.c src/serve/routes.h \
	src/serve/source.h

if SERVE
src_libhome_a_SOURCES += \
	src/serve/clients.c src/serve/clients.h \
	src/serve/listen.c src/serve/listen.h \
	src/serve/serve.c src/serve/serve.h \
	src/serve/turns.c src/serve/turns.h
endif
