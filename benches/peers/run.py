"""Measures lifeboat beside what one would write in an afternoon, on one machine, in turn.

    cargo build --release && python3 benches/peers/run.py target/release/lifeboat [--seconds 4] [--rounds 3]

Needs wrk, and makes an environment for the peers in .tools/peers. Every server gets 64 clients on the loopback that post new passengers,
and an empty database on the same disk; each has one process. Figures are medians of the rounds. The load takes its share of the
processors, so compare figures with each other only.
"""

import argparse
import contextlib
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TOOLS = ROOT / ".tools/peers"
PYTHON = TOOLS / "bin/python"
TRAIN = """
import joblib, sys
import numpy as np, pandas as pd
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

numbers, texts = ["Pclass", "Age", "SibSp", "Parch", "Fare"], ["Sex", "Embarked"]
data = pd.read_csv(sys.argv[1])
data[texts] = data[texts].fillna("").astype(object)
columns = make_column_transformer(
    (make_pipeline(SimpleImputer(), StandardScaler()), numbers), (OneHotEncoder(handle_unknown="ignore"), texts))
pipeline = make_pipeline(columns, LogisticRegression()).fit(data[numbers + texts], data.Survived)
types = [(n, FloatTensorType([None, 1])) for n in numbers] + [(n, StringTensorType([None, 1])) for n in texts]
graph = to_onnx(pipeline, initial_types=types, options={"zipmap": False})
open(sys.argv[2] + "/pipeline.onnx", "wb").write(graph.SerializeToString())
joblib.dump(pipeline, sys.argv[2] + "/pipeline.joblib")
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    program = options.program.resolve()
    set_up()
    figures = {}
    with tempfile.TemporaryDirectory(dir=ROOT / "target") as folder:
        subprocess.run([PYTHON, "-c", TRAIN, ROOT / "model/titanic/train.csv", folder], check=True)
        for number in range(options.rounds):
            for name, command, environment in servers(program, folder, number):
                figures.setdefault(name, []).append(measured(command, environment, options.seconds))
    tell(figures)


def set_up():
    requirements = HERE / "requirements.txt"
    stamp = TOOLS / ".stamp"
    if not stamp.exists() or stamp.read_text() != requirements.read_text():
        subprocess.run([sys.executable, "-m", "venv", "--clear", TOOLS], check=True)
        subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements], check=True)
        stamp.write_text(requirements.read_text())


def servers(program, folder, number):
    """Returns each server by name, with its command, without the port, and its environment."""
    yield "lifeboat", [program, "serve", "--port"], {"DATABASE_URL": f"sqlite:{folder}/lifeboat-{number}.db", "LOG_LEVEL": "warn"}
    for model, name in (("onnx", "FastAPI, onnxruntime, sqlite3"), ("pipeline", "FastAPI, scikit-learn, sqlite3")):
        command = [PYTHON, "-m", "uvicorn", "--app-dir", HERE, "--no-access-log", "--log-level", "warning", "app:app", "--port"]
        yield name, command, {"MODEL": model, "DATABASE": f"{folder}/{model}-{number}.db", "PEERS": folder}


def measured(command, environment, seconds):
    """Returns milliseconds to the first answer, requests a second, median latency in ms, CPU in µs a request, and peak memory in MB."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = time.perf_counter()
    server = subprocess.Popen([*command, str(port)], env=os.environ | environment)
    try:
        url = f"http://127.0.0.1:{port}"
        while not is_alive(url):
            if server.poll() is not None:
                sys.exit(f"{command[0]} does not serve")
            time.sleep(0.002)
        start = 1e3 * (time.perf_counter() - started)
        before = processor_seconds(server.pid)
        said = subprocess.run(
            ["wrk", "-t1", "-c64", f"-d{seconds}", "--timeout", "20s", "--latency", "-s", ROOT / "benches/load.lua", url], capture_output=True, text=True, check=True
        ).stdout
        if "Non-2xx" in said or "Socket errors" in said:
            sys.exit(f"{command[0]}: {said}")
        used = processor_seconds(server.pid) - before
        memory = re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{server.pid}/status").read_text())
    finally:
        server.terminate()
        server.wait()
    requests = int(re.search(r"(\d+) requests in", said)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
    return start, rate, milliseconds(re.search(r"50%\s+([\d.]+)(us|ms|s)", said)), 1e6 * used / requests, int(memory[1]) / 1024


def is_alive(url):
    with contextlib.suppress(OSError):
        return urllib.request.urlopen(f"{url}/health").status == 200


def processor_seconds(process):
    user, system = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def milliseconds(found):
    return float(found[1]) * {"us": 1e-3, "ms": 1, "s": 1e3}[found[2]]


def tell(figures):
    print("| server | start, ms | requests/s | median, ms | CPU a request, µs | peak memory, MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, rounds in figures.items():
        start, rate, latency, cpu, memory = (statistics.median(column) for column in zip(*rounds))
        print(f"| {name} | {start:,.0f} | {rate:,.0f} | {latency:.1f} | {cpu:,.0f} | {memory:.0f} |")


if __name__ == "__main__":
    main()
