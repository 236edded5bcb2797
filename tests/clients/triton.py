"""Triton's own client infers 418 passengers in one call, and gets what /predict says of them: `triton.py HOST:PORT`."""

import csv
import json
import sys
import urllib.request
from pathlib import Path

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

MODEL = "titanic"
TRAIN = Path(__file__).parents[2] / "model/titanic/train.csv"
INTEGERS = ["PassengerId", "Pclass", "SibSp", "Parch"]
FLOATS = ["Age", "Fare"]
TEXTS = ["Name", "Sex", "Ticket", "Cabin", "Embarked"]


def main(address):
    with TRAIN.open(newline="") as file:
        rows = list(csv.DictReader(file))[:418]
    client = triton.InferenceServerClient(address)
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready(MODEL)
    assert client.get_server_metadata()["extensions"] == ["binary_tensor_data"]
    metadata = client.get_model_metadata(MODEL)
    assert [tensor["name"] for tensor in metadata["inputs"]] == list(rows[0])[:1] + list(rows[0])[2:]
    expected = predict(address, rows)
    for binary in (True, False):
        for compression in (None, "gzip"):
            check(client, rows, expected, binary, compression)
    by_columns(client, rows, expected)
    refuses(client, rows)
    print(f"ok: {len(rows)} passengers inferred as /predict says, as JSON and binary, plain and compressed")


def check(client, rows, expected, binary, compression):
    outputs = [triton.InferRequestedOutput(name, binary_data=binary) for name in ("id", "probability", "Survived")]
    result = client.infer(
        MODEL,
        inputs(rows, binary),
        request_id="418",
        outputs=outputs,
        request_compression_algorithm=compression,
        response_compression_algorithm=compression,
    )
    response = result.get_response()
    assert response["id"] == "418" and response["model_version"] == expected[0]["model_version"], response
    compare(result, expected)


def by_columns(client, rows, expected):
    """Whoever names no outputs gets all; a column of [n, 1] is one of [n]."""
    columns = inputs(rows, binary=True, shape=[len(rows), 1])
    compare(client.infer(MODEL, columns), expected)


def compare(result, expected):
    probabilities = np.array([prediction["probability"] for prediction in expected])
    assert np.abs(result.as_numpy("probability") - probabilities).max() < 1e-6
    assert (result.as_numpy("Survived") == [prediction["prediction"]["Survived"] for prediction in expected]).all()
    ids = [text.decode() if isinstance(text, bytes) else text for text in result.as_numpy("id")]
    assert ids == [prediction["id"] for prediction in expected]


def refuses(client, rows):
    columns = inputs(rows[:2], binary=True)
    columns[1].set_data_from_numpy(np.array([3, 4], dtype=np.int64))
    try:
        client.infer(MODEL, columns)
    except InferenceServerException as refusal:
        assert "/inputs/1/data/1 must be 1, 2 or 3, found 4" in refusal.message(), refusal
    else:
        raise AssertionError("a passenger of the fourth class was taken in")


def inputs(rows, binary, shape=None):
    """Makes a tensor of each column; an empty cell is a number that is no number, or an empty text."""
    columns = [tensor(name, "INT64", [int(row[name]) for row in rows], np.int64) for name in INTEGERS]
    columns += [tensor(name, "FP64", [float(row[name] or "nan") for row in rows], np.float64) for name in FLOATS]
    columns += [tensor(name, "BYTES", [row[name] for row in rows], np.object_) for name in TEXTS]
    made = []
    for name, datatype, values in columns:
        values = values.reshape(shape or [len(rows)])
        made.append(triton.InferInput(name, values.shape, datatype))
        if name == "Age" and not binary:
            # JSON has no word for what is no number: the validity of a column says it.
            valid = ~np.isnan(values)
            made.append(triton.InferInput("Age.valid", values.shape, "BOOL"))
            made[-1].set_data_from_numpy(valid, binary_data=False)
            values = np.where(valid, values, 0)
            made[-2].set_data_from_numpy(values, binary_data=False)
        else:
            made[-1].set_data_from_numpy(values, binary_data=binary)
    return made


def tensor(name, datatype, values, dtype):
    return name, datatype, np.array(values, dtype=dtype)


def predict(address, rows):
    """Asks /predict, which takes the rows as they stand in the file."""
    passengers = [{name: value(name, cell) for name, cell in row.items()} for row in rows]
    body = json.dumps(passengers).encode()
    request = urllib.request.Request(f"http://{address}/predict", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def value(name, cell):
    if cell == "":
        return None
    return float(cell) if name in FLOATS else int(cell) if name in INTEGERS else cell


if __name__ == "__main__":
    main(sys.argv[1])
