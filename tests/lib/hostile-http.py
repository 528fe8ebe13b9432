#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
#   hostile-http.py requests PORT N     N malformed requests; says what came
#   hostile-http.py slow PORT N SECONDS GOOD
#       N clients that are slow in four ways (say nothing, half a request, a
#       byte at a time, ask and do not read), and meanwhile a good one that
#       asks for GOOD, again and again; says how long that took at most.
import concurrent.futures
import random
import resource
import select
import socket
import sys
import time

GOOD = [
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/plain\r\n\r\n",
    b"GET /debug/pprof/heap?debug=1&gc=1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Length: 9\r\n\r\n0x401000+",
    b"POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n5\r\n0x1+0\r\n0\r\n\r\n",
    b"HEAD /assets/page.css HTTP/1.0\r\nHost: localhost\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\n"
    b"Authorization: Basic eDp5\r\nSec-Fetch-Site: cross-site\r\n\r\n",
]
PIECES = [
    b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b"%00", b"%2e%2e/",
    b"../", b"?", b"&", b"=", b"HTTP/9.9", b"HTTP/1.1", b"\xff\xfe",
    b"Content-Length: 99999999999999999999\r\n", b"Content-Length: -1\r\n",
    b"Transfer-Encoding: chunked\r\n", b"ffffffffffffffff\r\n",
    b"Host: evil.test\r\n", b"Host: localhost\r\n", b"X: " + b"a" * 9000,
    b"A" * 40000, b"Expect: 100-continue\r\n", b"Connection: upgrade\r\n",
    b"Range: bytes=0-,0-,0-\r\n", b"/pid/4294967297/", b"http://evil.test/",
    b"seconds=NaN", b"seconds=-1", b"Cookie: " + b"a=b; " * 500 + b"\r\n",
]


def connect(port):
    return socket.create_connection(("127.0.0.1", port), 10)


def mutate(r, text):
    text = bytearray(text)
    for _ in range(r.randint(1, 4)):
        at = r.randint(0, len(text))
        how = r.randint(0, 4)
        if how == 0 and at < len(text):
            text[at] = r.randint(0, 255)
        elif how == 1:
            del text[at:at + r.randint(1, 9)]
        elif how == 2:
            text[at:at] = bytes(r.randint(0, 255) for _ in range(8))
        else:
            text[at:at] = r.choice(PIECES)
    return bytes(text)


def one(port, text):
    """The status of the answer; "closed" without one."""
    s = connect(port)
    s.settimeout(20)
    try:
        s.sendall(text)
        # Half of them say that no more will come.
        if len(text) % 2:
            s.shutdown(socket.SHUT_WR)
        answer = s.recv(64)
    except OSError:
        answer = b""
    finally:
        s.close()
    if answer.startswith(b"HTTP/1."):
        return answer.split(b" ")[1].decode()
    return "closed" if not answer else "not HTTP: %r" % answer


def requests(port, n):
    r = random.Random(4711)
    texts = [mutate(r, r.choice(GOOD)) for _ in range(n)]
    seen = {}
    # Half a request is waited for, ten seconds: so many at a time.
    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        for got in pool.map(lambda t: one(port, t), texts):
            seen[got] = seen.get(got, 0) + 1
    print(" ".join("%s:%d" % v for v in sorted(seen.items())))
    return any(k not in ("closed", "100") and k[:1] not in "234" and
               k not in ("500", "501", "503", "505") for k in seen)


def good(port, path):
    began = time.monotonic()
    s = connect(port)
    s.settimeout(60)
    s.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\n"
              b"Connection: close\r\n\r\n" % path.encode())
    answer = b""
    while True:
        part = s.recv(65536)
        if not part:
            break
        answer += part
    s.close()
    if not answer.startswith(b"HTTP/1.1 200"):
        raise SystemExit("the good client got %r" % answer[:40])
    return time.monotonic() - began


def slow(port, n, seconds, path):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    text = b"GET /flame/heap HTTP/1.1\r\nHost: localhost\r\n"
    held, longest, asked = [], 0.0, 0

    def another(i):
        s = connect(port)
        s.setblocking(False)
        try:
            if i % 4 == 1:
                s.send(text)
            elif i % 4 == 3:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                s.send(text + b"\r\n")
        except OSError:
            pass
        return [s, 0]

    for i in range(n):
        held.append(another(i))
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for i, h in enumerate(held):
            if i % 4 != 2:
                continue
            try:
                h[0].send(text[h[1] % len(text):][:1])
                h[1] += 1
            except OSError:
                h[0].close()
                held[i] = another(i)
        longest = max(longest, good(port, path))
        asked += 1
        select.select([], [], [], 0.05)
    alive = sum(h[0].fileno() >= 0 for h in held)
    print("%d slow clients, %d good requests, the longest took %.3f s" %
          (alive, asked, longest))
    return longest > 1


if sys.argv[1] == "requests":
    sys.exit(requests(int(sys.argv[2]), int(sys.argv[3])))
sys.exit(slow(int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]),
              sys.argv[5]))
