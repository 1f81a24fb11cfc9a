"""Trains the models that Benchmarks/kernels measures, and keeps them with rows to ask about: train.py DIRECTORY."""

import sys
from pathlib import Path

import joblib
import numpy as np
import onnx.helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
from sklearn.datasets import load_digits, load_iris, make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ROWS = 10_000


def models():
    iris = load_iris(return_X_y=True)
    digits = load_digits(return_X_y=True)
    wide = make_classification(20_000, 100, n_informative=30, random_state=0)
    boosting = HistGradientBoostingClassifier(max_iter=300, early_stopping=False, random_state=0)
    network = MLPClassifier((256, 128), max_iter=60, random_state=0)
    yield "iris-forest-100", RandomForestClassifier(100, random_state=0), iris
    yield "forest-300-depth-12", RandomForestClassifier(300, max_depth=12, random_state=0, n_jobs=2), wide
    yield "hist-boosting-300", boosting, wide
    yield "mlp-256-128", make_pipeline(StandardScaler(), network), digits
    yield "iris-logistic", make_pipeline(StandardScaler(), LogisticRegression()), iris


def plain_attributes():
    """skl2onnx gives NumPy's integers and Booleans for HistGradientBoosting, which onnx does not take."""
    make_attribute = onnx.helper.make_attribute

    def with_plain_numbers(key, value, *arguments, **options):
        if isinstance(value, list):
            value = [item.item() if isinstance(item, np.generic) else item for item in value]
            value = [int(item) if isinstance(item, bool) else item for item in value]
        return make_attribute(key, value, *arguments, **options)

    onnx.helper.make_attribute = with_plain_numbers


def main():
    out = Path(sys.argv[1])
    plain_attributes()
    random = np.random.default_rng(0)
    for name, model, (x, y) in models():
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        model.fit(x, y)
        # Rows like those of the training, none twice; single precision holds them all.
        rows = x[random.integers(0, len(x), ROWS)] * random.uniform(0.95, 1.05, (ROWS, x.shape[1]))
        rows = rows.astype(np.float32).astype(np.float64)
        joblib.dump(model, folder / "model.joblib")
        np.save(folder / "input.npy", rows)
        for kind, element in (("float", FloatTensorType), ("double", DoubleTensorType)):
            try:
                inputs = [("x", element([None, x.shape[1]]))]
                converted = to_onnx(model, initial_types=inputs, options={"zipmap": False})
                (folder / f"{kind}.onnx").write_bytes(converted.SerializeToString())
            except Exception as problem:  # What is not there is left out of the table.
                print(f"{name}: no ONNX model in {kind}s: {type(problem).__name__}", file=sys.stderr)


main()
