# agent: libullage.so. Links libc alone; never built with a sanitizer (the
# unit tests compile its files into themselves for that).
#
# Made as a program because it is one object that is loaded, not linked: no
# libtool is needed, and every flag is in sight.
agent_PROGRAMS += libullage.so
# What neither is a hook nor knows them: the bench of samples is built of it, too.
agent_files = \
	src/agent/agent.c src/agent/agent.h \
	src/agent/alloc.c src/agent/alloc.h \
	src/agent/alloc_glibc.c src/agent/alloc_glibc.h \
	src/agent/alloc_glibc_lend.c \
	src/agent/alloc_glibc_pass.c \
	src/agent/alloc_jemalloc.c \
	src/agent/alloc_mimalloc.c \
	src/agent/alloc_tcmalloc.c \
	src/agent/cfi.c src/agent/cfi.h \
	src/agent/cfi_expr.c \
	src/agent/cfi_run.c \
	src/agent/environment.c src/agent/environment.h \
	src/agent/calls.c src/agent/calls.h \
	src/agent/fds.c \
	src/agent/keeper.c src/agent/keeper.h \
	src/agent/keeper_rule.c src/agent/keeper_rule.h \
	src/agent/keeper_look.c src/agent/keeper_work.c src/agent/keeper_work.h \
	src/agent/live.c \
	src/agent/memo.c \
	src/agent/mini.c src/agent/mini.h \
	src/agent/modules.c \
	src/agent/real.c src/agent/real.h \
	src/agent/row.c src/agent/row.h \
	src/agent/segment.c \
	src/agent/stackend.c \
	src/agent/stacks.c \
	src/agent/threads.c \
	src/agent/walk.c src/agent/walk.h
libullage_so_SOURCES = $(agent_files) \
	src/agent/arm.c \
	src/agent/hook_fd.c \
	src/agent/hook_heap.c \
	src/agent/hook_new.c \
	src/agent/hook_process.c \
	src/agent/hook_received.c \
	src/agent/hook_thread.c \
	src/agent/hook_uring.c \
	src/agent/hooks.c src/agent/hooks.h \
	src/agent/pages.c src/agent/pages.h \
	src/agent/sample.c \
	src/agent/slots.c src/agent/slots.h \
	src/agent/slots_scan.c src/agent/slots_scan.h
libullage_so_CFLAGS = $(AM_CFLAGS) -O2 -fPIC -fvisibility=hidden \
	-ftls-model=initial-exec -fcf-protection=full -fno-builtin \
	-fno-stack-protector -fno-plt -fno-semantic-interposition \
	$(NO_LOOP_PATTERNS) -U_FORTIFY_SOURCE
libullage_so_LDFLAGS = -shared -Wl,-soname,libullage.so \
	-Wl,--version-script=$(srcdir)/src/agent/exports.map \
	-Wl,-z,now -Wl,-z,relro -Wl,-z,nodelete -Wl,-z,noexecstack \
	-Wl,-z,defs -Wl,--exclude-libs,ALL -Wl,-Bsymbolic-functions
libullage_so_DEPENDENCIES = src/agent/exports.map
EXTRA_DIST += src/agent/exports.map
