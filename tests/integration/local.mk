# tests/integration: whole programs, by scripts that print TAP.
integration_tests = \
	tests/integration/demo \
	tests/integration/truth
dist_check_SCRIPTS += $(integration_tests)
TESTS += $(integration_tests)

# ullage stack.
stack_tests = \
	tests/integration/stack \
	tests/integration/stack-unnoticed
dist_check_SCRIPTS += $(stack_tests)
TESTS += $(stack_tests)

# The same, until it is sure: 500 looks at programs that abort on EINTR, 200
# times killed. Minutes.
check-unnoticed: $(check_PROGRAMS) $(bin_PROGRAMS)
	ROUNDS=17 KILLS=200 TEST_TIMEOUT=1800 $(MAKE) $(AM_MAKEFLAGS) check \
	    TESTS=tests/integration/stack-unnoticed
.PHONY: check-unnoticed
