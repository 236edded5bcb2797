"""Measures how fast the function of bulk scoring works on one processor, and how much memory it takes, without AWS.

    make bootstrap && .tools/bench/bin/python benches/bulk.py target/release/lifeboat --rounds 1 --folder /tmp/bulk
    tests/with_s3.sh .tools/ministack/bin/python -B benches/batch.py target/lambda/batch/bootstrap /tmp/bulk/records-1000000.parquet [--slices 2] [--rounds 3]

Plays Lambda's Runtime API on a port of the loopback, and puts the file into MiniStack's S3. The function has one processor to itself where there
are two. Its own time is what it used of that processor in a call of `score`, which leaves waits for S3 out and its work for them in.
"""

import argparse
import http.server
import json
import os
import pathlib
import queue
import statistics
import subprocess
import threading
import time

import boto3
from botocore.config import Config

KEY, SECRET, REGION = "test", "test", "us-east-1"
BUCKET = "bulk-bench"
MEMORY_MB = 1769


class Runtime(http.server.BaseHTTPRequestHandler):
    """Hands out the events that stand in line, and takes what is answered."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        event = self.server.events.get()
        self.send_response(200)
        self.send_header("lambda-runtime-aws-request-id", "1")
        self.send_header("lambda-runtime-deadline-ms", str(int((time.time() + 900) * 1000)))
        self.send_header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:1:function:batch")
        self.send_header("content-length", str(len(event)))
        self.end_headers()
        self.wfile.write(event)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.answers.put((self.path.rpartition("/")[2], body))
        self.send_response(202)
        self.send_header("content-length", "0")
        self.end_headers()


class Function:
    """The function as a process, which is called one event at a time."""

    def __init__(self, program, url):
        self.runtime = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Runtime)
        self.runtime.daemon_threads = True
        self.runtime.events, self.runtime.answers = queue.Queue(), queue.Queue()
        threading.Thread(target=self.runtime.serve_forever, daemon=True).start()
        environment = {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.runtime.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "batch",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(MEMORY_MB),
            "AWS_ENDPOINT_URL_S3": url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "LOG_LEVEL": "warn",
        }
        alone = ["taskset", "-c", str(max(os.sched_getaffinity(0)))]
        self.process = subprocess.Popen([*alone, str(program)], env=environment)

    def call(self, event):
        """Returns what is answered, and the seconds of processor time that it took."""
        before = self.used()
        self.runtime.events.put(json.dumps(event).encode())
        kind, answer = self.runtime.answers.get(timeout=900)
        if kind != "response":
            raise SystemExit(f"the function failed: {answer}")
        return answer, self.used() - before

    def used(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mb(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024

    def stop(self):
        self.process.kill()
        self.process.wait()


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("program", type=pathlib.Path)
    arguments.add_argument("file", type=pathlib.Path)
    arguments.add_argument("--slices", type=int, default=2)
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    url = os.environ["S3_URL"]
    s3 = boto3.client("s3", endpoint_url=url, region_name=REGION, aws_access_key_id=KEY, aws_secret_access_key=SECRET, config=Config(s3={"addressing_style": "path"}))
    s3.create_bucket(Bucket=BUCKET)
    s3.upload_file(str(given.file), BUCKET, f"in/{given.file.name}")
    rates, walls, peaks, splits = [], [], [], []
    for number in range(given.rounds):
        function = Function(given.program, url)
        asked = {"input": f"s3://{BUCKET}/in/", "output": f"s3://{BUCKET}/out-{number}/", "slices": given.slices, "extra_columns": "ignore"}
        began = time.perf_counter()
        cut, _ = function.call({"op": "split", "input": asked, "run": "bench"})
        splits.append(time.perf_counter() - began)
        slices = json.loads(s3.get_object(Bucket=BUCKET, Key=cut["plan"]["key"])["Body"].read())
        rows, used, began = 0, 0.0, time.perf_counter()
        for slice in slices:
            done, seconds = function.call({"op": "score", "input": asked, "output": cut["output"], "job": cut["job"], "run": "bench", "slice": slice})
            rows, used = rows + done["rows"], used + seconds
        walls.append(rows / (time.perf_counter() - began))
        summary, _ = function.call({"op": "summarise", "input": asked, "output": cut["output"], "job": cut["job"], "run": "bench"})
        assert summary["rows"] == rows, summary
        rates.append(rows / used)
        peaks.append(function.peak_mb())
        function.stop()
    middle = statistics.median
    print(f"{given.file.name}: {rows} rows in {len(slices)} slices, the median of {given.rounds} rounds")
    print(f"  {middle(rates):,.0f} rows a second of the function's own processor time, {middle(walls):,.0f} by the clock with S3 on the other processor")
    print(f"  {middle(peaks):.0f} MB at most; the split took {middle(splits):.2f} s")


if __name__ == "__main__":
    main()
