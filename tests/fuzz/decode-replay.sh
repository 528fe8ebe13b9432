#!/bin/sh
# SPDX-License-Identifier: MIT
# Every profile in the tree through every decoder and encoder.
here=${srcdir:-.}/tests
exec tests/fuzz/decode-replay "$here"/fuzz/decode-corpus/* \
	"$here"/data/heap/*.heap "$here"/golden/encode/*
