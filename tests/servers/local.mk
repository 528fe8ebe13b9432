# tests/servers: redis, nginx, memcached, postgres and everyday programs.
dist_check_SCRIPTS += \
	tests/servers/attached \
	tests/servers/descriptors \
	tests/servers/ledgers \
	tests/servers/profiles \
	tests/servers/same-commands \
	tests/servers/same-servers
EXTRA_DIST += tests/servers/lib.sh tests/servers/captures
TESTS += \
	tests/servers/attached \
	tests/servers/descriptors \
	tests/servers/ledgers \
	tests/servers/profiles \
	tests/servers/same-commands \
	tests/servers/same-servers

# Whoever asks over HTTP: pprof, Prometheus, continuous profilers.
if SERVE
serve_tests = \
	tests/servers/serve-pprof \
	tests/servers/serve-prometheus \
	tests/servers/serve-scrapers
dist_check_SCRIPTS += $(serve_tests)
TESTS += $(serve_tests)
endif
EXTRA_DIST += tests/lib/hold-connections.py tests/lib/pprof.py

# The same at full length: five minutes of Prometheus with the rules as they
# are, as many scrapes as in an hour.
check-prometheus: $(check_PROGRAMS) $(bin_PROGRAMS)
	SCRAPE_SECONDS=300 SCRAPE_EVERY=5 RULES_AS_THEY_ARE=1 \
	    TEST_TIMEOUT=1800 $(MAKE) $(AM_MAKEFLAGS) check \
	    TESTS=tests/servers/serve-prometheus
check-scrapers: $(check_PROGRAMS) $(bin_PROGRAMS)
	HOUR=1 TEST_TIMEOUT=1800 $(MAKE) $(AM_MAKEFLAGS) check \
	    TESTS=tests/servers/serve-scrapers
.PHONY: check-prometheus check-scrapers
