# man: a page per command; tests/lint/man compares them with `ullage help`.
dist_man_MANS += \
	man/ullage.1 \
	man/ullage-agent-path.1 \
	man/ullage-allocs.1 \
	man/ullage-convert.1 \
	man/ullage-debug.1 \
	man/ullage-diff.1 \
	man/ullage-heap.1 \
	man/ullage-limits.1 \
	man/ullage-memory.1 \
	man/ullage-trim.1 \
	man/ullage-peak.1 \
	man/ullage-ps.1 \
	man/ullage-run.1 \
	man/ullage-serve.1 \
	man/ullage-cpu.1 \
	man/ullage-stack.1

dist_man_MANS += \
	man/ullage-fds.1 \
	man/ullage-plan.1 \
	man/ullage-show.1 \
	man/ullage-threads.1

dist_man_MANS += man/ullage-top.1
dist_man_MANS += man/ullage-census.1
