# tests/servers: redis, nginx, memcached, postgres and everyday programs.
dist_check_SCRIPTS += \
	tests/servers/descriptors \
	tests/servers/profiles \
	tests/servers/same-commands \
	tests/servers/same-servers
EXTRA_DIST += tests/servers/lib.sh
TESTS += \
	tests/servers/descriptors \
	tests/servers/profiles \
	tests/servers/same-commands \
	tests/servers/same-servers
