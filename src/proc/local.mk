# proc: text and sockets of the kernel -> structs.
src_libhome_a_SOURCES += \
	src/proc/process.c src/proc/process.h

# The map of a process's memory.
src_libhome_a_SOURCES += src/proc/maps.c src/proc/maps.h
