# table: rows × columns, as text and as JSON.
src_libhome_a_SOURCES += \
	src/table/draw.c \
	src/table/html.c src/table/html.h \
	src/table/json.c \
	src/table/rows.h \
	src/table/table.c src/table/table.h
