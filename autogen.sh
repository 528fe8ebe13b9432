#!/bin/sh
# Makes ./configure from a checkout.
cd "$(dirname "$0")" && exec autoreconf -i
