# top: the live view. ncurses is known here and nowhere else.
src_libhome_a_SOURCES += \
	src/top/action.c src/top/action.h \
	src/top/action_job.c \
	src/top/aside.c src/top/aside.h \
	src/top/calls.c src/top/calls.h \
	src/top/canvas.c src/top/canvas.h \
	src/top/canvas_memory.c \
	src/top/cells.c src/top/cells.h \
	src/top/columns.c src/top/columns.h \
	src/top/graph.c src/top/graph.h \
	src/top/keys.c src/top/keys.h \
	src/top/list_layout.c \
	src/top/list_machine.c src/top/list_parts.h \
	src/top/model.c src/top/model.h \
	src/top/prompt.c src/top/prompt.h \
	src/top/run.c src/top/run.h \
	src/top/screen_columns.c \
	src/top/screen_help.c \
	src/top/screen_list.c \
	src/top/screen_process.c src/top/screens.h \
	src/top/settings.c src/top/settings.h \
	src/top/source.h \
	src/top/tab_advice.c \
	src/top/tab_heap.c \
	src/top/tab_limits.c \
	src/top/tab_losses.c \
	src/top/tab_memory.c \
	src/top/tab_overview.c \
	src/top/tab_table.c \
	src/top/terminal.c src/top/terminal.h \
	src/top/theme.c src/top/theme.h \
	src/top/ui.c src/top/ui.h \
	src/top/wrap.c src/top/wrap.h
