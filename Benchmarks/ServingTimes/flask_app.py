"""What the tutorials show: a model behind Flask. MODEL names the file that joblib wrote."""

import os

import joblib
import numpy as np
from flask import Flask, jsonify, request

app = Flask(__name__)
model = joblib.load(os.environ["MODEL"])


@app.post("/predict")
def predict():
    rows = np.atleast_2d(np.asarray(request.get_json()["data"], dtype=np.float64))
    return jsonify(result=model.predict(rows).tolist()[0])
