# proc: text and sockets of the kernel -> structs.
src_libhome_a_SOURCES += \
	src/proc/process.c src/proc/process.h
