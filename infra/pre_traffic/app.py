"""Runs before a new version of the function gets traffic: the deployment goes on only if the version predicts.

CodeDeploy calls `handler` and waits for a word on the deployment. The record, one of the package that is built in, is always the
same one, so a version of the model stores it once, however often it is deployed.
"""

import json
import os

import boto3
from botocore.config import Config

RECORD = {
    "PassengerId": 0,
    "Pclass": 3,
    "Name": "Traffic, Mr. Pre",
    "Sex": "male",
    "Age": 30,
    "SibSp": 0,
    "Parch": 0,
    "Ticket": "PRE-TRAFFIC",
    "Fare": 8,
    "Cabin": None,
    "Embarked": "S",
}

EVENT = {
    "version": "2.0",
    "routeKey": "$default",
    "rawPath": "/predict",
    "rawQueryString": "",
    "headers": {"accept": "*/*", "content-type": "application/json", "host": "pre-traffic"},
    "requestContext": {
        "accountId": "anonymous",
        "apiId": "pre-traffic",
        "domainName": "pre-traffic",
        "domainPrefix": "pre-traffic",
        "http": {
            "method": "POST",
            "path": "/predict",
            "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1",
            "userAgent": "pre-traffic",
        },
        "requestId": "pre-traffic",
        "routeKey": "$default",
        "stage": "$default",
        "time": "01/Jan/2026:00:00:00 +0000",
        "timeEpoch": 1767225600000,
    },
    "isBase64Encoded": False,
    "body": json.dumps(RECORD),
}

# The version answers within its own 10 seconds, so an answer that takes longer will not come.
CONFIG = Config(connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 3})


class Refused(Exception):
    """Tells why the version must not get traffic."""


def handler(event, _context):
    """Tries the new version and tells CodeDeploy what came of it."""
    status = "Failed"
    try:
        prediction = predict(boto3.client("lambda", config=CONFIG), os.environ["NEW_VERSION"])
        print(json.dumps({"message": "the new version predicts", "probability": prediction["probability"]}))
        status = "Succeeded"
    except Exception as error:  # Whatever it is, CodeDeploy must not wait for its own time-out of an hour.
        print(json.dumps({"message": "the new version is refused", "error": f"{type(error).__name__}: {error}"}))
    boto3.client("codedeploy", config=CONFIG).put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status=status,
    )


def predict(lambda_client, version):
    """Returns the prediction that the version answers with; raises `Refused` unless it is one."""
    answer = lambda_client.invoke(FunctionName=version, Payload=json.dumps(EVENT).encode())
    payload = answer["Payload"].read()
    if "FunctionError" in answer:
        raise Refused(f"the function failed: {payload[:500]!r}")
    try:
        response = json.loads(payload)
        status, body = response["statusCode"], response["body"]
    except (ValueError, KeyError, TypeError):
        raise Refused(f"not an answer to API Gateway: {payload[:500]!r}") from None
    if status not in (200, 201):
        raise Refused(f"status {status}: {body!r:.500}")
    try:
        prediction = json.loads(body)
        label, probability = prediction["prediction"], prediction["probability"]
    except (ValueError, KeyError, TypeError):
        raise Refused(f"no prediction: {body!r:.500}") from None
    if type(label) is not dict or not label or None in label.values():
        raise Refused(f"no label: {body!r:.500}")
    if type(probability) not in (int, float) or not 0 <= probability <= 1:
        raise Refused(f"no probability from 0 to 1: {body!r:.500}")
    return prediction
