"""Reads answers of HTTP/1.1 strictly, and keeps many connections busy: for the scripts that load a data plane."""

import re
import selectors
import socket
import time

# What RFC 9112 lets an answer begin with; no obsolete folding, no space before the colon, nothing but ASCII.
HEAD = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) [\t -~]*\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~]*\r\n)*)\r\n")
FIELD = re.compile(rb"([^:]+):[\t ]*([^\r]*?)[\t ]*\r\n")
MOST_HEAD_BYTES = 16 << 10


class Malformed(Exception):
    """An answer that is none of HTTP/1.1."""


class Answer:
    __slots__ = ("status", "head", "body")

    def __init__(self, status, head, body):
        self.status, self.head, self.body = status, head, body

    def field(self, name):
        """The value of a field, in bytes; None where there is none. Names are in lower case."""
        for key, value in FIELD.findall(self.head):
            if key.lower() == name:
                return value
        return None


class Answers:
    """The answers in what one connection received. `wants_body` of `take` is false for an answer to HEAD."""

    def __init__(self):
        self.buffer = bytearray()
        self.lengths = {}

    def feed(self, data):
        self.buffer += data

    def take(self, wants_body=True):
        """The next answer; None where it is not whole."""
        match = HEAD.match(self.buffer)
        if match is None:
            if b"\r\n\r\n" in self.buffer or len(self.buffer) > MOST_HEAD_BYTES:
                raise Malformed(f"expected the head of an answer, found {bytes(self.buffer[:200])!r}")
            return None
        status, head = int(match[1]), match[2]
        if status < 200 or status in (204, 304):
            length = 0
        else:
            length = self.length(head)
        end = match.end() + (length if wants_body else 0)
        if len(self.buffer) < end:
            return None
        answer = Answer(status, bytes(head), bytes(self.buffer[match.end() : end]))
        del self.buffer[:end]
        return answer

    @staticmethod
    def length(head):
        lengths = [value for name, value in FIELD.findall(head) if name.lower() == b"content-length"]
        if len(lengths) != 1 or not lengths[0].isdigit():
            raise Malformed(f"expected one Content-Length, found {lengths!r}")
        return int(lengths[0])


def request(path, body=None, fields=(), method=None):
    """The bytes of a request."""
    lines = [f"{method or ('GET' if body is None else 'POST')} {path} HTTP/1.1", "Host: gatehouse"]
    lines += [f"{name}: {value}" for name, value in fields]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")


ENDS = re.compile(rb"(?:^|\r\n)Connection:[\t ]*close[\t ]*\r\n", re.IGNORECASE)


class Load:
    """Connections that each have one request under way, again and again.

    `requests` are sent in turn; `on_answer(number, answer)` is told of each answer and the request that it is to.
    What is not answered as it should be is a failure, counted with an example. Where it `repeats`, a request whose connection
    ended before any byte of its answer is asked again on another, up to 20 times and counted apart.
    """

    def __init__(self, port, requests, connections, on_answer, repeats=False):
        self.port, self.requests, self.on_answer = port, requests, on_answer
        self.repeats, self.repeated = repeats, 0
        self.count = 0
        self.answered = 0
        self.failed = 0
        self.failures = []
        self.times = None
        self.selector = selectors.DefaultSelector()
        for _ in range(connections):
            self.open()

    def open(self, again=None, tries=0):
        """Opens a connection and asks: the next request, or the one of this number again."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
        state = [connection, Answers(), 0, 0.0, tries]
        self.selector.register(connection, selectors.EVENT_READ, state)
        self.send(state, again)

    def send(self, state, again=None):
        state[2] = self.count % len(self.requests) if again is None else again
        if again is None:
            self.count += 1
            state[4] = 0
        state[3] = time.perf_counter()
        data = self.requests[state[2]]
        try:
            if state[0].send(data) != len(data):
                self.fail("expected room for one small request, found none")
        except OSError:
            # The connection has ended; reading from it says so.
            pass

    def fail(self, what):
        self.failed += 1
        if len(self.failures) < 10:
            self.failures.append(what)

    def turn(self, is_last=False):
        """One look at the connections; where `is_last`, nothing new is asked."""
        for key, _ in self.selector.select(1):
            state = key.data
            connection, answers = state[0], state[1]
            problem = None
            try:
                data = connection.recv(1 << 16)
            except BlockingIOError:
                continue
            except OSError as found:
                data, problem = b"", repr(found)
            if not data:
                self.selector.unregister(connection)
                connection.close()
                # Nobody knows what became of it; asking for a prediction twice changes nothing.
                if self.repeats and not answers.buffer and state[4] < 20:
                    self.repeated += 1
                    self.open(state[2], state[4] + 1)
                    continue
                self.fail(f"expected an answer, found {problem or 'the connection ended'}")
                if not is_last:
                    self.open()
                continue
            answers.feed(data)
            answer = answers.take()
            if answer is None:
                continue
            self.answered += 1
            if self.times is not None:
                self.times.append(time.perf_counter() - state[3])
            wrong = self.on_answer(state[2], answer)
            if wrong:
                self.fail(wrong)
            if answers.buffer:
                self.fail(f"expected one answer, found more behind it: {bytes(answers.buffer[:100])!r}")
                answers.buffer.clear()
            # What an answer ends is not asked on any more: the server would not read it.
            ends = ENDS.search(answer.head) is not None
            if is_last or ends:
                self.selector.unregister(connection)
                connection.close()
            if not is_last:
                self.open() if ends else self.send(state)

    def finish(self, seconds=30):
        """Takes the answers that are still to come, and ends the connections."""
        until = time.monotonic() + seconds
        while self.selector.get_map() and time.monotonic() < until:
            self.turn(is_last=True)
        left = len(self.selector.get_map())
        for _ in range(left):
            self.fail(f"expected an answer within {seconds} s, found none")
        self.selector.close()


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
