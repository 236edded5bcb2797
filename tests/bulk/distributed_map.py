"""MiniStack with what its Distributed Map lacks: fields that are paths, ResultWriter, the name of Lambda's refusal, and the size of a state. What
is reserved for a function holds for its versions, too.

    .tools/ministack/bin/python -B tests/bulk/distributed_map.py     # in place of -m ministack

It reaches into private functions of the pinned version.
"""

import functools
import json

from ministack.app import main
from ministack.services import lambda_svc, s3, stepfunctions

PATHS = ["MaxConcurrency", "ToleratedFailureCount", "ToleratedFailurePercentage"]
THROTTLED = "TooManyRequestsException"
# The most that an input or a result of a state may have, in bytes.
MOST_STATE = 256 << 10

run_map = stepfunctions._run_distributed_map
call_lambda = stepfunctions._call_lambda
run_child = stepfunctions._run_sub_machine


@functools.wraps(run_map)
def run_written_map(state, raw, effective, iterator, execution, context):
    """Runs a map whose fields may be paths, and writes what became of its items where ResultWriter says."""
    resolve = functools.partial(stepfunctions._resolve_path_or_ctx, data=effective, ctx=context)
    writer = state.get("ResultWriter")
    # What a map with a writer answers is where the results are, and not the results.
    bare = {name: value for name, value in state.items() if not writer or name not in ("ResultSelector", "ResultPath", "OutputPath")}
    for name in PATHS:
        if name + "Path" in bare:
            bare[name] = resolve(bare.pop(name + "Path"))
    if not writer:
        return run_map(bare, raw, effective, iterator, execution, context)
    place, runs, failure = stepfunctions._resolve_params_obj(writer["Parameters"], effective, context), set(stepfunctions._map_runs), None
    try:
        run_map(bare, raw, effective, iterator, execution, context)
    except stepfunctions._ExecutionError as error:
        failure = error
    mine = [run for run in stepfunctions._map_runs if run not in runs and stepfunctions._map_runs[run]["executionArn"] == execution["executionArn"]]
    details = {"MapRunArn": mine[-1], "ResultWriterDetails": write_results(mine[-1], place)} if mine else {}
    if failure:
        raise failure
    result = stepfunctions._apply_result_selector(state, details)
    output = stepfunctions._apply_result_path(state, raw, result)
    return stepfunctions._apply_output_path(state, output, context), stepfunctions._next_or_end(state)


def write_results(run, place):
    """Writes a manifest, and the executions that succeeded and that failed."""
    folder = f"{place['Prefix']}/{run.rsplit(':', 1)[1]}"
    files = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    for status in ("FAILED", "SUCCEEDED"):
        children = [child for child in list(stepfunctions._executions.values()) if child.get("mapRunArn") == run and child["status"] == status]
        if children:
            text, key = json.dumps([told(child) for child in children]).encode(), f"{folder}/{status}_0.json"
            files[status].append({"Key": key, "Size": put(place["Bucket"], key, text)})
    manifest = json.dumps({"DestinationBucket": place["Bucket"], "MapRunArn": run, "ResultFiles": files}).encode()
    put(place["Bucket"], f"{folder}/manifest.json", manifest)
    return {"Bucket": place["Bucket"], "Key": f"{folder}/manifest.json"}


def told(child):
    """Returns what a file of results says of an execution."""
    ends = {"Output": child["output"], "OutputDetails": {"Included": True}} if child["status"] == "SUCCEEDED" else {}
    ends |= {"Error": child["error"], "Cause": child["cause"]} if child["status"] == "FAILED" else {}
    names = {"ExecutionArn": "executionArn", "Input": "input", "Name": "name", "StartDate": "startDate", "StateMachineArn": "stateMachineArn"}
    names |= {"Status": "status", "StopDate": "stopDate"}
    return {name: child[there] for name, there in names.items()} | {"InputDetails": {"Included": True}} | ends


def put(bucket, key, text):
    status, _, answer = s3._put_object(bucket, key, text, {})
    if status != 200:
        raise stepfunctions._ExecutionError("States.ResultWriterFailed", f"s3://{bucket}/{key}: {answer}")
    return len(text)


@functools.wraps(call_lambda)
def call_named(function, event):
    """Calls a function; one that was refused fails by the name that AWS has for it."""
    try:
        answer = call_lambda(function, event)
    except stepfunctions._ExecutionError as error:
        if error.error == "Lambda.Unknown" and THROTTLED in str(error.cause):
            raise stepfunctions._ExecutionError(f"Lambda.{THROTTLED}", error.cause) from error
        raise
    within(answer, "the answer of a task")
    return answer


def reserved(function, config):
    """Returns what is reserved for a function, whichever version of it is called."""
    return lambda_svc._functions[config["FunctionName"]].get("concurrency")


@functools.wraps(run_child)
def run_small_child(states, start_at, data, execution, context):
    within(data, "the input of an execution")
    return run_child(states, start_at, data, execution, context)


def within(data, what):
    size = len(json.dumps(data, separators=(",", ":")).encode())
    if size > MOST_STATE:
        raise stepfunctions._ExecutionError("States.DataLimitExceeded", f"{what} has {size} bytes")


if __name__ == "__main__":
    stepfunctions._run_distributed_map = run_written_map
    stepfunctions._call_lambda = call_named
    stepfunctions._run_sub_machine = run_small_child
    lambda_svc._reserved_concurrency = reserved
    main()
