"""Each script of examples/ runs in an empty folder, and what it packs is served there."""

import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

SCRIPTS = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.py"))
PROGRAM = Path(sys.executable).parent / "lifeboat"
# A program of this environment has no settings of whoever runs the tests.
ENVIRONMENT = {"PATH": os.defpath, "LOG_FORMAT": "json"}


class Examples(unittest.TestCase):
    def test_there_are_some_for_each_kind_of_model(self):
        self.assertGreaterEqual(len(SCRIPTS), 6)

    def served(self, package):
        """Asks a server of the package for its page, a prediction, and the prediction that is stored."""
        with tempfile.TemporaryFile("w+") as log:
            server = subprocess.Popen([PROGRAM, "serve", package.name, "--port", "0"], cwd=package.parent, env=ENVIRONMENT, stderr=log)
            try:
                url = f"http://{address(server, log)}"
                page = ask(url)
                self.assertIn(package.name.encode(), page.lower())
                schema = json.loads((package / "schema.json").read_text())
                fields = [field for field in schema["fields"] if field["name"] != schema["lifeboat"]["label"]]
                body = json.dumps({field["name"]: some_value(field) for field in fields}).encode()
                answer = json.loads(ask(f"{url}/predict", body))
                self.assertEqual(list(answer["prediction"]), [schema["lifeboat"]["label"]])
                self.assertEqual(json.loads(ask(f"{url}/predictions/{answer['id']}"))["id"], answer["id"])
                return answer
            finally:
                server.terminate()
                self.assertEqual(server.wait(20), 0)


def some_value(field):
    """A value that a field takes."""
    return field.get("example") or next(iter(field.get("categories", [])), "T0001" if field["type"] == "string" else 1)


def address(server, log):
    for _ in range(200):
        log.seek(0)
        for line in log:
            if '"address"' in line:
                told = json.loads(line)
                return told.get("address") or told["fields"]["address"]
        if server.poll() is not None:
            break
        time.sleep(0.05)
    log.seek(0)
    raise AssertionError(f"the server does not start: {log.read()[-2000:]}")


def ask(url, body=None):
    request = urllib.request.Request(url, body, {"content-type": "application/json"} if body else {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


def example(script):
    def test(self):
        with tempfile.TemporaryDirectory() as folder:
            run = subprocess.run([sys.executable, "-B", script], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
            self.assertEqual(run.returncode, 0, run.stderr[-3000:])
            [package] = Path(folder).iterdir()
            agreement = json.loads((package / "manifest.json").read_text())["agreement"]
            self.assertLessEqual(agreement["largest_difference"], 1e-5)
            self.served(package)

    return test


for script in SCRIPTS:
    setattr(Examples, f"test_{script.stem}", example(script))


if __name__ == "__main__":
    unittest.main()
