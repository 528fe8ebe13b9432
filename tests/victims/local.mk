# tests/victims: small programs that the tests look at.

# ullage stack. Optimised and with lines, as a server in production is.
stack_victims = tests/victims/deadlock tests/victims/frames \
	tests/victims/kill-after tests/victims/stacks tests/victims/waiting
check_PROGRAMS += $(stack_victims) tests/victims/burn
tests_victims_burn_SOURCES = tests/victims/burn.c
tests_victims_burn_CFLAGS = $(AM_CFLAGS) -g -O1 -pthread
tests_victims_deadlock_SOURCES = tests/victims/deadlock.c
tests_victims_deadlock_CFLAGS = $(AM_CFLAGS) -g -O2
tests_victims_frames_SOURCES = tests/victims/frames.cc
tests_victims_frames_CXXFLAGS = -std=gnu++17 -Wall -g -O2 -fomit-frame-pointer
tests_victims_kill_after_SOURCES = tests/victims/kill-after.c
tests_victims_stacks_SOURCES = tests/victims/stacks.c
tests_victims_stacks_CFLAGS = $(AM_CFLAGS) -g -O2
tests_victims_waiting_SOURCES = tests/victims/waiting.c
tests_victims_waiting_CFLAGS = $(AM_CFLAGS) -g -O2
tests_victims_waiting_LDADD = -lrt
EXTRA_DIST += tests/victims/clock.go tests/victims/clock.rs tests/victims/Clock.java
# tests/victims

# One descriptor of every type; threads with names.
check_PROGRAMS += tests/victims/descriptors tests/victims/threads
tests_victims_descriptors_SOURCES = tests/victims/descriptors.c
tests_victims_descriptors_CFLAGS = $(AM_CFLAGS)
tests_victims_threads_SOURCES = tests/victims/threads.c
tests_victims_threads_CFLAGS = $(AM_CFLAGS)
tests_victims_threads_LDADD = -lpthread
# tests/victims: small programs that do to the agent what has broken others.
# tests/integration runs them with and without it.
victim_cflags = $(AM_CFLAGS) -g -O1 -fno-builtin -pthread

# Puts the agent into a running program, without an attacher.
check_PROGRAMS += tests/victims/late.so
tests_victims_late_so_SOURCES = tests/victims/late.c tests/victims/late.h
tests_victims_late_so_CFLAGS = $(victim_cflags) -fPIC -DLATE_PRELOADED
tests_victims_late_so_LDFLAGS = -shared
check_PROGRAMS += tests/victims/cycles
tests_victims_cycles_SOURCES = tests/victims/cycles.c tests/victims/late.c \
	tests/victims/late.h
tests_victims_cycles_CFLAGS = $(victim_cflags)

# One source, linked in six ways.
late_hosts = tests/victims/late-host-lazy tests/victims/late-host-partial tests/victims/late-host-now tests/victims/late-host-noplt tests/victims/late-host-fixed tests/victims/late-host-fixed-now
check_PROGRAMS += $(late_hosts) tests/victims/late-plugin.so \
	tests/victims/late-tls.so tests/victims/late-plugin-own.so
tests_victims_late_plugin_own_so_SOURCES = tests/victims/late-plugin.c
tests_victims_late_plugin_own_so_CFLAGS = $(victim_cflags) -fPIC -DOWN_MALLOC
tests_victims_late_plugin_own_so_LDFLAGS = -shared -Wl,-z,lazy
tests_victims_late_tls_so_SOURCES = tests/victims/late-tls.c
tests_victims_late_tls_so_CFLAGS = $(victim_cflags) -fPIC -DTLS_SIZE=1664
tests_victims_late_tls_so_LDFLAGS = -shared
late_host_sources = tests/victims/late-host.c tests/victims/late.c \
	tests/victims/late.h
tests_victims_late_host_lazy_SOURCES = $(late_host_sources)
tests_victims_late_host_lazy_CFLAGS = $(victim_cflags)
tests_victims_late_host_lazy_LDFLAGS = -Wl,-z,lazy -Wl,-z,norelro
tests_victims_late_host_partial_SOURCES = $(late_host_sources)
tests_victims_late_host_partial_CFLAGS = $(victim_cflags)
tests_victims_late_host_partial_LDFLAGS = -Wl,-z,lazy -Wl,-z,relro
tests_victims_late_host_now_SOURCES = $(late_host_sources)
tests_victims_late_host_now_CFLAGS = $(victim_cflags)
tests_victims_late_host_now_LDFLAGS = -Wl,-z,now -Wl,-z,relro
tests_victims_late_host_noplt_SOURCES = $(late_host_sources)
tests_victims_late_host_noplt_CFLAGS = $(victim_cflags) -fno-plt
tests_victims_late_host_noplt_LDFLAGS = -Wl,-z,now -Wl,-z,relro
tests_victims_late_host_fixed_SOURCES = $(late_host_sources)
tests_victims_late_host_fixed_CFLAGS = $(victim_cflags) -fno-pie
tests_victims_late_host_fixed_LDFLAGS = -no-pie -Wl,-z,lazy
tests_victims_late_host_fixed_now_SOURCES = $(late_host_sources)
tests_victims_late_host_fixed_now_CFLAGS = $(victim_cflags) -fno-pie
tests_victims_late_host_fixed_now_LDFLAGS = -no-pie -Wl,-z,now -Wl,-z,relro
tests_victims_late_plugin_so_SOURCES = tests/victims/late-plugin.c
tests_victims_late_plugin_so_CFLAGS = $(victim_cflags) -fPIC
tests_victims_late_plugin_so_LDFLAGS = -shared -Wl,-z,now -Wl,-z,relro

check_PROGRAMS += tests/victims/oracle
tests_victims_oracle_SOURCES = tests/victims/oracle.c \
	tests/victims/oracle.h tests/victims/oracle-cxx.cc
tests_victims_oracle_CFLAGS = $(victim_cflags)
tests_victims_oracle_CXXFLAGS = -std=c++17 -g -O1 -fno-builtin -pthread

# Holds what ullage shows: descriptors, threads, children, locked memory.
check_PROGRAMS += tests/victims/holder
tests_victims_holder_SOURCES = tests/victims/holder.c
tests_victims_holder_CFLAGS = $(AM_CFLAGS)
tests_victims_holder_LDADD = -lpthread
check_PROGRAMS += \
	tests/victims/early \
	tests/victims/hazards \
	tests/victims/host \
	tests/victims/linked-cxx \
	tests/victims/linked-fixed \
	tests/victims/linked-lazy \
	tests/victims/linked-now \
	tests/victims/own-malloc \
	tests/victims/own-new \
	tests/victims/plugin-c.so \
	tests/victims/plugin.so \
	tests/victims/throw

tests_victims_early_SOURCES = tests/victims/early.c
tests_victims_early_CFLAGS = $(victim_cflags)
tests_victims_hazards_SOURCES = tests/victims/hazards.c
tests_victims_hazards_CFLAGS = $(victim_cflags)
tests_victims_host_SOURCES = tests/victims/host.c
tests_victims_host_CFLAGS = $(victim_cflags)
tests_victims_throw_SOURCES = tests/victims/throw.cc
tests_victims_throw_CXXFLAGS = -g -O1 -pthread
tests_victims_plugin_so_SOURCES = tests/victims/plugin.cc
tests_victims_plugin_so_CXXFLAGS = -g -O1 -fPIC
tests_victims_plugin_so_LDFLAGS = -shared
tests_victims_plugin_c_so_SOURCES = tests/victims/plugin-c.c
tests_victims_plugin_c_so_CFLAGS = $(victim_cflags) -fPIC
tests_victims_plugin_c_so_LDFLAGS = -shared
tests_victims_own_malloc_SOURCES = tests/victims/own-malloc.c
tests_victims_own_malloc_CFLAGS = $(victim_cflags)
tests_victims_own_new_SOURCES = tests/victims/own-new.cc
tests_victims_own_new_CXXFLAGS = -g -O1

# One source, linked in three ways.
tests_victims_linked_lazy_SOURCES = tests/victims/linked.c
tests_victims_linked_lazy_CFLAGS = $(victim_cflags)
tests_victims_linked_lazy_LDFLAGS = -Wl,-z,lazy -Wl,-z,norelro
tests_victims_linked_now_SOURCES = tests/victims/linked.c
tests_victims_linked_now_CFLAGS = $(victim_cflags) -fno-plt
tests_victims_linked_now_LDFLAGS = -Wl,-z,now -Wl,-z,relro
tests_victims_linked_fixed_SOURCES = tests/victims/linked.c
tests_victims_linked_fixed_CFLAGS = $(victim_cflags) -fno-pic
tests_victims_linked_fixed_LDFLAGS = -no-pie
tests_victims_linked_cxx_SOURCES = tests/victims/linked-cxx.cc
tests_victims_linked_cxx_CXXFLAGS = -g -O1
tests_victims_linked_cxx_LDFLAGS = -static-libstdc++ -static-libgcc

# A heap with phases, for the ledger and the trim knob.
check_PROGRAMS += tests/victims/heap
tests_victims_heap_SOURCES = tests/victims/heap.c
tests_victims_heap_CFLAGS = $(victim_cflags)
# Who opened it, who created it.
check_PROGRAMS += tests/victims/openers tests/victims/fd-leak \
	tests/victims/creators tests/victims/cancel tests/victims/uring
tests_victims_uring_SOURCES = tests/victims/uring.c
tests_victims_uring_CFLAGS = $(AM_CFLAGS) -g -O1
tests_victims_cancel_SOURCES = tests/victims/cancel.cc
tests_victims_cancel_CXXFLAGS = -std=gnu++17 -Wall -g -O1 -pthread
tests_victims_openers_SOURCES = tests/victims/openers.c
tests_victims_openers_CFLAGS = $(AM_CFLAGS) -g -O1 -D_GNU_SOURCE
tests_victims_fd_leak_SOURCES = tests/victims/fd-leak.c
tests_victims_fd_leak_CFLAGS = $(AM_CFLAGS) -g -O1
tests_victims_creators_SOURCES = tests/victims/creators.c
tests_victims_creators_CFLAGS = $(AM_CFLAGS) -g -O1 -D_GNU_SOURCE -pthread
# A heap whose contents are known.
check_PROGRAMS += tests/victims/census-hostile tests/victims/census-space \
	tests/victims/census-victim
tests_victims_census_hostile_SOURCES = tests/victims/census-hostile.c
tests_victims_census_hostile_CFLAGS = $(AM_CFLAGS) -g -O1 -fno-builtin
tests_victims_census_space_SOURCES = tests/victims/census-space.c \
	tests/victims/resident.h
tests_victims_census_space_CFLAGS = $(AM_CFLAGS) -g -O1 -fno-builtin
tests_victims_census_victim_SOURCES = tests/victims/census-victim.cc
tests_victims_census_victim_CXXFLAGS = -std=c++17 -g -O1 -fno-builtin -pthread

# Attach: programs that are hard to attach to, and the way not to do it.
check_PROGRAMS += \
	tests/victims/arm-test.so \
	tests/victims/classic \
	tests/victims/fingerprint \
	tests/victims/hammer \
	tests/victims/hammer-own \
	tests/victims/odd \
	tests/victims/sandboxed \
	tests/victims/slow-plugin.so \
	tests/victims/thrower
tests_victims_arm_test_so_SOURCES = tests/victims/arm-test.c
tests_victims_arm_test_so_CFLAGS = $(victim_cflags) -fPIC
tests_victims_arm_test_so_LDFLAGS = -shared
tests_victims_classic_SOURCES = tests/victims/classic.c
tests_victims_classic_CFLAGS = $(AM_CFLAGS) -O1
tests_victims_fingerprint_SOURCES = tests/victims/fingerprint.c
tests_victims_fingerprint_CFLAGS = $(src_libhome_a_CFLAGS)
tests_victims_fingerprint_LDADD = $(HOME_LIBS)
tests_victims_hammer_SOURCES = tests/victims/hammer.c
tests_victims_hammer_CFLAGS = $(victim_cflags)
tests_victims_hammer_own_SOURCES = tests/victims/hammer.c
tests_victims_hammer_own_CFLAGS = $(victim_cflags) -DOWN_MALLOC
tests_victims_odd_SOURCES = tests/victims/odd.c
tests_victims_odd_CFLAGS = $(victim_cflags)
tests_victims_slow_plugin_so_SOURCES = tests/victims/slow-plugin.c
tests_victims_slow_plugin_so_CFLAGS = $(victim_cflags) -fPIC
tests_victims_slow_plugin_so_LDFLAGS = -shared
tests_victims_sandboxed_SOURCES = tests/victims/sandboxed.c
tests_victims_sandboxed_CFLAGS = $(victim_cflags)
tests_victims_thrower_SOURCES = tests/victims/thrower.cc
tests_victims_thrower_CXXFLAGS = -std=c++17 -g -O1 -pthread

# Clocks that jump, for the live view.
check_PROGRAMS += tests/victims/clock-jump.so
tests_victims_clock_jump_so_SOURCES = tests/victims/clock-jump.c
tests_victims_clock_jump_so_CFLAGS = $(victim_cflags) -fPIC
tests_victims_clock_jump_so_LDFLAGS = -shared
