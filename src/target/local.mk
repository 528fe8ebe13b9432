# target: one watched process; its segment and snapshots of it.
src_libhome_a_SOURCES += \
	src/target/knob.c src/target/knob.h \
	src/target/segment_file.c src/target/segment_file.h \
	src/target/snapshot.c src/target/snapshot.h \
	src/target/snapshot_tables.c src/target/snapshot_tables.h \
	src/target/target.c src/target/target.h
src_libhome_a_SOURCES += src/target/glance.c src/target/glance.h
src_libhome_a_SOURCES += src/target/open_fds.c src/target/thread_stacks.c
src_libhome_a_SOURCES += src/target/presence.c src/target/presence.h
src_libhome_a_SOURCES += src/target/words.c src/target/words.h
