# cmd: one file per subcommand; cmd.c has the table.
src_libhome_a_SOURCES += \
	src/cmd/agent_path.c src/cmd/agent_path.h \
	src/cmd/cmd.c src/cmd/cmd.h \
	src/cmd/convert.c \
	src/cmd/debug.c \
	src/cmd/diff.c \
	src/cmd/heap.c \
	src/cmd/memory.c src/cmd/memory_account.h \
	src/cmd/memory_json.c \
	src/cmd/memory_text.c \
	src/cmd/options.c src/cmd/options.h \
	src/cmd/profile_out.c src/cmd/profile_out.h \
	src/cmd/ps.c src/cmd/ps_rows.c src/cmd/ps_rows.h \
	src/cmd/run.c \
	src/cmd/agent_options.c src/cmd/agent_options.h \
	src/cmd/trim.c src/cmd/trim.h src/cmd/trim_show.c \
	src/cmd/trim_words.c

# ullage stack, ullage cpu
src_libhome_a_SOURCES += \
	src/cmd/cpu.c \
	src/cmd/stack.c src/cmd/stack_json.c src/cmd/stack_text.c \
	src/cmd/stack_view.c src/cmd/stack_view.h
src_libhome_a_SOURCES += \
	src/cmd/fds.c \
	src/cmd/fds_groups.c src/cmd/fds_groups.h \
	src/cmd/plan.c \
	src/cmd/plan_page.c src/cmd/plan_page.h \
	src/cmd/plan_tables.c src/cmd/plan_tables.h \
	src/cmd/show.c \
	src/cmd/show_page.c src/cmd/show_page.h \
	src/cmd/show_tables.c src/cmd/show_tables.h \
	src/cmd/table_out.c src/cmd/table_out.h \
	src/cmd/threads.c

# Limits; tables that fit.
src_libhome_a_SOURCES += \
	src/cmd/limits.c \
	src/cmd/limits_ceilings.c \
	src/cmd/limits_set.c src/cmd/limits_set.h \
	src/cmd/limits_view.c src/cmd/limits_view.h \
	src/cmd/table_fit.c src/cmd/table_fit.h
src_libhome_a_SOURCES += \
	src/cmd/top.c \
	src/cmd/top_batch.c src/cmd/top_batch.h \
	src/cmd/top_detail.c \
	src/cmd/top_levers.c src/cmd/top_levers.h \
	src/cmd/top_levers_agent.c \
	src/cmd/top_machine.c \
	src/cmd/top_source.c src/cmd/top_source.h \
	src/cmd/top_agents.c \
	src/cmd/top_fds.c \
	src/cmd/top_threads.c

src_libhome_a_SOURCES += \
	src/cmd/fds_leaks.c \
	src/cmd/fds_openers.c src/cmd/fds_openers.h \
	src/cmd/fds_rows.c src/cmd/fds_rows.h \
	src/cmd/threads_creators.c src/cmd/threads_creators.h
# The census of a heap.
src_libhome_a_SOURCES += \
	src/cmd/census.c \
	src/cmd/census_base.c \
	src/cmd/census_out.c \
	src/cmd/census_profile.c \
	src/cmd/census_sites.c \
	src/cmd/census_space.c \
	src/cmd/census_view.c src/cmd/census_view.h \
	src/cmd/memory_census.c src/cmd/memory_census.h

# HTTP.
if SERVE
src_libhome_a_SOURCES += \
	src/cmd/serve.c \
	src/cmd/serve_drop.c src/cmd/serve_drop.h \
	src/cmd/serve_metrics.c src/cmd/serve_metrics.h \
	src/cmd/serve_plots.c src/cmd/serve_plots.h \
	src/cmd/serve_source.c src/cmd/serve_source.h \
	src/cmd/serve_tables.c src/cmd/serve_tables.h \
	src/cmd/serve_targets.c src/cmd/serve_targets.h \
	src/cmd/serve_watch.c src/cmd/serve_watch.h
endif

# Attach and detach.
src_libhome_a_SOURCES += \
	src/cmd/attach.c \
	src/cmd/attach_words.c src/cmd/attach_words.h \
	src/cmd/check.c \
	src/cmd/detach.c
