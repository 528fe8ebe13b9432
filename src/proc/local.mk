# proc: text and sockets of the kernel -> structs.
src_libhome_a_SOURCES += \
	src/proc/process.c src/proc/process.h

# Limits, what is used of them, and what stands above.
src_libhome_a_SOURCES += \
	src/proc/ceilings.c src/proc/ceilings.h src/proc/ceilings.def \
	src/proc/cgroup.c src/proc/cgroup.h \
	src/proc/limits.c src/proc/limits.h src/proc/resources.def \
	src/proc/stat.c src/proc/stat.h \
	src/proc/status.c src/proc/status.h \
	src/proc/usage.c src/proc/usage.h

# What each mapping has in memory.
src_libhome_a_SOURCES += \
	src/proc/smaps.c src/proc/smaps.h
