# profile: stacks × values, and what one does with them.
src_libhome_a_SOURCES += \
	src/profile/profile.c src/profile/profile.h \
	src/profile/valid.c
