"""Measures what a start and a request cost the Lambda function, without AWS.

    make bootstrap && python3 benches/lambda.py target/lambda/api/bootstrap [--rounds 15] [--requests 300] [--table-ms 4] [--set NAME=VALUE …]
                                                [--package DIR [--snapshot FILE]] [--instructions]

Plays Lambda's Runtime API and a DynamoDB whose puts always succeed after so many milliseconds, on ports of the loopback. Times of
requests hold what this program itself takes, some tenths of a millisecond; start, processor time and memory are the function's. It runs
as it is deployed, with a line of metrics for each request; `--set POWERTOOLS_METRICS_NAMESPACE=` leaves them out. A start before those
that are measured makes the table that of the model's version.

`--package` has it serve another package, whose schema has an example; `--snapshot` puts a snapshot of its history into the table, which the
function reads while it starts. `--instructions` counts by valgrind what the start and a later request
run, which is the same whatever else the machine does: a start is all until the function asks for its first event.
"""

import argparse
import base64
import hashlib
import http.server
import io
import json
import os
import pathlib
import re
import resource
import statistics
import subprocess
import threading
import time
import zipfile

PART_BYTES = 300_000
EVENT = pathlib.Path(__file__).parent.parent / "events" / "predict.json"


class Handler(http.server.BaseHTTPRequestHandler):
    """Speaks HTTP/1.1, quietly and without waiting to fill packets."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_):
        pass

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def body(self):
        return self.rfile.read(int(self.headers.get("content-length", 0)))


class Table(Handler):
    """Answers every put as the first of its key, and gives what was put to who asks for it, or for a snapshot of history where there is one."""

    def do_POST(self):
        asked, operation = self.body(), self.headers.get("x-amz-target", "").rpartition(".")[2]
        time.sleep(self.server.seconds)
        answer = next((items for key, items in self.server.snapshot.items() if key in asked), {})
        if operation == "PutItem":
            self.server.items.append(json.loads(asked)["Item"])
        elif operation == "GetItem":
            key = json.loads(asked)["Key"].items()
            answer = next(({"Item": item} for item in self.server.items if key <= item.items()), {})
        self.answer(200, json.dumps(answer).encode(), [("content-type", "application/x-amz-json-1.0")])


def as_stored(text):
    """Returns what a table answers to who asks for the newest snapshot, and for its text, by what such a call has in it."""
    digest, moment = hashlib.sha256(text).hexdigest(), json.loads(text)["recent"]["as_of"].replace("Z", ".000Z")
    pointer = {"entity": {"S": "snapshots:"}, "prediction": {"S": moment}, "hash": {"S": digest}, "made_at": {"S": moment}}
    parts = [text[start : start + PART_BYTES] for start in range(0, len(text), PART_BYTES)]
    texts = [
        {"prediction": {"S": f"part.{number:03}"}, "parts": {"N": str(len(parts))}, "text": {"B": base64.b64encode(part).decode()}}
        for number, part in enumerate(parts)
    ]
    found = {b'"snapshots:': [pointer], b'"snapshot:': texts}
    return {key: {"Items": items, "Count": len(items)} for key, items in found.items()}


class Runtime(Handler):
    """Hands out an event at a time, and notes when each was asked for, handed out and answered."""

    def do_GET(self):
        lab = self.server.lab
        lab.asked.append(time.perf_counter())
        if len(lab.handed) == len(lab.events):
            lab.done.set()
            threading.Event().wait()
        body = lab.events[len(lab.handed)]
        lab.handed.append(time.perf_counter())
        deadline = str(int((time.time() + 10) * 1000))
        headers = [("lambda-runtime-aws-request-id", str(len(lab.handed))), ("lambda-runtime-deadline-ms", deadline)]
        headers += [("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:1:function:api")]
        self.answer(200, body, headers)

    def do_POST(self):
        answer = json.loads(self.body())
        lab = self.server.lab
        lab.answered.append(time.perf_counter())
        lab.statuses.append(answer.get("statusCode"))
        self.answer(202, b"{}")


class Lab:
    """One function from its start to its last event; `before` is the command that runs the program, where it is one."""

    def __init__(self, program, table, events, settings, before=()):
        self.events, self.done = events, threading.Event()
        self.asked, self.handed, self.answered, self.statuses = [], [], [], []
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Runtime)
        server.daemon_threads, server.lab = True, self
        threading.Thread(target=server.serve_forever, daemon=True).start()
        environment = {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "api",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{table.server_port}",
            "DATABASE_URL": "dynamodb:predictions",
            "POWERTOOLS_METRICS_NAMESPACE": "Lifeboat",
        } | settings
        started = time.perf_counter()
        child = subprocess.Popen([*before, program], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE if before else None)
        if not self.done.wait(300 if before else 60):
            raise SystemExit(f"{program} did not answer {len(events)} events in time")
        memory = pathlib.Path(f"/proc/{child.pid}/status").read_text()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        child.terminate() if before else child.kill()
        self.said = child.communicate()[1]
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        server.shutdown()
        assert set(self.statuses) <= {201}, self.statuses
        self.start = self.asked[0] - started
        self.requests = [answered - handed for handed, answered in zip(self.handed, self.answered)]
        self.processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.memory = int(memory.split("VmHWM:")[1].split()[0]) / 1024


def events(count, package):
    """Returns events that each predict another passenger, or the package's example: the table takes each for a new one."""
    event = json.loads(EVENT.read_text())
    if package:
        record = json.loads((package / "schema.json").read_text())["lifeboat"]["examples"][0]["record"]
        return [json.dumps(event | {"body": json.dumps(record)}).encode()] * count
    passenger = json.loads(event["body"])
    return [json.dumps(event | {"body": json.dumps(passenger | {"PassengerId": number})}).encode() for number in range(count)]


def instructions(program, table, events, settings):
    """Returns how many instructions the function runs from its start to its last answer."""
    counting = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    said = Lab(program, table, events, settings, counting).said.decode()
    return int(re.search(r"Collected : (\d+)", said)[1])


def zip_megabytes(program):
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(program, "bootstrap")
        return file.tell() / 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--table-ms", type=float, default=0)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--package", type=pathlib.Path, metavar="DIR")
    parser.add_argument("--snapshot", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--instructions", action="store_true")
    options = parser.parse_args()
    settings = dict(setting.split("=", 1) for setting in options.set)
    if options.package:
        settings |= {"MODEL_DIR": str(options.package.resolve())}
    program = os.path.abspath(options.program)
    table = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Table)
    table.daemon_threads, table.seconds = True, options.table_ms / 1000
    table.items = []
    table.snapshot = as_stored(options.snapshot.read_bytes()) if options.snapshot else {}
    threading.Thread(target=table.serve_forever, daemon=True).start()

    # The first start with a version makes the table its own, which no later one does.
    Lab(program, table, [], settings)
    if options.instructions:
        start, few, more = (instructions(program, table, events(count, options.package), settings) for count in (0, 10, 20))
        print(f"instructions of the start           {start / 1e6:8.1f} million")
        print(f"instructions of a later request     {(more - few) / 1e7:8.3f} million")
        return

    counts = (1, 1 + options.requests)
    labs = [[Lab(program, table, events(count, options.package), settings) for count in counts] for _ in range(options.rounds)]

    def median(figure):
        return statistics.median(figure(one, many) for one, many in labs)

    warm = sorted(seconds for _, many in labs for seconds in many.requests[1:])
    print(f"start, one call to the table included   {1e3 * median(lambda one, many: many.start):8.1f} ms")
    print(f"processor time of start and one request {1e3 * median(lambda one, many: one.processor):8.1f} ms")
    print(f"first request                           {1e3 * median(lambda one, many: many.requests[0]):8.2f} ms")
    print(f"later requests, median                  {1e3 * warm[len(warm) // 2]:8.2f} ms")
    print(f"later requests, 99th percentile         {1e3 * warm[len(warm) * 99 // 100]:8.2f} ms")
    each = median(lambda one, many: (many.processor - one.processor) / options.requests)
    print(f"processor time of a later request       {1e6 * each:8.0f} µs")
    print(f"peak memory                             {median(lambda one, many: many.memory):8.1f} MB")
    print(f"zip                                     {zip_megabytes(program):8.1f} MB")


if __name__ == "__main__":
    main()
