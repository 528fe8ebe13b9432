# tests/integration: whole programs, by scripts that print TAP.
integration_tests = \
	tests/integration/demo \
	tests/integration/truth
dist_check_SCRIPTS += $(integration_tests)
TESTS += $(integration_tests)

# The agent in whole programs (tests/victims).
agent_integration_tests = \
	tests/integration/agent-oracle
dist_check_SCRIPTS += $(agent_integration_tests)
TESTS += $(agent_integration_tests)
