"""What the hook says to CodeDeploy of a good version, and of each kind of bad one."""

import contextlib
import io
import json
import os
import unittest
from unittest import mock

import boto3
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber

import app

VERSION = "arn:aws:lambda:us-east-1:123456789012:function:api:7"
PREDICTION = {"id": "p.0.00", "key": {"PassengerId": 0}, "prediction": {"Survived": 0}, "probability": 0.125}


def client(service):
    return boto3.client(service, "us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


def answer(status=201, body=None, **more):
    response = {"statusCode": status, "body": json.dumps(PREDICTION if body is None else body)}
    return {"payload": json.dumps(response).encode(), **more}


class PreTrafficTest(unittest.TestCase):
    def deploy(self, payload, error=None):
        """Runs the hook on a version that answers so, and returns what CodeDeploy was told and what was logged."""
        clients = {"lambda": client("lambda"), "codedeploy": client("codedeploy")}
        reply = {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(payload), len(payload))}
        if error:
            reply["FunctionError"] = error
        told = []
        with (
            Stubber(clients["lambda"]) as function,
            Stubber(clients["codedeploy"]) as codedeploy,
            mock.patch.object(app.boto3, "client", lambda service, config: clients[service]),
            mock.patch.dict(os.environ, {"NEW_VERSION": VERSION}),
            contextlib.redirect_stdout(io.StringIO()) as log,
        ):
            function.add_response("invoke", reply, {"FunctionName": VERSION, "Payload": ANY})
            clients["codedeploy"].meta.events.register(
                "provide-client-params.codedeploy.*", lambda params, **_: told.append(params["status"])
            )
            codedeploy.add_response(
                "put_lifecycle_event_hook_execution_status",
                {"lifecycleEventHookExecutionId": "hook"},
                {"deploymentId": "d-1", "lifecycleEventHookExecutionId": "hook", "status": ANY},
            )
            app.handler({"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "hook"}, None)
            function.assert_no_pending_responses()
            codedeploy.assert_no_pending_responses()
        return told, log.getvalue()

    def assert_refused(self, reason, **reply):
        told, log = self.deploy(**reply)
        self.assertEqual(told, ["Failed"])
        self.assertIn(reason, json.loads(log)["error"])

    def test_a_version_that_predicts_gets_traffic(self):
        for status in (200, 201):
            told, log = self.deploy(**answer(status))
            self.assertEqual(told, ["Succeeded"])
            self.assertEqual(json.loads(log)["probability"], 0.125)

    def test_both_ends_of_a_probability_are_probabilities(self):
        for probability in (0, 1, 1.0):
            told, _ = self.deploy(**answer(body=PREDICTION | {"probability": probability}))
            self.assertEqual(told, ["Succeeded"])

    def test_another_status_is_refused(self):
        for status in (202, 400, 422, 500, 503):
            self.assert_refused(f"status {status}", **answer(status))

    def test_a_function_error_is_refused(self):
        payload = b'{"errorType": "Runtime.ExitError", "errorMessage": "exit status 1"}'
        self.assert_refused("the function failed", payload=payload, error="Unhandled")

    def test_what_is_no_answer_is_refused(self):
        for payload in (b"", b"null", b"[]", b"<html>", b'"text"', b'{"statusCode": 200}'):
            self.assert_refused("not an answer", payload=payload)

    def test_what_is_no_prediction_is_refused(self):
        for body in ([], {}, "text", 1, {"probability": 0.5}, {"prediction": {"Survived": 0}}):
            self.assert_refused("no prediction", **answer(body=body))
        for text in (b'"<html>"', b"null"):
            self.assert_refused("no prediction", payload=b'{"statusCode": 200, "body": %s}' % text)
        for label in (None, 0, [], {}, {"Survived": None}):
            self.assert_refused("no label", **answer(body=PREDICTION | {"prediction": label}))
        for probability in (None, "0.5", True, 1.01, -0.01, float("nan")):
            self.assert_refused("no probability", **answer(body=PREDICTION | {"probability": probability}))

    def test_the_event_holds_the_record_as_api_gateway_would_send_it(self):
        self.assertEqual(json.loads(app.EVENT["body"]), app.RECORD)
        self.assertEqual(app.EVENT["requestContext"]["http"]["path"], app.EVENT["rawPath"])


if __name__ == "__main__":
    unittest.main()
