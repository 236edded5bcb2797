"""Checks what no linter knows: that the templates fit each other, and the program.

    .tools/checks/bin/python infra/consistency.py

- The roles of template.yaml may do no more than the boundary of deploy_role.yaml, which would take the rest from them.
- The dashboard is JSON, and its widgets do not overlap.
- Each metric of ours that an alarm or the dashboard names is one that the program writes.
"""

import itertools
import json
import pathlib
import re
import sys

import cfnlint.decode

ROOT = pathlib.Path(__file__).parent.parent
NAMESPACE = "Lifeboat"
SIDES = [("x", "width"), ("y", "height")]


def main():
    template, deployment = (load(ROOT / name) for name in ("template.yaml", "infra/deploy_role.yaml"))
    widgets = dashboard(template["Dashboard"])
    faults = beyond_boundary(template, deployment["Boundary"]) + overlaps(widgets) + unknown_metrics(template, widgets)
    if faults:
        sys.exit("\n".join(faults))
    print("the roles are within the boundary, and the dashboard and the alarms show what the program writes")


def load(path):
    template, faults = cfnlint.decode.decode(str(path))
    if faults:
        sys.exit(f"{path}: {faults}")
    return template["Resources"]


def statements(document):
    """Returns the statements of a policy; one that hangs on a condition counts."""
    for statement in document["Statement"]:
        yield statement["Fn::If"][1] if "Fn::If" in statement else statement


def actions(statement):
    action = statement["Action"]
    return [action] if isinstance(action, str) else action


def beyond_boundary(template, boundary):
    allowed = {action for statement in statements(boundary["Properties"]["PolicyDocument"]) for action in actions(statement)}
    faults = []
    for name, resource in template.items():
        for policy in resource["Properties"].get("Policies", []) if resource["Type"] == "AWS::IAM::Role" else []:
            wanted = {action for statement in statements(policy["PolicyDocument"]) for action in actions(statement)}
            faults += [f"{name}: {action} is not within the boundary of deploy_role.yaml" for action in sorted(wanted - allowed)]
    return faults


def dashboard(resource):
    """Returns the widgets, with some text in place of each substitution."""
    body, inserted = resource["Properties"]["DashboardBody"]["Fn::Sub"]
    for name, value in inserted.items():
        # What hangs on a condition counts.
        body = body.replace(f"${{{name}}}", value["Fn::If"][1]["Fn::Sub"])
    body = body.replace("${MetricsNamespace}", NAMESPACE)
    return json.loads(re.sub(r"\$\{[^}]*\}", "1", body))["widgets"]


def overlaps(widgets):
    faults = []
    for left, right in itertools.combinations(widgets, 2):
        meets = [left[at] < right[at] + right[size] and right[at] < left[at] + left[size] for at, size in SIDES]
        if all(meets):
            faults.append(f"the widgets {left['properties']['title']} and {right['properties']['title']} overlap")
    return faults


def unknown_metrics(template, widgets):
    written = set(re.findall(r'"([A-Z][A-Za-z]+)"', "".join(path.read_text() for path in ROOT.glob("src/metrics/*.rs"))))
    shown = {
        metric[1]
        for widget in widgets
        for metric in widget["properties"].get("metrics", [])
        if metric[0] == NAMESPACE
    }
    watched = {
        metric["MetricName"]
        for resource in template.values()
        for metric in metrics_of(resource["Properties"])
        if metric.get("Namespace") == {"Ref": "MetricsNamespace"}
    }
    return [f"no program writes the metric {name}" for name in sorted((shown | watched) - written)]


def metrics_of(alarm):
    """Returns the metrics of an alarm: its own, or those that it computes with."""
    yield alarm
    for query in alarm.get("Metrics", []):
        yield query.get("MetricStat", {}).get("Metric", {})


if __name__ == "__main__":
    main()
