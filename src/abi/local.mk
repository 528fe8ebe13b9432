# abi: the headers that agent and program share.
noinst_HEADERS = src/abi/segment.h src/abi/arm.h
