"""The flights of 2013 as clients ask about them: records by schema.json in order of time, with their outcomes.

    for flight in read_flights():
        flight.record       # {"date": "2013-01-01", "carrier": "UA", ...}, as a client sends it
        flight.asked_at     # three hours before the scheduled departure; in the morning, at 06:15
        flight.late         # True or False; None if it was cancelled or diverted: its outcome is never told
        flight.known_at     # when that became known

As a program, it writes the flights that have an outcome as one table, labelled, for `lifeboat check` and training:

    .tools/train/bin/python model/flights/records.py --until 2013-04-01 --output train.parquet
"""

import argparse
import csv
import datetime as dt
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow
import pyarrow.parquet

HERE = Path(__file__).parent
NEW_YORK = ZoneInfo("America/New_York")
HOUR = 3600
# A flight is asked about so long before its scheduled departure, in seconds,
AHEAD = 3 * HOUR
# but not before this time of its day, unless it leaves earlier: by then it is known how the flights of yesterday fared.
MORNING = dt.time(6, 15)
# The weather of an hour is complete at 51 minutes past: `precip` is the sum until then.
OBSERVED = 51 * 60
MEASURES = ["humid", "wind_speed", "wind_gust", "precip", "visib", "pressure"]
NOT_OBSERVED = dict.fromkeys(MEASURES)

RECORD = pyarrow.schema([
    ("date", pyarrow.date32()),
    ("carrier", pyarrow.string()),
    ("flight", pyarrow.int16()),
    ("origin", pyarrow.string()),
    ("dest", pyarrow.string()),
    ("departure", pyarrow.timestamp("ms", NEW_YORK.key)),
    ("distance", pyarrow.int16()),
    ("block", pyarrow.int16()),
    ("cong", pyarrow.int16()),
    *((name, pyarrow.float64()) for name in MEASURES),
])
TABLE = RECORD.append(pyarrow.field("late", pyarrow.bool_()))
KNOWN_AT = pyarrow.field("known_at", pyarrow.timestamp("ms", NEW_YORK.key))


@dataclass(frozen=True, slots=True)
class Flight:
    """A flight: what a client knows of it when it asks, and how it ended."""

    record: dict
    departure: dt.datetime
    late: bool | None
    known_at: dt.datetime | None

    @property
    def asked_at(self):
        # Not by timedelta: within a zone, that moves the hands of its clocks, an hour too far on two days of the year.
        ahead = local(self.departure.timestamp() - AHEAD)
        morning = dt.datetime.combine(self.departure.date(), MORNING, NEW_YORK)
        return ahead if self.departure < morning else max(ahead, morning)


def main():
    parser = argparse.ArgumentParser(description="Writes the flights that have an outcome as one table.")
    parser.add_argument("--since", default="2013-01-01", help="date of the first flights")
    parser.add_argument("--until", default="2014-01-01", help="date after that of the last flights")
    parser.add_argument("--every", type=int, default=1, help="of so many flights, write one")
    parser.add_argument("--known-at", action="store_true", help="add a column that tells when an outcome became known")
    parser.add_argument("--output", type=Path, required=True, help="a .parquet or .csv file")
    arguments = parser.parse_args()

    write = {".parquet": write_parquet, ".csv": write_csv}.get(arguments.output.suffix)
    if not write:
        parser.error(f"{arguments.output} is neither a .parquet nor a .csv file")
    ended = (it for it in read_flights() if it.late is not None)
    flights = [it for it in ended if arguments.since <= it.record["date"] < arguments.until][:: arguments.every]
    write(flights, TABLE.append(KNOWN_AT) if arguments.known_at else TABLE, arguments.output)
    print(f"{arguments.output}: {len(flights)} flights")


def read_flights(folder=HERE):
    """Yields all flights in order of their scheduled departure."""
    weather = read_weather(folder)
    columns = read_columns(folder / "flights.parquet")
    # An hour of New York begins with an hour of UTC.
    in_hour = Counter(zip(columns["origin"], map(hour_of, columns["departure"])))
    for values in zip(*columns.values()):
        row = dict(zip(columns, values))
        observed = weather.get((row["origin"], last_observed(row["departure"] - AHEAD)), NOT_OBSERVED)
        yield flight(row, in_hour[row["origin"], hour_of(row["departure"])], observed)


def read_weather(folder=HERE):
    """Returns what was observed, by origin and hour."""
    columns = read_columns(folder / "weather.parquet")
    measured = (dict(zip(MEASURES, values)) for values in zip(*(columns[name] for name in MEASURES)))
    return dict(zip(zip(columns["origin"], columns["hour"]), measured))


def read_columns(path):
    """Returns the columns of a table. Moments are seconds since 1970, which neither zone nor summer time moves."""
    table = pyarrow.parquet.read_table(path)
    return {name: seconds(column).to_pylist() for name, column in zip(table.column_names, table.columns)}


def seconds(column):
    if not pyarrow.types.is_timestamp(column.type):
        return column
    return column.cast(pyarrow.timestamp("s", column.type.tz)).cast(pyarrow.int64())


def flight(row, cong, observed):
    departure = local(row["departure"])
    record = {
        "date": departure.date().isoformat(),
        "carrier": row["carrier"],
        "flight": row["flight"],
        "origin": row["origin"],
        "dest": row["dest"],
        "departure": departure.isoformat(),
        "distance": row["distance"],
        "block": row["block"],
        "cong": cong,
        **observed,
    }
    known_at = None if row["known_at"] is None else local(row["known_at"])
    return Flight(record, departure, row["late"], known_at)


def local(seconds):
    return dt.datetime.fromtimestamp(seconds, NEW_YORK)


def last_observed(seconds):
    """Returns the last hour whose weather is complete at a moment."""
    return hour_of(seconds - OBSERVED)


def hour_of(seconds):
    return seconds - seconds % HOUR


def write_parquet(flights, schema, path):
    pyarrow.parquet.write_table(as_table(flights, schema), path, compression="zstd")


def as_table(flights, schema):
    """Returns flights as a table: RECORD, TABLE, or that and KNOWN_AT."""
    rows = [
        it.record | {"date": it.departure.date(), "departure": it.departure, "late": it.late, "known_at": it.known_at}
        for it in flights
    ]
    return pyarrow.Table.from_pylist(rows, schema)


def write_csv(flights, schema, path):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, schema.names, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        for it in flights:
            writer.writerow(it.record | {"late": str(it.late).lower(), "known_at": it.known_at.isoformat()})


if __name__ == "__main__":
    main()
