# tests/integration: whole programs, by scripts that print TAP.
integration_tests = \
	tests/integration/demo \
	tests/integration/truth
dist_check_SCRIPTS += $(integration_tests)
TESTS += $(integration_tests)

# The agent in whole programs (tests/victims).
agent_integration_tests = \
	tests/integration/agent-children \
	tests/integration/agent-hazards \
	tests/integration/agent-memory \
	tests/integration/agent-oracle
dist_check_SCRIPTS += $(agent_integration_tests)
EXTRA_DIST += tests/lib/agent.sh
TESTS += $(agent_integration_tests)
