# proc: text and sockets of the kernel -> structs.
src_libhome_a_SOURCES += \
	src/proc/process.c src/proc/process.h

# The map of a process's memory.
src_libhome_a_SOURCES += src/proc/maps.c src/proc/maps.h
src_libhome_a_SOURCES += \
	src/proc/fds.c src/proc/fds.h \
	src/proc/open_files.c src/proc/open_files.h \
	src/proc/sockets.c src/proc/sockets.h src/proc/sockets_source.h \
	src/proc/sockets_diag.c \
	src/proc/sockets_proc.c \
	src/proc/tasks.c src/proc/tasks.h
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
# All processes again and again.
src_libhome_a_SOURCES += src/proc/sweep.c src/proc/sweep.h
