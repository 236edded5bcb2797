"""Writes what a model card takes from its package: tables between markers in README.md, and calibration.svg.

python3 model/write_card.py model/titanic            # writes them
python3 model/write_card.py model/titanic --check    # writes nothing; tells what differs, and ends with 1 if anything does
"""

import argparse
import json
import math
import re
import sys
from pathlib import Path

# The plot, in pixels: a square of probabilities, and bars below it for how many predictions there are.
LEFT, TOP, SIDE, GAP, BARS = 56, 16, 320, 44, 60
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#3d4852}.frame{fill:none;stroke:#8795a1}.ideal{stroke:#8795a1;stroke-dasharray:4 3}"
    ".curve{fill:none;stroke:#1565a8;stroke-width:2}.fit{fill:none;stroke:#c05621;stroke-width:1.5}.point,.bar{fill:#1565a8}"
    "@media(prefers-color-scheme:dark){text{fill:#dae1e7}.curve{stroke:#6ab0ee}.fit{stroke:#f6ad55}.point,.bar{fill:#6ab0ee}}"
)


def main():
    parser = argparse.ArgumentParser(description="Writes a model card's tables and plot.")
    parser.add_argument("folder", type=Path, help="folder of the package and its README.md")
    parser.add_argument("--check", action="store_true", help="write nothing; tell what differs")
    arguments = parser.parse_args()

    card, plot_file = arguments.folder / "README.md", arguments.folder / "calibration.svg"
    schema, manifest, baseline = (
        json.loads((arguments.folder / name).read_text("utf-8"))
        for name in ("schema.json", "manifest.json", "baseline.json")
    )
    text = card.read_text("utf-8")
    for name, lines in parts(schema, manifest, baseline).items():
        text = replaced(text, name, lines)
    validation = manifest["cross_validation"]
    written = {card: text, plot_file: plot(validation, the_rule(validation))}
    if arguments.check:
        differing = [
            path.name for path, text in written.items() if not path.is_file() or path.read_text("utf-8") != text
        ]
        sys.exit(
            f"not what the package gives: {', '.join(differing)}; run {parser.prog} {arguments.folder}"
            if differing
            else 0
        )
    for path, text in written.items():
        path.write_text(text, "utf-8")


def parts(schema, manifest, baseline):
    """Returns the lines between the markers, by name."""
    validation = manifest["cross_validation"]
    return {
        "facts": facts(schema["lifeboat"], manifest, baseline),
        "choice": choice(manifest["choice"]),
        "models": models(validation["models"]),
        "groups": groups(validation["groups"]),
        "calibration": calibration(validation["calibration"], the_rule(validation)),
    }


def replaced(card, name, lines):
    pattern = re.compile(f"(<!-- {name}: by write_card.py -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
    if not pattern.search(card):
        sys.exit(f"the card has no markers of {name}")
    return pattern.sub(lambda found: found[1] + "\n".join(lines) + "\n" + found[2], card)


def the_rule(validation):
    return next(model for model in validation["models"] if model["chosen"])


def table(header, rows):
    return ["| " + " | ".join(header) + " |", "| " + " | ".join("---" for _ in header) + " |"] + [
        "| " + " | ".join(row) + " |" for row in rows
    ]


def bold(cells, strong):
    return [f"**{cell}**" for cell in cells] if strong else cells


def facts(about, manifest, baseline):
    training = manifest["training"]
    rows = training["rows"]
    missing = {name: field["missing"] for name, field in baseline["fields"].items() if field["missing"]}
    positive = f"{about['label']} = {about.get('positive', 'true')}"
    return table(
        ["fact", "value"],
        [
            ("version", f"`{manifest['version']}`"),
            ("algorithm", manifest["algorithm"]),
            (
                "trained on",
                f"{rows} rows, {training['positives']} with {positive} ({training['positives'] / rows:.1%})",
            ),
            ("features", str(len(manifest["inputs"]))),
            (f"predicts {positive}", f"from a probability of {manifest['threshold']} on"),
            ("missing in the training data", ", ".join(f"{name} {count / rows:.1%}" for name, count in missing.items())),
            ("sha256 of the training data", f"`{manifest['data_hash']}`"),
            ("libraries", ", ".join(f"{name} {version}" for name, version in training["libraries"].items())),
        ],
    )


def choice(found):
    """One row a family: what the inner folds said of its penalties, by all rows."""

    def row(family):
        by_penalty = {strength["penalty"]: strength for strength in family["penalties"]}
        best, taken = min(family["penalties"], key=lambda strength: strength["log_loss"]), by_penalty[family["penalty"]]
        cells = [
            family["name"],
            f"{best['penalty']:g}: {best['log_loss']:.4f}",
            f"{taken['penalty']:g}: {taken['log_loss']:.4f} ({taken['excess']:+.4f} ± {taken['error']:.4f})",
            f"{family['excess']:+.4f} ± {family['error']:.4f}",
        ]
        return bold(cells, family["chosen"])

    if "outer_parts" not in found:
        header = ["family", "best penalty: log loss", "taken (to the best)", "to the best family"]
        return table(header, map(row, found["families"]))
    chosen = [f"{part['family']} with {part['penalty']:g}: {part['parts']}" for part in found["outer_parts"]]
    header = ["family", "best penalty: log loss", "strongest within one error (to the best)", "to the best family"]
    return [
        *table(header, map(row, found["families"])),
        "",
        f"Chosen in the outer training parts: {'; '.join(chosen)}.",
    ]


def models(found):
    def row(model):
        spread = {"accuracy": f" ± {model['accuracy_std']:.3f}", "log_loss": f" ± {model['log_loss_std']:.3f}"}
        metrics = ("accuracy", "auc", "log_loss", "brier", "ece")
        cells = [model["name"], *(f"{model[metric]:.3f}{spread.get(metric, '')}" for metric in metrics)]
        cells += [recalibrated(model, "slope", ""), recalibrated(model, "intercept", "+")]
        return bold(cells, model["chosen"])

    return table(["model", "accuracy", "AUC", "log loss", "Brier", "ECE", "slope", "intercept"], map(row, found))


def recalibrated(model, name, sign):
    return f"{model[f'calibration_{name}']:{sign}.2f} ± {model[f'calibration_{name}_error']:.2f}"


def groups(found):
    names = list(found[0]["group"])

    def row(group):
        metrics = ("positive_rate", "mean_probability", "accuracy", "auc", "log_loss")
        return [", ".join(group["group"].values()), str(group["rows"]), *(f"{group[metric]:.3f}" for metric in metrics)]

    header = [", ".join(names), "rows", "positive", "mean probability", "accuracy", "AUC", "log loss"]
    return table(header, map(row, found))


def calibration(tenths, rule):
    rows = [
        (f"{tenth['from']:.1f} to {tenth['from'] + 0.1:.1f}", str(tenth["rows"]))
        + tuple(f"{tenth[name]:.3f}" for name in ("mean_probability", "positive_rate"))
        for tenth in tenths
    ]
    slope, intercept = recalibrated(rule, "slope", ""), recalibrated(rule, "intercept", "+")
    return [
        f"Calibration slope {slope}, intercept {intercept} (± one standard error).",
        "",
        *table(["probability", "predictions", "mean probability", "positive"], rows),
    ]


def plot(validation, rule):
    """Draws how often the label was positive against what was predicted out of fold, and how many predictions there were."""
    tenths, held_out = validation["calibration"], validation.get("held_out", "nested out of fold")

    def x(probability):
        return LEFT + probability * SIDE

    def y(rate):
        return TOP + (1 - rate) * SIDE

    def fit(probability):
        odds = (probability / (1 - probability)) ** rule["calibration_slope"] * math.exp(rule["calibration_intercept"])
        return odds / (1 + odds)

    width, bars_end = LEFT + SIDE + 20, TOP + SIDE + GAP + BARS
    most = max(tenth["rows"] for tenth in tenths)
    points = [(x(tenth["mean_probability"]), y(tenth["positive_rate"])) for tenth in tenths]
    steps = [step / 50 for step in range(1, 50)]
    shapes = [
        f'<rect class="frame" x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}"/>',
        f'<path class="ideal" d="M{x(0)} {y(0)}L{x(1)} {y(1)}"/>',
        '<polyline class="fit" points="' + " ".join(f"{x(p):.1f},{y(fit(p)):.1f}" for p in steps) + '"/>',
        '<polyline class="curve" points="' + " ".join(f"{px:.1f},{py:.1f}" for px, py in points) + '"/>',
    ]
    shapes += [f'<circle class="point" cx="{px:.1f}" cy="{py:.1f}" r="4"/>' for px, py in points]
    for tick in (0, 0.2, 0.4, 0.6, 0.8, 1):
        shapes.append(f'<text x="{x(tick):.1f}" y="{y(0) + 16}" text-anchor="middle">{tick:g}</text>')
        shapes.append(f'<text x="{LEFT - 8}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>')
    for tenth in tenths:
        height = tenth["rows"] / most * BARS
        shapes.append(
            f'<rect class="bar" x="{x(tenth["from"]) + 2:.1f}" y="{bars_end - height:.1f}" width="{SIDE / 10 - 4:.1f}" height="{height:.1f}"/>'
        )
    middle = LEFT + SIDE / 2
    shapes += [
        f'<text x="{middle}" y="{y(0) + 34}" text-anchor="middle">predicted probability, {held_out}</text>',
        f'<text transform="rotate(-90)" x="{-(TOP + SIDE / 2)}" y="14" text-anchor="middle">share that was positive</text>',
        f'<text x="{middle}" y="{bars_end + 16}" text-anchor="middle">predictions, {most:,} in the highest bar</text>',
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {bars_end + 24}" width="{width}" role="img" '
        'aria-labelledby="title"><title id="title">Calibration: the share that was positive, by predicted probability</title>'
        f"<style>{STYLE}</style>\n" + "\n".join(shapes) + "\n</svg>\n"
    )


if __name__ == "__main__":
    main()
