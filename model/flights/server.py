"""The program as a server whose clock is set from here, and what a client asks of it."""

import datetime as dt
import http.client
import json
import os
import re
import subprocess
import time
from pathlib import Path

from features import PROGRAM

JSON = {"content-type": "application/json"}
# So long a server may take to start, or to take a snapshot up, in seconds.
PATIENCE = 60
# A month's gate takes some minutes, in which nobody asks: the connection is kept for as long, in seconds.
IDLE = 3600
# A body may have so many records or outcomes.
MOST = 1000


class Server:
    """Serves a package, with another one in its shadow. The clock goes on when it is set."""

    def __init__(self, folder: Path):
        self.clock, self.log, self.database = folder / "clock", folder / "server.log", folder / "flights.db"
        self.process = self.connection = None

    def set_clock(self, moment: dt.datetime):
        """Sets the clock for all that is asked from now on."""
        written = self.clock.with_suffix(".next")
        written.write_text(moment.isoformat())
        written.replace(self.clock)

    def start(self, package: Path, shadow: Path):
        self.stop()
        environment = os.environ | {
            "TEST_CLOCK": str(self.clock),
            "SHADOW_MODEL_DIR": str(shadow),
            "SNAPSHOT_REFRESH_SECONDS": "0.05",
            "IDLE_TIMEOUT_SECONDS": str(IDLE),
            "LOG_FORMAT": "json",
        }
        database = ["--database-url", f"sqlite:{self.database}"]
        command = [PROGRAM, "serve", str(package), "--port", "0", "--test-clock", *database]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        address = self.wait(lambda: re.search(r'"address":"([^"]+)', self.log.read_text()))
        self.connection = http.client.HTTPConnection(address[1], timeout=PATIENCE)

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
        self.process = self.connection = None

    def wait(self, is_there):
        """Returns what is there, once it is."""
        until = time.monotonic() + PATIENCE
        while not (found := is_there()):
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the server stopped, or keeps one waiting: {self.log.read_text()[-2000:]}")
            time.sleep(0.01)
        return found

    def predict(self, records: list) -> list:
        return self.ask_in_parts("/predict", records)

    def tell(self, outcomes: list) -> list:
        return self.ask_in_parts("/outcomes", outcomes)

    def ask_in_parts(self, path, rows: list) -> list:
        answers = []
        for first in range(0, len(rows), MOST):
            answers += self.ask("POST", path, json.dumps(rows[first : first + MOST]))
        return answers

    def model(self) -> dict:
        return self.ask("GET", "/model")

    def ask(self, method, path, body=None):
        self.connection.request(method, path, body, JSON if body else {})
        response = self.connection.getresponse()
        text = response.read()
        if response.status not in (200, 201):
            raise RuntimeError(f"{method} {path} was answered {response.status}: {text[:500].decode()}")
        return json.loads(text)
