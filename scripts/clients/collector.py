"""Takes spans as a collector does, and writes each one down as a line of JSON.

usage: collector.py PORT-FILE SPANS-FILE

Listens on a free port of the loopback, whose number it writes to PORT-FILE. The first batch is answered 503, so that
it has to come again.
"""

import http.server
import json
import pathlib
import sys

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

port_file, spans_file = (pathlib.Path(argument) for argument in sys.argv[1:3])


def value(any_value):
    return getattr(any_value, any_value.WhichOneof("value"))


def written(resource, span):
    return {
        "trace": span.trace_id.hex(),
        "parent": span.parent_span_id.hex(),
        "span": span.span_id.hex(),
        "name": span.name,
        "kind": span.kind,
        "nanoseconds": span.end_time_unix_nano - span.start_time_unix_nano,
        "resource": {pair.key: value(pair.value) for pair in resource.attributes},
        "attributes": {pair.key: value(pair.value) for pair in span.attributes},
    }


class Collector(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    batches = 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Collector.batches += 1
        if Collector.batches == 1:
            self.answer(503)
            return
        if self.path != "/v1/traces" or self.headers["Content-Type"] != "application/x-protobuf":
            self.answer(400)
            return
        request = ExportTraceServiceRequest()
        request.ParseFromString(body)
        with spans_file.open("a") as file:
            for resource_spans in request.resource_spans:
                for scope_spans in resource_spans.scope_spans:
                    for span in scope_spans.spans:
                        print(json.dumps(written(resource_spans.resource, span)), file=file)
        self.answer(200)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
port_file.write_text(str(server.server_port))
server.serve_forever()
