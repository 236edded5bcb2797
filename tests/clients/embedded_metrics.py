"""Checks every line of metrics in a function's log by CloudWatch's embedded metric format: python embedded_metrics.py LOG"""

import collections
import json
import pathlib
import sys

import jsonschema_rs

SCHEMA = json.loads(pathlib.Path(__file__).with_name("embedded_metric_format.json").read_text())


def main():
    validator = jsonschema_rs.validator_for(SCHEMA)
    lines = [line[line.index('{"_aws"') :] for line in open(sys.argv[1], errors="replace") if '{"_aws"' in line]
    seen = collections.Counter()
    for line in lines:
        document = json.loads(line)
        faults = [str(error) for error in validator.iter_errors(document)] + targets(document, seen)
        if faults:
            sys.exit(f"{faults}: {line}")
    asked = "PredictionsCreated PredictionsExisting Probability ModelLatency StoreLatency Problems MissingAge ColdStart".split()
    unseen = set(asked) - set(seen)
    if unseen:
        sys.exit(f"no line tells of {', '.join(sorted(unseen))}")
    cold = seen["ColdStart"]
    if cold != 1:
        sys.exit(f"{cold} cold starts are told of, and there was one")
    print(f"ok: {len(lines)} lines of metrics, as CloudWatch takes them: {', '.join(sorted(seen))}")


def targets(document, seen):
    """Returns what no schema can say: members that a directive names and that are not there, or that are not what it needs."""
    faults = []
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for name in sum(directive["Dimensions"], []):
            if not isinstance(document.get(name), str) or not document[name]:
                faults.append(f"the dimension {name} is no text")
        for metric in directive["Metrics"]:
            values = document.get(metric["Name"])
            values = values if isinstance(values, list) else [values]
            seen[metric["Name"]] += 1
            if not 1 <= len(values) <= 100 or not all(type(value) in (int, float) for value in values):
                faults.append(f"the metric {metric['Name']} is no number, nor a hundred of them at most")
            if metric["Unit"] == "Count" and values == [0]:
                faults.append(f"{metric['Name']} did not happen")
    return faults


if __name__ == "__main__":
    main()
