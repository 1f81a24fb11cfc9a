"""Asks a data plane over gRPC with the clients that people use, unmodified: tritonclient, KServe's and grpcio alone.

usage: grpc_protocol.py (triton|kserve) ADDRESS FIXTURES

The clients of Triton and of KServe bring the same schema under the same names: each needs a process of its own.
`iris`, `mixed` and `words` have to be served there, each with its key in the environment (IRIS_KEY, MIXED_KEY,
WORDS_KEY), from the fixtures of those names below. Every answer is held against what the library wrote down.
"""

import asyncio
import json
import pathlib
import queue
import sys

import grpc
import numpy

import checks
from checks import bearer, check, texts

client, address, fixtures = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
if client == "triton":
    import tritonclient.grpc as triton
    from tritonclient.grpc import service_pb2
else:
    from kserve import InferenceGRPCClient, InferInput, InferRequest
IRIS = fixtures / "iris-random-forest"
MIXED = fixtures / "frames-mixed-forest"
WORDS = fixtures / "text-tfidf-logistic"


def refusal(call):
    """The error that a call ends with."""
    try:
        call()
    except (triton.InferenceServerException, grpc.RpcError) as error:
        return error
    sys.exit("grpc_protocol.py: expected a refusal, found an answer")


def ask_triton():
    client = triton.InferenceServerClient(address)
    check("the server to live", client.is_server_live())
    check("the server to be ready", client.is_server_ready())
    check("'iris' to be ready", client.is_model_ready("iris"))
    check("version 1 to be ready", client.is_model_ready("iris", "1"))
    check("extensions", "binary_tensor_data" in client.get_server_metadata().extensions)
    metadata = client.get_model_metadata("iris", headers=bearer("iris"))
    check("the model's name", metadata.name == "iris")
    check("the input's shape", list(metadata.inputs[0].shape) == [-1, 4])
    index = client.get_model_repository_index(headers=bearer("iris"))
    check("the index", [(model.name, model.state) for model in index.models] == [("iris", "READY")])

    rows = numpy.load(IRIS / "input.npy")
    expected = numpy.load(IRIS / "predict_proba.npy")
    labels = numpy.load(IRIS / "predict.npy")
    tensor = triton.InferInput("input", list(rows.shape), "FP64")
    tensor.set_data_from_numpy(rows)
    for coding in (None, "gzip", "deflate"):
        for outputs in (None, [triton.InferRequestedOutput(name) for name in ("predict_proba", "predict")]):
            result = client.infer(
                "iris", [tensor], outputs=outputs, request_id="q7", headers=bearer("iris"),
                compression_algorithm=coding, client_timeout=30)
            check("the id", result.get_response().id == "q7")
            check("probabilities bit for bit", (result.as_numpy("predict_proba") == expected).all())
            check("labels", (result.as_numpy("predict") == labels).all())
    single = triton.InferInput("input", list(rows.shape), "FP32")
    single.set_data_from_numpy(rows.astype(numpy.float32))
    check("rows", client.infer("iris", [single], headers=bearer("iris")).as_numpy("predict").shape == labels.shape)

    answers = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)), headers=bearer("iris"))
    wrong = triton.InferInput("input", [1, 3], "FP64")
    wrong.set_data_from_numpy(numpy.zeros((1, 3)))
    for number in range(100):
        client.async_stream_infer("iris", [wrong if number == 50 else tensor], request_id=str(number))
    for number in range(100):
        result, error = answers.get(timeout=30)
        if number == 50:
            check("a refusal in its place", "features" in error.message())
        else:
            check("the answers in order", result.get_response().id == str(number))
            check("probabilities bit for bit", (result.as_numpy("predict_proba") == expected).all())
    client.stop_stream()

    statistics = client.get_inference_statistics("iris", headers=bearer("iris")).model_stats[0]
    check("requests counted", statistics.inference_stats.success.count >= 106)
    error = refusal(lambda: client.infer("iris", [tensor], headers={"authorization": "Bearer x"}))
    check("a caller without a key to be told so", error.status() == "StatusCode.UNAUTHENTICATED")
    error = refusal(lambda: client.infer("nothing", [tensor], headers=bearer("iris")))
    check("a model that is not there to be told so", error.status() == "StatusCode.NOT_FOUND")
    error = refusal(lambda: client.load_model("iris", headers=bearer("iris")))
    check("models not to be loaded by callers", error.status() == "StatusCode.UNIMPLEMENTED")

    documents = json.loads((WORDS / "input.json").read_text())
    given = numpy.array([document.encode() for document in documents], dtype=object)
    tensor = triton.InferInput("input", [len(given)], "BYTES")
    tensor.set_data_from_numpy(given)
    result = client.infer("words", [tensor], headers=bearer("words"))
    check("the texts' labels", texts(result.as_numpy("predict")) == texts(numpy.load(WORDS / "predict.npy")))

    frame = json.loads((MIXED / "input.json").read_text())
    names = json.loads((MIXED / "expected.json").read_text())["feature_names"]
    tensors = []
    for port in client.get_model_metadata("mixed", headers=bearer("mixed")).inputs:
        column = [row[names.index(port.name)] for row in frame]
        tensor = triton.InferInput(port.name, [len(column), 1], port.datatype)
        if port.datatype == "BYTES":
            values = numpy.array([("" if v is None else v).encode() for v in column], dtype=object)
        else:
            values = numpy.array([numpy.nan if v is None else v for v in column], dtype=numpy.float64)
        tensor.set_data_from_numpy(values.reshape(-1, 1))
        tensors.append(tensor)
    whole = [index for index, row in enumerate(frame) if None not in row]
    answered = client.infer("mixed", tensors, headers=bearer("mixed")).as_numpy("predict")
    known = numpy.load(MIXED / "predict.npy")
    check("the frame's labels", [texts(answered)[i] for i in whole] == [texts(known)[i] for i in whole])
    client.close()


async def ask_kserve():
    async with InferenceGRPCClient(address) as client:
        check("the server to live", await client.is_server_live())
        check("the server to be ready", await client.is_server_ready())
        check("'iris' to be ready", await client.is_model_ready("iris"))
        rows = numpy.load(IRIS / "input.npy")
        expected = numpy.load(IRIS / "predict_proba.npy")
        for is_binary in (True, False):
            tensor = InferInput("input", list(rows.shape), "FP64")
            tensor.set_data_from_numpy(rows, binary_data=is_binary)
            answer = await client.infer(
                InferRequest(model_name="iris", infer_inputs=[tensor]), headers=tuple(bearer("iris").items()))
            output = next(output for output in answer.outputs if output.name == "predict_proba")
            check("probabilities bit for bit", (output.as_numpy() == expected).all())


def ask_plainly():
    """What the others do not show: trailing metadata, deadlines, bounds."""
    with grpc.insecure_channel(address) as channel:
        call = channel.unary_unary(
            "/inference.GRPCInferenceService/ModelInfer",
            request_serializer=service_pb2.ModelInferRequest.SerializeToString,
            response_deserializer=service_pb2.ModelInferResponse.FromString)
        request = service_pb2.ModelInferRequest(model_name="iris")
        tensor = request.inputs.add(name="input", datatype="FP32", shape=[1, 4])
        tensor.contents.fp32_contents[:] = [5.9, 3.0, 5.1, 1.8]
        response, ended = call.with_call(request, metadata=tuple(bearer("iris").items()), timeout=30)
        check("a typed answer", response.outputs[0].contents.int64_contents == [2])
        check("a receipt", any(name == "gatehouse-receipt" for name, _ in ended.trailing_metadata()))
        error = refusal(lambda: call(request))
        check("a stable code", ("gatehouse-code", "key.missing") in error.trailing_metadata())
        tensor.contents.fp32_contents[:] = [0] * 5_000_000
        error = refusal(lambda: call(request, metadata=tuple(bearer("iris").items())))
        check("a message of 20 MB to be too large", error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED)


if client == "triton":
    ask_triton()
    ask_plainly()
else:
    asyncio.run(ask_kserve())
print(f"grpc_protocol.py: {checks.count} checks hold with {client}")
