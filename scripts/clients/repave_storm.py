"""Asks for predictions without a pause while processes are replaced; see scripts/repave-storm."""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

MODEL = "Tests/Fixtures/models/sklearn-1.9/iris-random-forest/model.joblib"
ROWS = [[5.9, 3.0, 5.1, 1.8], [5.1, 3.5, 1.4, 0.2], [6.0, 2.2, 4.0, 1.0], [6.7, 3.1, 4.7, 1.5]]


class Platform:
    """The control plane, which is killed and started again; the data plane lives on."""

    def __init__(self, program, data):
        self.program, self.data, self.plane = program, Path(data), "127.0.0.1:0"
        self.process = None

    def start(self):
        (self.data / "server.url").unlink(missing_ok=True)
        with open(self.data.parent / "serve.log", "ab") as log:
            self.process = subprocess.Popen(
                [self.program, "serve", "--data", self.data, "--listen", "127.0.0.1:0", "--plane-listen", self.plane,
                 "--admin", "none", "--registry-listen", "none"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if (self.data / "server.url").exists() and self.run("doctor", quiet=True) is not None:
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        sys.exit("VIOLATED: expected the control plane to start, found: " + (self.data.parent / "serve.log").read_text()[-2000:])

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def run(self, *arguments, quiet=False):
        """What a command prints; nothing where it fails and that is no matter."""
        done = subprocess.run([self.program, *arguments], capture_output=True, text=True, timeout=120)
        if done.returncode == 0:
            return done.stdout
        if quiet:
            return None
        sys.exit(f"VIOLATED: expected '{' '.join(arguments)}' to be done, found {done.returncode}: {done.stderr}")


class Callers:
    """Connections that ask as fast as they are answered."""

    def __init__(self, url, key):
        self.host, self.path = urlsplit(url).netloc, urlsplit(url).path
        self.key, self.answered, self.failures, self.ended = key, 0, [], threading.Event()
        self.expected = [self.exchange(self.connect(), number) for number in range(len(ROWS))]
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.ask, args=(number % 2 == 0,), daemon=True) for number in range(8)]
        for thread in self.threads:
            thread.start()

    def connect(self):
        return http.client.HTTPConnection(self.host, timeout=30)

    def exchange(self, connection, number):
        fields = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        connection.request("POST", self.path, json.dumps({"data": ROWS[number]}), fields)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def ask(self, keeps):
        connection, number = self.connect(), 0
        while not self.ended.is_set():
            number = (number + 1) % len(ROWS)
            try:
                found = self.exchange(connection, number)
                failure = None if found == self.expected[number] else found
            except OSError as error:
                failure = repr(error)
            except http.client.HTTPException as error:
                failure = repr(error)
            with self.lock:
                self.answered += failure is None
                if failure is not None:
                    self.failures.append(failure)
            # An answer that ends its connection has closed it: the next request makes another.
            if not keeps or failure is not None:
                connection.close()
                connection = self.connect()

    def end(self):
        self.ended.set()
        for thread in self.threads:
            thread.join()


def entries(platform):
    """The ledger's entries of repaves."""
    lines = platform.run("audit", "log", "--json").splitlines()
    return [entry for entry in map(json.loads, lines) if entry["act"] == "repave"]


def processes(platform):
    """The processes of this data plane, by what /proc says of them."""
    wanted = str(platform.data / "plane" / "state.json").encode()
    found = []
    for directory in Path("/proc").iterdir():
        if directory.name.isdigit():
            try:
                arguments = (directory / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if wanted in arguments and b"--state" in arguments and b"gatehouse-runtime" in arguments[0]:
                found.append(int(directory.name))
    return found


def main():
    program, data, repaves, kills = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    Path(data).mkdir(parents=True, mode=0o700, exist_ok=True)
    platform = Platform(program, data)
    platform.start()
    pushed = json.loads(platform.run("push", MODEL, "--name", "iris", "--json").splitlines()[-1])
    platform.run("deployments", "set", "iris", "--record-payloads", "100%")
    callers = Callers(pushed["url"], pushed["key"])
    platform.plane = callers.host
    if any(status != 200 for status, _ in callers.expected):
        sys.exit(f"VIOLATED: expected predictions, found {callers.expected}")
    time.sleep(0.5)
    began, sources = time.monotonic(), set()
    for _ in range(repaves):
        told = json.loads(platform.run("repave", "--json"))
        sources |= {(replay["source"], replay["cases"]) for replay in told["replay"]}
    span = time.monotonic() - began
    print(f"{repaves} repaves in {span:.1f} s, replayed {sorted(sources)}", flush=True)

    outcomes = {"done": 0, "failed": 0}
    generator = random.Random(1)
    for _ in range(kills):
        asked = subprocess.Popen([program, "repave"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(generator.uniform(0, 0.4))
        platform.kill()
        asked.wait()
        before = len(callers.failures)
        platform.start()
        log = entries(platform)
        begun = [entry for entry in log if entry["phase"] == "begun"]
        ends = [entry for entry in log if entry["phase"] != "begun"]
        if sorted(entry["trace"] for entry in begun) != sorted(entry["trace"] for entry in ends):
            sys.exit(f"VIOLATED: expected one end for each repave, found {len(begun)} begun and {len(ends)} ended")
        serving = json.loads(platform.run("repave", "--status", "--json"))["process"]["instance"]
        done = [entry for entry in ends if entry["phase"] == "done"]
        last = done[-1]["details"]["new"]["instance"]
        if serving != last:
            sys.exit(f"VIOLATED: expected the process of the last repave that was done, {last}, to serve, found {serving}")
        if ends[-1]["details"].get("code", "repave.undone") != "repave.undone":
            sys.exit(f"VIOLATED: expected a repave that was cut off to be undone, found {ends[-1]['details']}")
        outcomes["done" if "note" in ends[-1]["details"] else ends[-1]["phase"]] += 1
        if len(callers.failures) > before:
            break
    if kills:
        print(f"{kills} kills: {outcomes['done']} repaves were done all the same, {outcomes['failed']} undone", flush=True)
    callers.end()
    deadline = time.monotonic() + 40
    while len(processes(platform)) > 1 and time.monotonic() < deadline:
        time.sleep(0.1)
    left = processes(platform)
    print(f"{callers.answered} requests answered, {len(callers.failures)} failed, {len(left)} process left", flush=True)
    if callers.failures or len(left) != 1 or not callers.answered:
        sys.exit(f"VIOLATED: expected every request to be answered and one process, found {callers.failures[:5]}, {left}")


if __name__ == "__main__":
    main()
