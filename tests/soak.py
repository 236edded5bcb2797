"""Puts a server on SQLite under load, breaks what it stands on over and over, and counts in the end what it acknowledged.

    python3 tests/soak.py [target/release/lifeboat] [--minutes 10]

Sixteen clients ask about new and known passengers, alone, in lists and in tables, and for what must be refused. Meanwhile another
process locks the database for longer than the server waits, the server is killed or stopped and started again, clients hang up in
the middle of a request or send a few bytes at a time, and two thousand others connect, send half a request or nothing, and wait. The last 40 % of the time pass without a restart, so that one process
lives long enough to tell whether its memory grows.
"""

import argparse
import collections
import contextlib
import csv
import dataclasses
import http.client
import io
import itertools
import json
import math
import os
import pathlib
import random
import re
import resource
import select
import signal
import socket
import sqlite3
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).parent.parent
CLIENTS = 16
REQUESTS_A_SECOND = 240
# Clients who connect and send half a request or nothing, all within as many seconds, and stay as long again.
CROWD, CROWD_SECONDS = 2000, 1.5
# Among them, the others may wait so many times as long as otherwise, and so many milliseconds more.
AMONG_CROWD, AMONG_CROWD_MS = 2, 1
# What the server gives a request, and its body, in seconds.
REQUEST_TIMEOUT = 5
# The server's writer waits 2 s for the database: some requests are refused then, and all that came meanwhile after 2 s more.
LOCKED = 4.5
# Whatever takes longer than this has failed.
PATIENCE = 30
# Memory at the end may be that of the middle, and so much more.
GROWTH, GROWTH_MB = 1.15, 5

# How often each kind of request is sent, and what it is answered by a service that nothing ails.
KINDS = {
    "new": (30, {201}),
    "at once": (4, {200, 201}),
    "known": (14, {200}),
    "list": (3, {200}),
    "table": (3, {200}),
    "explained": (3, {201}),
    "not stored": (5, {200}),
    "read": (22, {200}),
    "history": (4, {200}),
    "ready": (2, {200}),
    "impossible": (4, {422}),
    "torn": (2, {400}),
    "nowhere": (2, {404}),
    "too large": (0.4, {413}),
    "other type": (1, {415}),
}
# These are sent as it comes: again after a refusal, after a fault to see whether it is over, and a byte at a time.
OCCASIONAL = {"again": {200, 201}, "probe": {200, 201}, "slow": {201}, "too slow": {408}}
EXPECTED = {kind: statuses for kind, (_, statuses) in KINDS.items()} | OCCASIONAL
WRITES = {"new", "at once", "known", "list", "table", "explained", "again", "probe", "slow"}
NO_ANSWER = "none"
CROWDED = "clients crowded"

JSON = {"content-type": "application/json"}
HOLD_THE_LOCK = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
connection.execute("ROLLBACK")
print("released", flush=True)
"""


def main():
    program, minutes = arguments()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    expect(most == resource.RLIM_INFINITY or most > 2 * CROWD, f"the limit of open files, {most}, is too low: raise the hard limit")
    with tempfile.TemporaryDirectory() as folder:
        server = Server(program, pathlib.Path(folder))
        rehearsal = Rehearsal(server)
        try:
            server.start()
            sockets = server.sockets()
            under_load(rehearsal, minutes * 60)
            rehearsal.tell()
            checks = [
                rehearsal.answers_were_expected(),
                rehearsal.faults_passed(),
                rehearsal.crowd_was_not_noticed(),
                rehearsal.memory_is_bounded(),
                connections_are_closed(server, sockets),
                stopped(server),
                database_is_sound(rehearsal, server.database),
            ]
            server.start()
            checks += [read_back(rehearsal), stopped(server), server.never_panicked()]
        finally:
            server.kill()
    for is_fine, said in checks:
        print(f"{'ok' if is_fine else 'FAILED'}: {said}")
    if not all(is_fine for is_fine, _ in checks):
        sys.exit("tests/soak.py: the service did not do what it must")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("program", nargs="?", type=pathlib.Path, default=ROOT / "target/release/lifeboat")
    parser.add_argument("--minutes", type=float, default=10)
    given = parser.parse_args()
    return given.program.resolve(), given.minutes


def under_load(rehearsal, seconds):
    """Runs the clients, injects faults, and asks again in the end for what was not acknowledged."""
    threads = [threading.Thread(target=client, args=(rehearsal, number), daemon=True) for number in range(CLIENTS)]
    threads.append(threading.Thread(target=watch_memory, args=(rehearsal,), daemon=True))
    threading.excepthook = lambda broken: rehearsal.fault(f"a client broke: {broken.exc_value!r}")
    for thread in threads:
        thread.start()
    started, pause = time.monotonic(), min(5, max(0.8, seconds / 100))
    inject(rehearsal, [lock, kill, hang_up, crowd, stop, dribble], started + 0.6 * seconds, pause)
    rehearsal.undisturbed_since = time.monotonic()
    inject(rehearsal, [hang_up, crowd, lock, dribble], started + seconds, pause)
    time.sleep(max(0, started + seconds - time.monotonic()))
    rehearsal.is_over = True
    for thread in threads:
        thread.join(PATIENCE)
    expect(not any(thread.is_alive() for thread in threads), "a client still waits for an answer")
    rehearsal.ask_again()
    rehearsal.seconds = time.monotonic() - started


def inject(rehearsal, faults, until, pause):
    """Injects one fault after another: each of them once, and then as many as there is time for."""
    for number, fault in enumerate(itertools.cycle(faults)):
        time.sleep(pause)
        if number >= len(faults) and time.monotonic() + REQUEST_TIMEOUT + pause > until:
            return
        expect(rehearsal.server.is_running(), "the server ended by itself")
        fault(rehearsal)


# Faults


def lock(rehearsal):
    """Another process keeps the database to itself, for longer than the server waits for it."""
    with rehearsal.window("locked database", {503}) as window:
        command = [sys.executable, "-c", HOLD_THE_LOCK, rehearsal.server.database, str(LOCKED)]
        with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True) as holder:
            expect(holder.stdout.readline() == "locked\n", "the database could not be locked")
            expect(holder.stdout.readline() == "released\n", "the database was not released")
            window.recovering()


def kill(rehearsal):
    """The server ends without a warning, and another takes its place."""
    with rehearsal.window("killed", {NO_ANSWER}) as window:
        rehearsal.server.kill()
        window.recovering()
        rehearsal.server.start()


def stop(rehearsal):
    """The server is told to stop, finishes what is under way, and another takes its place."""
    with rehearsal.window("stopped", {NO_ANSWER}) as window:
        is_fine, said = stopped(rehearsal.server)
        window.recovering()
        rehearsal.server.start()
    if not is_fine:
        rehearsal.fault(said)


def hang_up(rehearsal):
    """Clients go away in the middle of a request, which nobody else may notice."""
    with rehearsal.window("clients hung up", set()) as window:
        for attempt in range(24):
            number = next(rehearsal.numbers)
            head, body = raw(passenger(number))
            sent = [head[: len(head) // 2], head + body[: len(body) // 2], head + body][attempt % 3]
            if attempt % 3 == 2:
                rehearsal.may_be_stored.add(number)
            with socket.create_connection(rehearsal.server.address, timeout=PATIENCE) as connection:
                connection.sendall(sent)
                if attempt % 2:
                    # The connection is reset and not closed, as when a client is killed.
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        window.recovering()


def dribble(rehearsal):
    """Clients send a few bytes at a time: some come to an end, and those that are too slow are told so."""
    with rehearsal.window("clients dribbled", set()) as window:
        threads = [threading.Thread(target=slow, args=(rehearsal,), daemon=True) for _ in range(8)]
        threads += [threading.Thread(target=too_slow, args=(rehearsal,), daemon=True) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        expect(not any(thread.is_alive() for thread in threads), "a slow client still waits for an answer")
        window.recovering()


def crowd(rehearsal):
    """Clients come in numbers, and neither send a whole request nor go away."""
    head, body = raw(passenger(next(rehearsal.numbers)))
    parts = [b"", head[: len(head) // 2], head + body[: len(body) // 2]]
    with rehearsal.window(CROWDED, set()) as window, contextlib.ExitStack() as waiting:
        for index in range(CROWD):
            connection = waiting.enter_context(socket.create_connection(rehearsal.server.address, timeout=PATIENCE))
            # The server may have closed it already.
            with contextlib.suppress(OSError):
                connection.sendall(parts[index % len(parts)])
            time.sleep(CROWD_SECONDS / CROWD)
        time.sleep(CROWD_SECONDS)
        window.recovering()


def slow(rehearsal):
    number = next(rehearsal.numbers)

    def exchange(_):
        with socket.create_connection(rehearsal.server.address, timeout=PATIENCE) as connection:
            for piece in pieces(b"".join(raw(passenger(number))), 40):
                connection.sendall(piece)
                time.sleep(REQUEST_TIMEOUT / 2 / 40)
            return answer(connection)

    rehearsal.ask(Request("slow", "POST", "/predict", numbers=[number]), exchange)


def too_slow(rehearsal):
    head, body = raw(passenger(next(rehearsal.numbers)))

    def exchange(_):
        with socket.create_connection(rehearsal.server.address, timeout=PATIENCE) as connection:
            connection.sendall(head)
            # There are more bytes than time to send them.
            for byte in body:
                if select.select([connection], [], [], 10 * REQUEST_TIMEOUT / len(body))[0]:
                    break
                connection.sendall(bytes([byte]))
            return answer(connection)

    rehearsal.ask(Request("too slow", "POST", "/predict"), exchange)


def raw(row):
    body = json.dumps(row).encode()
    head = f"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode(), body


def pieces(text, count):
    size = math.ceil(len(text) / count)
    return [text[start : start + size] for start in range(0, len(text), size)]


def answer(connection):
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.status, response.headers, response.read()


# Clients


@dataclasses.dataclass
class Request:
    """What is sent, and which passengers an answer would acknowledge."""

    kind: str
    method: str
    path: str
    body: bytes | None = None
    headers: dict = dataclasses.field(default_factory=dict)
    numbers: list = dataclasses.field(default_factory=list)
    # How many of the passengers nobody has asked about before, where the answer must say it.
    new: int | None = None


def client(rehearsal, index):
    """Asks at a steady pace, and no faster after it had to wait."""
    chance = random.Random(index)
    line = Line(rehearsal.server)
    interval = CLIENTS / REQUESTS_A_SECOND
    due = time.monotonic() + chance.uniform(0, interval)
    while not rehearsal.is_over:
        time.sleep(max(0, due - time.monotonic()))
        due = max(due + interval, time.monotonic())
        request = rehearsal.next_request(chance)
        rehearsal.ask(request, line.exchange)
    line.close()


class Line:
    """A client's connection, which is made anew when the server is another."""

    def __init__(self, server):
        self.server, self.connection, self.life = server, None, None

    def exchange(self, request):
        if self.connection is None or self.life != self.server.life:
            self.close()
            self.life = self.server.life
            self.connection = http.client.HTTPConnection(*self.server.address, timeout=PATIENCE)
        try:
            self.connection.request(request.method, request.path, request.body, request.headers)
            response = self.connection.getresponse()
            return response.status, response.headers, response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None


def passenger(number):
    """Returns a passenger who follows from a number, so that only the number need be remembered."""
    chance = random.Random(number)
    row = {
        "PassengerId": number,
        "Pclass": chance.randint(1, 3),
        "Name": f"Soak, Mr. {number}",
        "Sex": chance.choice(["female", "male"]),
        "Age": chance.choice([None, round(chance.uniform(0.5, 80), 1)]),
        "SibSp": chance.randint(0, 5),
        "Parch": chance.randint(0, 5),
        "Ticket": f"SOAK {number}",
        "Fare": round(chance.uniform(5, 500), 2),
        "Cabin": chance.choice([None, f"C{number % 100}"]),
        "Embarked": chance.choice(["C", "Q", "S", None]),
    }
    # Clients need not have numbers of their own.
    return row | {"PassengerId": None} if number % 10 == 0 else row


def table(rows):
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def predict(kind, numbers, query="", new=None):
    """Returns a request about one passenger, or about a list of them."""
    rows = [passenger(number) for number in numbers]
    body = json.dumps(rows if len(rows) > 1 else rows[0]).encode()
    return Request(kind, "POST", f"/predict{query}", body, JSON, numbers, new)


class Rehearsal:
    """What is asked, what was answered, and what went wrong meanwhile."""

    def __init__(self, server):
        self.server = server
        self.lock = threading.Lock()
        self.numbers = itertools.count(1_000_001)
        self.is_over = False
        # By number, the text of the answer that acknowledged the passenger first.
        self.acknowledged = {}
        self.in_order = []
        self.created = set()
        self.created_in_lists = 0
        self.may_be_stored = set()
        # Passengers whom several clients ask about now, and those who were not acknowledged, with the time to ask again.
        self.at_once = collections.deque()
        self.unanswered = collections.deque()
        self.asked = []
        self.windows = []
        self.faults = []
        self.memory = []
        self.undisturbed_since = self.seconds = 0

    def fault(self, said):
        with self.lock:
            self.faults.append(said)

    def next_request(self, chance):
        with contextlib.suppress(IndexError):
            return predict("at once", [self.at_once.popleft()])
        with self.lock:
            if self.unanswered and self.unanswered[0][0] < time.monotonic():
                return predict("again", self.unanswered.popleft()[1])
        kind = chance.choices(list(KINDS), [weight for weight, _ in KINDS.values()])[0]
        if not self.in_order and kind in ("known", "list", "table", "read", "history"):
            kind = "new"
        return self.request(kind, chance)

    def request(self, kind, chance):
        match kind:
            case "new":
                return predict(kind, [next(self.numbers)])
            case "at once":
                number = next(self.numbers)
                self.at_once.extend([number] * chance.randint(1, 5))
                return predict(kind, [number])
            case "known":
                return predict(kind, [chance.choice(self.in_order)])
            case "list" | "table":
                return self.many(kind, chance)
            case "explained":
                return predict(kind, [next(self.numbers)], "?explain=true")
            case "not stored":
                request = predict(kind, [next(self.numbers)], "?store=false")
                return dataclasses.replace(request, numbers=[])
            case "read":
                return read(chance.choice(self.in_order), self.acknowledged)
            case "history":
                number = chance.choice(self.in_order)
                return Request(kind, "GET", f"/predictions?PassengerId={number}")
            case "ready":
                return Request(kind, "GET", "/ready")
            case _:
                return self.refused(kind, chance)

    def many(self, kind, chance):
        """Returns a list or a table of 2 to 50, some of whom are known."""
        known = set(chance.sample(self.in_order, min(len(self.in_order), chance.randint(0, 5))))
        new = [next(self.numbers) for _ in range(chance.randint(2, 45))]
        numbers = new + sorted(known)
        chance.shuffle(numbers)
        if kind == "list":
            return predict(kind, numbers, new=len(new))
        rows = [passenger(number) for number in numbers]
        return Request(kind, "POST", "/predict", table(rows), {"content-type": "text/csv"}, numbers, len(new))

    def refused(self, kind, chance):
        """Returns a request that must be refused; of a list with one bad passenger nobody may be stored."""
        rows = [passenger(next(self.numbers)) for _ in range(3)]
        text = json.dumps(rows).encode()
        match kind:
            case "impossible":
                rows[1]["Pclass"] = 4
                bad = [(json.dumps(rows[1]).encode(), "application/json"), (json.dumps(rows).encode(), "application/json")]
                body, content_type = chance.choice([*bad, (table(rows), "text/csv")])
                return Request(kind, "POST", "/predict", body, {"content-type": content_type})
            case "torn":
                return Request(kind, "POST", "/predict", text[: chance.randrange(1, len(text))], JSON)
            case "nowhere":
                path = chance.choice([f"/predictions/{chance.randbytes(16).hex()}", "/nowhere"])
                return Request(kind, "GET", path)
            case "too large":
                return Request(kind, "POST", "/predict", text + b" " * (1 << 20), JSON)
            case "other type":
                return Request(kind, "POST", "/predict", text, {"content-type": "text/plain"})

    def ask(self, request, exchange):
        """Sends a request, checks what comes back, and remembers it. Returns the status."""
        started = time.monotonic()
        try:
            status, headers, body = exchange(request)
        except (OSError, http.client.HTTPException) as error:
            status, headers, body = NO_ANSWER, {}, repr(error).encode()
        try:
            self.check(request, status, headers, body)
        except (AssertionError, ValueError, KeyError, TypeError) as error:
            self.fault(f"{request.kind}: {request.path} was answered {status} {body[:300]}: {error!r}")
        with self.lock:
            self.asked.append((request.kind, started, time.monotonic(), status, body[:200] if status == NO_ANSWER else None))
        return status

    def check(self, request, status, headers, body):
        if status in (200, 201) and request.numbers:
            texts = elements(body) if len(request.numbers) > 1 else [body]
            for number, text in zip(request.numbers, texts, strict=True):
                self.acknowledge(number, brief(text), status == 201)
            if status == 201:
                assert headers["location"] == f"/predictions/{json.loads(body)['id']}", headers["location"]
            if request.new is not None:
                created = int(headers["lifeboat-created"])
                assert created == request.new, f"{created} created of {request.new}"
                with self.lock:
                    self.created_in_lists += created
        elif request.kind == "not stored" and status == 200:
            assert json.loads(body)["created_at"] is None
        elif request.method == "POST" and request.numbers and request.kind != "probe":
            with self.lock:
                self.unanswered.append((time.monotonic() + 1, request.numbers))
        if isinstance(status, int) and status >= 400:
            assert headers["content-type"] == "application/problem+json", headers["content-type"]
            assert status != 503 or int(headers["retry-after"]) >= 1, "no Retry-After"

    def acknowledge(self, number, text, is_created):
        with self.lock:
            before = self.acknowledged.setdefault(number, text)
            if before is text:
                self.in_order.append(number)
            twice = is_created and number in self.created
            if is_created:
                self.created.add(number)
        assert before == text, f"it was {before} before"
        assert not twice, "it was created twice"

    def ask_again(self):
        """Asks for what was refused or never answered: after the faults, everything must be acknowledged."""
        line = Line(self.server)
        while self.unanswered:
            request = predict("again", self.unanswered.popleft()[1])
            status = self.ask(request, line.exchange)
            expect(status in (200, 201), f"asked again when all is well, it answered {status}")
        line.close()

    @contextlib.contextmanager
    def window(self, name, statuses):
        """Opens a window in which these statuses are excused, and closes it when a new passenger is stored again."""
        window = Window(name, statuses, time.monotonic())
        self.windows.append(window)
        yield window
        line = Line(self.server)
        request = predict("probe", [next(self.numbers)])
        while self.ask(request, line.exchange) not in (200, 201):
            expect(time.monotonic() < window.fault_ended + PATIENCE, f"{name}: no answer after {PATIENCE} s")
            time.sleep(0.01)
        line.close()
        window.ended = time.monotonic()

    # What must have come out

    def answers_were_expected(self):
        """Every request was answered as its kind is, but for those that a fault excuses: reading never waits for a lock,
        but whoever asks whether the service is ready asks for a write."""
        strange = collections.Counter()
        for kind, started, ended, status, error in self.asked:
            if status in EXPECTED[kind]:
                continue
            excused = {status for window in self.windows if window.overlaps(started, ended) for status in window.statuses}
            if status in excused and (status == NO_ANSWER or kind in WRITES or kind == "ready"):
                continue
            strange[f"{kind} {status} {(error or b'').decode(errors='replace')}"] += 1
        said = [f"{count} x {what}" for what, count in strange.most_common(10)] + self.faults[:10]
        if said:
            return False, f"{strange.total()} answers were not expected, {len(self.faults)} were wrong:\n  " + "\n  ".join(said)
        return True, f"{len(self.asked)} answers, none of them unexpected outside the faults"

    def faults_passed(self):
        """Each lock was long enough to be noticed, and after each fault the service answered again."""
        for window in self.windows:
            if window.statuses == {503} and not self.count(window, 503):
                return False, "a lock was not noticed by anybody: it shows nothing"
        slowest = max(self.windows, key=Window.recovery)
        return True, f"{len(self.windows)} faults, each over by itself, after {slowest.recovery():.2f} s at the most"

    def crowd_was_not_noticed(self):
        """New passengers are stored about as fast among the crowd as when nothing is wrong."""
        quiet, crowded = [], []
        for kind, started, ended, _, _ in self.asked:
            names = {window.name for window in self.windows if window.overlaps(started, ended)}
            if kind == "new" and names <= {CROWDED}:
                (crowded if names else quiet).append(1000 * (ended - started))
        if len(quiet) < 50 or len(crowded) < 50:
            return False, f"{len(quiet)} requests alone and {len(crowded)} among the crowd are too few to compare"
        alone, among = statistics.median(quiet), statistics.median(crowded)
        said = f"a new passenger takes {alone:.1f} ms alone and {among:.1f} ms among {CROWD} clients who wait"
        return among <= AMONG_CROWD * alone + AMONG_CROWD_MS, said

    def count(self, window, status):
        """Returns how many requests of those that a fault may have touched had this end."""
        return sum(window.overlaps(began, ended) for _, began, ended, found, _ in self.asked if found == status)

    def memory_is_bounded(self):
        """Compares the end of the stretch without restarts with its middle, both long after its warm-up."""
        found = [size for moment, size in self.memory if moment >= self.undisturbed_since]
        if len(found) < 10:
            return not pathlib.Path("/proc/self/statm").exists(), "WARNING: memory cannot be read here, and was not checked"
        middle = statistics.median(found[len(found) // 5 : len(found) * 3 // 5])
        end = statistics.median(found[-max(3, len(found) // 5) :])
        said = f"memory {middle:.1f} MB in the middle of {len(found) / 2:.0f} s without a restart, {end:.1f} MB at the end"
        return end <= GROWTH * middle + GROWTH_MB, f"{said}, {max(size for _, size in self.memory):.1f} MB at the most"

    def tell(self):
        """Prints what was asked and what was done to the server."""
        print(f"{'requests':<12}{'count':>8}  {'p50 ms':>8}{'p99 ms':>8}{'longest':>9}  statuses")
        for kind in EXPECTED:
            told = [(started, ended, status) for found, started, ended, status, _ in self.asked if found == kind]
            if not told:
                continue
            quiet = sorted(1000 * (ended - started) for started, ended, _ in told if not self.is_disturbed(started, ended))
            quiet = quiet or [math.nan]
            p50, p99 = (quiet[int(share * (len(quiet) - 1))] for share in (0.5, 0.99))
            longest = 1000 * max(ended - started for started, ended, _ in told)
            statuses = collections.Counter(status for *_, status in told)
            counts = ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items(), key=str))
            print(f"{kind:<12}{len(told):>8}  {p50:>8.1f}{p99:>8.1f}{longest:>9.0f}  {counts}")
        print("(p50 and p99 of what met no lock, kill or stop)\n")
        print(f"{'faults':<18}{'count':>6}{'median s to recover':>21}{'longest':>9}{'503':>7}{'no answer':>11}")
        for name in dict.fromkeys(window.name for window in self.windows):
            windows = [window for window in self.windows if window.name == name]
            times = [window.recovery() for window in windows]
            refused, lost = (sum(self.count(window, status) for window in windows) for status in (503, NO_ANSWER))
            print(f"{name:<18}{len(windows):>6}{statistics.median(times):>21.2f}{max(times):>9.2f}{refused:>7}{lost:>11}")
        print(f"\n{len(self.asked) / self.seconds:.0f} requests/s for {self.seconds:.0f} s\n")

    def is_disturbed(self, started, ended):
        return any(window.statuses and window.overlaps(started, ended) for window in self.windows)


@dataclasses.dataclass
class Window:
    """The time of a fault, from before it is injected until the service answers again."""

    name: str
    statuses: set
    began: float
    fault_ended: float = math.inf
    ended: float = math.inf

    def recovering(self):
        """Says that the service may answer again from now on."""
        self.fault_ended = time.monotonic()

    def recovery(self):
        return self.ended - self.fault_ended

    def overlaps(self, began, ended):
        return began <= self.ended and ended >= self.began


def read(number, acknowledged, kind="read"):
    return Request(kind, "GET", f"/predictions/{json.loads(acknowledged[number])['id']}", numbers=[number])


def elements(body):
    """Returns the texts of a JSON array's elements, as they stand."""
    text, place, found = body.decode(), 1, []
    decode = json.JSONDecoder().raw_decode
    while text[place - 1] != "]":
        _, end = decode(text, place)
        found.append(text[place:end].encode())
        place = end + 1
    return found


def brief(text):
    """Returns the part of an answer that a prediction in full and an explained one begin with."""
    for more in (b',"explanation":', b',"record":'):
        text, is_more, _ = text.partition(more)
        text += b"}" if is_more else b""
    return text


# The server


class Server:
    """One server after another, on the same port and file."""

    def __init__(self, program, folder):
        self.program, self.folder, self.database = program, folder, folder / "predictions.db"
        self.address = ("127.0.0.1", free_port())
        self.process, self.life = None, 0

    def start(self):
        log = self.folder / f"log-{self.life + 1}"
        # What the environment says to other servers is not meant for this one.
        environment = {"LOG_FORMAT": "json", "REQUEST_TIMEOUT_SECONDS": str(REQUEST_TIMEOUT)}
        environment["BODY_TIMEOUT_SECONDS"] = str(REQUEST_TIMEOUT)
        command = [self.program, "serve", "--port", str(self.address[1]), "--database-url", f"sqlite:{self.database}"]
        with log.open("w") as stderr:
            self.process = subprocess.Popen(command, stderr=stderr, stdin=subprocess.DEVNULL, env=environment)
        deadline = time.monotonic() + PATIENCE
        while '"address":' not in log.read_text():
            expect(self.is_running(), f"the server does not start: {log.read_text()}")
            expect(time.monotonic() < deadline, "the server does not start")
            time.sleep(0.005)
        self.life += 1

    def is_running(self):
        return self.process.poll() is None

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()

    def memory(self):
        """Returns the resident memory in MB."""
        pages = int(pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def sockets(self):
        """Returns how many sockets are open, the one that listens among them; None where that cannot be known."""
        folder, count = f"/proc/{self.process.pid}/fd", 0
        if not os.path.isdir(folder):
            return None
        for file in os.listdir(folder):
            with contextlib.suppress(FileNotFoundError):
                count += os.readlink(f"{folder}/{file}").startswith("socket:")
        return count

    def never_panicked(self):
        logs = "".join(path.read_text() for path in self.folder.glob("log-*"))
        panics = re.findall(r".*panicked.*", logs)
        return not panics, f"{len(panics)} panics in the logs of {self.life} servers {''.join(panics[:3])}".rstrip()


def free_port():
    """Returns a port that the system gives to nobody by itself: a client would connect to its own end of such a one, while the
    server is away."""
    for port in random.sample(range(20_000, 30_000), 100):
        with socket.socket() as attempt, contextlib.suppress(OSError):
            attempt.bind(("127.0.0.1", port))
            return port
    sys.exit("tests/soak.py: no port is free")


def watch_memory(rehearsal):
    while not rehearsal.is_over:
        with contextlib.suppress(OSError, IndexError):
            rehearsal.memory.append((time.monotonic(), rehearsal.server.memory()))
        time.sleep(0.5)


def connections_are_closed(server, before):
    """The clients are gone, those that hung up among them: their connections must be."""
    deadline = time.monotonic() + 2 * REQUEST_TIMEOUT
    while (after := server.sockets()) != before and time.monotonic() < deadline:
        time.sleep(0.1)
    return after == before, f"{after} sockets are open as before the first client ({before})"


def stopped(server):
    """Tells a server to stop, which it must do in order."""
    started = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    try:
        code = server.process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        server.kill()
        return False, f"told to stop, it still runs after {PATIENCE} s"
    return code == 0, f"told to stop, it ended with {code} after {time.monotonic() - started:.2f} s"


def database_is_sound(rehearsal, database):
    """Each passenger who was acknowledged is in the file once, and nobody is there who was refused or not to be stored."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
        rows = connection.execute("SELECT Name, id, created_at, probability, Survived FROM predictions").fetchall()
    stored = {int(name.rsplit(" ", 1)[1]): row for name, *row in rows}
    lost, wrong = [], []
    for number, text in rehearsal.acknowledged.items():
        if number not in stored:
            lost.append(number)
            continue
        answer, row = json.loads(text), stored[number]
        same = [answer["id"], answer["created_at"], answer["prediction"]["Survived"]] == [row[0], row[1], row[3]]
        if not same or abs(answer["probability"] - row[2]) > 1e-6:
            wrong.append((number, text, row))
    unasked = stored.keys() - rehearsal.acknowledged.keys() - rehearsal.may_be_stored
    twice = len(rows) - len(stored)
    created = len(rehearsal.created) + rehearsal.created_in_lists
    is_fine = verdict == "ok" and not lost and not wrong and not unasked and not twice and created <= len(rows)
    said = f"{len(rows)} rows, {len(rehearsal.acknowledged)} acknowledged: {len(lost)} lost, {len(wrong)} different, {twice} twice"
    examples = [*lost[:3], *wrong[:3], *sorted(unasked)[:3]] or ""
    return is_fine, f"{said}, {len(unasked)} of nobody who was to be stored; integrity check {verdict} {examples}".rstrip()


def read_back(rehearsal):
    """Another server gives the same answers: all by lists, and thousands of them one by one."""
    line, before = Line(rehearsal.server), len(rehearsal.faults)
    numbers = list(rehearsal.acknowledged)
    for start in range(0, len(numbers), 1000):
        request = predict("again", numbers[start : start + 1000], new=0)
        status = rehearsal.ask(request, line.exchange)
        expect(status == 200, f"asked for what is stored, it answered {status}")
    one_by_one = random.Random(0).sample(numbers, min(5000, len(numbers)))
    for number in one_by_one:
        request = read(number, rehearsal.acknowledged)
        expect(rehearsal.ask(request, line.exchange) == 200, f"{request.path} cannot be read")
    line.close()
    said = f"{len(numbers)} predictions asked for again, {len(one_by_one)} read one by one, all as they were acknowledged"
    return len(rehearsal.faults) == before, "\n  ".join([said, *rehearsal.faults[before:][:10]])


def expect(condition, said):
    if not condition:
        sys.exit(f"tests/soak.py: {said}")


if __name__ == "__main__":
    main()
