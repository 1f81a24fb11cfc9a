"""Asks a data plane with the clients that people use, unmodified: tritonclient and KServe's.

usage: protocol.py ADDRESS FIXTURES

`iris`, `mixed` and `words` have to be served there, each with its key in the environment (IRIS_KEY, MIXED_KEY,
WORDS_KEY), from the fixtures of those names below. Every answer is held against what the library wrote down.
"""

import asyncio
import json
import os
import pathlib
import sys

import numpy
import tritonclient.http as triton
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig

import checks
from checks import bearer, check, texts

address, fixtures = sys.argv[1], pathlib.Path(sys.argv[2])
IRIS = fixtures / "iris-random-forest"
MIXED = fixtures / "frames-mixed-forest"
WORDS = fixtures / "text-tfidf-logistic"


def ask_triton():
    client = triton.InferenceServerClient(address)
    check("the server to live", client.is_server_live())
    check("the server to be ready", client.is_server_ready())
    check("'iris' to be ready", client.is_model_ready("iris"))
    check("version 1 to be ready", client.is_model_ready("iris", "1"))
    metadata = client.get_model_metadata("iris", headers=bearer("iris"))
    check("the model's name", metadata["name"] == "iris")
    check("extensions", "binary_tensor_data" in client.get_server_metadata()["extensions"])
    index = client.get_model_repository_index(headers=bearer("iris"))
    check("the index", [(entry["name"], entry["state"]) for entry in index] == [("iris", "READY")])

    rows = numpy.load(IRIS / "input.npy")
    expected = numpy.load(IRIS / "predict_proba.npy")
    labels = numpy.load(IRIS / "predict.npy")
    for datatype, kind in (("FP64", numpy.float64), ("FP32", numpy.float32)):
        for is_binary in (True, False):
            given = rows.astype(kind)
            tensor = triton.InferInput("input", list(given.shape), datatype)
            tensor.set_data_from_numpy(given, binary_data=is_binary)
            for answers_binary in (True, False):
                for coding in (None, "gzip", "deflate"):
                    outputs = [
                        triton.InferRequestedOutput(name, binary_data=answers_binary)
                        for name in ("predict", "predict_proba")
                    ]
                    result = client.infer(
                        "iris", [tensor], outputs=outputs, request_id="q7", headers=bearer("iris"),
                        request_compression_algorithm=coding)
                    check("the id", result.get_response()["id"] == "q7")
                    if kind is numpy.float64:
                        check("probabilities bit for bit", (result.as_numpy("predict_proba") == expected).all())
                        check("labels", (result.as_numpy("predict") == labels).all())
            result = client.infer("iris", [tensor], headers=bearer("iris"))
            check("every output", result.as_numpy("predict_proba").shape == expected.shape)
    statistics = client.get_inference_statistics("iris", headers=bearer("iris"))["model_stats"][0]
    check("requests counted", statistics["inference_stats"]["success"]["count"] >= 28)
    for model, key in (("iris", "x"), ("nothing", os.environ["IRIS_KEY"])):
        try:
            client.infer(model, [tensor], headers={"Authorization": f"Bearer {key}"})
            check("a refusal", False)
        except triton.InferenceServerException as refusal:
            check("a reason", "expected" in refusal.message())
    try:
        client.load_model("iris", headers=bearer("iris"))
        check("a refusal to load", False)
    except triton.InferenceServerException as refusal:
        check("a reason", "roll-out" in refusal.message())

    documents = json.loads((WORDS / "input.json").read_text())
    given = numpy.array([document.encode() for document in documents], dtype=object)
    for is_binary in (True, False):
        tensor = triton.InferInput("input", [len(given)], "BYTES")
        tensor.set_data_from_numpy(given, binary_data=is_binary)
        result = client.infer("words", [tensor], headers=bearer("words"))
        check("the texts' labels", texts(result.as_numpy("predict")) == texts(numpy.load(WORDS / "predict.npy")))

    frame = json.loads((MIXED / "input.json").read_text())
    metadata = client.get_model_metadata("mixed", headers=bearer("mixed"))
    names = json.loads((MIXED / "expected.json").read_text())["feature_names"]
    for is_binary in (True, False):
        tensors = []
        for port in metadata["inputs"]:
            column = [row[names.index(port["name"])] for row in frame]
            # A missing text has no form in binary: those rows are asked about in JSON alone.
            tensor = triton.InferInput(port["name"], [len(column), 1], port["datatype"])
            if port["datatype"] == "BYTES":
                values = numpy.array([("" if v is None else v).encode() for v in column], dtype=object)
            else:
                values = numpy.array([numpy.nan if v is None else v for v in column], dtype=numpy.float64)
            tensor.set_data_from_numpy(values.reshape(-1, 1), binary_data=is_binary)
            tensors.append(tensor)
        whole = [index for index, row in enumerate(frame) if None not in row]
        result = client.infer("mixed", tensors, headers=bearer("mixed"))
        answered, known = result.as_numpy("predict"), numpy.load(MIXED / "predict.npy")
        check("the frame's labels", [texts(answered)[i] for i in whole] == [texts(known)[i] for i in whole])


async def ask_kserve():
    client = InferenceRESTClient(RESTConfig(protocol="v2"))
    url = f"http://{address}"
    check("the server to live", await client.is_server_live(url))
    check("the server to be ready", await client.is_server_ready(url))
    check("'iris' to be ready", await client.is_model_ready(url, "iris"))
    rows = numpy.load(IRIS / "input.npy")
    expected = numpy.load(IRIS / "predict_proba.npy")
    for is_binary in (True, False):
        tensor = InferInput("input", list(rows.shape), "FP64")
        tensor.set_data_from_numpy(rows, binary_data=is_binary)
        answer = await client.infer(
            url, InferRequest(model_name="iris", infer_inputs=[tensor]), model_name="iris", headers=bearer("iris"))
        output = next(output for output in answer.outputs if output.name == "predict_proba")
        check("probabilities bit for bit", (output.as_numpy() == expected).all())


ask_triton()
asyncio.run(ask_kserve())
print(f"protocol.py: {checks.count} checks hold")
