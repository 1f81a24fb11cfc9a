"""Starts and ends the programs for the scripts that put load on them, on ports of their own and in a folder of theirs."""

import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "Tests/Fixtures/models/sklearn-1.9"


class Violation(Exception):
    """What should hold and does not."""


def programs():
    """The directory of both programs: GATEHOUSE_PROGRAMS, else dist/."""
    folder = pathlib.Path(os.environ.get("GATEHOUSE_PROGRAMS") or ROOT / "dist").resolve()
    for name in ("gatehouse", "gatehouse-runtime"):
        if not os.access(folder / name, os.X_OK):
            print(f"error: expected {folder / name}, found none; build it with scripts/build", file=sys.stderr)
            sys.exit(2)
    return folder


def free_port():
    """A port that nobody has, below those that a kernel gives away by itself: one of its own choice could be another's
    by the time that it is bound."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as bounds:
        below = int(bounds.read().split()[0])
    for _ in range(1000):
        port = random.randrange(below // 2, below)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise Violation("expected a free port, found none in 1000 tries")


def wait(what, is_so, seconds=15, process=None, log=None):
    """Asks every few milliseconds until something is so; a Violation where it is not in time."""
    until = time.monotonic() + seconds
    while not is_so():
        if process is not None and process.poll() is not None:
            raise Violation(f"expected {what}, found the program ended with {process.returncode}: {tail(log)}")
        if time.monotonic() > until:
            raise Violation(f"expected {what} within {seconds} s, found otherwise: {tail(log)}")
        time.sleep(0.005)


def tail(log):
    if log is None or not pathlib.Path(log).exists():
        return ""
    return " / ".join(pathlib.Path(log).read_text(errors="replace").splitlines()[-4:])


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


class Workspace:
    """A folder that goes when the script ends, and the processes that were started in it."""

    def __init__(self, name):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix=f"gh-{name}."))
        self.processes = []
        self.is_kept = False
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, _: sys.exit(128 + number))

    def __enter__(self):
        return self

    def start(self, arguments, log, **options):
        with open(self.path / log, "ab") as file:
            process = subprocess.Popen(
                [str(argument) for argument in arguments], stdin=subprocess.DEVNULL, stdout=file, stderr=file, **options
            )
        self.processes.append(process)
        return process

    def stop(self, process, number=signal.SIGTERM, seconds=15):
        if process.poll() is None:
            process.send_signal(number)
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.remove(process)
        return process.returncode

    def strays(self):
        """Processes that were started with a path of this folder: data planes outlive their control plane."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    if str(self.path).encode() in (entry / "cmdline").read_bytes():
                        found.append(int(entry.name))
                except OSError:
                    pass
        return found

    def __exit__(self, *_):
        for process in list(self.processes):
            self.stop(process, signal.SIGKILL)
        for pid in self.strays():
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        if self.is_kept:
            print(f"kept: {self.path}", file=sys.stderr)
        else:
            shutil.rmtree(self.path, ignore_errors=True)


class Platform:
    """A whole platform, `gatehouse serve`."""

    def __init__(self, workspace, programs):
        self.workspace = workspace
        self.gatehouse = programs / "gatehouse"
        self.data = workspace.path / "data"
        self.log = workspace.path / "serve.log"
        self.environment = {
            key: value for key, value in os.environ.items() if key not in ("GATEHOUSE_URL", "GATEHOUSE_TOKEN")
        } | {"GATEHOUSE_DATA": str(self.data)}
        self.process = None

    def start(self):
        (self.data / "server.url").unlink(missing_ok=True)
        self.process = self.workspace.start(
            [self.gatehouse, "serve", "--listen", "127.0.0.1:0", "--plane-listen", "127.0.0.1:0"],
            "serve.log",
            env=self.environment,
        )
        wait(
            "a control plane",
            lambda: (self.data / "server.url").exists() and self.run("models", check=False)[0] == 0,
            process=self.process,
            log=self.log,
        )

    def run(self, *arguments, check=True, timeout=120):
        """Runs `gatehouse`: exit status, standard output, standard error."""
        done = subprocess.run(
            [self.gatehouse, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
        )
        if check and done.returncode != 0:
            raise Violation(
                f"expected 'gatehouse {arguments[0]}' to end with 0, found {done.returncode}: {done.stderr}"
            )
        return done.returncode, done.stdout, done.stderr

    def push(self, model, name):
        """Pushes a model: what the platform says of it, with `url` and, the first time, `key`."""
        return json.loads(self.run("push", model, "--name", name, "--json")[1])

    def stop(self):
        """An orderly end of both planes."""
        self.run("stop")
        self.process.wait(60)
        self.workspace.processes.remove(self.process)

    def kill(self):
        """`kill -9` of the control plane; the data plane serves on."""
        self.workspace.stop(self.process, signal.SIGKILL)


class Plane:
    """A data plane by itself, with an admin listener and a spool, serving what a platform has been pushed."""

    def __init__(self, workspace, programs, models, spool=True, options=()):
        """`models` gives the path of a model for each name."""
        self.workspace = workspace
        self.program = programs / "gatehouse-runtime"
        platform = Platform(workspace, programs)
        platform.start()
        pushed = {name: platform.push(path, name) for name, path in models.items()}
        platform.stop()
        self.keys = {name: told["key"] for name, told in pushed.items()}
        self.state, self.bundles = platform.data / "plane/state.json", platform.data / "bundles"
        self.options = list(options)
        self.spool = workspace.path / "spool" if spool else None
        self.log = workspace.path / "runtime.log"
        self.process = None

    def serving(self):
        """The program and what it serves, without where."""
        arguments = [self.program, "--state", self.state]
        # A plane that confines itself is told where the bundles of its state lie.
        if "--bundles " in subprocess.run([self.program, "--help"], capture_output=True, text=True).stdout:
            arguments += ["--bundles", self.bundles]
        return arguments

    def start(self, spool=True):
        self.port, self.admin = free_port(), free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        arguments = [
            *self.serving(),
            "--listen",
            f"127.0.0.1:{self.port}",
            "--admin",
            f"127.0.0.1:{self.admin}",
            *self.options,
        ]
        if spool and self.spool is not None:
            arguments += ["--spool", self.spool]
        self.process = self.workspace.start(arguments, "runtime.log")
        wait("a data plane", lambda: accepts(self.port), process=self.process, log=self.log)

    def stop(self):
        return self.workspace.stop(self.process)

    def get_admin(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def gauge(self, name):
        """What a metric adds up to over all its labels."""
        text = self.get_admin("/metrics")[1]
        if f"# TYPE {name} " not in text:
            raise Violation(f"expected '{name}' among the metrics, found none")
        samples = re.findall(rf"^{name}(?:{{[^}}]*}})? ([0-9.e+-]+)$", text, re.MULTILINE)
        return sum(float(sample) for sample in samples)

    def memory(self, field="VmRSS"):
        """Resident bytes now (VmRSS) or at the most (VmHWM)."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s*(\d+) kB$", text, re.MULTILINE)[1]) * 1024
