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

# Limits, ps: set and shown, of victims, of the demo and of real servers.
limits_integration_tests = \
	tests/integration/limits \
	tests/integration/limits-demo \
	tests/integration/limits-hostile \
	tests/integration/limits-servers
dist_check_SCRIPTS += $(limits_integration_tests)
TESTS += $(limits_integration_tests)
