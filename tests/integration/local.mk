# tests/integration: whole programs, by scripts that print TAP.
dist_check_SCRIPTS += tests/integration/demo
TESTS += tests/integration/demo
