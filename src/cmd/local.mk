# cmd: one file per subcommand; cmd.c has the table.
src_libhome_a_SOURCES += \
	src/cmd/agent_path.c src/cmd/agent_path.h \
	src/cmd/cmd.c src/cmd/cmd.h \
	src/cmd/convert.c \
	src/cmd/debug.c \
	src/cmd/diff.c \
	src/cmd/heap.c \
	src/cmd/options.c src/cmd/options.h \
	src/cmd/profile_out.c src/cmd/profile_out.h \
	src/cmd/ps.c \
	src/cmd/run.c

src_libhome_a_SOURCES += \
	src/cmd/fds.c \
	src/cmd/fds_groups.c src/cmd/fds_groups.h \
	src/cmd/table_out.c src/cmd/table_out.h \
	src/cmd/threads.c
