# symbol: addresses to names. elfutils is known here and nowhere else.
src_libhome_a_SOURCES += \
	src/symbol/debug_file.c src/symbol/debug_file.h \
	src/symbol/demangle.c src/symbol/symbol.h \
	src/symbol/dwarf_index.c src/symbol/dwarf_index.h \
	src/symbol/dwarf_unit.c src/symbol/dwarf_unit.h \
	src/symbol/elf_file.c src/symbol/elf_file.h \
	src/symbol/elf_objects.c src/symbol/elf_objects.h \
	src/symbol/elf_symbols.c src/symbol/elf_symbols.h \
	src/symbol/image.c src/symbol/image.h \
	src/symbol/image_file.c src/symbol/image_file.h \
	src/symbol/imports.c src/symbol/imports.h \
	src/symbol/kernel.c src/symbol/kernel.h \
	src/symbol/names.c src/symbol/names.h \
	src/symbol/perf_map.c src/symbol/perf_map.h \
	src/symbol/range_map.c src/symbol/range_map.h \
	src/symbol/rooted.c src/symbol/rooted.h \
	src/symbol/rust.h src/symbol/rust_legacy.c \
	src/symbol/rust_v0.c src/symbol/rust_v0.h \
	src/symbol/rust_v0_const.c src/symbol/rust_v0_text.c \
	src/symbol/symbolizer.c
