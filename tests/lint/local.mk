# tests/lint: rules of the house that a machine can check, and goldens.
lint_tests = \
	tests/lint/abi \
	tests/lint/agent \
	tests/lint/contrib \
	tests/lint/driver \
	tests/lint/headers \
	tests/lint/layers \
	tests/lint/man \
	tests/lint/no-sleep \
	tests/lint/scripts \
	tests/lint/size \
	tests/lint/spelling
dist_check_SCRIPTS += $(lint_tests)
TESTS += $(lint_tests)
GOLDEN_TESTS += tests/lint/agent tests/lint/abi

check_PROGRAMS += tests/lint/print-segment
tests_lint_print_segment_SOURCES = tests/lint/print-segment.c

EXTRA_DIST += \
	tests/golden/agent-exports.txt \
	tests/golden/agent-imports.txt \
	tests/golden/segment.txt
