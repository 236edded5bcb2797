#!/usr/bin/env python3
"""Puts a package of another table into the functions of a release, and calls them as Lambda does, where no Rust is to be found.

    make dist tools && python3 -B tests/function.py [target/dist [infra/function.py]]

AWS's own emulator of the runtime runs what infra/function.py wrote, unpacked as Lambda unpacks it; the request is an example of the
function's own contract. Needs Python alone.
"""

import http.client
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
EMULATOR = ROOT / ".tools/rie"
PACKAGE = ROOT / "tests/packages/classes"
# Of what a machine has, nothing that compiles.
BARE = {"PATH": "/usr/bin:/bin"}
SCRIPT = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else ROOT / "infra/function.py").resolve()
PYTHON = shutil.which("python3", path=BARE["PATH"]) or sys.executable
SERVED = ["baseline.json", "manifest.json", "model.onnx", "schema.json"]


def main():
    dist = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/dist").resolve()
    zips = sorted(dist.glob("lifeboat-lambda-*.zip"))
    check(len(zips) == 3 and EMULATOR.exists(), f"{dist} has {len(zips)} functions: `make dist tools` makes three, and {EMULATOR}")
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        made, again = put_in(PACKAGE, zips, work / "made"), put_in(PACKAGE, zips[:1], work / "again")
        check((made / "api.zip").read_bytes() == (again / "api.zip").read_bytes(), "made again, it is not the same")
        check(not (again / "template.yaml").exists(), "there is a template for one function alone")
        layer(work)
        refusals(zips, work)
        predicts(unpack(made / "api.zip", work / "api"), work)
        reports(unpack(made / "monitor.zip", work / "monitor"), work)
        unpack(made / "batch.zip", work / "batch")
        names_what_is_there(made)
        keeps_to_its_package(work / "api", work)


def put_in(package, zips, output):
    command = [PYTHON, SCRIPT, package, *zips, "--output", output]
    done = subprocess.run(command, env=BARE, capture_output=True, text=True)
    check(done.returncode == 0, f"infra/function.py failed: {done.stderr}")
    return output


def layer(work):
    """Without a zip, the package becomes a layer, which has the same bytes each time."""
    made, again = (put_in(PACKAGE, [], work / name) / "layer.zip" for name in ("layer", "layer_again"))
    with zipfile.ZipFile(made) as opened:
        names = opened.namelist()
    check(names == [f"package/{name}" for name in SERVED], f"{made} holds {names}")
    check(made.read_bytes() == again.read_bytes(), "made again, the layer is not the same")
    print("ok: a layer has the package alone")


def refusals(zips, work):
    """What is no package, or one that was changed, does not become a function."""
    package = work / "package"
    shutil.copytree(PACKAGE, package)
    with open(package / "model.onnx", "ab") as graph:
        graph.write(b"\0")
    for folder, given, said in [
        (package, zips, "model.onnx changed since the package was packed"),
        (work / "made", zips, "is no package: manifest.json is missing"),
        (work / "nowhere", zips, "is no folder"),
        (PACKAGE, [PACKAGE / "model.onnx"], "is none of a release's functions"),
    ]:
        command = [PYTHON, SCRIPT, folder, *given, "--output", work / "refused"]
        done = subprocess.run(command, env=BARE, capture_output=True, text=True)
        check(done.returncode == 1 and said in done.stderr, f"expected {said!r}, found {done.returncode}: {done.stderr}")
    check(not (work / "refused").exists() or not any((work / "refused").iterdir()), "what was refused left files")
    print("ok: a folder that is no package, a changed one and a zip that is no function are refused")


def unpack(archive, folder):
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
        opened.extractall(folder)
    check(names == ["bootstrap", *(f"package/{name}" for name in SERVED)], f"{archive} holds {names}")
    (folder / "bootstrap").chmod(0o755)
    return folder


def names_what_is_there(made):
    """What the template has uploaded is found from where the template stands."""
    named = re.findall(r"^ +(?:Code|Definition)Uri: (.+)$", (made / "template.yaml").read_text(), re.M)
    check(len(named) == 5 and all((made / path).exists() for path in named), f"the template names {named}")
    print(f"ok: the template names {', '.join(named)}, which are there")


def predicts(folder, work):
    """An example of the function's own contract is predicted, stored, and found."""
    with Function(folder, work / "predictions.db") as function:
        contract = function.get("/openapi.json")
        examples = contract["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["examples"]
        record = next(iter(examples.values()))["value"]
        created = function.call("POST", "/predict", record)
        check(created["statusCode"] == 201, f"the answer to {record}: {created}")
        prediction = json.loads(created["body"])
        check(prediction["prediction"]["species"] in ("setosa", "versicolor", "virginica"), f"the prediction {prediction}")
        again = function.call("POST", "/predict", record)
        check((again["statusCode"], again["body"]) == (200, created["body"]), f"the answer to the same record: {again}")
        manifest = json.loads((PACKAGE / "manifest.json").read_text())
        check(function.get("/model") == manifest, "GET /model is not the manifest of the package")
    print(f"ok: without a Rust toolchain, the function serves {manifest['name']} {prediction['model_version']}: {prediction['prediction']}")


def reports(folder, work):
    """The function that a schedule calls reads the package's baseline."""
    with Function(folder, work / "predictions.db") as function:
        report = function.invoke(json.loads((ROOT / "events/monitor_schedule.json").read_text()))
    check(report.get("verdict") == "insufficient_data", f"the report {report}")
    print(f"ok: the monitor reports on the same package: {report}")


def keeps_to_its_package(folder, work):
    """A function whose package is broken does not serve the one that is built in."""
    (folder / "package/manifest.json").unlink()
    with Function(folder, work / "other.db") as function:
        answer = function.post(request("GET", "/model"))
        log = function.log.read_text()
    check(not answer and "manifest.json is missing" in log, f"the answer of a function without its manifest: {answer}: {log}")
    print("ok: a function whose package is broken does not start, and says why")


class Function:
    """A function under the emulator: its process starts with its first event, as on Lambda."""

    def __init__(self, folder, database):
        self.log = database.with_suffix(".log")
        self.port, runtime = free_port(), free_port()
        self.command = [EMULATOR, "--runtime-interface-emulator-address", f"127.0.0.1:{self.port}"]
        self.command += ["--runtime-api-address", f"127.0.0.1:{runtime}", folder / "bootstrap"]
        self.environment = BARE | {"DATABASE_URL": f"sqlite:{database}"}

    def __enter__(self):
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(self.command, env=self.environment, stdout=log, stderr=log)
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return self
            except OSError:
                time.sleep(0.05)
        sys.exit(f"tests/function.py: the emulator does not listen: {self.log.read_text()}")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)

    def post(self, event):
        """Hands over an event, and returns what the emulator answers: nothing where the function does not start."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("POST", "/2015-03-31/functions/function/invocations", json.dumps(event))
        answer = connection.getresponse().read()
        connection.close()
        return answer

    def invoke(self, event):
        answer = self.post(event)
        check(answer, f"the emulator has no answer: {self.log.read_text()}")
        return json.loads(answer)

    def call(self, method, path, body=None):
        return self.invoke(request(method, path, body))

    def get(self, path):
        answer = self.call("GET", path)
        check(answer["statusCode"] == 200, f"the answer to GET {path}: {answer}")
        return json.loads(answer["body"])


def request(method, path, body=None):
    """Returns an event of an HTTP API."""
    event = json.loads((ROOT / "events/predict.json").read_text())
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["requestContext"]["http"]["method"] = method
    event["body"] = "" if body is None else json.dumps(body)
    event["headers"]["content-length"] = str(len(event["body"]))
    return event


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def check(holds, said):
    if not holds:
        sys.exit(f"tests/function.py: {said}")


if __name__ == "__main__":
    main()
