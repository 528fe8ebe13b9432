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
	src/cmd/ps.c src/cmd/ps_rows.c src/cmd/ps_rows.h \
	src/cmd/run.c

src_libhome_a_SOURCES += \
	src/cmd/fds.c \
	src/cmd/fds_groups.c src/cmd/fds_groups.h \
	src/cmd/plan.c \
	src/cmd/plan_page.c src/cmd/plan_page.h \
	src/cmd/show.c \
	src/cmd/show_page.c src/cmd/show_page.h \
	src/cmd/table_out.c src/cmd/table_out.h \
	src/cmd/threads.c

# Limits; tables that fit.
src_libhome_a_SOURCES += \
	src/cmd/limits.c \
	src/cmd/limits_ceilings.c \
	src/cmd/limits_set.c src/cmd/limits_set.h \
	src/cmd/limits_view.c src/cmd/limits_view.h \
	src/cmd/table_fit.c src/cmd/table_fit.h

# HTTP.
if SERVE
src_libhome_a_SOURCES += \
	src/cmd/serve.c \
	src/cmd/serve_metrics.c src/cmd/serve_metrics.h \
	src/cmd/serve_tables.c src/cmd/serve_tables.h \
	src/cmd/serve_targets.c src/cmd/serve_targets.h
endif
