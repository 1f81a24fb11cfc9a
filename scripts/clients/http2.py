"""HTTP/2 as far as scripts/fuzz-clients needs it: requests whose fields are literals, and the frames of answers."""

import struct

from http1 import Malformed

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, WINDOW, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, ACKNOWLEDGED, END_HEADERS = 1, 1, 4
NO_ERROR = 0
MOST_FRAME_BYTES = 16_384
# Statuses that have an index of their own (RFC 7541, appendix A).
INDEXED = {0x88: 200, 0x89: 204, 0x8A: 206, 0x8B: 304, 0x8C: 400, 0x8D: 404, 0x8E: 500}


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def text(value):
    """A string literal without Huffman's code (RFC 7541 section 5.2)."""
    data = value.encode("latin-1", "replace") if isinstance(value, str) else value
    length, prefix = len(data), []
    if length < 127:
        prefix = [length]
    else:
        prefix, length = [127], length - 127
        while length >= 128:
            prefix.append(length % 128 + 128)
            length //= 128
        prefix.append(length)
    return bytes(prefix) + data


def block(fields):
    return b"".join(b"\0" + text(name) + text(value) for name, value in fields)


def request(stream, method, path, fields, body):
    """The frames of a request."""
    head = block(
        [
            (":method", method),
            (":path", path),
            (":scheme", "http"),
            (":authority", "gatehouse"),
            *((name.lower(), value) for name, value in fields),
        ]
    )
    parts = [head[start : start + MOST_FRAME_BYTES] for start in range(0, len(head), MOST_FRAME_BYTES)]
    frames = []
    for number, part in enumerate(parts):
        flags = (END_HEADERS if number == len(parts) - 1 else 0) | (END_STREAM if number == 0 and not body else 0)
        frames.append(frame(HEADERS if number == 0 else CONTINUATION, flags, stream, part))
    for start in range(0, len(body), MOST_FRAME_BYTES):
        is_last = start + MOST_FRAME_BYTES >= len(body)
        frames.append(frame(DATA, END_STREAM if is_last else 0, stream, body[start : start + MOST_FRAME_BYTES]))
    return b"".join(frames)


class Answer:
    """What came on one stream. `status` is known where it is one of those that have an index."""

    __slots__ = ("status", "heads", "body", "is_ended", "reset")

    def __init__(self):
        self.status, self.heads, self.body, self.is_ended, self.reset = None, 0, bytearray(), False, None


class Connection:
    """The frames that a server sends, held against RFC 9113."""

    def __init__(self):
        self.buffer, self.streams, self.goaway, self.has_settings = bytearray(), {}, None, False
        # Frames that are owed: acknowledgements.
        self.owed = bytearray()

    def feed(self, data):
        self.buffer += data
        while len(self.buffer) >= 9:
            length = int.from_bytes(self.buffer[:3], "big")
            kind, flags = self.buffer[3], self.buffer[4]
            stream = int.from_bytes(self.buffer[5:9], "big")
            if length > MOST_FRAME_BYTES:
                raise Malformed(f"expected frames of {MOST_FRAME_BYTES} bytes at most, found {length} (type {kind})")
            if len(self.buffer) < 9 + length:
                return
            payload = bytes(self.buffer[9 : 9 + length])
            del self.buffer[: 9 + length]
            self.take(kind, flags, stream, payload)

    def take(self, kind, flags, stream, payload):
        if not self.has_settings and kind != SETTINGS:
            raise Malformed(f"expected SETTINGS first, found a frame of type {kind}")
        if kind == SETTINGS:
            self.has_settings = True
            if not flags & ACKNOWLEDGED:
                self.owed += frame(SETTINGS, ACKNOWLEDGED, 0)
        elif kind == PING:
            if not flags & ACKNOWLEDGED:
                self.owed += frame(PING, ACKNOWLEDGED, 0, payload)
        elif kind == GOAWAY:
            self.goaway = int.from_bytes(payload[4:8], "big")
        elif kind in (DATA, HEADERS, RESET):
            answer = self.streams.setdefault(stream, Answer())
            # RFC 9113 section 8.1: behind a whole answer the server may ask for what is left of its request not to be
            # sent. Whether anything was left when it wrote that, only the server knows.
            is_cut_short = kind == RESET and answer.reset is None and payload == struct.pack(">I", NO_ERROR)
            if stream % 2 == 0 or answer.is_ended and not is_cut_short:
                raise Malformed(f"expected no frame of type {kind} on stream {stream}, which is over or nobody's")
            if kind == HEADERS:
                if not flags & END_HEADERS:
                    raise Malformed(f"expected fields in one frame, found more to come on stream {stream}")
                # An update of the table's size may come first.
                while payload and payload[0] & 0xE0 == 0x20:
                    payload = payload[1:]
                if answer.heads == 0 and payload:
                    answer.status = INDEXED.get(payload[0])
                answer.heads += 1
            elif kind == DATA:
                if answer.heads == 0:
                    raise Malformed(f"expected fields before data on stream {stream}")
                answer.body += payload
            else:
                answer.reset = int.from_bytes(payload[:4], "big")
            answer.is_ended = kind == RESET or bool(flags & END_STREAM)
        elif kind not in (WINDOW, 2):
            raise Malformed(f"expected a frame that a server sends, found one of type {kind}")
