"""Jobs of bulk scoring, as whoever starts them sees them: an execution, and the objects below its output prefix."""

import contextlib
import dataclasses
import itertools
import json
import time

import tables

NUMBERS = itertools.count(1)
# How long a job of the tests may take, in seconds.
PATIENCE = 180


@dataclasses.dataclass
class Ended:
    """An execution that is over."""

    status: str
    summary: dict
    error: str
    said: str
    seconds: float
    counts: dict
    causes: list

    def __str__(self):
        return " ".join([self.status, self.error or "", self.said or "", str(self.counts), *self.causes[:3]])


def message(cause):
    """Returns what a function said, of the cause of an execution that failed."""
    with contextlib.suppress(TypeError, ValueError):
        return json.loads(cause)["errorMessage"]
    return cause


class Bulk:
    """A stack with bulk scoring, by what is in front of its S3."""

    def __init__(self, emulator, service, url, work):
        self.machine, self.bucket = service.outputs["BulkStateMachine"], service.outputs["BulkBucketName"]
        self.steps, self.s3, self.work = emulator.client("stepfunctions"), emulator.client("s3", url), work

    def put(self, files, folder):
        """Puts files below the input prefix, and returns where that is."""
        for name, content in files.items():
            self.s3.put_object(Bucket=self.bucket, Key=f"in/{folder}/{name}", Body=content)
        return f"s3://{self.bucket}/in/{folder}/"

    def start(self, source, folder, **options):
        """Starts a job, and returns its execution."""
        asked = {"input": source, "output": self.output(folder)} | options
        started = self.steps.start_execution(stateMachineArn=self.machine, name=f"{folder}-{next(NUMBERS)}", input=json.dumps(asked))
        return started["executionArn"]

    def wait(self, execution):
        """Returns what became of an execution."""
        began = time.monotonic()
        while (told := self.steps.describe_execution(executionArn=execution))["status"] == "RUNNING":
            if time.monotonic() - began > PATIENCE:
                raise RuntimeError(f"{execution} still runs after {PATIENCE} s")
            time.sleep(0.05)
        runs = self.steps.list_map_runs(executionArn=execution)["mapRuns"]
        counts = self.steps.describe_map_run(mapRunArn=runs[0]["mapRunArn"])["itemCounts"] if runs else {}
        failed = self.steps.list_executions(mapRunArn=runs[0]["mapRunArn"], statusFilter="FAILED")["executions"] if runs else []
        causes = [self.steps.describe_execution(executionArn=child["executionArn"])["cause"] for child in failed]
        summary = json.loads(told["output"]) if told["status"] == "SUCCEEDED" else None
        seconds = (told["stopDate"] - told["startDate"]).total_seconds()
        counts = {name: count for name, count in counts.items() if count}
        return Ended(told["status"], summary, told.get("error"), message(told.get("cause")), seconds, counts, causes)

    def run(self, source, folder, **options):
        return self.wait(self.start(source, folder, **options))

    def failures(self, execution):
        """Returns the errors of all attempts of all slices."""
        found = []
        for run in self.steps.list_map_runs(executionArn=execution)["mapRuns"]:
            for page in self.steps.get_paginator("list_executions").paginate(mapRunArn=run["mapRunArn"]):
                for child in page["executions"]:
                    events = self.steps.get_execution_history(executionArn=child["executionArn"], maxResults=1000)["events"]
                    found += [event["taskFailedEventDetails"]["error"] for event in events if event["type"] == "TaskFailed"]
        return found

    def output(self, folder):
        return f"s3://{self.bucket}/out/{folder}/"

    def names(self, folder):
        """Returns the names of a job's objects."""
        prefix = f"out/{folder}/"
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [found["Key"].removeprefix(prefix) for page in pages for found in page.get("Contents", [])]

    def parts(self, folder):
        return sorted(name for name in self.names(folder) if name.startswith("part-"))

    def read(self, folder, name):
        return self.s3.get_object(Bucket=self.bucket, Key=f"out/{folder}/{name}")["Body"].read()

    def rows(self, folder):
        """Returns the rows of all parts, in order."""
        return [row for name in self.parts(folder) for row in tables.rows(self.read(folder, name), name.rpartition(".")[2], self.work)]

    def uploads(self):
        """Returns the uploads that were begun, and neither completed nor given up."""
        return self.s3.list_multipart_uploads(Bucket=self.bucket).get("Uploads", [])
