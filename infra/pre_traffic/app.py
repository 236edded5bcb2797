"""Runs before a new version of the function gets traffic: the deployment goes on only if the version predicts.

CodeDeploy calls `handler` and waits for a word on the deployment. The record is the first example of the version's own contract, whatever
its table is. It is the same one each time, so a version of the model stores it once, however often it is deployed.
"""

import json
import math
import os

import boto3
from botocore.config import Config

CONTRACT, PREDICT = "/openapi.json", "/predict"

# The version answers within its own 10 seconds, so an answer that takes longer will not come.
CONFIG = Config(connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 3})


class Refused(Exception):
    """Tells why the version must not get traffic."""


def handler(event, _context):
    """Tries the new version and tells CodeDeploy what came of it."""
    status = "Failed"
    try:
        prediction = predict(boto3.client("lambda", config=CONFIG), os.environ["NEW_VERSION"])
        print(json.dumps({"message": "the new version predicts", "id": prediction["id"]}))
        status = "Succeeded"
    except Exception as error:  # Whatever it is, CodeDeploy must not wait for its own time-out of an hour.
        print(json.dumps({"message": "the new version is refused", "error": f"{type(error).__name__}: {error}"}))
    boto3.client("codedeploy", config=CONFIG).put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status=status,
    )


def predict(lambda_client, version):
    """Returns the prediction that the version answers with; raises `Refused` unless it is one, as its contract says."""
    contract = call(lambda_client, version, "GET", CONTRACT, [200])
    try:
        body = contract["paths"][PREDICT]["post"]["requestBody"]["content"]["application/json"]
        example = next(iter(body["examples"].values()))["value"]
        members = contract["components"]["schemas"]["Prediction"]["required"]
    except (KeyError, TypeError, AttributeError, StopIteration):
        raise Refused("the contract has no example: give the package's schema one that the model can answer") from None
    prediction = call(lambda_client, version, "POST", PREDICT, [200, 201], json.dumps(example))
    if type(prediction) is not dict or not all(name in prediction for name in members):
        raise Refused(f"no prediction: {prediction!r:.500}")
    label = prediction["prediction"]
    if type(label) is not dict or not label or not all(is_value(value) for value in label.values()):
        raise Refused(f"no label: {prediction!r:.500}")
    probabilities = [prediction[name] for name in ("probability",) if name in members]
    if "probabilities" in members:
        by_class = prediction["probabilities"]
        probabilities += by_class.values() if type(by_class) is dict and by_class else [None]
    if not all(is_number(probability) and 0 <= probability <= 1 for probability in probabilities):
        raise Refused(f"no probability from 0 to 1: {prediction!r:.500}")
    return prediction


def call(lambda_client, version, method, path, expected, body=None):
    """Returns what the JSON says that the version answers with; raises `Refused` unless its status is expected."""
    answer = lambda_client.invoke(FunctionName=version, Payload=json.dumps(request(method, path, body)).encode())
    payload = answer["Payload"].read()
    if "FunctionError" in answer:
        raise Refused(f"the function failed: {payload[:500]!r}")
    try:
        response = json.loads(payload)
        status, body = response["statusCode"], response["body"]
    except (ValueError, KeyError, TypeError):
        raise Refused(f"not an answer to API Gateway: {payload[:500]!r}") from None
    if status not in expected:
        raise Refused(f"status {status}: {body!r:.500}")
    try:
        return json.loads(body)
    except (ValueError, TypeError):
        raise Refused(f"no JSON: {body!r:.500}") from None


def request(method, path, body):
    """Returns a request as API Gateway sends it."""
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "pre-traffic"}
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"accept": "*/*", "host": "pre-traffic"},
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "pre-traffic",
            "domainName": "pre-traffic",
            "domainPrefix": "pre-traffic",
            "http": http,
            "requestId": "pre-traffic",
            "routeKey": "$default",
            "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000",
            "timeEpoch": 1767225600000,
        },
        "isBase64Encoded": False,
    }
    if body is not None:
        event["headers"]["content-type"] = "application/json"
        event["body"] = body
    return event


def is_value(value):
    return type(value) in (bool, str) or is_number(value)


def is_number(value):
    return type(value) in (int, float) and math.isfinite(value)
