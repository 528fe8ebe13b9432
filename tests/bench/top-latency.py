# SPDX-License-Identifier: MIT
"""Start to first full screen, and key to screen, of a program in a terminal.

    top-latency.py COMMAND...

The screen is full once the terminal has been silent for 30 ms; a key has
arrived when the first byte comes back.
"""
import fcntl
import os
import pty
import select
import statistics
import struct
import sys
import termios
import time


def read_some(fd, seconds):
    if not select.select([fd], [], [], seconds)[0]:
        return b""
    return os.read(fd, 65536)


def settle(fd, quiet):
    last = time.monotonic()
    while read_some(fd, quiet):
        last = time.monotonic()
    return last


def main():
    start = time.monotonic()
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", LANG="C.UTF-8",
                          LC_ALL="C.UTF-8", COLUMNS="", LINES="")
        # The size must be there before the program asks for it.
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        os.execvp(sys.argv[1], sys.argv[1:])
    text = b""
    while b"COMMAND" not in text and time.monotonic() - start < 10:
        text += read_some(fd, 1)
    # Headings come first, the rows when they have been read.
    while text.count(b"nofile") < 20 and time.monotonic() - start < 10:
        text += read_some(fd, 1)
    full = settle(fd, 0.03)
    print("first full screen after %.0f ms" % ((full - start) * 1e3))
    times = []
    for i in range(40):
        settle(fd, 0.02)
        before = time.monotonic()
        os.write(fd, b"j")
        if read_some(fd, 1):
            times.append((time.monotonic() - before) * 1e3)
    print("key to screen %.1f ms median, %.1f ms worst of %d" %
          (statistics.median(times), max(times), len(times)))
    os.write(fd, b"q")
    os.waitpid(pid, 0)


main()
