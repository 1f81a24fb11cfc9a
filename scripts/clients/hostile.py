"""The clients that scripts/hostile-clients sends against a data plane, each kind a function that runs in a process of
its own until it is told to stop. All of them give way to others for the processor: they stand for other machines."""

import gzip
import os
import selectors
import socket
import struct
import time
import zlib

from http1 import request

ROW = b'{"data": [5.9, 3.0, 5.1, 1.8]}'
PATH = "/models/iris/predict"


def connect(port, seconds=5, room=None):
    """A connection; `room` bounds what the kernel takes in for a client that does not read."""
    connection = socket.socket()
    if room is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    connection.settimeout(seconds)
    connection.connect(("127.0.0.1", port))
    return connection


def fields(key, *more):
    return [("Authorization", f"Bearer {key}"), ("Content-Type", "application/json"), *more]


class Crowd:
    """Connections that are opened again when they end, up to so many."""

    def __init__(self, port, size, room=None):
        self.port, self.size, self.room, self.members = port, size, room, []
        self.fill()

    def fill(self):
        while len(self.members) < self.size:
            try:
                member = connect(self.port, room=self.room)
            except OSError:
                return
            member.setblocking(False)
            self.members.append(member)

    def send(self, member, data):
        """How many bytes went; the member leaves the crowd when its connection has ended."""
        try:
            return member.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            member.close()
            self.members.remove(member)
            return 0


def drip(port, head, rest, count, until):
    """So many connections that send `head` at once and of `rest` a byte a second."""
    crowd = Crowd(port, count)
    sent = {}
    while not until.is_set():
        for member in list(crowd.members):
            place = sent.get(member)
            if place is None:
                crowd.send(member, head)
                sent[member] = 0
            else:
                crowd.send(member, rest[place % len(rest) :][:1])
                sent[member] = place + 1
        crowd.fill()
        until.wait(1)


def slow_heads(port, key, until):
    """100 clients that send a head a byte a second."""
    drip(port, b"POST /models/iris/predict HTTP/1.1\r\n", b"X-Field: " + b"x" * 4096, 100, until)


def slow_bodies(port, key, until):
    """100 clients that send a body a byte a second."""
    head = request(PATH, None, fields(key, ("Content-Length", "30")), method="POST")
    drip(port, head, ROW[:-1] + b" " * 4096, 100, until)


def idle(port, key, until):
    """2,000 connections on which nothing comes."""
    crowd = Crowd(port, 2000)
    while not until.is_set():
        crowd.fill()
        until.wait(1)


def deaf(port, key, until):
    """20 clients that ask on for great answers, take no byte of any, and have room for few."""
    rows = b",".join([b"[5.9,3.0,5.1,1.8]"] * 1000)
    crowd = Crowd(port, 20, room=4096)
    whole = request("/models/iris/predict", b'{"data": [' + rows + b"]}", fields(key))
    left = {}
    while not until.is_set():
        for member in list(crowd.members):
            # Whole requests, one behind the other.
            data = left.get(member) or whole
            left[member] = data[crowd.send(member, data) :]
        crowd.fill()
        until.wait(0.01)


def pour(port, data, until, rest=b"", pause=0.02, limit=64 << 20):
    """One client after another that sends `data`, then `rest` again and again, as long as it is let."""
    while not until.is_set():
        try:
            with connect(port) as connection:
                connection.settimeout(1)
                begun = time.monotonic()
                for start in range(0, len(data), 16384):
                    connection.sendall(data[start : start + 16384])
                poured = 0
                while rest and poured < limit and not until.is_set() and time.monotonic() - begun < 5:
                    connection.sendall(rest)
                    poured += len(rest)
                while not until.is_set():
                    if not connection.recv(1 << 16):
                        break
        except OSError:
            pass
        until.wait(pause)


def declared(port, key, until):
    """A body of 4 GB is declared, and sent as far as it is taken."""
    pour(port, request(PATH, None, fields(key, ("Content-Length", str(4 << 30))), method="POST"), until, b" " * 65536)


def endless_chunks(port, key, until):
    """A body in chunks that does not end."""
    head = request(PATH, None, fields(key, ("Transfer-Encoding", "chunked")), method="POST")
    pour(port, head, until, b"10000\r\n" + b" " * 65536 + b"\r\n")


def tiny_chunks(port, key, until):
    """A body in chunks of one byte each, behind a large one that makes room for many in one read."""
    head = request(PATH, None, fields(key, ("Transfer-Encoding", "chunked")), method="POST")
    pour(port, head + b"100000\r\n" + b" " * (1 << 20) + b"\r\n", until, b"1\r\n \r\n" * 10_000)


def ended_chunks(port, key, until):
    """As many chunks of one byte as the connection takes, and the end of the output behind them."""
    head = request(PATH, None, fields(key, ("Transfer-Encoding", "chunked")), method="POST")
    chunks = b"1\r\n \r\n" * 10_000
    while not until.is_set():
        try:
            with connect(port) as connection:
                connection.sendall(head)
                connection.setblocking(False)
                stop = time.monotonic() + 0.2
                left = chunks
                while time.monotonic() < stop:
                    try:
                        # Whole chunks, one behind the other.
                        left = left[connection.send(left) :] or chunks
                    except BlockingIOError:
                        time.sleep(0.01)
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(1)
                while connection.recv(1 << 16):
                    pass
        except OSError:
            pass
        until.wait(0.02)


def refused_bodies(port, key, until):
    """Bodies of a megabyte, one behind the other, that nobody asked for: their callers have no key."""
    body = b"%x\r\n" % 1_000_000 + b" " * 1_000_000 + b"\r\n0\r\n\r\n"
    whole = request(PATH, None, [("Transfer-Encoding", "chunked")], method="POST") + body
    pour(port, b"", until, whole)


def frame(kind, stream, payload, flags=0):
    """A frame of HTTP/2 (RFC 9113 section 4.1)."""
    return struct.pack(">BHBBI", len(payload) >> 16, len(payload) & 0xFFFF, kind, flags, stream) + payload


def unread_messages(port, key, until):
    """Calls of gRPC that have several messages, on 100 streams that make no room for any answer; without a key."""
    path = b"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
    head = b""
    for name, value in (
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", path),
        (b":authority", b"x"),
        (b"content-type", b"application/grpc"),
        (b"te", b"trailers"),
    ):
        # A literal field in no table (RFC 7541 section 6.2.2).
        head += bytes([0, len(name)]) + name + bytes([len(value)]) + value
    # file_by_filename, answered with 6 KB.
    file = b"inference/inference.proto"
    message = bytes([0x1A, len(file)]) + file
    messages = (struct.pack(">BI", 0, len(message)) + message) * 400
    streams = range(1, 200, 2)
    # No room in the windows of streams: INITIAL_WINDOW_SIZE of 0.
    begin = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, struct.pack(">HI", 4, 0))
    begin += b"".join(frame(1, stream, head, flags=4) for stream in streams)
    while not until.is_set():
        try:
            with connect(port, seconds=0.2) as connection:
                connection.sendall(begin)
                window, buffered = 65535, b""
                for stream in (stream for _ in range(20) for stream in streams):
                    # No more on the whole connection than it is given room for.
                    while window < len(messages):
                        received = connection.recv(1 << 16)
                        if not received:
                            raise ConnectionResetError("the connection ended")
                        buffered += received
                        while len(buffered) >= 9 and len(buffered) >= 9 + int.from_bytes(buffered[:3], "big"):
                            size, kind, number = int.from_bytes(buffered[:3], "big"), buffered[3], buffered[5:9]
                            if kind == 8 and number == b"\0\0\0\0":
                                window += int.from_bytes(buffered[9:13], "big")
                            buffered = buffered[9 + size :]
                        if until.is_set():
                            return
                    window -= len(messages)
                    connection.sendall(frame(0, stream, messages))
        except OSError:
            pass
        until.wait(0.02)


def many_keys(port, key, until):
    """1,000,000 keys in one object, from two clients one after the other."""
    body = b'{"data": {' + b",".join(b'"k%d":1' % number for number in range(1_000_000)) + b"}}"
    pour(port, request(PATH, body, fields(key, ("Connection", "close"))), until)


def header_floods(port, key, until):
    """Heads of a million fields, and of one field without an end."""
    head = b"POST /models/iris/predict HTTP/1.1\r\nHost: x\r\n"
    while not until.is_set():
        for rest in (b"".join(b"X-%d: y\r\n" % number for number in range(5000)), b"X: " + b"y" * 65536):
            stop = time.monotonic() + 0.2
            pour(port, head, Until(until, stop), rest)


class Until:
    """The end of a run, or of a part of it."""

    def __init__(self, until, stop):
        self.until, self.stop = until, stop

    def is_set(self):
        return self.until.is_set() or time.monotonic() > self.stop

    def wait(self, seconds):
        return self.until.wait(seconds)


def pipelining(port, key, until):
    """500 requests in one go, from 4 clients twice a second; half of them without a key. The answers are read."""
    crowd = Crowd(port, 4)
    bursts = [request(PATH, ROW, fields(key)) * 500, request(PATH, ROW) * 500]
    waiting = {}
    turn = 0
    selector = selectors.DefaultSelector()
    for member in crowd.members:
        selector.register(member, selectors.EVENT_READ)
    due = 0.0
    while not until.is_set():
        if time.monotonic() >= due:
            due = time.monotonic() + 0.5
            for member in list(crowd.members):
                if not waiting.get(member):
                    waiting[member] = bursts[turn % 2]
                    turn += 1
        for member in list(crowd.members):
            if waiting.get(member):
                waiting[member] = waiting[member][crowd.send(member, waiting[member]) :]
        for ready, _ in selector.select(0.005):
            try:
                if not ready.fileobj.recv(1 << 18):
                    selector.unregister(ready.fileobj)
            except OSError:
                pass


def nesting(port, key, until):
    """Bodies of 4 MB of opening brackets."""
    body = b'{"data": ' + b"[" * (4 << 20)
    pour(port, request(PATH, body, fields(key, ("Connection", "close"))), until)


def bombs(port, key, until):
    """Bodies of 1 MB that unpack to 1 GB: gzip and deflate in turn."""
    packer = zlib.compressobj(9)
    deflated = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(1024)) + packer.flush()
    gzipped = gzip.compress(b" " * (64 << 20), 9) * 16
    while not until.is_set():
        for coding, body in (("gzip", gzipped), ("deflate", deflated)):
            data = request(PATH, body, fields(key, ("Content-Encoding", coding), ("Connection", "close")))
            pour(port, data, Until(until, time.monotonic() + 0.2))


def run(attack, port, key, until):
    """The body of an attacker's process."""
    os.nice(19)
    attack(port, key, until)


# What is sent at once against the plane.
def busy(port, key, until):
    """No client: a process that computes, and takes of the processors what it gets at its priority."""
    while not until.is_set():
        sum(range(100_000))


ATTACKS = {
    "200 slow clients": [slow_heads, slow_bodies],
    "2,000 idle connections": [idle],
    "clients that never read": [deaf],
    "4 GB declared, endless chunks": [declared, endless_chunks],
    "chunks of one byte": [tiny_chunks, ended_chunks],
    "refused bodies": [refused_bodies],
    "messages whose answers nobody reads": [unread_messages],
    "1,000,000 keys in one object": [many_keys, many_keys],
    "floods of header fields": [header_floods],
    "floods of pipelined requests": [pipelining],
    "deep nesting": [nesting, nesting],
    "compressed bombs": [bombs, bombs],
}

# What the machine alone makes of two processes beside it.
COMPARISON = "for comparison: two processes that compute"
