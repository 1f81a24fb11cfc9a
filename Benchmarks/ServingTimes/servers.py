"""The servers that Benchmarks/serving measures: how each is started, asked, and made to stand still."""

import json
import os
import signal
import sys
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "scripts/clients"))

from planes import Violation, accepts, free_port, wait  # noqa: E402


class Server:
    """A process and its children, in a group of their own."""

    def __init__(self, name, workspace):
        self.name, self.workspace = name, workspace
        self.log = f"{name}.log".replace(" ", "-")

    def launch(self, arguments, environment=None, folder=None):
        self.process = self.workspace.start(
            arguments, self.log, env=os.environ | (environment or {}), cwd=folder, start_new_session=True
        )
        wait(f"{self.name} to start", lambda: accepts(self.port), 90, self.process, self.workspace.path / self.log)

    def tree(self):
        """The processes of the group."""
        group = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    fields = (entry / "stat").read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                if int(fields[3]) == self.process.pid:
                    group.append(int(entry.name))
        return group

    def signal(self, number):
        for pid in self.tree():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def hold(self):
        self.signal(signal.SIGSTOP)

    def release(self):
        self.signal(signal.SIGCONT)
        time.sleep(0.2)

    def memory(self):
        """Resident bytes; of several processes, with what they share counted once."""
        tree = self.tree()
        field = "Rss:" if len(tree) == 1 else "Pss:"
        total = 0
        for pid in tree:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith(field):
                    total += int(line.split()[1]) * 1024
        return total

    def end(self):
        self.release()
        self.signal(signal.SIGKILL)
        self.process.wait()
        self.workspace.processes.remove(self.process)

    def rest(self):
        """Called between the turns of the measured."""


class Target:
    """One thing to ask of a server; `answers` tells whether an answer is right."""

    def __init__(self, name, server, path, body, fields=None, port=None, answers=None):
        self.name, self.server, self.path, self.body = name, server, path, body
        self.fields = {"Content-Type": "application/json"} | (fields or {})
        self.port = port
        self.answers = answers or (lambda given: b"2" in given)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port or self.server.port}{self.path}"

    def ask(self):
        request = urllib.request.Request(self.url, data=Path(self.body).read_bytes(), headers=self.fields)
        with urllib.request.urlopen(request, timeout=30) as answer:
            given = answer.read()
        if not self.answers(given):
            raise Violation(f"expected {self.name} to answer rightly, found {given[:200]!r}")


class Gatehouse(Server):
    """The data plane by itself, every request with a key."""

    def __init__(self, name, workspace, plane, spool=True):
        super().__init__(name, workspace)
        self.plane, self.spool = plane, spool

    def start(self):
        options = ["--spool", self.workspace.path / self.name.replace(" ", "-")] if self.spool else []
        self.port, self.admin = free_port(), free_port()
        self.launch(
            [
                *self.plane.serving(),
                "--listen",
                f"127.0.0.1:{self.port}",
                "--admin",
                f"127.0.0.1:{self.admin}",
                *options,
            ]
        )

    def rest(self):
        # As a control plane does that collects them, but for keeping them.
        if self.spool:
            for segment in (self.workspace.path / self.name.replace(" ", "-")).glob("*.segment"):
                segment.unlink()

    def rows(self, model):
        """How many rows were predicted for so far, by its own count."""
        text = urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/metrics", timeout=10).read().decode()
        return sum(
            float(line.rpartition(" ")[2])
            for line in text.splitlines()
            if line.startswith(f'gatehouse_rows_total{{deployment="{model}"')
        )


class Flask(Server):
    def __init__(self, workspace, python, model):
        super().__init__("Flask, its development server", workspace)
        self.python, self.model = python, model

    def start(self):
        self.port = free_port()
        self.launch(
            [self.python / "flask", "--app", HERE / "flask_app.py", "run", "--port", self.port],
            {"MODEL": str(self.model)},
        )


class Gunicorn(Server):
    def __init__(self, workspace, python, model):
        super().__init__("Flask, gunicorn with 2 workers", workspace)
        self.python, self.model = python, model

    def start(self):
        self.port = free_port()
        self.launch(
            [
                self.python / "gunicorn",
                "--chdir",
                HERE,
                "--workers",
                2,
                "--bind",
                f"127.0.0.1:{self.port}",
                "--no-control-socket",
                "flask_app:app",
            ],
            {"MODEL": str(self.model)},
        )


class FastAPI(Server):
    def __init__(self, workspace, python, model):
        super().__init__("FastAPI + ONNX Runtime, 2 workers", workspace)
        self.python, self.model = python, model

    def start(self):
        self.port = free_port()
        self.launch(
            [
                self.python / "uvicorn",
                "--app-dir",
                HERE,
                "--workers",
                2,
                "--port",
                self.port,
                "--no-access-log",
                "fastapi_app:app",
            ],
            {"MODEL": str(self.model)},
        )


class MLServer(Server):
    def __init__(self, workspace, python, name, model):
        super().__init__("MLServer", workspace)
        self.python, self.model_name, self.model = python, name, model

    def start(self):
        self.port, self.grpc = free_port(), free_port()
        folder = self.workspace.path / f"mlserver-{self.model_name}"
        folder.mkdir()
        (folder / "model-settings.json").write_text(
            json.dumps(
                {
                    "name": self.model_name,
                    "implementation": "mlserver_sklearn.SKLearnModel",
                    "parameters": {"uri": str(self.model)},
                }
            )
        )
        (folder / "settings.json").write_text(
            json.dumps(
                {"host": "127.0.0.1", "http_port": self.port, "grpc_port": self.grpc, "metrics_port": free_port()}
            )
        )
        self.launch([self.python / "mlserver", "start", folder], folder=folder)
        wait("MLServer to be ready", self.is_ready, 90, self.process, self.workspace.path / self.log)

    def is_ready(self):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{self.port}/v2/health/ready", timeout=5).status == 200
        except OSError:
            return False


class Nginx(Server):
    """Two workers that answer 200 with a fixed body."""

    def __init__(self, workspace):
        super().__init__("nginx, a fixed 200", workspace)

    def start(self):
        self.port = free_port()
        path = self.workspace.path / "nginx.conf"
        folder = self.workspace.path
        path.write_text(
            f"worker_processes 2; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.error;\n"
            "events { worker_connections 4096; }\n"
            "http { access_log off; keepalive_requests 1000000000;\n"
            + "".join(
                f" {kind}_temp_path {folder}/nginx-{kind};\n"
                for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
            )
            + f" server {{ listen 127.0.0.1:{self.port} backlog=1024; default_type application/json;\n"
            "  location / { return 200 '{\"result\":2}'; } } }\n"
        )
        self.launch(["nginx", "-c", path, "-p", folder])


class Echo(Server):
    def __init__(self, workspace, program):
        super().__init__("SwiftNIO, a bare echo", workspace)
        self.program = program

    def start(self):
        self.port = free_port()
        self.launch([self.program, self.port])
