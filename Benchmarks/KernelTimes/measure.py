"""Measures Gatehouse's plan beside its peers, in turn and in one run: measure.py PROGRAM DIRECTORY ROUNDS.

Every engine is given rows of doubles and gives probabilities. Each cell of the table is the median over the rounds
of the median within a round; in each round the engines take turns, so that what else the machine does meets all.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import joblib
import numpy as np
import onnxruntime
from threadpoolctl import threadpool_limits

try:
    import treelite
except ImportError:
    treelite = None

SPAN = 0.1
ROWS = (1, 512, 10_000)
MODELS = ("iris-forest-100", "forest-300-depth-12", "hist-boosting-300", "mlp-256-128", "iris-logistic")


class Gatehouse:
    """The program, which takes a command a line and answers in one."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().rstrip()
        if answer.startswith("error"):
            print("gatehouse:", answer, file=sys.stderr)
            return None
        return answer


def time_of(function):
    """Seconds of one call, the median of as many as fit the span."""
    times = []
    start = time.perf_counter()
    while len(times) < 3 or time.perf_counter() - start < SPAN:
        before = time.perf_counter()
        function()
        times.append(time.perf_counter() - before)
    return median(times)


def session(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as problem:
        print(f"{path}: {type(problem).__name__}", file=sys.stderr)
        return None


def engines(folder, model, threads):
    """Functions from rows to probabilities."""
    if hasattr(model, "n_jobs"):
        model.set_params(n_jobs=threads)
    yield "scikit-learn", model.predict_proba
    for kind, element in (("float", np.float32), ("double", np.float64)):
        path = folder / f"{kind}.onnx"
        loaded = session(path, threads) if path.exists() else None
        if loaded:
            yield (
                f"ONNX Runtime, {kind}s",
                lambda x, s=loaded, e=element: s.run(["probabilities"], {"x": x.astype(e, copy=False)})[0],
            )
    if treelite and not hasattr(model, "steps"):
        try:
            imported = treelite.sklearn.import_model(model)
            yield "treelite", lambda x: treelite.gtil.predict(imported, x, nthread=threads)
        except Exception as problem:
            print(f"{folder.name}: treelite: {type(problem).__name__}", file=sys.stderr)


def worst_error(found, expected):
    found = np.asarray(found, dtype=np.float64).reshape(len(expected), -1)
    if found.shape[1] == 1:
        found = np.hstack([1 - found, found])
    return np.abs(found - expected).max()


def measure(gatehouse, folder, rounds):
    name = folder.name
    load = gatehouse.ask("load", name, folder)
    model = joblib.load(folder / "model.joblib")
    rows = np.load(folder / "input.npy")
    if hasattr(model, "n_jobs"):
        model.set_params(n_jobs=None)
    expected = model.predict_proba(rows)
    print(f"\n### {name}\n")
    if load is not None:
        with tempfile.NamedTemporaryFile() as file:
            gatehouse.ask("write", name, len(rows), file.name)
            error = worst_error(np.fromfile(file.name).reshape(len(rows), -1), expected)
            print(f"Read, lifted and laid out in {float(load):.0f} ms; worst error {error:.1e}.\n")
    print("| rows | threads | engine | µs a request | rows a second | Gatehouse is × as fast | worst error |")
    print("|---:|---:|---|---:|---:|---:|---:|")
    for threads in (1, 2):
        with threadpool_limits(threads):
            functions = dict(engines(folder, model, threads))
            errors = {key: worst_error(function(rows), expected) for key, function in functions.items()}
            for count in ROWS[threads - 1 :]:
                times = {key: [] for key in [*functions, "Gatehouse"]}
                for number in range(rounds):
                    some = rows[number * count : (number + 1) * count] if count < 1000 else rows
                    for key, function in functions.items():
                        times[key].append(time_of(lambda: function(some)))
                    if load is not None:
                        answer = gatehouse.ask("time", name, count, threads, int(SPAN * 1000))
                        times["Gatehouse"].append(float(answer) / 1e9)
                ours = median(times["Gatehouse"]) if load is not None else None
                for key, values in times.items():
                    if not values:
                        continue
                    one = median(values)
                    ratio = f"{one / ours:.1f}" if ours and key != "Gatehouse" else ""
                    error = f"{errors[key]:.1e}" if key in errors else ""
                    print(
                        f"| {count} | {threads} | {key} | {one * 1e6:,.1f} | {count / one:,.0f} | {ratio} | {error} |",
                        flush=True,
                    )


def main():
    gatehouse = Gatehouse(sys.argv[1])
    for name in MODELS:
        measure(gatehouse, Path(sys.argv[2]).resolve() / name, int(sys.argv[3]))


main()
