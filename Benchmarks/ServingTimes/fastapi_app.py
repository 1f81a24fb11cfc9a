"""The best that is done by hand: FastAPI before ONNX Runtime. MODEL names the file of the model."""

import os

import numpy as np
import onnxruntime
from fastapi import FastAPI, Request, Response

options = onnxruntime.SessionOptions()
# One thread: there is a worker for each processor.
options.intra_op_num_threads = 1
options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])
columns = session.get_inputs()[0].shape[1]
app = FastAPI()


@app.post("/predict")
async def predict(request: Request):
    row = (await request.json())["data"]
    labels = session.run(["label"], {"x": np.array([row], dtype=np.float32)})[0]
    return {"result": int(labels[0])}


@app.post("/probabilities")
async def probabilities(request: Request):
    """Rows in binary, single precision; probabilities the same way."""
    rows = np.frombuffer(await request.body(), dtype="<f4").reshape(-1, columns)
    answer = session.run(["probabilities"], {"x": rows})[0]
    return Response(answer.astype("<f4", copy=False).tobytes(), media_type="application/octet-stream")
