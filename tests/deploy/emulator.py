"""MiniStack, an emulator of AWS, as a process of its own that listens on the loopback only and forgets everything when it stops."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import boto3
from botocore.config import Config

REGION, ACCOUNT = "us-east-1", "000000000000"
# What the emulator takes for the account's own credentials. Everybody else's are checked.
KEY, SECRET = "test", "test"


@contextlib.contextmanager
def running(work, program=("-m", "ministack"), **settings):
    """Runs MiniStack with its files in the folder `work`; what it printed is printed again when a check fails."""
    emulator = Emulator(work, program, settings)
    try:
        emulator.wait()
        yield emulator
    except BaseException:
        sys.stderr.write("\n".join(emulator.log.read_text().splitlines()[-40:]) + "\n")
        raise
    finally:
        emulator.stop()


class Emulator:
    """A MiniStack that runs: its address, its clients, and the environment of programs that are to find it."""

    def __init__(self, work, program, more):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = pathlib.Path(work, "ministack.log")
        self.environment = environment(work, self.url)
        settings = {
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": "127.0.0.1",
            # curl finds every name below localhost on the loopback, so an API is where its stack says.
            "MINISTACK_HOST": "localhost",
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "STATE_DIR": f"{work}/state",
            "S3_DATA_DIR": f"{work}/s3",
            # Signatures are verified and the policies of roles and users hold.
            "AUTH": "true",
            # Functions run as processes, and no containers are looked for.
            "LAMBDA_EXECUTOR": "local",
            "DOCKER_HOST": f"unix://{work}/no-docker.sock",
            # These would listen on every address.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
        } | more
        with open(self.log, "w") as log:
            command, streams = [sys.executable, *program], {"stdout": log, "stderr": log}
            self.process = subprocess.Popen(command, env=self.environment | settings, cwd=work, start_new_session=True, **streams)

    def wait(self):
        """Returns once it listens."""
        for _ in range(300):
            if self.process.poll() is not None:
                sys.exit(f"MiniStack stopped with status {self.process.returncode}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 0.2):
                return
            time.sleep(0.1)
        sys.exit("MiniStack does not listen after 30 s")

    def stop(self):
        """Stops it with the functions that it runs, which are in its process group."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)

    def client(self, service, url=None, key=(KEY, SECRET)):
        """Returns a client of a service that has the rights of the account, or of a key, and finds it here, or where something stands before it."""
        session = boto3.Session(*key, region_name=REGION)
        return session.client(service, endpoint_url=url or self.url, config=Config(retries={"total_max_attempts": 1}))


def environment(work, url):
    """Returns an environment without the caller's own settings, of AWS or of lifeboat."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(work),
        "TMPDIR": str(work),
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "SAM_CLI_TELEMETRY": "0",
    }


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
