# abi: the segment, the one header that agent and program share.
noinst_HEADERS = src/abi/segment.h
