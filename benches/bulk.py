"""Measures the scoring of whole files: lifeboat against polars and onnxruntime, with the same model, from file to file.

    python3 -m venv .tools/bench && .tools/bench/bin/pip install polars onnxruntime
    .tools/bench/bin/python benches/bulk.py target/release/lifeboat [--rows 1000000] [--rounds 5] [--folder DIR] [--formats csv parquet]

Both are started as a user starts them, in turn, and read and write the same format. The peer is what somebody writes who knows polars well:
lazy columns on all processors, joins for the looks into the history, float32 batches for onnxruntime. The records are those of
model/titanic/train.csv over and over, each with a number of its own. Both must say the same of each within 1e-6.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

MODEL = pathlib.Path(__file__).resolve().parent.parent / "model" / "titanic"
BATCH = 65_536
HONORIFICS = {"Mr": "mr", "Mrs": "mrs", "Mme": "mrs", "Miss": "miss", "Ms": "miss", "Mlle": "miss", "Master": "master"}
RARE = ["Capt", "Col", "Countess", "Don", "Dona", "Dr", "Jonkheer", "Lady", "Major", "Rev", "Sir"]


def columns(pl, frame, state):
    """Adds the columns of recipe.json that come from a record alone."""
    c = pl.col
    title = c("Name").str.extract(r"^[^,]*,(?:[^.]*\s)?\s*([^\s.]+)\.", 1)
    is_female = c("Sex") == "female"
    honorific = (
        pl.when(title.is_in(list(HONORIFICS))).then(title.replace_strict(HONORIFICS, default=None))
        .when(title.is_in(RARE)).then(pl.lit("rare"))
        .when(is_female & (c("SibSp") > 0) & (c("Age").is_null() | (c("Age") >= 14))).then(pl.lit("mrs"))
        .when(is_female).then(pl.lit("miss"))
        .when(c("Age") < 14).then(pl.lit("master"))
        .otherwise(pl.lit("mr"))
    )
    frame = frame.with_columns(
        honorific.alias("honorific"),
        c("Name").str.extract(r"^([^,]*),", 1).alias("surname"),
        (c("SibSp").fill_null(0) + c("Parch").fill_null(0) + 1).alias("family_size"),
        c("Embarked").fill_null("none").alias("port"),
        c("Ticket").str.extract(r"([0-9]+)$", 1).cast(pl.Int64).alias("digits"),
        c("Ticket").str.extract(r"(?i)^[^0-9a-z]*([0-9]|[a-z](?:[^0-9a-z]*[0-9a-z])?)", 1)
        .str.replace_all(r"[^0-9A-Za-z]", "").str.to_uppercase().alias("letters"),
        c("Cabin").str.slice(0, 1).str.to_uppercase().alias("deck"),
    )
    ages, fares = state["age"], state["known_fare"]
    exact = {f"{honorific}{pclass}": age for (honorific, pclass), age in ages["by"][0]}
    cell = c("honorific") + c("Pclass").cast(pl.String)
    by_honorific = c("honorific").replace_strict({key[0]: age for key, age in ages["by"][1]}, default=ages["overall"])
    by_class = c("Pclass").replace_strict({key[0]: fare for key, fare in fares["by"][0]}, default=fares["overall"])
    frame = frame.with_columns(
        pl.coalesce(c("Age"), cell.replace_strict(exact, default=None, return_dtype=pl.Float64), by_honorific).alias("age"),
        c("Fare").fill_null(by_class).alias("fare"),
        pl.when(c("digits") > 100).then(c("digits")).alias("number"),
    )
    kind = pl.when(is_female).then(0).when(c("age") < 14).then(1).otherwise(2)
    return frame.with_columns((c("Pclass") * 3 + kind - 3).cast(pl.Int8).alias("cell"))


def history(pl, frame, past):
    """Adds how earlier records fared around each: pairs of a record and a member, without the member that is the record itself."""
    c = pl.col
    total, count = past["y"].sum(), past.height
    cells = past.group_by("cell").agg(c("y").sum().alias("cell_y"), pl.len().alias("cell_n"))
    member = past.join(cells, on="cell").select(
        c("Ticket").alias("member_ticket"), "surname", "Pclass", "port", "number", "member", "y", "cell", "cell_y", "cell_n",
        c("family_size").alias("member_size"),
    ).lazy()
    itself = past.select("Name", "Ticket", c("member").alias("itself"), c("y").alias("own_y"), c("cell").alias("own_cell"))
    frame = frame.join(itself.lazy(), on=["Name", "Ticket"], how="left")
    asking = frame.select("row", "Ticket", "surname", "Pclass", "port", "number", "family_size", "itself", "own_y", "own_cell")
    mine = ["row", "itself", "own_y", "own_cell"]
    theirs = ["member", "y", "cell", "cell_y", "cell_n"]
    by_ticket = asking.select(*mine, "Ticket").join(member.select(*theirs, c("member_ticket").alias("Ticket")), on="Ticket")
    by_family = asking.filter(c("family_size") > 1).join(
        member.filter(c("member_size") > 1).drop("number"), on=["surname", "Pclass", "port"]
    ).filter(((c("family_size") - c("member_size")).abs() <= 3) & (c("Ticket") != c("member_ticket")))
    party = pl.concat([by_ticket.select(*mine, *theirs), by_family.select(*mine, *theirs)])
    # Numbers that differ by ten at most stand in the same block of eleven, or in the one beside it.
    blocks = member.filter(c("number").is_not_null()).select(*theirs, "Pclass", c("number").alias("member_number"))
    blocks = pl.concat([blocks.with_columns((c("member_number") // 11 + step).alias("block")) for step in (-1, 0, 1)])
    near = asking.filter(c("number").is_not_null()).with_columns((c("number") // 11).alias("block"))
    near = near.join(blocks, on=["Pclass", "block"]).filter((c("number") - c("member_number")).abs() <= 10)

    def surprise(pairs):
        is_known = c("itself").is_not_null()
        mean = (total - c("own_y").fill_null(0)) / (count - is_known.cast(pl.Int64))
        is_own = (is_known & (c("own_cell") == c("cell"))).fill_null(value=False)
        expected = (c("cell_y") - is_own * c("own_y").fill_null(0) + 4 * mean) / (c("cell_n") - is_own.cast(pl.Int64) + 4)
        others = pairs.filter(c("itself").is_null() | (c("itself") != c("member")))
        return others.select("row", "cell", (c("y") - expected).alias("surprise"))

    def mean(name, only=None):
        values = c("surprise") if only is None else c("surprise").filter(only)
        return (values.sum() / (values.len() + 1)).alias(name)

    is_man = c("cell") % 3 == 2
    party = surprise(party).group_by("row").agg(
        mean("party"), mean("party_men", is_man), mean("party_women_children", ~is_man)
    )
    neighbours = surprise(near).group_by("row").agg(mean("neighbours"))
    return frame.join(party, on="row", how="left").join(neighbours, on="row", how="left")


def features(pl):
    """The columns that the graph reads, in its order."""
    c = pl.col
    size, is_female, letters = c("family_size"), c("Sex") == "female", c("letters")
    is_child = (c("age") < 14) | (c("honorific") == "master")
    per_person = c("fare") / size
    party = {name: c(name).fill_null(0.0) for name in ("party_women_children", "party_men", "party", "neighbours")}
    return [
        *[c("Pclass") == number for number in (1, 2, 3)], is_female, c("age"), c("Age").is_null(), is_child,
        c("SibSp").fill_null(0), c("Parch").fill_null(0), size, size == 1, size >= 5, c("fare").log1p(), per_person.log1p(),
        *[c("honorific") == name for name in ("mr", "mrs", "miss", "master", "rare")], c("Embarked") == "Q",
        *[c("deck").is_in(list(letter)) for letter in ("A", "B", "C", "D", "E", "FG")], c("Cabin").is_null(),
        letters.is_in(list("0123456789")), letters == "PC", letters == "CA", letters.is_in(["A4", "A5"]),
        is_female & (c("Pclass") == 3), (c("cell") == 2), is_female & (size >= 5),
        party["party_women_children"], is_female.cast(pl.Float64) * party["party_women_children"], party["party_men"],
        party["party"], party["neighbours"],
    ]


def peer(source, target):
    """Scores a file with polars and onnxruntime."""
    import numpy as np
    import onnxruntime
    import polars as pl

    session = onnxruntime.InferenceSession(MODEL / "model.onnx", providers=["CPUExecutionProvider"])
    state = json.loads((MODEL / "state.json").read_text())["steps"]
    types = {"Age": pl.Float64, "Fare": pl.Float64, "Cabin": pl.String, "Ticket": pl.String}
    past = columns(pl, pl.scan_csv(MODEL / "train.csv", schema_overrides=types), state).collect()
    past = past.with_columns(pl.col("Survived").alias("y")).with_row_index("member")
    is_parquet = source.endswith(".parquet")
    frame = (pl.scan_parquet(source) if is_parquet else pl.scan_csv(source, schema_overrides=types)).with_row_index("row")
    frame = history(pl, columns(pl, frame, state), past)
    single = [column.cast(pl.Float32).fill_null(0).alias(str(place)) for place, column in enumerate(features(pl))]
    frame = frame.select("row", "PassengerId", *single).collect().sort("row")
    matrix = frame.drop("row", "PassengerId").to_numpy(order="c")
    found = [session.run(None, {"features": matrix[at : at + BATCH]})[0] for at in range(0, len(matrix), BATCH)]
    probability = np.concatenate(found)[:, 0]
    answers = frame.select("PassengerId").with_columns(
        pl.Series("Survived", (probability >= 0.5).astype(np.int8)), pl.Series("probability", probability)
    )
    answers.write_parquet(target) if is_parquet else answers.write_csv(target)


def make(path, rows):
    """Makes a file of records."""
    import polars as pl

    rows = int(rows)
    train = pl.read_csv(MODEL / "train.csv").drop("Survived")
    table = pl.concat([train] * -(-rows // train.height)).head(rows)
    table = table.with_columns(pl.int_range(1, rows + 1, dtype=pl.Int64).alias("PassengerId"))
    table.write_parquet(path) if path.endswith(".parquet") else table.write_csv(path)


def run(command):
    """Runs a program; returns its seconds, its processor seconds and its largest memory in MB."""
    start = time.monotonic()
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    if status != 0:
        sys.exit(f"{command[0]} failed")
    # A child begins with the memory of its parent, so this process stays small: what needs polars is done by children.
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def step(name, *arguments):
    """Returns the command of a part of this program."""
    return [sys.executable, __file__, f"--{name}", *map(str, arguments)]


def compare(ours, theirs):
    """Tells how far two files of answers differ at most."""
    import polars as pl

    read = pl.read_parquet if ours.endswith(".parquet") else pl.read_csv
    ours, theirs = read(ours), read(theirs)
    if not ours["PassengerId"].equals(theirs["PassengerId"]):
        sys.exit("the files have other rows")
    if not ours["Survived"].equals(theirs["Survived"]):
        sys.exit("the files have other labels")
    difference = (ours["probability"].cast(pl.Float64) - theirs["probability"].cast(pl.Float64)).abs().max()
    print(f"the probabilities of {ours.height:,} rows differ by {difference:.1e} at most")
    if difference > 1e-6:
        sys.exit("the answers differ")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--formats", nargs="+", default=["csv", "parquet"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for name in arguments.formats:
            records = folder / f"records-{arguments.rows}.{name}"
            if not records.exists():
                run(step("make", records, arguments.rows))
            ours, theirs = folder / f"ours.{name}", folder / f"theirs.{name}"
            commands = {
                "lifeboat": [str(arguments.program.resolve()), "--quiet", "predict", str(records), "--output", str(ours)],
                "polars + onnxruntime": step("peer", records, theirs),
            }
            found = {program: [] for program in commands}
            for _ in range(arguments.rounds):
                for program, command in commands.items():
                    found[program].append(run(command))
            for program, runs in found.items():
                seconds, processor, _ = (statistics.median(column) for column in zip(*runs))
                print(
                    f"{name:8} {program:21} {seconds:7.2f} s {arguments.rows / seconds:11,.0f} rows/s "
                    f"{processor:7.2f} s of processors {max(run[2] for run in runs):6.0f} MB"
                )
            ours_seconds, their_seconds = ([run[0] for run in runs] for runs in found.values())
            ratios = sorted(theirs / ours for ours, theirs in zip(ours_seconds, their_seconds))
            print(
                f"{name:8} {statistics.median(their_seconds) / statistics.median(ours_seconds):.1f} times the rows a second "
                f"({ratios[0]:.1f} to {ratios[-1]:.1f} in single rounds)",
                flush=True,
            )
            run(step("compare", ours, theirs))


STEPS = {"--peer": peer, "--make": make, "--compare": compare}

if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in STEPS:
        STEPS[sys.argv[1]](*sys.argv[2:])
    else:
        main()
