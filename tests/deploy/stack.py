"""Stacks of CloudFormation on the emulator, made of the template that SAM built."""

import dataclasses
import json
import pathlib
import platform
import subprocess
import sys
import time

import yaml
from emulator import ACCOUNT, REGION

ROOT = pathlib.Path(__file__).parents[2]
SAM = ROOT / ".tools/sam/bin/sam"
BUCKET = "packages"
ARCHITECTURE = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"


@dataclasses.dataclass
class Stack:
    """A stack that stands: where its API is, and its resources by their names in the template."""

    name: str
    outputs: dict
    ids: dict

    @property
    def url(self):
        return self.outputs["Url"]


def package(emulator, built, work):
    """Uploads what SAM built, as `sam package` does, and returns its template."""
    emulator.client("s3").create_bucket(Bucket=BUCKET)
    packaged = pathlib.Path(work, "packaged.json")
    command = [SAM, "package", "--template-file", built, "--s3-bucket", BUCKET, "--use-json", "--output-template-file", packaged]
    done = subprocess.run(command, env=emulator.environment, cwd=work, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"sam package failed: {done.stdout}{done.stderr}")
    return json.loads(packaged.read_text())


class ShortForms(yaml.SafeLoader):
    """Reads CloudFormation's short forms, as `!Ref Name`, as the long ones."""

    def long_form(self, name, node):
        if isinstance(node, yaml.ScalarNode):
            value = self.construct_scalar(node)
        else:
            value = self.construct_sequence(node, True) if isinstance(node, yaml.SequenceNode) else self.construct_mapping(node, True)
        value = value.split(".", 1) if name == "GetAtt" else value
        return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


ShortForms.add_multi_constructor("!", ShortForms.long_form)


def read(path):
    """Returns a template that names no files."""
    return yaml.load(path.read_text(), ShortForms)


def without_lacking(template):
    """Returns the text of a template without what MiniStack lacks, and the names of that: CodeDeploy, OIDC providers, alarms on metric
    math, and the dashboard, which names these."""
    resources = template["Resources"]
    lacking = [name for name, resource in resources.items() if is_lacking(resource)]
    for name in lacking:
        del resources[name]
    for name, resource in resources.items():
        if resource.get("Properties", {}).pop("DeploymentPreference", {}).get("Type"):
            lacking.append(f"CodeDeploy for {name}")
    return json.dumps(template), lacking


def is_lacking(resource):
    computed = resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]
    return computed or resource["Type"] in ("AWS::CloudWatch::Dashboard", "AWS::IAM::OIDCProvider")


def deploy_rights(emulator):
    """Deploys what an administrator deploys once, for the boundary of all roles and the rights of the workflow."""
    template, _ = without_lacking(read(ROOT / "infra/deploy_role.yaml"))
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    given = {"Repository": "owner/lifeboat", "GitHubEnvironment": "test", "StackName": "lifeboat", "OidcProviderArn": provider}
    return deploy(emulator, "lifeboat-rights", template, **given)


def deploy(emulator, name, template, **parameters):
    """Makes a stack of the text of a template, and returns it; a resource that could not be made ends the program."""
    # A template that is sent along may have 51,200 bytes, and this one has more.
    emulator.client("s3").put_object(Bucket=BUCKET, Key=f"{name}.template", Body=template)
    formation = emulator.client("cloudformation")
    formation.create_stack(
        StackName=name,
        TemplateURL=f"{emulator.url}/{BUCKET}/{name}.template",
        Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    )
    status = wait(formation, name)
    if status["StackStatus"] != "CREATE_COMPLETE":
        sys.exit(f"{name}: {status['StackStatus']}: {'; '.join(failures(formation, name))}")
    outputs = {output["OutputKey"]: output["OutputValue"] for output in status.get("Outputs", [])}
    pages = formation.get_paginator("list_stack_resources").paginate(StackName=name)
    resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
    return Stack(name, outputs, {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources})


def wait(formation, name):
    deadline = time.monotonic() + 60
    while (status := formation.describe_stacks(StackName=name)["Stacks"][0])["StackStatus"].endswith("IN_PROGRESS"):
        if time.monotonic() > deadline:
            sys.exit(f"{name}: still {status['StackStatus']} after a minute")
        time.sleep(0.1)
    return status


def failures(formation, name):
    for event in formation.describe_stack_events(StackName=name)["StackEvents"]:
        if "FAILED" in event["ResourceStatus"]:
            yield f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"


def expect(found, expected, what):
    """Ends the program unless something is as it should be."""
    if found != expected:
        sys.exit(f"{what}: expected {expected}, found {found}")


def rest_stage(emulator, service, name):
    """Makes a REST API in front of the function, with one stage, and returns where that is."""
    gateway, alias = emulator.client("apigateway"), service.ids["ApiAliaslive"]
    api = gateway.create_rest_api(name="lifeboat-rest")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    every_path = gateway.create_resource(restApiId=api, parentId=root, pathPart="{proxy+}")["id"]
    method = {"restApiId": api, "resourceId": every_path, "httpMethod": "ANY"}
    gateway.put_method(**method, authorizationType="AWS_IAM")
    invocations = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{alias}/invocations"
    gateway.put_integration(**method, type="AWS_PROXY", integrationHttpMethod="POST", uri=invocations)
    gateway.create_deployment(restApiId=api, stageName=name)
    emulator.client("lambda").add_permission(
        FunctionName=alias,
        StatementId="rest",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/*",
    )
    return f"{service.url.replace(service.ids['HttpApi'], api)}/{name}"
