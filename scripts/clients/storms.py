"""What the scripts share that ask a platform for predictions without a pause and account for each of them afterwards."""

import hashlib
import json
import re
import time
from array import array

from http1 import Load, request
from planes import FIXTURES, Violation

MODELS = ("iris-random-forest", "iris-logistic")
# A parameter of the fit that no prediction reads: how much it told of itself.
VERBOSE = b"verbose\x94K"
CONNECTIONS = 32
RECEIPT = re.compile(rb"\r\nGatehouse-Receipt: ([0-9a-f]{16}-[0-9]{8,})-([0-9]+)\r\n", re.IGNORECASE)
VERSION = re.compile(rb'"model_version":"([0-9]+)"')
PREDICT = b'{"result":2}'
INFER = re.compile(rb'"data":\[2\]')


class Variants:
    """Models that answer alike and are other bytes each: the same bytes again would be no new version."""

    def __init__(self, folder, models=MODELS):
        self.folder, self.models, self.count = folder, models, 0

    def next(self):
        name, number = self.models[self.count % len(self.models)], self.count // len(self.models)
        self.count += 1
        data = (FIXTURES / name / "model.joblib").read_bytes()
        if number > 255 or data.count(VERBOSE + b"\0") != 1:
            raise Violation("expected another value for the parameter 'verbose' of a model, found none")
        path = self.folder / f"model-{self.count}.joblib"
        path.write_bytes(data.replace(VERBOSE + b"\0", VERBOSE + bytes([number])))
        return path


class Asker:
    """The client's own count: where each receipt stands, and the version that answered, 0 where it was not told.

    Where `seen` is given, it has for each version when it answered last. Where `repeats`, a request whose connection ended before
    its answer is asked again, as clients of predictions do. `rate` is how many are asked in a second at most; without it as many as
    are answered.
    """

    def __init__(self, port, key, counter, told, seen=None, repeats=False, rate=None):
        self.counter, self.told, self.seen, self.repeats, self.rate = counter, told, seen, repeats, rate
        fields = [("Authorization", f"Bearer {key}")]
        row = b'{"data": [5.9, 3.0, 5.1, 1.8]}'
        tensors = (
            b'{"inputs":[{"name":"input","shape":[1,4],"datatype":"FP64","data":[5.9,3.0,5.1,1.8]}],'
            b'"outputs":[{"name":"predict"}]}'
        )
        self.requests = [
            request("/models/iris/predict", row, fields),
            request("/v2/models/iris/infer", tensors, fields),
        ]
        self.port = port
        self.receipts = {}

    def answer(self, number, answer):
        if answer.status != 200:
            return f"expected 200, found {answer.status}: {answer.body[:200]!r}"
        receipt = RECEIPT.search(b"\r\n" + answer.head)
        if receipt is None:
            return "expected a receipt, found none"
        version = 0
        if number == 0:
            if answer.body != PREDICT:
                return f"expected {PREDICT!r}, found {answer.body[:200]!r}"
        else:
            found = VERSION.search(answer.body)
            if found is None or not INFER.search(answer.body):
                return f"expected the label 2 and a version, found {answer.body[:300]!r}"
            version = int(found[1])
            if self.seen is not None:
                self.seen[version] = time.time()
        places, versions = self.receipts.setdefault(receipt[1].decode(), (array("Q"), array("L")))
        places.append(int(receipt[2]))
        versions.append(version)
        return None

    def run(self, until):
        """Asks until it is told to stop, in a process of its own."""
        load = Load(self.port, self.requests, CONNECTIONS, self.answer, repeats=self.repeats)
        begun = time.monotonic()
        while not until.is_set():
            for _ in range(100 if self.rate is None else 1):
                load.turn()
            self.counter.value = load.answered
            if self.rate is not None:
                time.sleep(min(1, max(0, load.answered / self.rate - (time.monotonic() - begun))))
        load.finish()
        self.counter.value = load.answered
        self.told.put((load.count, load.answered, load.failed, load.failures, self.receipts, load.repeated))


def leaf(text):
    return hashlib.sha256(b"\0" + text).digest()


def root(hashes):
    """The root of RFC 6962: an odd one at the end of a level goes up as it is."""
    while len(hashes) > 1:
        pairs = [hashlib.sha256(b"\1" + hashes[i] + hashes[i + 1]).digest() for i in range(0, len(hashes) - 1, 2)]
        hashes = pairs + hashes[len(pairs) * 2 :]
    return hashes[0]


def check_segments(folder, entries, receipts, answered, unanswered=0):
    """Holds every kept segment against the ledger's entry of it, and its records against the client's receipts.

    So many records at most may be of requests whose connection ended before the answer was there.
    """
    matched = records = 0
    names = set()
    for path in sorted(folder.glob("*.segment")):
        name = path.stem
        names.add(name)
        texts, hashes = [], []
        for line in path.read_bytes().splitlines():
            text = line[17:]
            digest = leaf(text)
            if line[:16].decode() != digest.hex()[:16]:
                raise Violation(f"expected line {len(texts)} of {name} as it was written, found another")
            texts.append(text)
            hashes.append(digest)
        told = [entry for entry in entries if entry["subject"] == name and entry["phase"] == "done"]
        if len(told) != 1:
            raise Violation(f"expected one entry for segment {name}, found {len(told)}")
        details = told[0]["details"]
        if details["root"].removeprefix("sha256:") != root(hashes).hex():
            raise Violation(f"expected the root {root(hashes).hex()} of {name} in the ledger, found {details['root']}")
        if details["lines"] != len(texts) or details["lost"] != 0:
            raise Violation(f"expected {len(texts)} lines and no gap in the entry of {name}, found {details}")
        places, versions = receipts.pop(name, (array("Q"), array("L")))
        by_place = dict(zip(places, versions))
        if len(by_place) != len(places):
            raise Violation(f"expected each receipt once, found {len(places) - len(by_place)} twice in {name}")
        for place, text in enumerate(texts[1:], 1):
            record = json.loads(text)
            if record["request"] not in ("predict", "infer"):
                continue
            records += 1
            if record["status"] != 200:
                raise Violation(f"expected records of 200 alone, found line {place} of {name}: {text[:300]!r}")
            if place not in by_place:
                unanswered -= 1
            if unanswered < 0:
                raise Violation(f"expected no record without an answer, found line {place} of {name}: {text[:300]!r}")
            version = by_place.pop(place, None)
            if version is None:
                continue
            if version and (record["request"] != "infer" or record["version"] != version):
                raise Violation(f"expected infer by version {version}, found line {place} of {name}: {text[:300]!r}")
            matched += 1
        if by_place:
            raise Violation(f"expected a record for each receipt, found none at {list(by_place)[:5]} of {name}")
    if receipts:
        raise Violation(f"expected every segment that receipts name, found none of {list(receipts)[:5]}")
    if matched != answered:
        raise Violation(f"expected {answered} records with an answer, found {matched} of {records}")
    return len(names), records
