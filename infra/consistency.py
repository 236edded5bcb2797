"""Checks what no linter knows: that the templates fit each other, and the program.

    .tools/checks/bin/python infra/consistency.py

- The roles of template.yaml may do no more than the boundary of deploy_role.yaml, which would take the rest from them.
- The dashboard is JSON, and its widgets do not overlap.
- Each metric of ours that an alarm or the dashboard names is one that the program writes.
- The definition of the state machine has the placeholders that the template fills, no more and no less.
- It tries again, or not, by names of errors: those of ours are the ones that the program raises.
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
# Where the program names its metrics, and the errors that it answers the state machine with.
METRICS = ["src/metrics/*.rs", "src/bulk/**/*.rs", "src/bin/batch.rs"]
ERRORS = ROOT / "src/bulk/failure.rs"
# Errors of ours that may pass.
PASSING = {"Unavailable"}
# Prefixes of the errors that Lambda and Step Functions raise by themselves.
ERRORS_OF_AWS = ("Lambda.", "States.")


def main():
    template, deployment = (load(ROOT / name) for name in ("template.yaml", "infra/deploy_role.yaml"))
    widgets = dashboard(template["Dashboard"])
    faults = beyond_boundary(template, deployment["Boundary"]) + overlaps(widgets) + unknown_metrics(template, widgets)
    for machine in (resource["Properties"] for resource in template.values() if resource["Type"] == "AWS::Serverless::StateMachine"):
        definition = (ROOT / machine["DefinitionUri"]).read_text()
        faults += other_placeholders(machine, definition) + other_errors(json.loads(definition))
    if faults:
        sys.exit("\n".join(faults))
    print("the roles are within the boundary, the dashboard and the alarms show what the program writes, and the state machine fits both")


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
    sources = "".join(path.read_text() for pattern in METRICS for path in ROOT.glob(pattern))
    written = set(re.findall(r'"([A-Z][A-Za-z]+)"', sources))
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


def other_placeholders(machine, definition):
    filled, named = set(machine["DefinitionSubstitutions"]), set(re.findall(r"\$\{([^}]*)\}", definition))
    return [f"{machine['DefinitionUri']}: {name} stands either there or in template.yaml" for name in sorted(filled ^ named)]


def other_errors(definition):
    """Names of our errors by which a state tries again or not, and that no program raises; and final ones that a state does not know."""
    raised = set(re.findall(r'const [A-Z_]+: &str = "([A-Z][A-Za-z]+)"', ERRORS.read_text()))
    tasks = dict(tasks_of(definition))
    known = {name: {error for retrier in task["Retry"] for error in retrier["ErrorEquals"]} for name, task in tasks.items()}
    ours = {name: {error for error in errors if not error.startswith(ERRORS_OF_AWS)} for name, errors in known.items()}
    faults = [f"{name} names the error {error}, which no program raises" for name, errors in ours.items() for error in sorted(errors - raised)]
    faults += [f"{name} tries again by other names than {min(ours)}" for name, errors in ours.items() if errors != ours[min(ours)]]
    # What may pass is not named: like whatever AWS comes to raise, it is tried again by States.ALL.
    final = raised - PASSING
    return faults + [f"{name} would try {error} again" for name, errors in ours.items() for error in sorted(final - errors)]


def tasks_of(definition):
    """Returns the tasks of a definition by their names, with those of the executions that a map starts."""
    for name, state in definition["States"].items():
        if state["Type"] == "Task":
            yield name, state
        elif "ItemProcessor" in state:
            yield from tasks_of(state["ItemProcessor"])


def metrics_of(alarm):
    """Returns the metrics of an alarm: its own, or those that it computes with."""
    yield alarm
    for query in alarm.get("Metrics", []):
        yield query.get("MetricStat", {}).get("Metric", {})


if __name__ == "__main__":
    main()
