"""Requests to a data plane that are nearly right: for scripts/fuzz-clients.

`Mutations(...).request(number)` always gives the same for the same seed and number. A request is either framed, so that
as many answers have to come as there are requests, or wild: then nothing is known of where it ends.
"""

import gzip
import json
import random
import struct
import zlib

import http2
import messages
from http1 import request

TOKENS = [
    b"null",
    b"true",
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"1e999",
    b"-1e-999",
    b"-0",
    b"0.1e1",
    b"01",
    b"1.",
    b".5",
    b"9007199254740993",
    b"18446744073709551616",
    b"-9223372036854775809",
    b"1" * 400,
    b'"',
    b'""',
    b'"\\ud800"',
    b'"\\u0000"',
    b"\\",
    b"[",
    b"]",
    b"{",
    b"}",
    b"[]",
    b"{}",
    b",",
    b":",
    b"[[[[",
    b"\xff",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\x00",
    b"\t",
    b"\r\n",
    b'"FP16"',
    b'"FP32"',
    b'"FP64"',
    b'"BF16"',
    b'"BYTES"',
    b'"BOOL"',
    b'"INT8"',
    b'"UINT64"',
    b'"shape":[-1,4]',
    b'"shape":[4294967296,4294967296]',
    b'"shape":[0,4]',
    b'"shape":[]',
    b'"data":',
    b'"inputs":[',
    b'"outputs":[{"name":"predict"}]',
    b'"parameters":{"binary_data_size":16}',
    b'"parameters":{"binary_data":true}',
    b'"binary_data_output":true',
    b'"id":"\xe2\x82\xac"',
    b'"name":"input"',
    b'"datatype":"FP64"',
    b'"columns":["a"]',
]
VALUES = [
    "",
    " ",
    "0",
    "1",
    "-1",
    "+1",
    "3",
    "16",
    "4294967296",
    "18446744073709551616",
    "99999999999999999999",
    "1e3",
    "0x10",
    "12a",
    "gzip",
    "deflate",
    "gzip, gzip",
    "br",
    "identity",
    "chunked",
    "chunked, chunked",
    "application/json",
    "application/octet-stream",
    "text/csv",
    "text/csv; charset=utf-16",
    "application/json; charset=utf-8",
    "a/b;c",
    "100-continue",
    "close",
    "keep-alive",
    "upgrade",
    "h2c",
    "*/*",
    "\t",
    "a" * 300,
    "\x80\xff",
    ",",
    ";=;",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "00-" + "0" * 32 + "-" + "0" * 16 + "-00",
    "ff-x-y-z",
    "00-4bf92f3577b34da6a3ce929d0e0e4736",
    "Bearer",
    "Bearer ",
    "Basic YTpi",
    "Bearer a b",
    "bearer x",
]
NAMES = [
    "Content-Type",
    "Content-Encoding",
    "Inference-Header-Content-Length",
    "Accept",
    "Accept-Encoding",
    "traceparent",
    "tracestate",
    "X-Request-Id",
    "Range",
    "If-None-Match",
    "Cookie",
    "Origin",
    "TE",
    "Host",
    "Priority",
    "Via",
    "Forwarded",
    "User-Agent",
    "Expect",
    "Connection",
    "Upgrade",
    "Date",
    "X-" + "y" * 100,
]
# Fields that say where a body ends, or change what is spoken: they are set by the framing alone.
FRAMING = {"content-length", "transfer-encoding", "connection", "upgrade", "expect"}
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "get", "X"]
VERSIONS = ["1", "2", "0", "01", "-1", "champion", "latest", "99999999999999999999", "%31", ""]


class Request:
    __slots__ = ("data", "is_framed", "is_head", "closes")

    def __init__(self, data, is_framed, is_head, closes):
        self.data, self.is_framed, self.is_head, self.closes = data, is_framed, is_head, closes


class Mutations:
    def __init__(self, seed, keys):
        """`keys` has a key for each model: `iris`, of four numbers, `mixed`, a frame, and `words`, of texts."""
        self.seed, self.keys = seed, keys
        self.bodies = {name: self.seeds_of(name) for name in keys}
        self.calls = messages.calls("iris")

    @staticmethod
    def seeds_of(model):
        """Bodies that a model answers with 200, each with the operation and the fields that it needs."""

        def rows(values, names):
            flat = [value for row in values for value in row]
            if model == "iris":
                tensors = [{"name": "input", "shape": [len(values), len(names)], "datatype": "FP64", "data": flat}]
            else:
                tensors = [
                    {
                        "name": name,
                        "shape": [len(values), 1],
                        "data": [row[place] for row in values],
                        "datatype": "BYTES" if isinstance(values[0][place], str) else "FP64",
                    }
                    for place, name in enumerate(names)
                ]
            frame = {"columns": names, "data": values}
            return [
                ("predict", {"data": values}),
                ("predict", {"data": [dict(zip(names, row)) for row in values]}),
                ("invocations", {"inputs": {name: [row[i] for row in values] for i, name in enumerate(names)}}),
                ("predict", {"data": dict(zip(names, values[0]))}),
                ("invocations", {"dataframe_split": frame}),
                ("invocations", {"inputs": values}),
                ("invocations", {"dataframe_records": [dict(zip(names, row)) for row in values]}),
                ("invocations", {"instances": values}),
                ("infer", {"id": "a", "inputs": tensors}),
                ("infer", {"inputs": tensors, "outputs": [{"name": "predict", "parameters": {"binary_data": True}}]}),
            ]

        if model == "iris":
            names = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
            found = rows([[5.9, 3.0, 5.1, 1.8], [4.9, 3.1, 1.5, 0.1]], names)
        elif model == "mixed":
            found = rows(
                [[58.0, 5.72, "S", "T", "medium", "", 0], [26.5, 5.92, "Q", "A", "small", "the don't", 2]],
                ["age", "fare", "port", "deck", "size", "note", "kin"],
            )
        else:
            texts = ["the cat sat on the mat", "", "naïve café €"]
            tensor = {"name": "input", "shape": [3], "datatype": "BYTES", "data": texts}
            found = [("predict", {"data": texts}), ("invocations", {"inputs": texts}), ("infer", {"inputs": [tensor]})]
        bodies = [(operation, json.dumps(body).encode(), []) for operation, body in found]
        if model == "iris":
            bodies.append(("invocations", b"5.9,3.0,5.1,1.8\n4.9,3.1,1.5,0.1\n", [("Content-Type", "text/csv")]))
            for datatype, kind in (("FP64", "d"), ("FP32", "f")):
                data = struct.pack(f"<8{kind}", 5.9, 3.0, 5.1, 1.8, 4.9, 3.1, 1.5, 0.1)
                tensor = {
                    "name": "input",
                    "shape": [2, 4],
                    "datatype": datatype,
                    "parameters": {"binary_data_size": len(data)},
                }
                for more in ({}, {"parameters": {"binary_data_output": True}}):
                    header = json.dumps({"inputs": [tensor], **more}).encode()
                    bodies.append(("infer", header + data, [("Inference-Header-Content-Length", str(len(header)))]))
        if model == "words":
            data = b"".join(struct.pack("<I", len(text)) + text for text in (b"a cat", b"", "é".encode()))
            tensor = {"name": "input", "shape": [3], "datatype": "BYTES", "parameters": {"binary_data_size": len(data)}}
            header = json.dumps({"inputs": [tensor]}).encode()
            bodies.append(("infer", header + data, [("Inference-Header-Content-Length", str(len(header)))]))
        return bodies

    def seeds(self):
        """Every right request, with its model and operation."""
        for model, bodies in self.bodies.items():
            for operation, body, fields in bodies:
                path = f"/v2/models/{model}/infer" if operation == "infer" else f"/models/{model}/{operation}"
                fields = [*fields, ("Authorization", f"Bearer {self.keys[model]}")]
                yield model, operation, request(path, body, fields)

    def parts(self, choose):
        """Method, path, fields and body of a request, before anything says where it ends."""
        model = choose.choice(list(self.keys))
        operation, body, fields = choose.choice(self.bodies[model])
        fields = list(fields)
        method = "POST"
        path = self.path(choose, model, operation)
        kind = choose.random()
        if kind < 0.12:
            path, method, body = self.question(choose, model), "GET", b""
        elif kind < 0.15:
            path = choose.choice(["/v2/repository/index", "/v2/repository/models/iris/load"])
            body = choose.choice([b"", b"{}"])
        if choose.random() < 0.55:
            body = self.mutate(choose, body)
        if choose.random() < 0.12:
            path = self.mutate_path(choose, path)
        if choose.random() < 0.06:
            method = choose.choice(METHODS)
        fields += self.authorization(choose, model)
        fields = self.mutate_fields(choose, fields)
        if choose.random() < 0.1:
            body, fields = self.encode(choose, body, fields)
        return method, path, fields, body

    def request(self, number):
        """A request over HTTP/1.1."""
        choose = random.Random(f"{self.seed}-{number}")
        return self.frame(choose, *self.parts(choose))

    def stream(self, number, stream):
        """The frames of a request over HTTP/2: one of three a call of gRPC, one of eight changed anywhere."""
        choose = random.Random(f"{self.seed}-h2-{number}")
        method, path, fields, body = self.parts(choose)
        is_call = choose.random() < 0.34
        if is_call:
            path, payload = choose.choice(self.calls)
            if choose.random() < 0.5:
                payload = self.mutate(choose, payload)
            body = messages.message(payload)
            if choose.random() < 0.1:
                body = self.mutate(choose, body * choose.choice([1, 2, 3]))
            method = "POST"
            fields = self.authorization(choose, "iris") + [("content-type", "application/grpc"), ("te", "trailers")]
            if choose.random() < 0.1:
                fields.append(
                    choose.choice(
                        [
                            ("grpc-timeout", choose.choice(["1n", "0S", "99999999H", "1x", "", "123456789S"])),
                            ("grpc-encoding", choose.choice(["gzip", "identity", "x"])),
                            ("content-type", "application/grpc+json"),
                        ]
                    )
                )
        elif method == "GET" or choose.random() < 0.5:
            fields.append(("content-length", str(len(body))))
        # What a field may not hold in HTTP/2 makes a stream end, and is there often enough in the wild ones.
        fields = [(name.lower(), value.strip()) for name, value in fields]
        data = http2.request(stream, method, path, fields, body)
        if choose.random() < 0.125:
            return Request(self.mutate(choose, data), False, False, True)
        return Request(data, True, method == "HEAD", is_call)

    @staticmethod
    def path(choose, model, operation):
        if operation != "infer":
            return choose.choice(
                [f"/models/{model}/{operation}"] * 5 + [f"/{operation}", f"/models/{model}@1/{operation}"]
            )
        if choose.random() < 0.3:
            return f"/v2/models/{model}/versions/{choose.choice(VERSIONS)}/infer"
        return f"/v2/models/{model}/infer"

    @staticmethod
    def question(choose, model):
        return choose.choice(
            [
                "/v2",
                "/v2/",
                "/v2/health/live",
                "/v2/health/ready",
                f"/v2/models/{model}",
                f"/v2/models/{model}/ready",
                f"/v2/models/{model}/stats",
                "/v2/models/stats",
                f"/v2/models/{model}/versions/{choose.choice(VERSIONS)}",
                f"/v2/models/{model}/versions/{choose.choice(VERSIONS)}/{choose.choice(['ready', 'stats', 'infer', ''])}",
                "/",
                "/metrics",
                "/favicon.ico",
                "/v2/models",
                "/v2/models//infer",
                f"/v2/models/{model}@{choose.choice(VERSIONS)}",
            ]
        )

    def authorization(self, choose, model):
        kind = choose.random()
        if kind < 0.8:
            return [("Authorization", f"Bearer {self.keys[model]}")]
        if kind < 0.86:
            return [("Authorization", f"Bearer {self.keys[choose.choice(list(self.keys))]}")]
        if kind < 0.9:
            return []
        if kind < 0.96:
            key = bytearray(self.keys[model].encode())
            key[choose.randrange(len(key))] = choose.randrange(33, 127)
            return [("Authorization", f"Bearer {key.decode()}")]
        return [("Authorization", choose.choice(VALUES))]

    @staticmethod
    def mutate(choose, body):
        data = bytearray(body)
        for _ in range(choose.choice([1, 1, 1, 2, 3, 6])):
            place = choose.randrange(len(data) + 1)
            kind = choose.randrange(7)
            if kind == 0 and data:
                data[place % len(data)] ^= 1 << choose.randrange(8)
            elif kind == 1:
                del data[place : place + choose.choice([1, 1, 2, 5, 20, 200])]
            elif kind == 2:
                data[place:place] = choose.choice(TOKENS)
            elif kind == 3:
                data[place:place] = data[place : place + choose.choice([1, 4, 16, 64])] * choose.choice([1, 2, 50])
            elif kind == 4:
                data[place : place + choose.choice([1, 3, 8])] = choose.choice(TOKENS)
            elif kind == 5:
                del data[place:]
            else:
                data[place:place] = (
                    choose.randbytes(choose.choice([1, 2, 8, 64])) if hasattr(choose, "randbytes") else b"\xfe"
                )
        return bytes(data)

    @staticmethod
    def mutate_path(choose, path):
        place = choose.randrange(len(path) + 1)
        return choose.choice(
            [
                path + "/",
                path + "?a=b",
                path + "?" + "q" * 2000,
                path[:place] + "/" + path[place:],
                path[:place],
                path[:place] + "%2e%2e%2f" + path[place:],
                path[:place] + "\x7f" + path[place:],
                path[:place] + choose.choice("@%;:~*é") + path[place:],
                "http://gatehouse" + path,
                "*",
                path + "@" + "v" * 300,
                "/v2/models/" + "m" * 4000,
                path.upper(),
                "//" + path,
                path.replace("iris", "../iris"),
            ]
        )

    @staticmethod
    def mutate_fields(choose, fields):
        for _ in range(choose.choice([0, 0, 0, 1, 1, 2, 5])):
            name, value = choose.choice(NAMES), choose.choice(VALUES)
            if name.lower() not in FRAMING:
                fields.append((name, value))
        if fields and choose.random() < 0.05:
            fields.append(choose.choice(fields))
        if choose.random() < 0.01:
            fields += [(f"X-{number}", "v") for number in range(choose.choice([50, 150]))]
        return fields

    @staticmethod
    def encode(choose, body, fields):
        coding = choose.choice(["gzip", "deflate"])
        data = gzip.compress(body, 1, mtime=0) if coding == "gzip" else zlib.compress(body, 1)
        if choose.random() < 0.5:
            data = Mutations.mutate(choose, data)
        return data, [*fields, ("Content-Encoding", coding)]

    def frame(self, choose, method, path, fields, body):
        """Puts it together: with a length, in chunks, or (one of eight) with bytes changed anywhere."""
        closes = choose.random() < 0.03
        lines = [f"{method} {path} HTTP/1.1", "Host: gatehouse"]
        # A field's value may not begin or end with what a line may not hold.
        lines += [f"{name}: {value}" for name, value in fields]
        if closes:
            lines.append("Connection: close")
        if body and choose.random() < 0.08:
            lines.append("Transfer-Encoding: chunked")
            size = choose.choice([1, 7, 100])
            parts = [body[start : start + size] for start in range(0, len(body), size)]
            tail = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
        else:
            if body or method == "POST":
                lines.append(f"Content-Length: {len(body)}")
            tail = body
        head = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
        if choose.random() < 0.125:
            data = self.mutate(choose, head) + tail if choose.random() < 0.7 else self.mutate(choose, head + tail)
            return Request(data, False, False, True)
        return Request(head + tail, True, method == "HEAD", closes)
