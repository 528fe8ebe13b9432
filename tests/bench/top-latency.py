# SPDX-License-Identifier: MIT
"""Start to first full screen, and key to screen, of a program in a terminal.

    top-latency.py COMMAND...
    top-latency.py --slow COMMAND...

The screen is full once the terminal has been silent for 30 ms; a key has
arrived when the first byte comes back. --slow measures keys on the process
screen of ullage top while it reads what takes long: the smaps of a process
with 60,000 mappings (Overview, Memory), and the symbols of whatever has an
agent (pid in $SLOW_HEAP, Heap).
"""
import ctypes
import fcntl
import mmap
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


def start(command):
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", LANG="C.UTF-8",
                          LC_ALL="C.UTF-8", COLUMNS="", LINES="")
        # The size must be there before the program asks for it.
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        os.execvp(command[0], command)
    return pid, fd


def full_screen(fd, rows):
    text = b""
    end = time.monotonic() + 10
    while b"COMMAND" not in text and time.monotonic() < end:
        text += read_some(fd, 1)
    # Headings come first, the rows when they have been read.
    while text.count(b"nofile") < rows and time.monotonic() < end:
        text += read_some(fd, 1)
    return settle(fd, 0.03)


def press(fd, key, times):
    settle(fd, 0.02)
    before = time.monotonic()
    os.write(fd, key)
    if read_some(fd, 1):
        times.append((time.monotonic() - before) * 1e3)


def tell(what, times):
    print("%s %.1f ms median, %.1f ms worst of %d" %
          (what, statistics.median(times), max(times), len(times)))


def fast(command):
    began = time.monotonic()
    pid, fd = start(command)
    print("first full screen after %.0f ms" %
          ((full_screen(fd, 20) - began) * 1e3))
    times = []
    for i in range(40):
        press(fd, b"j", times)
    tell("key to screen", times)
    os.write(fd, b"q")
    os.waitpid(pid, 0)


def many_mappings():
    """A child with 60,000 of them, as far as the kernel allows."""
    ready, done = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(done[1])
        kept = mmap.mmap(-1, 60000 * 4096)
        libc = ctypes.CDLL(None, use_errno=True)
        base = ctypes.addressof(ctypes.c_char.from_buffer(kept))
        for i in range(0, 60000, 2):
            if libc.mprotect(ctypes.c_void_p(base + i * 4096), 4096, 1):
                break
        os.write(ready[1], b"x")
        os.read(done[0], 1)
        os._exit(0)
    os.read(ready[0], 1)
    return pid, done[1]


def slow(command):
    mapped, done = many_mappings()
    began = time.monotonic()
    with open("/proc/%d/smaps" % mapped) as f:
        f.read()
    print("reading its smaps alone takes %.0f ms" %
          ((time.monotonic() - began) * 1e3))
    targets = [("smaps", mapped, b"1"), ("smaps", mapped, b"6")]
    if "SLOW_HEAP" in os.environ:
        targets.append(("symbols", int(os.environ["SLOW_HEAP"]), b"2"))
    for what, target, tab in targets:
        pid, fd = start(command + ["-d", "250ms", str(target)])
        full_screen(fd, 1)
        os.write(fd, b"\r" + tab)
        times = []
        # Help and back: a whole screen each.
        for i in range(20):
            press(fd, b"?" if i % 2 == 0 else b"\x1b", times)
        tell("key to screen while %s are read (tab %s)" %
             (what, tab.decode()), times)
        os.write(fd, b"q")
        os.waitpid(pid, 0)
    os.write(done, b"x")
    os.waitpid(mapped, 0)


if sys.argv[1] == "--slow":
    slow(sys.argv[2:])
else:
    fast(sys.argv[1:])
