"""Measures the data plane beside its peers, in turn and in one run: measure.py BUILD ROUNDS SECONDS.

In each round the servers take turns under load; those whose turn it is not are stopped (SIGSTOP). Every figure is the
median over the rounds. BUILD has the peers' environments, the models and the bodies.
"""

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
from pathlib import Path
from statistics import median

import numpy as np
import tritonclient.grpc

from loads import h2load, wrk
from servers import Echo, FastAPI, Flask, Gatehouse, Gunicorn, MLServer, Nginx, Target
from planes import Plane, Violation, Workspace, free_port, programs

CONNECTIONS, WIDE_CONNECTIONS = 32, 8
ROWS = 256
START_NAMES = {"iris": "iris, 100 trees", "forest": "300 trees of depth 12"}
# Frames of the plane that are there for the key alone.
AUTHENTICATION = ("PresentedKey", "KeyRing", "7Serving6Caller", "CallerAccount", "CredentialHash", "VerifiedTokens")


def say(text):
    print(f"serving: {text}", file=sys.stderr, flush=True)


def table(titles, rows):
    print("\n| " + " | ".join(titles) + " |")
    print("|---|" + "---:|" * (len(titles) - 1))
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)


def take_turns(targets, rounds, seconds, connections, folder):
    """Rates, p50s and p99s of each target, and its server's memory after load."""
    found = {target.name: [] for target in targets}
    for number in range(rounds):
        for target in targets:
            target.server.release()
            target.ask()
            found[target.name].append((*wrk(target, connections, seconds, folder), target.server.memory()))
            target.server.hold()
            target.server.rest()
            say(f"round {number + 1}: {target.name}: {found[target.name][-1][0]:,.0f} requests/s")
    return {name: tuple(median(column) for column in zip(*rows)) for name, rows in found.items()}


def times(value):
    return f"{value:,.2f}" if value < 10 else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


class Claims:
    """What the data plane is meant to be, beside what was found."""

    def __init__(self):
        self.rows = []

    def least(self, what, wanted, found, unit=""):
        self.add(what, "≥", wanted, found, unit, found >= wanted)

    def most(self, what, wanted, found, unit=""):
        self.add(what, "≤", wanted, found, unit, found <= wanted)

    def add(self, what, sign, wanted, found, unit, holds):
        self.rows.append([what, f"{sign} {times(wanted)}{unit}", f"{times(found)}{unit}", "yes" if holds else "NO"])


def one_row(told, peers, claims):
    titles = ["one row, iris, 100 trees", "requests/s", "p50 ms", "p99 ms", "resident MiB", "Gatehouse is × as fast"]
    ours = told["Gatehouse"][0]
    table(
        titles,
        [
            [
                name,
                f"{rate:,.0f}",
                f"{p50 / 1000:.2f}",
                f"{p99 / 1000:.2f}",
                f"{memory / 2**20:.1f}",
                times(ours / rate),
            ]
            for name, (rate, p50, p99, memory) in told.items()
        ],
    )
    kept, bare = ours, told["Gatehouse, no record"][0]
    claims.least("one row: × Flask's development server", 150, ours / told["Flask, its development server"][0])
    claims.least("one row: × MLServer", 150, ours / told["MLServer"][0])
    claims.least("one row: × FastAPI with ONNX Runtime", 5, ours / told["FastAPI + ONNX Runtime, 2 workers"][0])
    claims.least("one row: × nginx, a fixed 200", 0.4, ours / told["nginx, a fixed 200"][0])
    claims.most(
        "one row: p99, beside the least p50 of a Python peer",
        min(told[name][1] for name in peers) / 1000,
        told["Gatehouse"][2] / 1000,
        " ms",
    )
    claims.most("one row: resident memory", 25, told["Gatehouse"][3] / 2**20, " MiB")
    claims.most("the record, of the rate without it", 15, (1 - kept / bare) * 100, " %")


def many_rows(told, claims):
    titles = [
        f"{ROWS} rows of 100 columns, 300 trees",
        "rows/s",
        "p50 ms",
        "p99 ms",
        "resident MiB",
        "Gatehouse is × as fast",
    ]
    ours = told["Gatehouse, binary"][0]
    claims.least("256 rows in binary: × MLServer", 10, ours / told["MLServer, JSON"][0])
    claims.least(
        "256 rows in binary: × FastAPI with ONNX Runtime",
        3,
        ours / told["FastAPI + ONNX Runtime, 2 workers, binary"][0],
    )
    table(
        titles,
        [
            [
                name,
                f"{rate * ROWS:,.0f}",
                f"{p50 / 1000:.1f}",
                f"{p99 / 1000:.1f}",
                f"{memory / 2**20:.1f}",
                times(ours / rate),
            ]
            for name, (rate, p50, p99, memory) in told.items()
        ],
    )


def check_probabilities(expected):
    def answers(given):
        header = given.index(b'{"') == 0 if given[:1] == b"{" else False
        if header and given.rstrip().endswith(b"}"):
            data = json.loads(given)["outputs"][0]["data"]
            found = np.asarray(data, dtype=np.float64)
        else:
            size = expected.size
            kind = "<f8" if header else "<f4"
            found = np.frombuffer(given[-size * (8 if header else 4) :], dtype=kind)
        return np.abs(found.reshape(expected.shape) - expected).max() < 1e-5

    return answers


def can_grpc(port, name, rows, key):
    """Whether ModelInfer is answered there; a refusal that is one of gRPC's says no as well."""
    client = tritonclient.grpc.InferenceServerClient(f"127.0.0.1:{port}")
    try:
        tensor = tritonclient.grpc.InferInput("input", list(rows.shape), "FP64")
        tensor.set_data_from_numpy(rows)
        client.infer(name, [tensor], headers={"authorization": f"Bearer {key}"} if key else {}, client_timeout=10)
        return True
    except tritonclient.grpc.InferenceServerException as problem:
        say(f"no gRPC on port {port}: {str(problem)[:120]}")
        return False
    finally:
        client.close()


def grpc(servers, build, rounds, seconds, claims):
    """`servers` has, for each model, Gatehouse and MLServer."""
    rows, best = [], {}
    shapes = {"iris": np.array([[5.9, 3.0, 5.1, 1.8]]), "forest": np.zeros((ROWS, 100))}
    for model, connections, streams in (("iris", 32, 1), ("iris", 32, 10), ("forest", 8, 1)):
        gatehouse, mlserver = servers[model]
        key = gatehouse.plane.keys[model]
        asked = [("Gatehouse", gatehouse, gatehouse.port, key), ("MLServer", mlserver, mlserver.grpc, None)]
        found = {}
        for _ in range(rounds):
            for name, server, port, key in asked:
                server.release()
                if can_grpc(port, model, shapes[model], key):
                    fields = {"authorization": f"Bearer {key}"} if key else {}
                    before = gatehouse.rows(model) if key else 0
                    body = build / "models" / model / "grpc"
                    rate, mean, done = h2load(port, body, fields, connections, streams, seconds)
                    # The status of a call is none of HTTP: that each was a prediction is seen by the plane's count.
                    predicted = (gatehouse.rows(model) - before) / len(shapes[model]) if key else done
                    if predicted < done:
                        raise Violation(f"expected {done} calls to be predictions, found {predicted:.0f}")
                    found.setdefault(name, []).append((rate, mean))
                    say(f"gRPC, {model}, {streams} calls at once: {name}: {rate:,.0f} calls/s")
                server.hold()
                server.rest()
        medians = {name: [median(column) for column in zip(*told)] for name, told in found.items()}
        for name, (rate, mean) in medians.items():
            ours = medians.get("Gatehouse")
            if name == "Gatehouse":
                best[model, streams] = rate
            rows.append(
                [
                    f"{model}, {connections} connections × {streams} calls: {name}",
                    f"{rate:,.0f}",
                    f"{mean / 1000:.2f}",
                    times(ours[0] / rate) if ours else "",
                ]
            )
    table(["gRPC ModelInfer", "calls/s", "mean ms", "Gatehouse is × as fast"], rows)
    if not best:
        print("\nGatehouse did not answer ModelInfer: not measured.")
    claims.least("gRPC ModelInfer a second, iris, one call a connection", 30_000, best.get(("iris", 1), 0.0))


def share_of_key(gatehouse, target, programs, seconds, folder, claims):
    """Of the processor time of the plane, what the key takes: samples whose stack names it. No option turns it off."""
    unstripped = programs / ".gatehouse-runtime.unstripped"
    if not shutil.which("perf") or not unstripped.exists():
        print("\nThe key's share: not measured, it needs perf and dist/.gatehouse-runtime.unstripped.")
        return
    named = folder / "gatehouse-runtime-named"
    subprocess.run(["strip", "--strip-debug", "-o", named, unstripped], check=True)
    plane = Gatehouse("named", gatehouse.workspace, gatehouse.plane)
    plane.plane.program, before = named, plane.plane.program
    try:
        plane.start()
    finally:
        plane.plane.program = before
    sampled = Target("named", plane, target.path, target.body, target.fields)
    sampler = subprocess.Popen(
        [
            "perf",
            "record",
            "--quiet",
            "-F",
            "999",
            "-g",
            "-p",
            str(plane.process.pid),
            "-o",
            folder / "samples",
            "--",
            "sleep",
            str(seconds),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wrk(sampled, CONNECTIONS, seconds + 1, folder)
    sampler.wait()
    plane.end()
    told = subprocess.run(
        ["perf", "script", "--no-demangle", "-i", folder / "samples", "-F", "ip,sym"], capture_output=True, text=True
    ).stdout
    stacks = [stack for stack in told.split("\n\n") if stack.strip()]
    if len(stacks) < 200:
        print(f"\nThe key's share: not measured, perf took {len(stacks)} samples.")
        return
    keys = sum(any(name in stack for name in AUTHENTICATION) for stack in stacks) / len(stacks) * 100
    system = sum("do_syscall" in stack for stack in stacks) / len(stacks) * 100
    print(
        f"\nOf the plane's processor time under this load ({len(stacks)} samples, perf): the key takes {keys:.1f} %, "
        f"system calls {system:.1f} %."
    )
    claims.most("the key, of the plane's processor time", 5, keys, " %")


def milliseconds_to_ready(serving, spool, runs):
    """From the start of the program to the answer 200 of /v2/health/ready, asked without a pause."""
    found, memory = [], ""
    for _ in range(runs):
        port = free_port()
        before = time.perf_counter()
        process = subprocess.Popen(
            [*serving, "--listen", f"127.0.0.1:{port}", "--spool", spool],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            while time.perf_counter() - before < 30:
                try:
                    with socket.create_connection(("127.0.0.1", port), timeout=10) as asking:
                        asking.sendall(b"GET /v2/health/ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                        if asking.recv(64).startswith(b"HTTP/1.1 200"):
                            break
                except OSError:
                    pass
                time.sleep(0.0002)
            else:
                raise Violation("expected a plane that is ready within 30 s, found none")
            found.append((time.perf_counter() - before) * 1000)
            status = Path(f"/proc/{process.pid}/status").read_text()
            memory = {
                line.split(":")[0]: int(line.split()[1]) / 1024
                for line in status.splitlines()
                if line.startswith(("VmRSS", "RssAnon", "RssFile"))
            }
        finally:
            process.kill()
            process.wait()
    return sorted(found), memory


def starts(planes, folder, runs, claims):
    rows = []
    for name, plane in planes.items():
        found, memory = milliseconds_to_ready(plane.serving(), folder / "start-spool", runs)
        files = plane.bundles.rglob("*")
        bundle = sum(file.stat().st_size for file in files if file.is_file())
        claims.most(f"exec to ready, {START_NAMES[name]}", {"iris": 25, "forest": 250}[name], median(found), " ms")
        rows.append(
            [
                f"{START_NAMES[name]}, a bundle of {bundle / 1e6:.1f} MB",
                f"{median(found):.1f}",
                f"{found[0]:.1f}",
                f"{found[-1]:.1f}",
                f"{memory['VmRSS']:.1f}",
                f"{memory['RssAnon']:.1f}",
            ]
        )
    table(["exec to ready", "median ms", "least", "most", "resident MiB", "of it not mapped from a file"], rows)


def main():
    build, rounds, seconds = Path(sys.argv[1]).resolve(), int(sys.argv[2]), int(sys.argv[3])
    models, python = build / "models", build / "python/bin"
    folder_of_programs = programs()
    expected = np.load(models / "forest/expected.npy")
    claims = Claims()
    with Workspace("serving") as workspace, Workspace("serving-iris") as of_iris, Workspace("serving-300") as of_wide:
        say("pushing the models")
        paths = {name: models / name / "model.joblib" for name in ("iris", "forest")}
        planes = {
            "iris": Plane(of_iris, folder_of_programs, {"iris": paths["iris"]}),
            "forest": Plane(of_wide, folder_of_programs, {"forest": paths["forest"]}),
        }
        say("starting the servers")
        ours = Gatehouse("Gatehouse", workspace, planes["iris"])
        bare = Gatehouse("Gatehouse, no record", workspace, planes["iris"], spool=False)
        ours_wide = Gatehouse("Gatehouse, 300 trees", workspace, planes["forest"])
        flask = Flask(workspace, python, paths["iris"])
        gunicorn = Gunicorn(workspace, python, paths["iris"])
        fastapi = FastAPI(workspace, python, models / "iris/model.onnx")
        fastapi_wide = FastAPI(workspace, python, models / "forest/model.onnx")
        mlserver = MLServer(workspace, build / "mlserver/bin", "iris", paths["iris"])
        mlserver_wide = MLServer(workspace, build / "mlserver/bin", "forest", paths["forest"])
        nginx = Nginx(workspace)
        echo = Echo(workspace, build / "swift/release/nio-echo")
        servers = [ours, bare, ours_wide, flask, gunicorn, fastapi, fastapi_wide, mlserver, mlserver_wide, nginx, echo]
        for server in servers:
            server.start()
            server.hold()

        predict, infer = models / "iris/predict", models / "iris/infer.json"
        keys = {name: {"Authorization": f"Bearer {plane.keys[name]}"} for name, plane in planes.items()}
        main_target = Target("Gatehouse", ours, "/models/iris/predict", predict, keys["iris"])
        targets = [
            main_target,
            Target("Gatehouse, no record", bare, "/models/iris/predict", predict, keys["iris"]),
            Target("Gatehouse, v2 infer", ours, "/v2/models/iris/infer", infer, keys["iris"]),
            Target("nginx, a fixed 200", nginx, "/predict", predict),
            Target("SwiftNIO, a bare echo", echo, "/predict", predict, answers=lambda given: b"data" in given),
            Target(fastapi.name, fastapi, "/predict", predict),
            Target(gunicorn.name, gunicorn, "/predict", predict),
            Target(mlserver.name, mlserver, "/v2/models/iris/infer", infer),
            Target(flask.name, flask, "/predict", predict),
        ]
        told = take_turns(targets, rounds, seconds, CONNECTIONS, workspace.path)
        one_row(told, [server.name for server in (flask, gunicorn, fastapi, mlserver)], claims)
        ours.release()
        share_of_key(ours, main_target, folder_of_programs, seconds, workspace.path, claims)
        ours.hold()

        right = check_probabilities(expected)
        length = (models / "forest/infer.binary.length").read_text()
        binary = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": length}
        wide_targets = [
            Target(
                "Gatehouse, binary",
                ours_wide,
                "/v2/models/forest/infer",
                models / "forest/infer.binary",
                binary | keys["forest"],
                answers=right,
            ),
            Target(
                "Gatehouse, JSON",
                ours_wide,
                "/v2/models/forest/infer",
                models / "forest/infer.json",
                keys["forest"],
                answers=right,
            ),
            Target(
                fastapi.name + ", binary",
                fastapi_wide,
                "/probabilities",
                models / "forest/rows",
                {"Content-Type": "application/octet-stream"},
                answers=right,
            ),
            Target(
                "MLServer, JSON", mlserver_wide, "/v2/models/forest/infer", models / "forest/infer.json", answers=right
            ),
        ]
        many_rows(take_turns(wide_targets, rounds, seconds, WIDE_CONNECTIONS, workspace.path), claims)
        grpc({"iris": (ours, mlserver), "forest": (ours_wide, mlserver_wide)}, build, rounds, seconds, claims)
        for server in servers:
            server.end()
        starts(planes, workspace.path, max(11, rounds), claims)
        table(["what is meant to hold", "wanted", "found", "holds"], claims.rows)


try:
    main()
except (Violation, RuntimeError, urllib.error.URLError) as problem:
    sys.exit(f"error: {problem}")
