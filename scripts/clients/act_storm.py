"""The clients of `scripts/act-storm`: act_storm.py GATEHOUSE DATA ROUNDS."""

import http.client
import json
import pathlib
import random
import subprocess
import sys
import threading
import time

gatehouse, data, rounds = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
CONNECTIONS = 64
EXPOSURES = ("internal", "external")


def start():
    (data / "server.url").unlink(missing_ok=True)
    server = subprocess.Popen(
        [gatehouse, "serve", "--listen", "127.0.0.1:0", "--plane-listen", "127.0.0.1:0", "--admin", "none",
         "--registry-listen", "none"], stdout=subprocess.DEVNULL, stderr=open(data.parent / "serve.log", "ab"))
    for _ in range(600):
        try:
            host, port = (data / "server.url").read_text().strip().removeprefix("http://").split(":")
            return server, host, int(port)
        except (OSError, ValueError):
            if server.poll() is not None:
                raise SystemExit("expected the platform to start, found: " + (data.parent / "serve.log").read_text()[-600:])
            time.sleep(0.05)
    raise SystemExit("expected the platform to listen within 30 s, found none")


class Caller(threading.Thread):
    """Changes the facts of one model over and over; knows what was acknowledged."""

    def __init__(self, number):
        super().__init__(daemon=True)
        self.model, self.acknowledged = f"m{number}", []
        self.value, self.end, self.address = 0, threading.Event(), None
        # Whether a change was asked for that was not answered.
        self.asked = 0

    def run(self):
        while not self.end.is_set():
            connection = None
            try:
                connection = http.client.HTTPConnection(*self.address, timeout=20)
                while not self.end.is_set():
                    self.ask(connection)
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
            finally:
                if connection:
                    connection.close()

    def ask(self, connection):
        value = EXPOSURES[self.value % 2]
        self.asked = 1
        connection.request(
            "PUT", f"/api/v1/models/{self.model}/facts", json.dumps({"exposure": value}),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        answer = connection.getresponse()
        body = answer.read()
        self.asked = 0
        if answer.status == 200:
            self.acknowledged.append(value)
            self.value += 1
        elif answer.status not in (409, 503):
            raise SystemExit(f"expected 200, found {answer.status}: {body[:300]}")


def get(path):
    connection = http.client.HTTPConnection(host, port, timeout=60)
    connection.request("GET", f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    body = json.loads(answer.read())
    assert answer.status == 200, body
    return body


def changes():
    """What the ledger has, by model, in order."""
    found, first = {}, 0
    while True:
        entries = get(f"/ledger?from={first}&count=1000")["entries"]
        if not entries:
            return found, first
        for entry in entries:
            if entry["act"] == "set-facts" and entry["phase"] == "done":
                found.setdefault(entry["subject"], []).append(entry["details"]["facts"]["exposure"])
        first += len(entries)


server, host, port = start()
token = (data / "admin.token").read_text().strip()
model = pathlib.Path(__file__).parents[2] / "Tests/Fixtures/models/sklearn-1.9/iris-tree/model.joblib"
for number in range(CONNECTIONS):
    subprocess.run([gatehouse, "push", str(model), "--name", f"m{number}"], check=True, capture_output=True)
callers = [Caller(number) for number in range(CONNECTIONS)]
for caller in callers:
    caller.address = (host, port)
    caller.start()

time.sleep(1)
before, began = sum(len(c.acknowledged) for c in callers), time.monotonic()
time.sleep(5)
pace = (sum(len(c.acknowledged) for c in callers) - before) / (time.monotonic() - began)
print(f"{pace:.0f} acts a second acknowledged over {CONNECTIONS} connections", flush=True)

choice = random.Random(6962)
for number in range(rounds):
    time.sleep(0.3 + choice.random())
    server.kill()
    server.wait()
    server, host, port = start()
    for caller in callers:
        caller.address = (host, port)
    print(f"round {number + 1} of {rounds}: {sum(len(c.acknowledged) for c in callers)} acknowledged", flush=True)

time.sleep(0.5)
for caller in callers:
    caller.end.set()
for caller in callers:
    caller.join(30)
found, entries = changes()
lost = 0
for caller in callers:
    there = found.get(caller.model, [])
    # A change whose answer did not come is asked for again: it is there already and makes no second entry, or makes its first.
    # So there is one for each that was acknowledged, and perhaps one more for what was not answered at the very end.
    expected = [EXPOSURES[index % 2] for index in range(len(caller.acknowledged))]
    if there[:len(expected)] != expected or len(there) > len(expected) + caller.asked:
        lost += 1
        print(f"expected the {len(expected)} changes of {caller.model} that were acknowledged, found {len(there)}")
    kept = get(f"/models/{caller.model}/facts").get("exposure")
    if caller.acknowledged and there and kept != there[-1]:
        lost += 1
        print(f"expected the last change of {caller.model}, {there[-1]}, found {kept}")
server.terminate()
server.wait()
print(f"{entries} entries, {sum(len(c.acknowledged) for c in callers)} acknowledged, {rounds} kills: "
      + ("nothing lost" if not lost else f"{lost} faults"), flush=True)
sys.exit(1 if lost else 0)
