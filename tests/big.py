"""Makes packages that are large (300 fields, 10,000 categories, a forest of 50 MB) and serves each: how long it takes, and how much memory.

    .tools/train/bin/python -B tests/big.py [target/release/lifeboat]
    .tools/train/bin/python -B tests/big.py --make forest_50 DIR [--program target/release/lifeboat]    # one of them alone

Prints a line for each, and fails where a package is not served, answers otherwise than onnxruntime, or takes more than it may.
"""

import argparse
import contextlib
import csv
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

ROOT = pathlib.Path(__file__).resolve().parents[1]
SEED = 16
# So many records of 300 fields are within what a request may have.
ROWS = 150
MEGABYTE = 1e6
# How far a probability may be from onnxruntime's.
TOLERANCE = 1e-6
# What Lambda hands on, in bytes.
MOST_ANSWER = 6 << 20


class Table:
    """A table of numbers from 0 to 1 and of texts, and the graph that reads it."""

    def __init__(self, numbers, texts, nodes, inputs, labels=(0, 1)):
        self.numbers, self.texts, self.labels = numbers, texts, labels
        outputs = [
            helper.make_tensor_value_info("label", TensorProto.INT64, [None]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, len(labels)]),
        ]
        graph = helper.make_graph(nodes, "model", inputs, outputs)
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
        self.graph = helper.make_model(graph, producer_name="tests/big.py", opset_imports=opsets, ir_version=8)

    def schema(self, example):
        numbers = [{"name": name, "type": "number", "constraints": {"minimum": 0, "maximum": 1}} for name in self.numbers]
        texts = [
            {"name": name, "type": "string", "categories": values, "constraints": {"required": True}} for name, values in self.texts.items()
        ]
        label = {"name": "label", "type": "integer", "categories": list(self.labels)}
        return {"fields": [*numbers, *texts, label], "lifeboat": {"label": "label", "examples": [{"title": "A record", "record": example}]}}

    def rows(self, chance):
        """Returns rows of training, every fifth number of which is missing where the graph takes that."""
        rows = []
        for _ in range(ROWS):
            row = {name: None if chance.random() < 0.2 else round(chance.random(), 4) for name in self.numbers}
            row |= {name: chance.choice(values) for name, values in self.texts.items()}
            rows.append(row | {"label": chance.choice(self.labels)})
        return rows


def ensemble(chance, source, features, trees, leaves, is_forest):
    """Returns a node of so many trees: boosted ones, whose leaves have one weight, or a forest, whose leaves have one a class."""
    node = helper.make_node("TreeEnsembleClassifier", [source], ["label", "probabilities"], domain="ai.onnx.ml")
    names = ("nodes_treeids nodes_nodeids nodes_featureids nodes_values nodes_hitrates nodes_modes nodes_truenodeids nodes_falsenodeids "
             "nodes_missing_value_tracks_true class_treeids class_nodeids class_ids class_weights")
    lists = {name: [] for name in names.split()}
    for tree in range(trees):
        grow(chance, lists, tree, features, leaves, (lambda: forest_leaf(chance, trees)) if is_forest else (lambda: [chance.gauss(0, 0.1)]))
    for name, values in lists.items():
        if name == "nodes_modes":
            attribute = helper.make_attribute(name, values[:1])
            attribute.strings.extend(value.encode() for value in values[1:])
        else:
            # The first tells the type; to look at each of millions would take a minute.
            attribute = helper.make_attribute(name, values[:1])
            (attribute.floats if isinstance(values[0], float) else attribute.ints).extend(values[1:])
        node.attribute.append(attribute)
    node.attribute.append(helper.make_attribute("classlabels_int64s", [0, 1]))
    node.attribute.append(helper.make_attribute("post_transform", "NONE" if is_forest else "LOGISTIC"))
    return node


def forest_leaf(chance, trees):
    share = chance.random()
    return [(1 - share) / trees, share / trees]


def grow(chance, lists, tree, features, leaves, weights):
    """Adds a tree, a leaf of which is split at a time as boosting does, whichever it is."""
    children, open_leaves = {}, [0]
    for count in range(leaves - 1):
        place = chance.randrange(len(open_leaves))
        children[open_leaves[place]] = 2 * count + 1
        open_leaves[place] = 2 * count + 1
        open_leaves.append(2 * count + 2)
    for node in range(2 * leaves - 1):
        child = children.get(node)
        is_split = child is not None
        lists["nodes_treeids"].append(tree)
        lists["nodes_nodeids"].append(node)
        lists["nodes_featureids"].append(chance.randrange(features) if is_split else 0)
        lists["nodes_values"].append(chance.random() if is_split else 0.0)
        lists["nodes_hitrates"].append(1.0)
        lists["nodes_modes"].append("BRANCH_LEQ" if is_split else "LEAF")
        lists["nodes_truenodeids"].append(child if is_split else 0)
        lists["nodes_falsenodeids"].append(child + 1 if is_split else 0)
        lists["nodes_missing_value_tracks_true"].append(chance.randrange(2) if is_split else 0)
        if not is_split:
            for class_id, weight in enumerate(weights()):
                lists["class_treeids"].append(tree)
                lists["class_nodeids"].append(node)
                lists["class_ids"].append(class_id)
                lists["class_weights"].append(weight)


def trees_alone(chance, trees, leaves, is_forest):
    """Returns a table of 20 numbers, which a graph reads as one matrix."""
    numbers = [f"x{place}" for place in range(20)]
    node = ensemble(chance, "X", len(numbers), trees, leaves, is_forest)
    return Table(numbers, {}, [node], [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, len(numbers)])])


def wide(chance):
    """Returns a table of 300 fields, ten of which have 10,000 categories, each of them an input as skl2onnx writes it."""
    numbers = [f"number_{place}" for place in range(280)]
    texts = {f"text_{place}": [f"value {place} {value}" for value in range(10_000)] for place in range(10)}
    texts |= {f"word_{place}": [f"word {value}" for value in range(50)] for place in range(10)}
    kind = lambda name: TensorProto.STRING if name in texts else TensorProto.FLOAT
    inputs = [helper.make_tensor_value_info(name, kind(name), [None, 1]) for name in [*numbers, *texts]]
    nodes, columns = [], list(numbers)
    for name, values in texts.items():
        if name == "text_0":
            nodes.append(helper.make_node("OneHotEncoder", [name], ["flags"], domain="ai.onnx.ml", cats_strings=values, zeros=1))
            nodes.append(helper.make_node("Reshape", ["flags", "rows"], [f"{name}_number"]))
        else:
            given = {"keys_strings": values, "values_floats": [float(place) for place in range(len(values))], "default_float": -1.0}
            nodes.append(helper.make_node("LabelEncoder", [name], [f"{name}_number"], domain="ai.onnx.ml", **given))
        columns.append(f"{name}_number")
    rows = helper.make_tensor("rows", TensorProto.INT64, [2], [-1, 10_000])
    nodes.append(helper.make_node("Constant", [], ["rows"], value=rows))
    nodes.append(helper.make_node("Concat", columns, ["all"], axis=1))
    nodes.append(ensemble(chance, "all", len(columns) - 1 + 10_000, 100, 31, False))
    # Constants stand before what reads them.
    nodes.sort(key=lambda node: node.op_type != "Constant")
    return Table(numbers, texts, nodes, inputs)


# What each takes at the most: seconds until it serves, and memory in MB. A build without optimisation is several times as slow.
KINDS = {
    "boosted": (lambda chance: trees_alone(chance, 100, 31, False), 5, 60),
    "forest_2": (lambda chance: trees_alone(chance, 100, 270, True), 5, 80),
    "forest_50": (lambda chance: trees_alone(chance, 500, 1_330, True), 30, 500),
    "wide": (wide, 20, 200),
}


def write(program, folder, table, rows):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "schema.json").write_text(json.dumps(table.schema(unlabelled(rows[0]))))
    (folder / "model.onnx").write_bytes(table.graph.SerializeToString())
    with open(folder / "train.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    subprocess.run([program, "pack", folder, "--data", folder / "train.csv"], check=True, stdout=subprocess.DEVNULL)


def unlabelled(row):
    return {name: value for name, value in row.items() if name != "label"}


def onnxruntimes(table, rows):
    """Returns the probability of the second class by onnxruntime."""
    session = onnxruntime.InferenceSession(table.graph.SerializeToString(), providers=["CPUExecutionProvider"])
    number = lambda row, name: np.nan if row[name] is None else row[name]
    if [one.name for one in session.get_inputs()] == ["X"]:
        feed = {"X": np.array([[number(row, name) for name in table.numbers] for row in rows], dtype=np.float32)}
    else:
        feed = {name: np.array([[number(row, name)] for row in rows], dtype=np.float32) for name in table.numbers}
        feed |= {name: np.array([[row[name]] for row in rows], dtype=object) for name in table.texts}
    return session.run(["probabilities"], feed)[0][:, 1]


@contextlib.contextmanager
def served(program, package, work):
    """Serves a package, and hands out where, how long the start took, and its process."""
    started, log = time.monotonic(), work / "server.log"
    with open(log, "w") as said:
        command = [program, "serve", package, "--port", "0", "--database-url", f"sqlite:{work}/{package.name}.db"]
        server = subprocess.Popen(command, env={"LOG_FORMAT": "json"}, stderr=said)
    try:
        while not (address := re.search('"address":"([^"]*)', log.read_text())):
            expect(server.poll() is None, f"it does not serve: {log.read_text()}")
            time.sleep(0.005)
        yield f"http://{address[1]}", time.monotonic() - started, server.pid
    finally:
        server.terminate()
        server.wait()


def ask(url, body=None):
    """Returns status, bytes and milliseconds of an answer."""
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"content-type": "application/json"} if data else {})
    started = time.monotonic()
    with urllib.request.urlopen(request, timeout=60) as answer:
        text = answer.read()
        return answer.status, text, 1e3 * (time.monotonic() - started)


def memory(pid):
    return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1e3


def check(program, kind, work):
    """Makes a package, serves it and asks it whatever a client asks."""
    make, seconds, megabytes = KINDS[kind]
    table = make(random.Random(SEED))
    rows = table.rows(random.Random(SEED))
    write(program, work / kind, table, rows)
    records = [unlabelled(row) for row in rows]
    expected = onnxruntimes(table, rows)
    size = (work / kind / "model.onnx").stat().st_size / MEGABYTE
    with served(program, work / kind, work) as (url, start, pid):
        at_start = memory(pid)
        status, answer, first = ask(f"{url}/predict", records[0])
        expect(status == 201, f"the answer to a record is {status}: {answer}")
        status, answer, many = ask(f"{url}/predict?store=false", records)
        found = [one["probability"] for one in json.loads(answer)]
        far = max(abs(float(one) - other) for one, other in zip(expected, found, strict=True))
        expect(far <= TOLERANCE, f"the farthest answer is {far} from onnxruntime's")
        told = {path: ask(url + path) for path in ("/openapi.json", "/", "/docs", "/model", "/v2/models/" + kind)}
        for path, (status, answer, _) in told.items():
            expect(status == 200 and len(answer) < MOST_ANSWER, f"the answer to GET {path} is {status}, of {len(answer)} bytes")
        example = contract_example(told["/openapi.json"][1])
        expect(ask(f"{url}/predict", example)[0] in (200, 201), "the contract's own example is not predicted")
        status, answer, explained = ask(f"{url}/predict?explain=true&store=false", records[0])
        expect(status == 200, f"the answer to who asks for an explanation is {status}: {answer}")
        peak = memory(pid)
    contract = told["/openapi.json"]
    print(
        f"ok: {kind}: a graph of {size:.1f} MB serves after {1e3 * start:.0f} ms with {at_start:.0f} MB; a record takes {first:.1f} ms, "
        f"{len(records)} {many:.0f} ms, an explanation {explained:.0f} ms; the contract has {len(contract[1]) / 1e3:.0f} kB in "
        f"{contract[2]:.0f} ms, the page {len(told['/'][1]) / 1e3:.0f} kB; {peak:.0f} MB at the peak"
    )
    expect(start <= seconds, f"{kind} serves after {start:.1f} s, and may take {seconds}")
    expect(peak <= megabytes, f"{kind} takes {peak:.0f} MB, and may take {megabytes}")


def contract_example(text):
    body = json.loads(text)["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    return next(iter(body["examples"].values()))["value"]


def expect(holds, said):
    if not holds:
        sys.exit(f"tests/big.py: {said}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server", nargs="?", type=pathlib.Path, metavar="PROGRAM")
    parser.add_argument("--kinds", nargs="+", choices=KINDS)
    parser.add_argument("--make", nargs=2, metavar=("KIND", "DIR"))
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "target/release/lifeboat")
    options = parser.parse_args()
    program = (options.server or options.program).resolve()
    if options.make:
        kind, folder = options.make
        table = KINDS[kind][0](random.Random(SEED))
        write(program, pathlib.Path(folder), table, table.rows(random.Random(SEED)))
        return
    with tempfile.TemporaryDirectory() as work:
        for kind in options.kinds or KINDS:
            check(program, kind, pathlib.Path(work))


if __name__ == "__main__":
    main()
