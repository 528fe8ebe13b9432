# tests/lint: rules of the house that a machine can check, and goldens.
dist_check_SCRIPTS += tests/lint/driver
TESTS += tests/lint/driver
