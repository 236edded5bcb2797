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
RECORD = {"number": 7, "size": None}
BINARY = {"id": "p.7.00", "key": {"number": 7}, "prediction": {"label": 0}, "probability": 0.125}
CLASSES = {"id": "p.7.00", "prediction": {"label": "a"}, "probabilities": {"a": 0.75, "b": 0.25}}
NUMBER = {"id": "p.7.00", "prediction": {"label": 151.25}}


def client(service):
    return boto3.client(service, "us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


def contract(prediction):
    """Returns the parts of a contract that the hook reads."""
    body = {"content": {"application/json": {"examples": {"example_001": {"value": RECORD}, "example_002": {"value": []}}}}}
    schemas = {"Prediction": {"required": list(prediction)}}
    return {"paths": {"/predict": {"post": {"requestBody": body}}}, "components": {"schemas": schemas}}


def answer(status, body):
    return json.dumps({"statusCode": status, "body": body if isinstance(body, str) else json.dumps(body)}).encode()


class PreTrafficTest(unittest.TestCase):
    def deploy(self, *replies, error=None):
        """Runs the hook on a version that answers so; returns what CodeDeploy was told, what was logged and what was asked."""
        clients = {"lambda": client("lambda"), "codedeploy": client("codedeploy")}
        told, asked = [], []
        with (
            Stubber(clients["lambda"]) as function,
            Stubber(clients["codedeploy"]) as codedeploy,
            mock.patch.object(app.boto3, "client", lambda service, config: clients[service]),
            mock.patch.dict(os.environ, {"NEW_VERSION": VERSION}),
            contextlib.redirect_stdout(io.StringIO()) as log,
        ):
            for payload in replies:
                reply = {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(payload), len(payload))}
                if error and payload == replies[-1]:
                    reply["FunctionError"] = error
                function.add_response("invoke", reply, {"FunctionName": VERSION, "Payload": ANY})
            clients["lambda"].meta.events.register(
                "provide-client-params.lambda.*", lambda params, **_: asked.append(json.loads(params["Payload"]))
            )
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
        return told, log.getvalue(), asked

    def predict(self, body, status=201, of=BINARY):
        return self.deploy(answer(200, contract(of)), answer(status, body))

    def assert_refused(self, reason, deployed):
        told, log, _ = deployed
        self.assertEqual(told, ["Failed"])
        self.assertIn(reason, json.loads(log)["error"])

    def test_a_version_that_predicts_gets_traffic(self):
        for prediction in (BINARY, CLASSES, NUMBER):
            for status in (200, 201):
                told, log, _ = self.predict(prediction, status, of=prediction)
                self.assertEqual(told, ["Succeeded"], log)
                self.assertEqual(json.loads(log)["id"], "p.7.00")

    def test_the_record_is_the_first_example_of_the_contract(self):
        _, _, (first, second) = self.predict(BINARY)
        self.assertEqual((first["rawPath"], first["requestContext"]["http"]["method"]), ("/openapi.json", "GET"))
        self.assertNotIn("body", first)
        self.assertEqual((second["rawPath"], second["requestContext"]["http"]["method"]), ("/predict", "POST"))
        self.assertEqual(second["headers"]["content-type"], "application/json")
        self.assertEqual(json.loads(second["body"]), RECORD)

    def test_both_ends_of_a_probability_are_probabilities(self):
        for probability in (0, 1, 1.0):
            told, _, _ = self.predict(BINARY | {"probability": probability})
            self.assertEqual(told, ["Succeeded"])

    def test_another_status_is_refused(self):
        for status in (202, 400, 422, 500, 503):
            self.assert_refused(f"status {status}", self.predict(BINARY, status))
            self.assert_refused(f"status {status}", self.deploy(answer(status, contract(BINARY))))

    def test_a_function_error_is_refused(self):
        payload = b'{"errorType": "Runtime.ExitError", "errorMessage": "exit status 1"}'
        self.assert_refused("the function failed", self.deploy(payload, error="Unhandled"))
        self.assert_refused("the function failed", self.deploy(answer(200, contract(BINARY)), payload, error="Unhandled"))

    def test_what_is_no_answer_is_refused(self):
        for payload in (b"", b"null", b"[]", b"<html>", b'"text"', b'{"statusCode": 200}'):
            self.assert_refused("not an answer", self.deploy(payload))
            self.assert_refused("not an answer", self.deploy(answer(200, contract(BINARY)), payload))
        self.assert_refused("no JSON", self.predict("<html>"))

    def test_a_contract_without_an_example_is_refused(self):
        without = contract(BINARY)
        without["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"] = {}
        for body in (without, {}, [], 1, {"paths": {"/predict": {"post": {}}}}):
            self.assert_refused("no example", self.deploy(answer(200, body)))

    def test_what_is_no_prediction_is_refused(self):
        for body in ([], {}, 1, "null", {"probability": 0.5}, NUMBER):
            self.assert_refused("no prediction", self.predict(body))
        for label in (None, 0, [], {}, {"label": None}, {"label": float("nan")}, {"label": []}):
            self.assert_refused("no label", self.predict(NUMBER | {"prediction": label}, of=NUMBER))
        for probability in (None, "0.5", True, 1.01, -0.01, float("nan")):
            self.assert_refused("no probability", self.predict(BINARY | {"probability": probability}))
            by_class = {"a": 0.5, "b": probability}
            self.assert_refused("no probability", self.predict(CLASSES | {"probabilities": by_class}, of=CLASSES))
        for by_class in (None, {}, []):
            self.assert_refused("no probability", self.predict(CLASSES | {"probabilities": by_class}, of=CLASSES))


if __name__ == "__main__":
    unittest.main()
