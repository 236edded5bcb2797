"""Writes what the model card takes from the manifest: tables between markers in README.md, and calibration.svg.

    python3 model/card.py            # writes them
    python3 model/card.py --check    # writes nothing; tells what differs, and ends with 1 if anything does
"""

import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
CARD, MANIFEST, PLOT = HERE / "README.md", HERE / "manifest.json", HERE / "calibration.svg"

# The plot, in pixels: a square of probabilities, and bars below it for how many passengers there are.
LEFT, TOP, SIDE, GAP, BARS = 56, 16, 320, 44, 60
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#3d4852}.frame{fill:none;stroke:#8795a1}.ideal{stroke:#8795a1;stroke-dasharray:4 3}"
    ".curve{fill:none;stroke:#1565a8;stroke-width:2}.point,.bar{fill:#1565a8}"
    "@media(prefers-color-scheme:dark){text{fill:#dae1e7}.curve{stroke:#6ab0ee}.point,.bar{fill:#6ab0ee}}"
)


def main():
    manifest = json.loads(MANIFEST.read_text("utf-8"))
    card = CARD.read_text("utf-8")
    for name, lines in parts(manifest).items():
        card = replaced(card, name, lines)
    written = {CARD: card, PLOT: plot(manifest["cross_validation"]["calibration"])}
    if sys.argv[1:] == ["--check"]:
        differing = [path.name for path, text in written.items() if not path.is_file() or path.read_text("utf-8") != text]
        sys.exit(f"not what the manifest gives: {', '.join(differing)}; run python3 model/card.py" if differing else 0)
    for path, text in written.items():
        path.write_text(text, "utf-8")


def parts(manifest):
    """Returns the lines between the markers, by name."""
    return {
        "facts": facts(manifest),
        "models": models(manifest["cross_validation"]["models"]),
        "groups": groups(manifest["cross_validation"]["groups"]),
        "calibration": calibration(manifest["cross_validation"]["calibration"]),
    }


def replaced(card, name, lines):
    pattern = re.compile(f"(<!-- {name}: by card.py -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
    if not pattern.search(card):
        sys.exit(f"{CARD.name} has no markers of {name}")
    return pattern.sub(lambda found: found[1] + "\n".join(lines) + "\n" + found[2], card)


def table(header, rows):
    return ["| " + " | ".join(header) + " |", "| " + " | ".join("---" for _ in header) + " |"] + [
        "| " + " | ".join(row) + " |" for row in rows
    ]


def facts(manifest):
    training, baseline = manifest["training"], manifest["baseline"]
    missing = [f"{field} {rate:.1%}" for field, rate in baseline["missing_rates"].items() if rate]
    return table(
        ["fact", "value"],
        [
            ("version", f"`{manifest['version']}`"),
            ("algorithm", manifest["algorithm"]),
            ("trained on", f"{training['rows']} passengers, {training['survivors']} of whom survived ({baseline['survival_rate']:.1%})"),
            ("features", str(len(manifest["feature_names"]))),
            ("predicts survival", f"from a probability of {manifest['threshold']} on"),
            ("missing in the training data", ", ".join(missing)),
            ("sha256 of the training data", f"`{manifest['data_hash']}`"),
            ("libraries", ", ".join(f"{name} {version}" for name, version in training["libraries"].items())),
        ],
    )


def models(found):
    def row(model):
        spread = {"accuracy": f" ± {model['accuracy_std']:.3f}", "log_loss": f" ± {model['log_loss_std']:.3f}"}
        metrics = ("accuracy", "auc", "log_loss", "brier", "ece")
        cells = [model["name"], *(f"{model[metric]:.3f}{spread.get(metric, '')}" for metric in metrics)]
        return [f"**{cell}**" for cell in cells] if model["chosen"] else cells

    return table(["model", "accuracy", "AUC", "log loss", "Brier", "ECE"], map(row, found))


def groups(found):
    def row(group):
        metrics = ("survival_rate", "mean_probability", "accuracy", "auc", "log_loss")
        return [f"{group['Pclass']}, {group['Sex']}", str(group["rows"]), *(f"{group[metric]:.3f}" for metric in metrics)]

    header = ["class, sex", "passengers", "survived", "mean probability", "accuracy", "AUC", "log loss"]
    return table(header, map(row, found))


def calibration(tenths):
    rows = [
        (f"{tenth['from']:.1f} to {tenth['from'] + 0.1:.1f}", str(tenth["rows"]))
        + tuple(f"{tenth[name]:.3f}" for name in ("mean_probability", "survival_rate"))
        for tenth in tenths
    ]
    return table(["probability", "predictions", "mean probability", "survived"], rows)


def plot(tenths):
    """Draws how often passengers survived against what was predicted out of fold, and how many predictions there were."""

    def x(probability):
        return LEFT + probability * SIDE

    def y(rate):
        return TOP + (1 - rate) * SIDE

    width, bars_end = LEFT + SIDE + 20, TOP + SIDE + GAP + BARS
    most = max(tenth["rows"] for tenth in tenths)
    points = [(x(tenth["mean_probability"]), y(tenth["survival_rate"])) for tenth in tenths]
    shapes = [
        f'<rect class="frame" x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}"/>',
        f'<path class="ideal" d="M{x(0)} {y(0)}L{x(1)} {y(1)}"/>',
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
        f'<text x="{middle}" y="{y(0) + 34}" text-anchor="middle">predicted probability, out of fold</text>',
        f'<text transform="rotate(-90)" x="{-(TOP + SIDE / 2)}" y="14" text-anchor="middle">share that survived</text>',
        f'<text x="{middle}" y="{bars_end + 16}" text-anchor="middle">predictions, {most:,} in the highest bar</text>',
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {bars_end + 24}" width="{width}" role="img" '
        'aria-labelledby="title"><title id="title">Calibration: the share that survived, by predicted probability</title>'
        f"<style>{STYLE}</style>\n" + "\n".join(shapes) + "\n</svg>\n"
    )


if __name__ == "__main__":
    main()
