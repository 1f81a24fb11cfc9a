"""The load generators that Benchmarks/serving uses: wrk for HTTP/1.1, h2load for gRPC."""

import json
import re
import subprocess
from pathlib import Path

SCRIPT = """
local file = io.open(os.getenv("BODY"), "rb")
wrk.method = "POST"
wrk.body = file:read("*a")
file:close()
for line in os.getenv("FIELDS"):gmatch("[^\\n]+") do
  local name, value = line:match("([^:]+): (.*)")
  wrk.headers[name] = value
end
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'TOLD{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"status":%d,"sockets":%d,"timeouts":%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write, errors.timeout))
end
"""


def wrk(target, connections, seconds, folder):
    """Requests a second, p50 and p99 in microseconds."""
    script = Path(folder) / "post.lua"
    script.write_text(SCRIPT)
    fields = "\n".join(f"{name}: {value}" for name, value in target.fields.items())
    told = subprocess.run(
        [
            "wrk",
            "--connections",
            str(connections),
            "--threads",
            "1",
            "--duration",
            f"{seconds}s",
            "--timeout",
            "30s",
            "--script",
            script,
            target.url,
        ],
        env={"BODY": str(target.body), "FIELDS": fields, "PATH": "/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(told.stdout.split("TOLD", 1)[1].splitlines()[0])
    if answer["status"] or answer["timeouts"] or answer["sockets"] or not answer["requests"]:
        raise RuntimeError(f"expected {target.name} to answer every request, found {answer}")
    return answer["requests"] / answer["microseconds"] * 1e6, answer["p50"], answer["p99"]


def h2load(port, body, fields, connections, streams, seconds):
    """Calls a second, mean time of a call in microseconds, and how many were answered in all."""
    arguments = [
        "h2load",
        "--clients",
        connections,
        "--max-concurrent-streams",
        streams,
        "--threads",
        "1",
        "--duration",
        seconds,
        "--data",
        body,
    ]
    for name, value in ({"content-type": "application/grpc", "te": "trailers"} | fields).items():
        arguments += ["--header", f"{name}: {value}"]
    arguments.append(f"http://127.0.0.1:{port}/inference.GRPCInferenceService/ModelInfer")
    told = subprocess.run([str(argument) for argument in arguments], capture_output=True, text=True, check=True).stdout
    counts = re.search(r"(\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", told)
    rate = re.search(r"finished in [^,]+, ([0-9.]+) req/s", told)
    mean = re.search(r"time for request: +\S+ +\S+ +([0-9.]+)(us|ms|s)\b", told)
    if not counts or not rate or int(counts[2]) == 0 or int(counts[3]) or int(counts[5]):
        raise RuntimeError(f"expected every call to be answered, found: {told}")
    unit = {"us": 1, "ms": 1e3, "s": 1e6}
    return float(rate[1]), float(mean[1]) * unit[mean[2]] if mean else 0.0, int(counts[2])
