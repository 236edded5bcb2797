"""Prints what predictions, and a snapshot a day of a history that changes, cost a month, and what a job of bulk scoring costs, as the tables in
infra/README.md.

    python3 infra/cost.py            # the tables
    python3 infra/cost.py --check    # fails unless infra/README.md holds exactly these tables
"""

import pathlib
import sys

# What one prediction takes. Measured; see infra/README.md.
BILLED_MS = 6
MEMORY_MB = 256
ITEM_BYTES = 560
OUTCOME_BYTES = 128  # that an outcome adds to the item of its prediction
LOG_BYTES = 322  # the line of the access log; at its default levels the function writes none but those of its metrics
METRICS_BYTES = 550  # the line of the function's metrics
OUT_BYTES = 700  # the answer with its headers and TLS records

# What the snapshot of a day takes, of flights: 275 days of 2013, replayed. See infra/README.md.
KNOWN_A_DAY = 900  # outcomes, each of another key
KNOWN_ITEM_BYTES = 1_400  # a flight's record, features, answers of two models, and its outcome
SHEET_BYTES = 21_200  # what became known in a day
SNAPSHOT_BYTES = 87_600
SHEETS_READ = 57  # of the days that the recipe looks back, and of the one before
POINTER_BYTES = 250  # the item that names a sheet or a snapshot
MAKING_MS = 3_000
MAKING_MEMORY_MB = 512
LOOKS_A_DAY = 24 * 60  # of a copy of the function that is asked each minute
STARTS_A_DAY = 24  # copies of the function that begin in a day, each of which reads the snapshot

# What a job of bulk scoring takes, of the Titanic's passengers, Parquet to Parquet. Measured; see infra/README.md.
BULK_ROWS_A_SECOND = 450_000  # that one processor scores, reading and writing included: benches/batch.py
BULK_MEMORY_MB = 1769  # `BulkMemorySize`: what comes with one processor
BULK_SLICE_SECONDS = 20  # that a slice is to take
BULK_START_MS = 200  # a copy of the function that starts, reads the plan, and asks whether the part is there
BULK_PART_BYTES = 7.5  # a row of the output, compressed
BULK_CONCURRENCY = 64  # the default of `max_concurrency`
BULK_PUTS_A_SLICE = 5  # its report, its part (begun, a piece of it, completed) and what the map run writes
BULK_GETS_A_SLICE = 8  # what the job and the plan are, whether the part is there, the data, and what the summary reads
BULK_TRANSITIONS = 6  # start, Split, IsSplit, Score, Summarise, end
BULK_TRANSITIONS_A_SLICE = 3  # start, ScoreSlice, end
BULK_METRICS = 3  # rows, rows that are no records, slices
BULK_ALARM_METRICS = 4  # three kinds of dead jobs, and throttles

# List prices of us-east-1 in US dollars, without free tiers and volume discounts, as known on 2026-11-23. Each stands on the
# page beside it; look there before you count on one.
LAMBDA_REQUEST = 0.20 / 1e6  # https://aws.amazon.com/lambda/pricing/
LAMBDA_GB_SECOND = 0.0000133334  # arm64; https://aws.amazon.com/lambda/pricing/
HTTP_API_REQUEST = 1.00 / 1e6  # for each 512 KB begun; https://aws.amazon.com/api-gateway/pricing/
WRITE_UNIT = 0.625 / 1e6  # for each KB begun, also of a put that finds the item; https://aws.amazon.com/dynamodb/pricing/on-demand/
READ_UNIT = 0.125 / 1e6  # for each 4 KB begun of a page, half of it where the read need not be consistent; same page
STORED_GB = 0.25  # a month, standard table class; https://aws.amazon.com/dynamodb/pricing/on-demand/
RECOVERABLE_GB = 0.20  # a month of point-in-time recovery; https://aws.amazon.com/dynamodb/pricing/on-demand/
LOGGED_GB = 0.50  # ingested; https://aws.amazon.com/cloudwatch/pricing/
TRACE = 5.00 / 1e6  # recorded; https://aws.amazon.com/xray/pricing/
SENT_GB = 0.09  # to the internet, first 10 TB; https://aws.amazon.com/ec2/pricing/on-demand/
METRIC = 0.30  # a month, each of the first 10,000; https://aws.amazon.com/cloudwatch/pricing/
DASHBOARD = 3.00  # a month; https://aws.amazon.com/cloudwatch/pricing/
ALARM_METRIC = 0.10  # a month; https://aws.amazon.com/cloudwatch/pricing/
KEY = 1.00  # a month; https://aws.amazon.com/kms/pricing/
STATE_TRANSITION = 25.00 / 1e6  # of standard workflows, tries that are repeated among them; https://aws.amazon.com/step-functions/pricing/
OBJECT_PUT = 5.00 / 1e6  # of a PUT, POST or LIST; https://aws.amazon.com/s3/pricing/
OBJECT_GET = 0.40 / 1e6  # of a GET or HEAD; https://aws.amazon.com/s3/pricing/
OBJECT_GB = 0.023  # a month, standard storage class; https://aws.amazon.com/s3/pricing/

# What each thing is metered in.
GB = 2**30
SECONDS = 30 * 24 * 3600
ITEM_OVERHEAD_BYTES = 100  # that DynamoDB adds to each item it stores
LOG_OVERHEAD_BYTES = 26  # that CloudWatch adds to each line
HTTP_API_UNIT = 512 * 1024
WRITE_UNIT_BYTES = 1024
READ_UNIT_BYTES = 4096
DAYS = 30
INDEX_PARTS = 8  # of a day in the index by when outcomes became known
ALARM_METRICS = 16  # of the twelve alarms; two add up three metrics each
METRICS = 22  # eleven of requests, with two kinds of problems and three missing fields; eleven of the monitor's reports
SNAPSHOT_METRICS = 3  # the age that a request met, snapshots made, outcomes that each added
SNAPSHOT_ALARM_METRICS = 2
MONITORED_SHARE = 1.0  # `MonitorSampleRate`
SAMPLED_SHARE = 0.05  # of the requests beyond the first of a second, which is always traced

VOLUMES = {"10 thousand": 10_000, "1 million": 1_000_000, "100 million": 100_000_000}
JOBS = {"1 million": 1_000_000, "10 million": 10_000_000, "100 million": 100_000_000}


def units(size, unit):
    """Returns how many units are begun."""
    return -(-size // unit)


def traces(predictions):
    """Returns how many are traced when they come evenly, which is the most."""
    return min(predictions, SECONDS) + SAMPLED_SHARE * max(0, predictions - SECONDS)


def costs(predictions):
    """Returns the month's cost of each item, for predictions of new records."""
    stored = predictions * (ITEM_BYTES + ITEM_OVERHEAD_BYTES) / GB
    return {
        "HTTP API, requests": predictions * units(OUT_BYTES, HTTP_API_UNIT) * HTTP_API_REQUEST,
        "Lambda, requests": predictions * LAMBDA_REQUEST,
        "Lambda, GB-seconds": predictions * BILLED_MS / 1000 * MEMORY_MB / 1024 * LAMBDA_GB_SECOND,
        "DynamoDB, writes": predictions * units(ITEM_BYTES, WRITE_UNIT_BYTES) * WRITE_UNIT,
        "CloudWatch, logs": predictions * (LOG_BYTES + LOG_OVERHEAD_BYTES) / GB * LOGGED_GB,
        "Data sent": predictions * OUT_BYTES / GB * SENT_GB,
        "**Predicting**": None,
        "DynamoDB, storage of the month's items": stored * STORED_GB,
        "DynamoDB, point-in-time recovery of them": stored * RECOVERABLE_GB,
        "**Keeping, each month from then on**": None,
        "DynamoDB, index by time (`MonitorSampleRate`: 1)": MONITORED_SHARE
        * (predictions * units(ITEM_BYTES, WRITE_UNIT_BYTES) * WRITE_UNIT + stored * STORED_GB),
        "DynamoDB, reads of the nightly reports": MONITORED_SHARE * predictions * ITEM_BYTES / READ_UNIT_BYTES / 2 * READ_UNIT,
        "X-Ray, traces (`Tracing=PassThrough`: 0)": traces(predictions) * TRACE,
        "CloudWatch, lines of metrics (`MetricsNamespace=`: 0)": predictions * (METRICS_BYTES + LOG_OVERHEAD_BYTES) / GB * LOGGED_GB,
        "Metrics and dashboard, whatever comes (`MetricsNamespace=`: 0)": METRICS * METRIC + DASHBOARD,
        "Alarms and their key, whatever comes": ALARM_METRICS * ALARM_METRIC + KEY,
        "**Watching**": None,
        "DynamoDB, writes of their outcomes, in the table and both indexes": predictions
        * (2 + MONITORED_SHARE)
        * units(ITEM_BYTES + OUTCOME_BYTES, WRITE_UNIT_BYTES)
        * WRITE_UNIT,
        "DynamoDB, storage of the index of outcomes": predictions
        * (ITEM_BYTES + OUTCOME_BYTES + ITEM_OVERHEAD_BYTES)
        / GB
        * STORED_GB,
        "**Telling what really happened to each**": None,
        "**All, in the first month**": None,
    }


def snapshot_costs():
    """Returns the month's cost of each item of a snapshot a day, for one copy of the function that is always asked."""
    read = lambda size: units(size, READ_UNIT_BYTES) * READ_UNIT
    # The moments lie in two days of the index, which are read whole, and need not be consistent.
    index = 2 * max(read(KNOWN_A_DAY * KNOWN_ITEM_BYTES), INDEX_PARTS * READ_UNIT) / 2
    entities = KNOWN_A_DAY * read(KNOWN_ITEM_BYTES)
    sheets = read(SHEETS_READ * POINTER_BYTES) + SHEETS_READ * read(SHEET_BYTES)
    written = sum(units(size, WRITE_UNIT_BYTES) for size in (SHEET_BYTES, SNAPSHOT_BYTES, POINTER_BYTES, POINTER_BYTES))
    kept = DAYS * (SHEET_BYTES + SNAPSHOT_BYTES + 2 * POINTER_BYTES + 4 * ITEM_OVERHEAD_BYTES) / GB
    return {
        "Lambda, making it": DAYS * (LAMBDA_REQUEST + MAKING_MS / 1000 * MAKING_MEMORY_MB / 1024 * LAMBDA_GB_SECOND),
        "DynamoDB, reads of what became known": DAYS * (index + entities),
        "DynamoDB, reads of the sheets and of the last snapshot": DAYS * (sheets + read(SNAPSHOT_BYTES)),
        "DynamoDB, writes of a sheet, a snapshot and what names them": DAYS * written * WRITE_UNIT,
        "**Making**": None,
        "DynamoDB, looks of the function, one a minute": DAYS * LOOKS_A_DAY * read(POINTER_BYTES),
        "DynamoDB, reads of the snapshot": DAYS * (1 + STARTS_A_DAY) * read(SNAPSHOT_BYTES),
        "**Taking it up, for each copy of the function**": None,
        "DynamoDB, storage and recovery of the month's": kept * (STORED_GB + RECOVERABLE_GB),
        "Metrics and alarms, whatever comes (`MetricsNamespace=`: 0)": SNAPSHOT_METRICS * METRIC
        + SNAPSHOT_ALARM_METRICS * ALARM_METRIC,
        "**Keeping and watching**": None,
        "**All, in the first month**": None,
    }


def slices(rows):
    """Returns how many slices a job of so many rows has."""
    return units(rows, BULK_ROWS_A_SECOND * BULK_SLICE_SECONDS)


def billed_seconds(rows):
    """Returns how long the function runs for a job, all slices together."""
    return rows / BULK_ROWS_A_SECOND + slices(rows) * BULK_START_MS / 1000


def bulk_costs(rows):
    """Returns the cost of each item of a job of so many rows."""
    count = slices(rows)
    written = rows * units(ITEM_BYTES, WRITE_UNIT_BYTES) * WRITE_UNIT
    return {
        "Lambda, GB-seconds": billed_seconds(rows) * BULK_MEMORY_MB / 1024 * LAMBDA_GB_SECOND,
        "Lambda, requests": (count + 2) * LAMBDA_REQUEST,
        "Step Functions, transitions": (BULK_TRANSITIONS + count * BULK_TRANSITIONS_A_SLICE) * STATE_TRANSITION,
        "S3, requests": count * (BULK_PUTS_A_SLICE * OBJECT_PUT + BULK_GETS_A_SLICE * OBJECT_GET),
        "S3, storage of the parts for a month": rows * BULK_PART_BYTES / GB * OBJECT_GB,
        "**Scoring**": None,
        "DynamoDB, writes into the table": written,
        "DynamoDB, writes into its index by time (`MonitorSampleRate`: 1)": MONITORED_SHARE * written,
        "**Storing the predictions as well** (`store: true`)": None,
        "Metrics, alarms and the key, each month, whatever comes": BULK_METRICS * METRIC + BULK_ALARM_METRICS * ALARM_METRIC + KEY,
    }


def column(costs):
    """Returns the costs with the sums filled in: each sum is of what stands above it since the sum before."""
    filled, group, total = {}, 0.0, 0.0
    for item, cost in costs.items():
        if cost is not None:
            group += cost
            total += cost
        elif item.startswith("**All"):
            cost = total
        else:
            cost, group = group, 0.0
        filled[item] = cost
    return filled


def dollars(cost, item):
    """Returns the cost as it stands in the table."""
    text = f"${cost:,.4f}" if cost < 0.01 else f"${cost:,.2f}"
    return f"**{text}**" if item.startswith("**") else text


def predicting():
    """Returns the table of predictions."""
    return table("predictions a month", VOLUMES, [column(costs(volume)) for volume in VOLUMES.values()])


def snapshots():
    """Returns the table of a snapshot a day."""
    return table("a snapshot a day", ["a month"], [column(snapshot_costs())])


def jobs():
    """Returns the table of jobs of bulk scoring, with how long they take."""
    most = lambda rows: min(slices(rows), BULK_CONCURRENCY)
    lines = [
        "| slices | " + " | ".join(f"{slices(rows)}" for rows in JOBS.values()) + " |",
        "| seconds of the function, together | " + " | ".join(f"{billed_seconds(rows):,.0f}" for rows in JOBS.values()) + " |",
        "| seconds of the slices, side by side | " + " | ".join(f"{billed_seconds(rows) / most(rows):,.0f}" for rows in JOBS.values()) + " |",
    ]
    return table("rows of a job", JOBS, [column(bulk_costs(rows)) for rows in JOBS.values()]) + "\n".join(lines) + "\n"


def table(head, names, columns):
    """Returns columns as a table in Markdown."""
    lines = [f"| {head} | " + " | ".join(names) + " |", "| --- |" + " ---: |" * len(columns)]
    lines += [f"| {item} | " + " | ".join(dollars(each[item], item) for each in columns) + " |" for item in columns[0]]
    return "\n".join(lines) + "\n"


def main():
    if sys.argv[1:] != ["--check"]:
        print(predicting(), snapshots(), jobs(), sep="\n", end="")
        return
    readme = pathlib.Path(__file__).with_name("README.md").read_text(encoding="utf-8")
    for made in (predicting(), snapshots(), jobs()):
        if f"\n\n{made}\n" not in readme:
            sys.exit("infra/README.md does not hold the tables that python3 infra/cost.py prints")
    print("infra/README.md holds these tables")


if __name__ == "__main__":
    main()
