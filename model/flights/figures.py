"""What came of the year: the three models month by month, the gate's decisions and whether they were right, and what was counted."""

import datetime as dt
import re

import audit
import build
import numpy as np
import package
import plot
import pyarrow.parquet
import records
import train
from features import lifeboat
from metrics import evaluate

ROOT = build.HERE.parent.parent
PLOT, CARD = ROOT / "docs" / "flights-2013.svg", build.HERE / "README.md"
# Who answers: see replay.py.
MODELS = {"a": "left alone, no history", "b": "left alone, living history", "c": "retrained and gated"}
# The version of the package without history, which is made for the comparison alone.
WITHOUT = "0.1.0"
# What must not be counted even once.
WRONG = (
    *("lost", "twice", "answered_otherwise", "features_otherwise"),
    *("outcomes_otherwise", "outcomes_not_found", "outcomes_contradicts", "outcomes_invalid"),
)


def look_back(year) -> dict:
    """Returns the figures of the days that were lived, and the faults that were found."""
    stored = audit.read_back(year)
    said, otherwise = audit.computed_again(year, stored)
    found = {
        "months": months(year, stored),
        "gates": [hindsight(stored, decided, said) for decided in year.state["gates"]],
        "counts": year.state["counts"]
        | audit.counts(year)
        | {"features": stored.features.size, "features_otherwise": otherwise},
        "rates": rates(year.state),
        "replay": audit.replayed(year),
    }
    return found | {"faults": faults(found)}


def months(year, stored) -> list:
    """Returns the figures of each month that has flights, by the day of their departure."""
    ended = stored.has_ended
    answered = {
        "a": without_history(year, stored),
        "b": stored.answers["shadow_probability"],
        "c": stored.answers["probability"],
    }
    found = []
    for month in np.unique(stored.month[ended]):
        part = ended & (stored.month == month)
        models = {name: judged(stored.late[part], said[part]) for name, said in answered.items()}
        report = next((it for it in year.state["months"] if int(it["from"][5:7]) == month), None)
        facts = {"month": int(month), "rows": int(part.sum()), "late": float(stored.late[part].mean())}
        found.append(facts | {"models": models, "report": report})
    return found


def without_history(year, stored) -> np.ndarray:
    """Returns what `lifeboat predict` says by a package that was trained without history."""
    folder = year.folder / WITHOUT
    if not (folder / package.BASELINE).is_file():
        penalty = next(it["penalty"] for it in year.choice["families"] if it["name"] == train.WITHOUT.name)
        recipe = build.without_history(year.recipe)
        build.build(year.first_rows, build.Candidate(recipe, train.WITHOUT, penalty, WITHOUT, {}), folder)
    with build.as_file(stored.rows.select(records.RECORD.names)) as path:
        said = path.with_name("said.parquet")
        lifeboat("predict", path, "--package", folder, "--output", said)
        return pyarrow.parquet.read_table(said, columns=["probability"])["probability"].to_numpy().astype(float)


def judged(late, said) -> dict:
    metrics = evaluate(late, said, build.THRESHOLD)
    return {name: float(metrics[name]) for name in ("auc", "log_loss")} | {"bias": float(said.mean() - late.mean())}


def hindsight(stored, decided, said) -> dict:
    """Adds what both models of a decision say of the month that followed: the gate was right to promote what was better."""
    after = stored.has_ended & (stored.month == int(decided["month"][5:7]))
    if not after.any():
        return decided | {"right": None}
    versions = {"kept": decided["champion_version"], "made": decided["made"]}
    losses = {
        name: judged(stored.late[after], said[version][after])["log_loss"] for name, version in versions.items()
    }
    return decided | {"next_month": losses, "right": decided["promote"] == (losses["made"] < losses["kept"])}


def rates(state) -> dict:
    """Returns rows a second, and what a snapshot takes."""
    made, seconds = state["counts"], state["seconds"]
    found = {name: made[name] / seconds[name] for name in ("asked", "told") if seconds.get(name)}
    if made.get("snapshot"):
        found["snapshot"] = seconds["snapshot"] / made["snapshot"]
        found["snapshot_cpu"] = made["snapshot_cpu"] / made["snapshot"]
    return found


def faults(found) -> list:
    """Returns what must not be."""
    wrong = [f"{name}: {found['counts'][name]}" for name in WRONG if found["counts"].get(name)]
    return wrong + ([] if re.search(r"\b0 different", found["replay"]) else [f"replay: {found['replay']}"])


def told(found) -> str:
    """Returns all of it for a terminal."""
    return "\n".join(
        ["", *table(found), "", *gates(found), "", *counted(found), *(f"FAULT: {it}" for it in found["faults"])]
    )


def counted(found) -> list:
    counts, rate = found["counts"], found["rates"]
    lines = [
        f"{counts['stored']:,} of {counts['asked']:,} flights are stored, {counts['lost']} lost, {counts['twice']} twice; "
        f"{counts.get('asked_twice', 0):,} were sent twice, {counts.get('answered_otherwise', 0)} of them answered otherwise",
        f"{counts['outcomes_stored']:,} of {counts['outcomes']:,} outcomes are stored, {counts['outcomes_otherwise']} otherwise "
        f"than told; {counts.get('outcomes_stands', 0):,} were told twice",
        f"{counts['features']:,} features that were served with, {counts['features_otherwise']} of them other than "
        "`lifeboat features` computes for training",
        f"replay: {found['replay']}",
    ]
    if "snapshot" in rate:
        lines.append(
            f"rows a second: {rate['asked']:,.0f} asked, {rate['told']:,.0f} told; "
            f"a snapshot: {rate['snapshot']:.2f} s, {rate['snapshot_cpu']:.2f} s of a processor"
        )
    return lines


def table(found) -> list:
    """Returns the months as a table of Markdown, with their mean below."""
    rows = [
        [
            dt.date(2013, month["month"], 1).strftime("%B"),
            f"{month['rows']:,}",
            f"{month['late']:.1%}",
            *(cell(month["models"][name]) for name in MODELS),
            drift(month["report"]),
        ]
        for month in found["months"]
    ]
    means = (cell(mean(found["months"], name), "") for name in MODELS)
    rows.append(["**mean**", "", "", *(f"**{it}**" for it in means), ""])
    return markdown(["month", "flights", "late", *(f"({name})" for name in MODELS), "drift"], rows)


def markdown(header, rows) -> list:
    return ["| " + " | ".join(cells) + " |" for cells in [header, ["---"] * len(header), *rows]]


def cell(model, sign="+") -> str:
    return f"{model['auc']:.3f} / {model['log_loss']:.3f} / {model['bias']:{sign}.3f}"


def mean(months, name) -> dict:
    """Returns the means over the months; of the bias, that of its size."""
    models = [month["models"][name] for month in months]
    found = {metric: float(np.mean([it[metric] for it in models])) for metric in ("auc", "log_loss")}
    return found | {"bias": float(np.mean([abs(it["bias"]) for it in models]))}


def drift(report) -> str:
    """Returns the verdict in words, and what has drifted far: fields by name, features by number."""
    if not report:
        return ""
    features = len(report["features"])
    far = report["fields"] + ([f"{features} feature{'s' if features > 1 else ''}"] if features else [])
    return ": ".join([report["verdict"].replace("_", " "), *([", ".join(far)] if far else [])])


def gates(found) -> list:
    """Returns the gate's decisions as a table of Markdown."""
    header = ["on the first of", "gain since the 20th", "better in", "decision", "log loss of the month: kept, new", "right"]
    return markdown(header, [decision(it) for it in found["gates"]])


def decision(it) -> list:
    gain, after = it["gain"], it.get("next_month")
    return [
        dt.date.fromisoformat(it["month"]).strftime("%B"),
        f"{gain['mean']:+.4f} ({gain['lower']:+.4f} to {gain['upper']:+.4f})",
        f"{gain['share_better']:.1%}",
        "**promoted**" if it["promote"] else "refused",
        f"{after['kept']:.4f}, {after['made']:.4f}" if after else "",
        {None: "", True: "yes", False: "no"}[it["right"]],
    ]


def write(found):
    """Puts the plot into docs/, and the tables between their markers in README.md."""
    PLOT.write_text(plot.draw(found, MODELS), "utf-8")
    text = CARD.read_text("utf-8")
    for name, lines in (("year", table(found)), ("gates", gates(found))):
        pattern = re.compile(f"(<!-- {name}: by replay.py -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        text = pattern.sub(lambda at: at[1] + "\n".join(lines) + "\n" + at[2], text)
    CARD.write_text(text, "utf-8")
