"""Makes the models and the bodies that Benchmarks/serving sends: prepare.py IRIS DIRECTORY.

IRIS is the fixture of the forest of 100 trees; the forest of 300 trees of depth 12 is trained on 100 columns.
"""

import json
import shutil
import sys
from pathlib import Path

import joblib
import numpy as np
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from tritonclient.grpc import service_pb2

ROW = [5.9, 3.0, 5.1, 1.8]


def export(model, columns, folder):
    converted = to_onnx(
        model,
        initial_types=[("x", FloatTensorType([None, columns]))],
        options={"zipmap": False, "output_class_labels": False},
    )
    for output, name in zip(converted.graph.output, ("label", "probabilities")):
        if output.name != name:
            sys.exit(f"prepare.py: expected an output '{name}', found '{output.name}'")
    (folder / "model.onnx").write_bytes(converted.SerializeToString())


def recorded(name, rows, outputs):
    """A call of ModelInfer as it goes over the wire: a message of gRPC, uncompressed."""
    request = service_pb2.ModelInferRequest(model_name=name)
    tensor = request.inputs.add(name="input", datatype="FP64", shape=rows.shape)
    tensor.ClearField("contents")
    request.raw_input_contents.append(rows.astype("<f8").tobytes())
    for output in outputs:
        request.outputs.add(name=output)
    message = request.SerializeToString()
    return b"\0" + len(message).to_bytes(4, "big") + message


def in_binary(rows, datatype, outputs):
    """A request with its rows in binary: the JSON's length, and the body."""
    data = rows.astype({"FP32": "<f4", "FP64": "<f8"}[datatype]).tobytes()
    header = {
        "inputs": [
            {
                "name": "input",
                "shape": list(rows.shape),
                "datatype": datatype,
                "parameters": {"binary_data_size": len(data)},
            }
        ],
        "outputs": [{"name": name, "parameters": {"binary_data": True}} for name in outputs],
    }
    text = json.dumps(header, separators=(",", ":")).encode()
    return len(text), text + data


def in_json(rows, outputs):
    return json.dumps(
        {
            "inputs": [{"name": "input", "shape": list(rows.shape), "datatype": "FP64", "data": rows.ravel().tolist()}],
            "outputs": [{"name": name} for name in outputs],
        }
    ).encode()


def main():
    iris, out = Path(sys.argv[1]), Path(sys.argv[2])
    for name in ("iris", "forest"):
        (out / name).mkdir(parents=True, exist_ok=True)
    shutil.copy(iris / "model.joblib", out / "iris/model.joblib")
    forest = joblib.load(iris / "model.joblib")
    export(forest, 4, out / "iris")
    x, y = make_classification(20_000, 100, n_informative=30, random_state=0)
    wide = RandomForestClassifier(300, max_depth=12, random_state=0, n_jobs=2).fit(x, y)
    wide.set_params(n_jobs=1)
    joblib.dump(wide, out / "forest/model.joblib")
    export(wide, 100, out / "forest")

    row = np.array([ROW])
    (out / "iris/predict").write_bytes(json.dumps({"data": ROW}).encode())
    (out / "iris/infer.json").write_bytes(in_json(row, ["predict"]))
    (out / "iris/grpc").write_bytes(recorded("iris", row, ["predict"]))
    # Rows that single precision holds, so that every server is asked the same.
    rows = x[:256].astype(np.float32).astype(np.float64)
    length, body = in_binary(rows, "FP32", ["predict_proba"])
    (out / "forest/infer.binary").write_bytes(body)
    (out / "forest/infer.binary.length").write_text(str(length))
    (out / "forest/infer.json").write_bytes(in_json(rows, ["predict_proba"]))
    (out / "forest/rows").write_bytes(rows.astype("<f4").tobytes())
    (out / "forest/grpc").write_bytes(recorded("forest", rows, ["predict_proba"]))
    np.save(out / "forest/expected.npy", wide.predict_proba(rows))


main()
