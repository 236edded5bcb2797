"""What stands between the function and the emulator's S3 and DynamoDB: it hands requests on, as what ends TLS does, and does harm where a test
asks for it.
"""

import contextlib
import dataclasses
import http.client
import http.server
import itertools
import os
import pathlib
import re
import signal
import threading
import time
import urllib.parse

from stack import expect

CHUNK = 64 << 10
TARGET = "x-amz-target"


@dataclasses.dataclass(frozen=True)
class Request:
    """A request of the function: `path` is what S3 was asked for, or the name of DynamoDB's operation; `client` is the port that it came from."""

    method: str
    path: str
    query: str
    range: str
    client: int

    def __str__(self):
        return f"{self.method} {self.path}{'?' if self.query else ''}{self.query}{' ' if self.range else ''}{self.range}"


class Fault:
    """Harm that is done to the requests which a pattern matches, to the first `times` of them."""

    def __init__(self, pattern, times, harm):
        self.pattern, self.times, self.harm = re.compile(pattern), times, harm
        self.done, self.lock = 0, threading.Lock()

    def takes(self, request):
        with self.lock:
            if self.done >= self.times or not self.pattern.search(str(request)):
                return False
            self.done += 1
            return True


ALWAYS = 10**9


def refuse(status, body, content_type="application/xml"):
    """The service answers with an error, and does nothing."""
    return lambda handler, request: handler.answer(status, body.encode(), content_type)


def busy():
    """S3 asks to be asked less often."""
    return refuse(503, "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>")


def throttled():
    """The table refuses a write."""
    kind = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"
    return refuse(400, f'{{"__type": "{kind}", "message": "The level of configured provisioned throughput was exceeded."}}', "application/x-amz-json-1.0")


def cut_off(share=0.5):
    """The answer ends in the middle, and the connection with it."""
    return lambda handler, request: handler.hand_on(most=share)


def slow(seconds, bytes_each):
    """The answer comes in drops of so many bytes, each after so many seconds."""
    return lambda handler, request: handler.hand_on(pause=seconds, chunk=bytes_each)


def silent(seconds):
    """The answer stops in the middle, and the connection stays."""

    def harm(handler, request):
        handler.hand_on(most=0.5)
        time.sleep(seconds)

    return harm


def send(number):
    """The process that asks gets a signal in the midst of what it does, and its request gets nowhere."""

    def harm(handler, request):
        os.kill(process_of(request.client, handler.server.server_address[1]), number)
        handler.hang_up()

    return harm


def after(action):
    """Something happens behind the request, before its answer is heard."""
    return lambda handler, request: handler.hand_on(then=action)


class Proxy:
    """A server on the loopback that hands requests on to the emulator, and keeps what was asked."""

    def __init__(self, emulator):
        self.upstream, self.requests, self.faults = emulator.port, [], []
        proxy = self

        class Bound(Handler):
            server_proxy = proxy

        self.server = Server(("127.0.0.1", 0), Bound)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @contextlib.contextmanager
    def harming(self, *faults):
        """Does harm while its block runs, and yields the requests of that time. Harm that found nothing to do is a fault of the test."""
        self.faults, seen = [*self.faults, *faults], Seen(self, len(self.requests))
        try:
            yield seen
            for fault in faults:
                expect(fault.done > 0, True, f"whether a request matched {fault.pattern.pattern}")
        finally:
            self.faults = [fault for fault in self.faults if fault not in faults]
            seen.close()


@contextlib.contextmanager
def before(emulator):
    """Runs a proxy before the emulator."""
    proxy = Proxy(emulator)
    try:
        yield proxy
    finally:
        proxy.server.shutdown()
        proxy.server.server_close()


class Seen:
    """The requests of a while."""

    def __init__(self, proxy, begins):
        self.proxy, self.begins, self.ends = proxy, begins, None

    def close(self):
        self.ends = len(self.proxy.requests)

    def matching(self, pattern):
        """Returns the requests that a pattern matches, as texts."""
        texts = map(str, itertools.islice(self.proxy.requests, self.begins, self.ends))
        return [text for text in texts if re.search(pattern, text)]


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, address):
        """Clients that are killed leave their connections as they are."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_proxy = None
    upstream = None

    def log_message(self, *arguments):
        """The emulator has a log."""

    def any_method(self):
        length = int(self.headers.get("content-length", 0))
        self.body = self.rfile.read(length) if length else b""
        address = urllib.parse.urlsplit(self.path)
        name = self.headers.get(TARGET, "").rpartition(".")[2] or urllib.parse.unquote(address.path)
        request = Request(self.command, name, address.query, self.headers.get("range", ""), self.client_address[1])
        self.server_proxy.requests.append(request)
        for fault in self.server_proxy.faults:
            if fault.takes(request):
                return fault.harm(self, request)
        return self.hand_on()

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = any_method

    def hand_on(self, most=None, pause=0, chunk=CHUNK, then=None):
        """Hands a request on, and its answer back, of which `most` may be the share that arrives."""
        response = self.ask()
        if then:
            then()
        length = int(response.headers.get("content-length", 0))
        self.send_response_only(response.status, response.reason)
        for name, value in response.getheaders():
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            response.read()
            return
        left = length if most is None else int(length * most)
        while left and (data := response.read(min(chunk, left))):
            time.sleep(pause)
            self.wfile.write(data)
            left -= len(data)
        if most is not None:
            self.hang_up()

    def ask(self):
        """Asks the emulator, by a connection that is kept as long as the client's."""
        for is_last in (False, True):
            if not self.upstream:
                self.upstream = http.client.HTTPConnection("127.0.0.1", self.server_proxy.upstream, timeout=60)
            try:
                self.upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    if name.lower() not in ("connection", "expect"):
                        self.upstream.putheader(name, value)
                # Who asks by TLS reaches what ends it; the emulator takes its word.
                self.upstream.putheader("x-forwarded-proto", "https")
                self.upstream.endheaders(self.body)
                return self.upstream.getresponse()
            except (ConnectionError, http.client.HTTPException):
                self.upstream.close()
                self.upstream = None
                if is_last:
                    raise

    def answer(self, status, body, content_type):
        self.send_response_only(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def hang_up(self):
        """Ends the connection, whatever was still to come."""
        self.close_connection = True


def process_of(port, to):
    """Returns the id of the process whose connection leads from one port of the loopback to another. The first alone does not tell: a
    connection to somewhere else may begin at the same."""
    lines = pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
    rows = [line.split() for line in lines]
    ends = [f":{port:04X}", f":{to:04X}"]
    inode = next(row[9] for row in rows if [row[1][-5:], row[2][-5:]] == ends and row[3] == "01" and row[9] != "0")
    for entry in pathlib.Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if os.readlink(entry) == f"socket:[{inode}]":
                return int(entry.parts[2])
    raise RuntimeError(f"no process has a connection from port {port} to port {to}")


KILL, FREEZE = signal.SIGKILL, signal.SIGSTOP
