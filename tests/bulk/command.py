"""`lifeboat bulk` and `lifeboat export` against the stack: what the command says, what it ends with, and what it leaves in the bucket."""

import json
import pathlib
import signal
import subprocess
import time

import caller
import job
import proxy
import tables
from proxy import ALWAYS, Fault
from stack import expect

JSON = "application/x-amz-json-1.0"
# What `status --json` and `wait --json` tell of a job, whatever its state.
MEMBERS = ["advice", "arn", "cause", "error", "execution", "slices", "started_at", "state", "summary"]


def run(tests):
    """Runs all that the command does, on a stack with bulk scoring. `tests` has the emulator, the proxy before it, the stack's bucket and state
    machine as `bulk`, the program, and a folder to work in."""
    command = Command(tests)
    for scenario in (scores, keeps_its_output, joins, goes_on, drifts, refusals, faults, exports):
        scenario(tests, command)


class Command:
    """The program, as somebody calls it who has the keys of the account."""

    def __init__(self, tests):
        self.program, self.work = tests.predicted.program, pathlib.Path(tests.work)
        self.environment = tests.emulator.environment | {
            "AWS_ENDPOINT_URL_S3": tests.proxy.url,
            "AWS_ENDPOINT_URL_SFN": tests.proxy.url,
            "LIFEBOAT_BULK_STATE_MACHINE": tests.bulk.machine,
        }

    def __call__(self, *arguments, status=0, **environment):
        """Returns what the program prints, and fails unless it ends with a status; what it says of an error is on its first line."""
        done = self.run(*arguments, status=status, **environment)
        return done.stdout if status in (0, 3) else done.stderr

    def run(self, *arguments, status=0, **environment):
        """Runs the program, and fails unless it ends with a status."""
        given = {name: value for name, value in (self.environment | environment).items() if value is not None}
        done = subprocess.run([self.program, *arguments], env=given, cwd=self.work, capture_output=True, text=True, timeout=job.PATIENCE)
        expect(done.returncode, status, f"what lifeboat {' '.join(arguments)} ends with: {done.stdout}{done.stderr}")
        return done

    def interrupted(self, *arguments, said):
        """Fails unless the program ends with 130 and some words once Ctrl-C is pressed."""
        program = subprocess.Popen([self.program, *arguments], env=self.environment, cwd=self.work, stderr=subprocess.PIPE, text=True)
        # It listens once it has asked for the job.
        time.sleep(1)
        program.send_signal(signal.SIGINT)
        _, stderr = program.communicate(timeout=job.PATIENCE)
        expect((program.returncode, stderr.endswith(said)), (130, True), f"what lifeboat {' '.join(arguments)} ends with: {stderr}")

    def told(self, *arguments, status=0):
        """Returns the JSON that the program prints, and fails unless it has the members that it always has."""
        told = json.loads(self.run(*arguments, "--json", status=status).stdout)
        expect(sorted(told), MEMBERS, f"members of what lifeboat {' '.join(arguments)} --json tells")
        return told

    def fails(self, *arguments, said, status=1, **environment):
        """Fails unless the program fails, with words."""
        stderr = self(*arguments, status=status, **environment)
        for words in said:
            expect(words in stderr, True, f"whether {words!r} is in what lifeboat {' '.join(arguments)} says: {stderr}")


def places(tests, folder, files):
    return tests.bulk.put(files, folder), tests.bulk.output(folder)


def table_of(text):
    """Returns the facts of a table: what stands in its second column, by what stands in its first."""
    facts = (line.split("  ", 1) for line in text.splitlines() if "  " in line)
    return {name: value.strip() for name, value in facts}


def latest(tests):
    """Returns the execution that was started last, once it is over."""
    listed = tests.bulk.steps.list_executions(stateMachineArn=tests.bulk.machine)["executions"]
    return tests.bulk.wait(max(listed, key=lambda execution: execution["startDate"])["executionArn"])


def scores(tests, command):
    """A job that is started and waited for has the rows of `lifeboat predict`, and a summary for people and for programs."""
    files = {"a.csv": tables.as_csv(tests.records[:900])}
    source, output = places(tests, "command", files)
    command.fails("bulk", "status", source, output, said=[f"no job was started for {output}", f"hint: start it: lifeboat bulk start {source} {output}"])
    facts = table_of(command("bulk", "start", source, output.rstrip("/"), "--slices", "3", "--wait"))
    tests.same("command", files, latest(tests))
    expect((facts["rows"], facts["invalid"], facts["output"]), ("900", "0", output), f"facts of the summary, {facts}")
    for asked in ("status", "wait"):
        told = command.told("bulk", asked, source, output)
        expect((told["state"], told["slices"]["succeeded"], told["error"]), ("succeeded", 3, None), f"the state that bulk {asked} --json tells")
        expect(told["summary"], json.loads(tests.bulk.read("command", "_SUCCESS")), f"the summary that bulk {asked} --json tells")
        quiet = command.run("--quiet", "bulk", asked, source, output)
        expect((quiet.stdout, quiet.stderr), ("", ""), f"what bulk {asked} --quiet tells")
    command.fails("bulk", "wait", source + "a.csv", output, said=[f"the job of {output} is of {source}, and not of {source}a.csv"])
    again = command("bulk", "start", source, output)
    expect("the job was done before" in again, True, f"whether starting a job that is done says so: {again}")
    latest(tests)
    waited = command.run("bulk", "start", source, output, "--wait", "--quiet")
    expect((waited.stdout, waited.stderr), ("", ""), "what bulk start --wait --quiet tells")
    print("ok: lifeboat bulk starts a job, waits for it and tells what it comes to")


def keeps_its_output(tests, command):
    """An output has one job: another is refused before it is started, and hides nothing where it was started all the same."""
    files = {"a.csv": tables.as_csv(tests.records[:900])}
    source, output = places(tests, "command", files)
    made, count = tests.bulk.parts("command"), executions(tests)
    options = ["--explain", "--output-format", "ndjson", "--extra-columns", "ignore"]
    start = ["bulk", "start", source, output, *options, "--wait"]
    said = [f"error: {output} has the output of another job, begun at ", ": without --output-format, without --extra-columns, without --explain"]
    command.fails(*start, said=[*said, "hint: choose another output"])
    other = tests.bulk.put(files, "command-other")
    command.fails("bulk", "start", other, output, said=[said[0], f": of {source}"])
    expect((tests.bulk.parts("command"), executions(tests)), (made, count), "parts and executions after what was refused")
    # Who may not look is refused by the function.
    key, secret = caller.user(tests.emulator, "starter", allow("states:*"))
    rights = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}
    command.fails(*start, said=["the job failed: ", output, "choose another output"], **rights)
    command.fails("bulk", "start", other, output, "--wait", said=["the job failed: "], **rights)
    expect((tests.bulk.parts("command"), executions(tests)), (made, count + 2), "parts and executions after what was refused")
    for asked in ("status", "wait"):
        told = command.told("bulk", asked, source, output)
        expect((told["state"], told["summary"]["rows"]), ("succeeded", 900), f"what bulk {asked} tells after attempts that were refused")
    told = command.told("bulk", "status", other, output, status=1)
    expect((told["state"], told["error"], told["summary"]), ("failed", "OtherJob", None), "what is told of an attempt that was refused")
    expect(told["advice"], "choose another output, or delete what is below this one", "what is advised of an attempt that was refused")
    refused = command.run("bulk", "status", other, output, "--json", status=1)
    expect(refused.stderr, "", "what is told beside the JSON")
    print("ok: an output has one job, whose state no mistaken start hides")


def allow(action):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


def executions(tests):
    return len(tests.bulk.steps.list_executions(stateMachineArn=tests.bulk.machine)["executions"])


def joins(tests, command):
    """A job that runs is not started twice, and another one is not let in."""
    files = {"a.csv": tests.csv()}
    source, output = places(tests, "joined", files)
    with tests.proxy.harming(Fault(r"^GET .*in/joined/a\.csv.*bytes=", 1, proxy.slow(0.2, 4000))):
        started = json.loads(command("bulk", "start", source, output, "--slices", "4", "--json"))
        again = json.loads(command("bulk", "start", source, output, "--slices", "4", "--json"))
        expect((started["started"], again), (True, {"execution": started["execution"], "started": False}), "what starting twice tells")
        said = [f"writes to {output} now, with --slices 4", "hint: choose another output, or stop it: aws stepfunctions stop-execution"]
        command.fails("bulk", "start", source, output, "--slices", "5", said=said)
        told = command.told("bulk", "status", source, output)
        expect((told["state"], told["execution"]), ("running", started["execution"]), f"the state of a job that runs, {told}")
        expect((told["summary"], told["error"]), (None, None), "what a job that runs came to")
        expect(table_of(command("bulk", "status", source, output))["state"], "running", "the state of a job that runs")
        command.interrupted("bulk", "wait", source, output, said=f"the job goes on; wait for it again: lifeboat bulk wait {source} {output}\n")
        command("--quiet", "bulk", "wait", source, output)
    tests.same("joined", files, latest(tests))
    print("ok: a job that runs is joined, and told how far it is")


def goes_on(tests, command):
    """A job that failed says why, and goes on when it is started again."""
    lines = tests.csv(600).splitlines(keepends=True)
    for at in (7, 300):
        lines[at] = lines[at].replace(b",male,", b",neither,").replace(b",female,", b",neither,")
    files = {"a.csv": b"".join(lines)}
    source, output = places(tests, "mended", files)
    start = ["bulk", "start", source, output, "--slices", "3", "--wait"]
    command.fails(*start, said=["error: the job failed: ", "a.csv, line 8: Sex must be", "a.csv, line 301: ", "--tolerate-invalid N"])
    command.fails("bulk", "status", source, output, said=["the job failed: "])
    told = command.told("bulk", "status", source, output, status=1)
    expect((told["state"], told["summary"], "Sex must be" in told["cause"]), ("failed", None, True), f"what is told of a job that failed: {told}")
    facts = table_of(command(*start, "--tolerate-invalid", "2"))
    expect((facts["rows"], facts["invalid"]), ("598", f"2, in {output}_invalid/"), f"facts of the summary, {facts}")
    # What the hint says can be typed as it is, and goes on with the job, whatever its options.
    source, output = places(tests, "killed", {"a.csv": tests.csv()})
    options = ["--extra-columns", "ignore", "--explain", "--slices", "4", "--max-concurrency", "2", "--state-machine", tests.bulk.machine]
    resume = f"lifeboat bulk start {source} {output} {' '.join(options)}"
    said = ["slice 2", f"start it again, and it does what is missing: {resume}"]
    with tests.proxy.harming(Fault(r"^(PUT|POST) .*out/killed/part-00002\.", ALWAYS, proxy.send(proxy.KILL))):
        command.fails(*resume.split()[1:], "--wait", said=[said[0], f"{said[1]} --wait"], LIFEBOAT_BULK_STATE_MACHINE=None)
    command.fails("bulk", "status", source, output, "--state-machine", tests.bulk.machine, said=said)
    done = command.run(*resume.split()[1:], "--wait", LIFEBOAT_BULK_STATE_MACHINE=None)
    expect(table_of(done.stdout)["rows"], "3000", "rows of a job that went on by what its hint says")
    expect(" of 4 slices, " in done.stderr, True, f"whether a line tells how far the job is: {done.stderr}")
    tests.same("killed", {"a.csv": tests.csv()}, latest(tests), "csv", "--explain")
    print("ok: a job that failed says why, and goes on when it is started again")


def drifts(tests, command):
    """Records that are others than those of the training end with 3."""
    records = [record | {"Age": "71", "Pclass": "1", "Sex": "female"} for record in tests.records[:900]]
    source, output = places(tests, "drifted", {"a.csv": tables.as_csv(records)})
    said = command("bulk", "start", source, output, "--wait", status=3)
    expect(("major drift" in said, "stability index" in said), (True, True), f"whether drift is told in {said}")
    command("bulk", "wait", source, output, "--json", status=3)
    print("ok: drift is told, and ends with 3")


def refusals(tests, command):
    """What cannot be used is told before anything is started."""
    source, output = places(tests, "refused-command", {"a.csv": tests.csv(10)})
    start = ["bulk", "start", source, output]
    count = executions(tests)
    missing = tests.bulk.machine + "x"
    said = [f"there is no state machine {missing}", "hint: look at its name, its region"]
    command.fails(*start, "--state-machine", missing, said=said)
    key, secret = caller.user(tests.emulator, "nobody-of-bulk", allow("s3:*"))
    said = ["no permission to look for the job", "hint: the credentials need states:ListExecutions"]
    command.fails(*start, said=said, AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=secret)
    said = ["the credentials are not accepted", "hint: renew AWS_ACCESS_KEY_ID"]
    command.fails(*start, said=said, AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY="another")
    expect(executions(tests), count, "executions after what was refused")
    print("ok: a state machine that is not there, missing rights and wrong keys are told")


def faults(tests, command):
    """Step Functions that throttles or hangs up is asked again, and told of where that does not help."""
    source, output = places(tests, "throttled", {"a.csv": tests.csv(10)})
    throttled = proxy.refuse(400, '{"__type": "ThrottlingException", "message": "Rate exceeded"}', JSON)
    hangs_up = lambda handler, request: handler.hang_up()
    with tests.proxy.harming(Fault("ListExecutions", 2, throttled), Fault("StartExecution", 2, throttled), Fault("DescribeExecution", 2, hangs_up)):
        command("bulk", "start", source, output, "--wait")
    with tests.proxy.harming(Fault("DescribeExecution", ALWAYS, throttled)):
        command.fails("bulk", "wait", source, output, said=["Step Functions is asked too often: Rate exceeded", "hint: a job that runs goes on"])
    with tests.proxy.harming(Fault("ListExecutions", ALWAYS, hangs_up)):
        command.fails("bulk", "wait", source, output, said=["Step Functions does not answer", "hint: a job that runs goes on"])
    print("ok: throttles and lost answers of Step Functions cost time and nothing else")


def exports(tests, command):
    """Stored predictions become objects of the bucket, a day each, and an export that failed goes on."""
    bulk, prefix = tests.bulk, "out/exported/"
    place, database = f"s3://{bulk.bucket}/{prefix}", {"DATABASE_URL": "sqlite:exported.db"}
    source = command.work / "exported.csv"
    source.write_bytes(tests.csv())
    command("predict", str(source), "--store", "--output", "exported-predictions.csv", **database)
    # Uploads of several megabytes are sent in pieces, others at once.
    with tests.proxy.harming(Fault(rf"^(PUT|POST) .*{prefix}\d", 2, proxy.busy())) as seen:
        command("export", "--since", "2d", "--output", place, "--format", "ndjson", **database)
    names = [name for name in bulk.names("exported") if name != "_EXPORT"]
    expect(len(seen.matching(rf"^(PUT|POST) .*{prefix}\d")) >= 3, True, "requests that write parts")
    rows = [json.loads(line) for name in names for line in bulk.read("exported", name).splitlines()]
    keys = sorted(int(row["PassengerId"]) for row in rows)
    expect(keys, sorted(int(record["PassengerId"]) for record in tests.records), "passengers that were exported")
    begun = bulk.read("exported", "_EXPORT")
    # The part of a day that is not over is replaced, and one of another export refused.
    command("export", "--since", "2d", "--output", place, "--format", "ndjson", **database)
    expect(([*names, "_EXPORT"], bulk.read("exported", "_EXPORT")), (bulk.names("exported"), begun), "what a second export leaves")
    command.fails("export", "--since", "2d", "--output", place, said=[f"{place} holds another export: as ndjson, and not as parquet"], **database)
    missing = f"s3://{bulk.bucket}-missing/exported/"
    command.fails("export", "--since", "2d", "--output", missing, said=[f"there is no bucket {bulk.bucket}-missing"], **database)
    print("ok: predictions are exported to S3, a part a day")
