"""Scores data sets in bulk on MiniStack, an emulator of AWS: the real template, the real definition, the real function. Each row of the output is
compared with what `lifeboat predict` writes for the same file.

    make bootstrap tools && .tools/ministack/bin/python -B tests/bulk/main.py [--only SCENARIO...] [TEMPLATE [PROGRAM]]

TEMPLATE is what SAM built, .aws-sam/test/template.yaml, and PROGRAM target/release/lifeboat.

Faults come from outside: `proxy.py` stands between the function and its S3 and DynamoDB, kills processes, and replaces objects. Signatures are
verified, and policies hold. Needs no network.
"""

import argparse
import contextlib
import json
import pathlib
import re
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "deploy"))

import caller
import command
import emulator as ministack
import job
import proxy
import stack
import tables
from botocore.exceptions import ClientError
from proxy import ALWAYS, FREEZE, KILL, Fault
from stack import ARCHITECTURE, ROOT, expect

BUILT = ROOT / ".aws-sam/test/template.yaml"
PROGRAM = ROOT / "target/release/lifeboat"
MACHINE = pathlib.Path(__file__).with_name("distributed_map.py")
# The states' waits are of seconds; here they are of hundredths.
WAITS = {"SFN_WAIT_SCALE": "0.02"}
SCENARIOS = [
    *["out_of_time", "rights", "formats", "many_files", "odd_files", "line_breaks", "invalid_rows", "fails_twice", "always_fails"],
    *["refused_by_lambda", "crash", "replaced", "twice_at_once", "unreliable_s3", "stores", "command", "metrics", "another_bucket", "million"],
]
TIMED = ["million"]
# As long as a task that hangs is waited for, in seconds. A split stops to cut a minute before its time is up.
TIMEOUT = 75
# How long a job may take beside `lifeboat predict` of the same file.
MOST_TIMES = 3
MOST_TRIES = 6


def main():
    started = time.monotonic()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("template", type=pathlib.Path, nargs="?", default=BUILT)
    parser.add_argument("program", type=pathlib.Path, nargs="?", default=PROGRAM)
    parser.add_argument("--only", action="append", choices=SCENARIOS)
    options = parser.parse_args()
    built, program = options.template.resolve(), options.program.resolve()
    for needed in (built, program, stack.SAM, tables.PYTHON):
        if not needed.is_file():
            sys.exit(f"{needed} is not there: `make bulk` makes it")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to stop"))
    wanted = options.only or SCENARIOS
    # What is timed has an emulator to itself: one that has run a hundred jobs is slower.
    for scenarios in ([name for name in wanted if name not in TIMED], [name for name in wanted if name in TIMED]):
        if scenarios:
            run(scenarios, built, program)
    print(f"ok: scored in bulk in {time.monotonic() - started:.0f} s")


def run(scenarios, built, program):
    with tempfile.TemporaryDirectory() as work, ministack.running(work, program=["-B", MACHINE], **WAITS) as emulator:
        with proxy.before(emulator) as between:
            Tests(emulator, between, built, program, work).run(scenarios)


class Tests:
    """A stack with bulk scoring, and what is done to it."""

    def __init__(self, emulator, between, built, program, work):
        self.emulator, self.proxy, self.work = emulator, between, work
        template = stack.package(emulator, built, work)
        behind(template["Resources"]["Batch"]["Properties"], between.url)
        self.template, lacking = stack.without_lacking(template)
        rights = stack.deploy_rights(emulator)
        self.given = {"Architecture": ARCHITECTURE, "PermissionsBoundary": rights.outputs["Boundary"], "BulkScoring": "on"}
        self.service = stack.deploy(emulator, "lifeboat", self.template, BulkStoring="on", **self.given)
        self.bulk = job.Bulk(emulator, self.service, between.url, work)
        self.predicted = tables.Predicted(program, work)
        self.records = tables.passengers(3000)
        print(f"ok: {self.service.name} stands, with {len(self.service.ids)} resources; left out, as MiniStack lacks it: {', '.join(lacking)}")

    def run(self, scenarios):
        """Runs scenarios one after the other; what waits for a time that is up waits beside them."""
        with self.out_of_time() if "out_of_time" in scenarios else contextlib.nullcontext():
            for name in scenarios:
                if name != "out_of_time":
                    getattr(self, name)()

    def csv(self, count=None):
        return tables.as_csv(self.records[:count])

    def same(self, folder, files, ended, extension="csv", *options):
        """Fails unless a job is done, and has each row that `lifeboat predict` writes for its files, in their order, once."""
        expect(ended.status, "SUCCEEDED", f"{folder}: {ended}")
        wanted, found = self.predicted.rows(files, extension, *options), self.bulk.rows(folder)
        wrong = next((place for place, pair in enumerate(zip(wanted, found)) if pair[0] != pair[1]), None)
        if wrong is not None:
            sys.exit(f"{folder}: row {wrong} is {found[wrong]}, and lifeboat predict writes {wanted[wrong]}")
        expect(len(found), len(wanted), f"{folder}: rows")
        expect(ended.summary["rows"], len(wanted), f"{folder}: rows of the summary")
        expect(json.loads(self.bulk.read(folder, "_SUCCESS")), ended.summary, f"{folder}: what _SUCCESS holds")

    def fails(self, folder, ended, error, *said):
        """Fails unless a job failed by an error, whose words name what they should, and left no _SUCCESS."""
        expect((ended.status, ended.error), ("FAILED", error), f"{folder}: {ended}")
        for words in said:
            expect(words in ended.said, True, f"{folder}: whether {words!r} is named in {ended.said}")
        expect("_SUCCESS" in self.bulk.names(folder), False, f"{folder}: whether there is a _SUCCESS")

    def rights(self):
        """The bucket is reached by TLS alone, and jobs read and write below their prefixes alone."""
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
        key = caller.user(self.emulator, "reader", policy)
        self.emulator.client("s3", self.proxy.url, key).list_objects_v2(Bucket=self.bulk.bucket)
        with contextlib.suppress(ClientError):
            self.emulator.client("s3", key=key).list_objects_v2(Bucket=self.bulk.bucket)
            sys.exit("the bucket was reached without TLS")
        source = self.bulk.put({"a.csv": self.csv(10)}, "rights")
        self.bulk.s3.put_object(Bucket=self.bulk.bucket, Key="secret/a.csv", Body=self.csv(10))
        within, beyond = f"s3://{self.bulk.bucket}/secret/a.csv", f"s3://{self.bulk.bucket}/secret/out/"
        for asked in ({"input": within}, {"output": beyond}):
            ended = self.bulk.run(source, "rights", **asked)
            expect((ended.status, ended.error), ("FAILED", "InvalidInput"), f"a job with {asked}: {ended}")
            expect("secret/" in ended.said, True, f"whether the place is named in {ended.said}")
        ended = self.bulk.run(source, "rights", form="csv")
        self.fails("rights", ended, "InvalidInput", '"form" is not known')
        print("ok: the bucket is reached by TLS alone, and jobs read and write below their prefixes alone")

    def formats(self):
        """A file of each format, cut into slices where it can be."""
        for name, content, extension, slices in (
            ("a.csv", self.csv(), "csv", range(5, 8)),
            ("a.csv.gz", tables.as_gzip(self.records), "csv", range(1, 2)),
            ("a.ndjson", tables.as_ndjson(self.records), "ndjson", range(5, 8)),
            ("a.parquet", tables.as_parquet(self.records, self.work, 250), "parquet", range(4, 8)),
        ):
            folder, files = f"format-{name.replace('.', '-')}", {name: content}
            ended = self.bulk.run(f"{self.bulk.put(files, folder)}{name}", folder, slices=6)
            self.same(folder, files, ended, extension)
            expect(len(self.bulk.parts(folder)) in slices, True, f"{folder}: parts {self.bulk.parts(folder)}")
            expect(ended.counts, {"total": ended.summary["slices"], "succeeded": ended.summary["slices"]}, f"{folder}: slices of the map run")
        print("ok: CSV, CSV.gz, NDJSON and Parquet are scored row by row as lifeboat predict does")
        folder, files = "columns", {"a.csv": tables.as_csv([record | {"note": f"n{at % 7}"} for at, record in enumerate(self.records[:900])])}
        ended = self.bulk.run(self.bulk.put(files, folder), folder, slices=3, extra_columns="keep", explain=True, output_format="parquet")
        self.same(folder, files, ended, "parquet", "--extra-columns", "keep", "--explain")
        print("ok: columns are kept and answers explained, and a CSV becomes Parquet")

    def many_files(self):
        """Small files share a slice."""
        files = {f"day={at:03}/a.csv": tables.as_csv(self.records[at * 20 : at * 20 + 20]) for at in range(120)}
        ended = self.bulk.run(self.bulk.put(files, "many"), "many", slices=4)
        self.same("many", files, ended)
        expect((ended.summary["files"], len(self.bulk.parts("many")) in range(2, 9)), (120, True), f"files and parts: {self.bulk.parts('many')}")
        print("ok: 120 small files below one prefix are scored, many in a slice")

    def odd_files(self):
        """What files are like: those that can be read are, and those that cannot are named."""
        header, lines = self.csv(200).split(b"\n", 1)
        readable = {
            "header-only": {"a.csv": header + b"\n"},
            "no-end-of-line": {"a.csv": (header + b"\n" + lines).rstrip()},
            "windows": {"a.csv": tables.as_csv(self.records[:200], "\r\n")},
            "other-name": {"a.csv": tables.as_gzip(self.records[:200])},
        }
        for folder, files in readable.items():
            self.same(folder, files, self.bulk.run(self.bulk.put(files, folder), folder, slices=3))
        huge = tables.as_csv([*self.records[:5], self.records[5] | {"Name": "x" * (30 << 20)}, *self.records[6:9]])
        refused = {
            "empty": {"a.csv": self.csv(5), "b.csv": b""},
            "huge-row": {"a.csv": self.csv(5), "b.csv": huge},
            "no-parquet": {"a.csv": self.csv(5), "b.parquet": b"PassengerId,Pclass\n1,2\n"},
            "mixed": {"a.csv": self.csv(50), "b.csv": b"sepal,petal\n1.2,3.4\n"},
        }
        for folder, files in refused.items():
            name = next(name for name in files if name.startswith("b."))
            self.predicted.refusal(name, files[name], "csv")
            error = "OtherColumns" if folder == "mixed" else "NotReadable"
            self.fails(folder, self.bulk.run(self.bulk.put(files, folder), folder), error, f"in/{folder}/{name}")
            expect(self.bulk.names(folder), [], f"{folder}: what a job leaves behind whose files are no tables")
        print(f"ok: {', '.join(readable)} are read; {', '.join(refused)} are refused by the name of the file")

    def line_breaks(self):
        """Wherever a file is cut, a quoted line break is within a record."""
        records = [record | {"Name": f'{at}\n1,2,"x",\n' * (1 + at % 5)} for at, record in enumerate(self.records[:1500])]
        for folder, ends in (("breaks", "\n"), ("breaks-windows", "\r\n")):
            files = {"a.csv": tables.as_csv(records, ends)}
            ended = self.bulk.run(self.bulk.put(files, folder), folder, slices=40)
            self.same(folder, files, ended)
            expect(len(self.bulk.parts(folder)) > 20, True, f"{folder}: parts {len(self.bulk.parts(folder))}")
        print("ok: quoted line breaks are never cut")

    def invalid_rows(self):
        """Rows that are no records are kept aside with their file and line, up to as many as the job tolerates."""
        lines = self.csv(600).splitlines(keepends=True)
        for at in (7, 300, 599):
            lines[at] = lines[at].replace(b",male,", b",neither,").replace(b",female,", b",neither,")
        files = {"a.csv": b"".join(lines)}
        source = self.bulk.put(files, "invalid")
        self.fails("invalid", self.bulk.run(source, "invalid", slices=3), "Incomplete", "InvalidRows", "in/invalid/a.csv, line 8")
        self.fails("invalid", self.bulk.run(source, "invalid", slices=3, tolerated_invalid_rows=2), "InvalidRows", "3")
        ended = self.bulk.run(source, "invalid", slices=3, tolerated_invalid_rows=3)
        self.same("invalid", files, ended, "csv", "--skip-invalid")
        expect(ended.summary["invalid"], 3, "rows that are no records")
        kept = [json.loads(line) for name in self.bulk.names("invalid") if name.startswith("_invalid/") for line in self.bulk.read("invalid", name).splitlines()]
        # The header is line 1.
        expect([(row["file"].rpartition("/")[2], row["line"]) for row in kept], [("a.csv", 8), ("a.csv", 301), ("a.csv", 600)], f"invalid rows {kept}")
        print("ok: rows that are no records are kept aside with file and line, and counted against what is tolerated")

    def fails_twice(self):
        """A slice whose process dies twice is scored at the third attempt."""
        files = {"a.csv": self.csv()}
        with self.proxy.harming(Fault(writing("twice", 3), 2, proxy.send(KILL))):
            ended = self.bulk.run(self.bulk.put(files, "twice"), "twice", slices=6)
        self.same("twice", files, ended)
        print("ok: a slice that fails twice is scored at the third attempt")

    def always_fails(self):
        """A slice that always fails makes the job fail, by its number; started again, the job does what is missing and no more."""
        files = {"a.csv": self.csv()}
        for folder, tolerated in (("always", 0), ("tolerated", 50)):
            source = self.bulk.put(files, folder)
            with self.proxy.harming(Fault(writing(folder, 2), ALWAYS, proxy.send(KILL))):
                ended = self.bulk.run(source, folder, slices=6, tolerated_failed_slices_percentage=tolerated)
            self.fails(folder, ended, "Incomplete", "slice 2")
            made = self.bulk.parts(folder)
            expect("part-00002.csv" in made, False, f"{folder}: parts {made}")
            with self.proxy.harming() as seen:
                ended = self.bulk.run(source, folder, slices=6)
            self.same(folder, files, ended)
            begun = {re.search(r"part-\d+", asked)[0] for asked in seen.matching(rf"^(PUT|POST) .*out/{folder}/part-")}
            missing = {f"part-{at:05}" for at in range(ended.summary["slices"])} - {name.partition(".")[0] for name in made}
            expect(begun, missing, f"{folder}: parts that were made when it was started again")
        print("ok: a slice that always fails is named; started again, a job does only what is missing")

    def refused_by_lambda(self):
        """Lambda has room for two slices, and eight come at a time."""
        files, functions = {"a.csv": self.csv()}, self.emulator.client("lambda")
        function = self.service.ids["Batch"]
        functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=2)
        execution = self.bulk.start(self.bulk.put(files, "refused"), "refused", slices=16, max_concurrency=8)
        ended = self.bulk.wait(execution)
        functions.delete_function_concurrency(FunctionName=function)
        self.same("refused", files, ended)
        refused = self.bulk.failures(execution).count("Lambda.TooManyRequestsException")
        expect(refused > 0, True, f"whether Lambda refused any: {refused}")
        print(f"ok: what Lambda refused, {refused} times, is tried again until all is scored")

    def crash(self):
        """A process dies in the midst of a part of several megabytes."""
        files = {"a.csv": tables.as_csv([record | {"note": f"{record[tables.KEY]:>300}"} for record in tables.passengers(80_000)])}
        # The second piece of an upload: some of the part is there already.
        fault = Fault(r"^PUT .*out/crash/part-00001\..*partNumber=2", 1, proxy.send(KILL))
        with self.proxy.harming(fault):
            ended = self.bulk.run(self.bulk.put(files, "crash"), "crash", slices=2, extra_columns="keep")
        self.same("crash", files, ended, "csv", "--extra-columns", "keep")
        print("ok: a process that dies in the middle of a part leaves no row out and none twice")

    @contextlib.contextmanager
    def out_of_time(self):
        """A process hangs in the midst of a part, until Lambda's time for it is up."""
        files = {"a.csv": self.csv()}
        with self.proxy.harming(Fault(writing("frozen", 1), 1, proxy.send(FREEZE))):
            execution = self.bulk.start(self.bulk.put(files, "frozen"), "frozen", slices=6)
            yield
            self.same("frozen", files, self.bulk.wait(execution))
        expect(self.bulk.failures(execution), ["Sandbox.Timedout"], "what failed of a job whose process hung")
        print("ok: a slice that runs out of time in the middle of a part is scored again")

    def replaced(self):
        """An object that changes is never mixed with what it was."""
        old, new = {"a.csv": self.csv()}, {"a.csv": tables.as_csv(tables.passengers(3000, seed=19))}
        folder = "replaced"
        replace = lambda: self.bulk.put(new, folder)
        source = self.bulk.put(old, folder)
        with self.proxy.harming(Fault(rf"^PUT .*out/{folder}/_plan/slices-", 1, proxy.after(replace))):
            ended = self.bulk.run(source, folder, slices=4)
        self.fails(folder, ended, "Incomplete", "ObjectChanged", f"in/{folder}/a.csv")
        self.fails(folder, self.bulk.run(source, folder, slices=4), "OtherJob", self.bulk.output(folder))
        folder = "replaced-midway"
        source = self.bulk.put(old, folder)
        reading = Fault(rf"^GET .*in/{folder}/a\.csv.*bytes=[1-9]", 1, lambda handler, _: handler.hand_on(most=0.5, then=replace))
        with self.proxy.harming(reading):
            ended = self.bulk.run(source, folder, slices=4)
        self.fails(folder, ended, "Incomplete", f"in/{folder}/a.csv")
        print("ok: a file that is replaced between Split and Score, or while it is read, fails the job by its name")

    def twice_at_once(self):
        """A job that is started twice at once is one job."""
        files = {"a.csv": self.csv()}
        source = self.bulk.put(files, "both")
        executions = [self.bulk.start(source, "both", slices=6) for _ in range(2)]
        for ended in map(self.bulk.wait, executions):
            expect(ended.status, "SUCCEEDED", f"one of two: {ended}")
        self.same("both", files, ended)
        expect([upload["Key"] for upload in self.bulk.uploads() if "/both/" in upload["Key"]], [], "uploads that nobody completed")
        print("ok: started twice at once, it is one job")

    def unreliable_s3(self):
        """S3 asks to be asked less, hangs up, answers in drops, and falls silent."""
        files = {"a.csv": self.csv()}
        reads, writes = r"^GET .*in/{}/a\.csv", r"^(PUT|POST) .*out/{}/part-"
        for folder, faults in {
            "busy": [Fault(reads.format("busy"), 4, proxy.busy()), Fault(writes.format("busy"), 4, proxy.busy())],
            "cut-off": [Fault(reads.format("cut-off"), 4, proxy.cut_off()), Fault(writes.format("cut-off"), 2, proxy.cut_off(0))],
            "slow": [Fault(reads.format("slow"), 3, proxy.slow(0.2, 8000))],
            "silent": [Fault(reads.format("silent"), 2, proxy.silent(60))],
        }.items():
            with self.proxy.harming(*faults):
                ended = self.bulk.run(self.bulk.put(files, folder), folder, slices=4)
            self.same(folder, files, ended)
            expect([fault.done for fault in faults], [fault.times for fault in faults], f"{folder}: faults")
        print("ok: S3 that answers 503, hangs up, is slow or falls silent costs time and nothing else")

    def stores(self):
        """Predictions go to the table once, no faster than the job says, and a table that throttles is asked again."""
        files = {"a.csv": tables.as_csv(tables.passengers(600, first=10_001))}
        storing = ["--store", "--database-url", f"sqlite:{self.work}/predictions.db"]
        source = self.bulk.put(files, "store")
        with self.proxy.harming(Fault("^POST PutItem", 25, proxy.throttled())):
            ended = self.bulk.run(source, "store", slices=3, store=True, writes_per_second=200)
        self.same("store", files, ended, "csv", *storing)
        expect(ended.summary["stored"], {"created": 600, "repeated": 0, "existing": 0}, "what was stored")
        expect(ended.seconds > 2, True, f"whether 600 writes at 200 a second take seconds: {ended.seconds}")
        pages = self.emulator.client("dynamodb").get_paginator("scan").paginate(TableName=self.service.outputs["TableName"])
        stored = [item for page in pages for item in page["Items"] if "answer" in item]
        expect(len(stored), 600, "predictions in the table")
        ended = self.bulk.run(source, "store-again", slices=5, store=True)
        self.same("store-again", files, ended, "csv", *storing)
        expect(ended.summary["stored"], {"created": 0, "repeated": 0, "existing": 600}, "what was stored by a job of the same records")
        with self.proxy.harming(Fault(writing("store-crash", 1), 1, proxy.send(KILL))):
            files = {"a.csv": tables.as_csv(tables.passengers(500, first=20_001))}
            ended = self.bulk.run(self.bulk.put(files, "store-crash"), "store-crash", slices=3, store=True)
        self.same("store-crash", files, ended, "csv", *storing)
        told = ended.summary["stored"]
        expect((told["created"] + told["repeated"], told["existing"]), (500, 0), f"what was stored by a job whose slice failed once: {told}")
        print("ok: predictions are stored once, whatever throttles and fails, and counted")

    def command(self):
        """`lifeboat bulk` starts, watches and waits for jobs, and `lifeboat export` writes into the bucket."""
        command.run(self)

    def metrics(self):
        """The function tells of slices and rows in its log, each of them once."""
        before = self.told()
        ended = self.bulk.run(self.bulk.put({"a.csv": self.csv()}, "metrics"), "metrics", slices=5)
        rows, slices = (after - there for after, there in zip(self.told(), before))
        expect((rows, slices), (ended.summary["rows"], ended.summary["slices"]), "rows and slices of the metrics")
        print(f"ok: the function tells of {rows} rows in {slices} slices")

    def told(self):
        """Returns the rows and the slices that the metrics in the log come to."""
        pages = self.emulator.client("logs").get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{self.service.name}-batch")
        lines = [event["message"] for page in pages for event in page["events"]]
        metrics = [json.loads(line) for line in lines if line.startswith('{"_aws"')]
        expect({line["service"] for line in metrics} <= {self.service.name}, True, "the service of the metrics")
        return [sum(line.get(name, 0) for line in metrics) for name in ("BulkRows", "BulkSlices")]

    def another_bucket(self):
        """Another stack reads all of a bucket that was there before, has no table for jobs, and keeps what they write for good."""
        source, files = "lifeboat-data-sets", {"a.csv": self.csv(500)}
        self.bulk.s3.create_bucket(Bucket=source)
        self.bulk.s3.put_object(Bucket=source, Key="a.csv", Body=files["a.csv"])
        key = self.emulator.client("kms").create_key()["KeyMetadata"]["Arn"]
        given = {"BulkInputBucket": source, "BulkInputPrefix": "", "BulkInputKeyArn": key, "BulkOutputPrefix": "scored/", "BulkRetentionDays": ""}
        service = stack.deploy(self.emulator, "lifeboat-other", self.template, BulkReservedConcurrency="2", **given, **self.given)
        bulk = job.Bulk(self.emulator, service, self.proxy.url, self.work)
        place = f"s3://{bulk.bucket}/scored/other/"
        ended = bulk.run(f"s3://{source}/", "other", output=place, slices=3)
        expect((ended.status, ended.summary and ended.summary["rows"]), ("SUCCEEDED", 500), f"a job of another bucket: {ended}")
        for what, options, said in (("another prefix", {}, "/out/other/"), ("a table", {"output": f"{place}stored/", "store": True}, "BulkStoring=on")):
            ended = bulk.run(f"s3://{source}/", "other", **options)
            expect((ended.error, said in (ended.said or "")), ("InvalidInput", True), f"a job that wants {what}: {ended}")
        print(f"ok: {service.name} reads another bucket, and has a prefix of its own and no table for jobs")

    def million(self):
        """A million rows in 64 slices, eight at a time, take no longer than three times as long as `lifeboat predict` of the same file. Nothing
        stands before S3 here, and so no TLS."""
        template = json.loads(self.template)
        del template["Resources"]["BulkBucketPolicy"]
        behind(template["Resources"]["Batch"]["Properties"], self.emulator.url)
        service = stack.deploy(self.emulator, "lifeboat-quick", json.dumps(template), **self.given)
        bulk, files = job.Bulk(self.emulator, service, self.emulator.url, self.work), {}
        files["a.parquet"] = tables.as_parquet(tables.passengers(1_000_000), self.work, 1_000_000 // 64)
        source, tries = bulk.put(files, "million"), []
        bulk.run(source, "warm", slices=64, max_concurrency=8)
        # The machine may have other things to do: the best of some tries tells what the work takes.
        while not tries or (len(tries) < MOST_TRIES and min(taken / alone for taken, alone in tries) > MOST_TIMES):
            folder = f"million-{len(tries)}"
            ended = bulk.run(source, folder, slices=64, max_concurrency=8)
            _, output = self.predicted.run("a.parquet", files["a.parquet"], "parquet")
            expect((ended.status, ended.summary and ended.summary["rows"]), ("SUCCEEDED", 1_000_000), f"a million rows: {ended}")
            tables.expect_same_parquet(output, [bulk.read(folder, name) for name in bulk.parts(folder)], self.work)
            tries.append((ended.seconds, self.predicted.seconds))
        taken, alone = min(tries, key=lambda each: each[0] / each[1])
        told = f"a million rows in {ended.summary['slices']} slices take {taken:.1f} s, and lifeboat predict {alone:.1f} s"
        expect(taken <= MOST_TIMES * alone, True, told)
        print(f"ok: {told}")


def behind(function, url):
    """Lets the function find S3 and DynamoDB behind the proxy."""
    function["Environment"]["Variables"] |= {"AWS_ENDPOINT_URL_S3": url, "AWS_ENDPOINT_URL_DYNAMODB": url}
    function["Timeout"] = TIMEOUT


def writing(folder, slice):
    """Returns a pattern of the requests that write a slice's part."""
    return rf"^(PUT|POST) .*out/{folder}/part-{slice:05}\."


if __name__ == "__main__":
    main()
