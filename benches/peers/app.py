"""What one would write in an afternoon: FastAPI, a model of scikit-learn, and SQLite, with each prediction stored once.

    MODEL=pipeline|onnx DATABASE=predictions.db uvicorn app:app

`pipeline` predicts with the pickled pipeline, from a data frame of one row. `onnx` has the same pipeline converted, and run by onnxruntime.
It has no history of tickets and families, explains nothing, watches nothing: it does less than lifeboat.
"""

import hashlib
import json
import os
import pathlib
import sqlite3

import joblib
import numpy as np
import onnxruntime
import pandas as pd
from fastapi import FastAPI, Response
from pydantic import BaseModel

HERE = pathlib.Path(os.environ["PEERS"])


class Passenger(BaseModel):
    PassengerId: int | None = None
    Pclass: int
    Name: str | None = None
    Sex: str
    Age: float | None = None
    SibSp: int = 0
    Parch: int = 0
    Ticket: str | None = None
    Fare: float | None = None
    Cabin: str | None = None
    Embarked: str | None = None


NUMBERS, TEXTS = ["Pclass", "Age", "SibSp", "Parch", "Fare"], ["Sex", "Embarked"]


def with_pipeline():
    pipeline = joblib.load(HERE / "pipeline.joblib")
    return lambda row: float(pipeline.predict_proba(pd.DataFrame([row], columns=NUMBERS + TEXTS))[0, 1])


def with_onnx():
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    run = onnxruntime.InferenceSession(HERE / "pipeline.onnx", options).run

    def probability(row):
        numbers = {name: np.array([[np.nan if row[name] is None else row[name]]], np.float32) for name in NUMBERS}
        texts = {name: np.array([[row[name] or ""]]) for name in TEXTS}
        return float(run(["probabilities"], numbers | texts)[0][0, 1])

    return probability


def connect():
    """Opens the database with lifeboat's durability: an answer is sent once the disk has the row."""
    database = sqlite3.connect(os.environ["DATABASE"], isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode = wal")
    database.execute("PRAGMA synchronous = full")
    database.execute("CREATE TABLE predictions (id TEXT PRIMARY KEY, passenger TEXT, probability REAL) WITHOUT ROWID")
    return database


app = FastAPI()
probability = {"pipeline": with_pipeline, "onnx": with_onnx}[os.environ["MODEL"]]()
database = connect()


@app.get("/health")
def health():
    return {"status": "alive"}


@app.post("/predict")
async def predict(passenger: Passenger):
    row = passenger.model_dump()
    said = probability(row)
    text = json.dumps(row)
    name = hashlib.sha256(text.encode()).hexdigest()
    database.execute("INSERT INTO predictions VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (name, text, said))
    body = json.dumps({"id": name, "prediction": {"Survived": int(said >= 0.5)}, "probability": said})
    return Response(body, 201, media_type="application/json")
