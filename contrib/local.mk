# contrib: the demo server and its client. Built, never installed; -g and -O2
# because that is what a server in production looks like to a profiler.
if HAVE_LWS
noinst_PROGRAMS += ullage-demo-server ullage-demo-client

ullage_demo_server_SOURCES = \
	contrib/demo/connection.c contrib/demo/connection.h \
	contrib/demo/hub.c contrib/demo/hub.h \
	contrib/demo/server.c \
	contrib/demo/sites.c contrib/demo/sites.h
ullage_demo_server_CFLAGS = $(AM_CFLAGS) -g -O2 $(LWS_CFLAGS)
ullage_demo_server_LDADD = $(LWS_LIBS)

ullage_demo_client_SOURCES = contrib/demo/client.c
ullage_demo_client_CFLAGS = $(AM_CFLAGS) -g -O2
endif

EXTRA_DIST += contrib/demo/README.md

EXTRA_DIST += contrib/README.md \
	contrib/alloy/config.alloy \
	contrib/docker/Dockerfile contrib/docker/compose.yaml \
	contrib/grafana/ullage.json \
	contrib/kubernetes/sidecar.yaml \
	contrib/parca/parca.yaml \
	contrib/prometheus/alerts.yml contrib/prometheus/alerts_test.yml \
	contrib/prometheus/prometheus.yml \
	contrib/systemd/agent.conf contrib/systemd/ullage-serve.service
