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

# ullage stack
src_libhome_a_SOURCES += \
	src/cmd/stack.c src/cmd/stack_json.c src/cmd/stack_text.c \
	src/cmd/stack_view.c src/cmd/stack_view.h
