#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
#   hold-connections.py ADDRESS PORT N SECONDS TEXT
#
# Opens N connections evenly over so many seconds, sends TEXT (with \r\n) on
# each, says "held N", and keeps them until its standard input ends.
import resource
import select
import socket
import sys
import time


def main(host, port, n, seconds, text):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    text = text.encode().decode("unicode_escape").encode("latin-1")
    held, began = [], time.monotonic()
    for i in range(n):
        s = socket.create_connection((host, port))
        s.sendall(text)
        held.append(s)
        wait = began + seconds * (i + 1) / n - time.monotonic()
        if wait > 0:
            select.select([], [], [], wait)
    print("held", n, flush=True)
    sys.stdin.read()


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]),
     sys.argv[5])
