"""The plot of the year, as SVG: AUC, log loss and bias of three models, month by month."""

import datetime as dt
import math

# In pixels: panels one above another, with room for names at the right.
LEFT, TOP, WIDTH, HEIGHT, GAP, RIGHT = 64, 34, 560, 130, 30, 190
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#3d4852}.frame{fill:none;stroke:#8795a1}.rule{stroke:#8795a1;stroke-dasharray:2 4}"
    ".line{fill:none;stroke-width:2}.a{stroke:#8795a1}.b{stroke:#1565a8}.c{stroke:#c05621}text.a,text.b,text.c{stroke:none}"
    ".dot.a,text.a{fill:#8795a1}.dot.b,text.b{fill:#1565a8}.dot.c,text.c{fill:#c05621}.dot{stroke:none}"
    ".promoted{stroke:#2f855a;stroke-width:1.5}.refused{stroke:#8795a1;stroke-dasharray:3 3}.alarm{fill:#b7791f}"
    "@media(prefers-color-scheme:dark){text{fill:#dae1e7}.b{stroke:#6ab0ee}.c{stroke:#f6ad55}.dot.b,text.b{fill:#6ab0ee}"
    ".dot.c,text.c{fill:#f6ad55}.promoted{stroke:#68d391}.alarm{fill:#ecc94b}}"
)
# Verdicts of the monitor that raise an alarm.
ALARMS = ("major_drift", "worse_answers")
PANELS = [("auc", "AUC", 0.02), ("log_loss", "log loss", 0.05), ("bias", "mean predicted − share late", 0.05)]


def draw(found, models) -> str:
    """Draws the months of a replay; `models` names what the letters stand for."""
    months = found["months"]
    shapes = []
    for number, (metric, title, step) in enumerate(PANELS):
        shapes += panel(TOP + number * (HEIGHT + GAP), metric, title, step, months, models)
    bottom = TOP + len(PANELS) * (HEIGHT + GAP) - GAP
    for index, month in enumerate(months):
        name = dt.date(2013, month["month"], 1).strftime("%b")
        shapes.append(f'<text x="{x(index, months):.1f}" y="{bottom + 18}" text-anchor="middle">{name}</text>')
        if month["report"] and month["report"]["verdict"] in ALARMS:
            shapes.append(triangle(x(index, months), bottom + 34))
    shapes += [line for decided in found["gates"] for line in gate(decided, months, bottom)]
    shapes += legend(bottom)
    height = bottom + 50
    width = LEFT + WIDTH + RIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img" aria-labelledby="title">'
        '<title id="title">Flights of 2013: AUC, log loss and bias of three models, month by month</title>'
        f"<style>{STYLE}</style>\n" + "\n".join(shapes) + "\n</svg>\n"
    )


def x(index, months) -> float:
    return LEFT + (index + 0.5) * WIDTH / len(months)


def panel(top, metric, title, step, months, models) -> list:
    """Draws a metric: a frame with rules, and a line a model, named at its end."""
    values = [month["models"][name][metric] for month in months for name in models]
    lowest = step * math.floor(min(values) / step)
    highest = max(step * math.ceil(max(values) / step), lowest + step)

    def y(value):
        return top + HEIGHT * (highest - value) / (highest - lowest)

    shapes = [
        f'<rect class="frame" x="{LEFT}" y="{top}" width="{WIDTH}" height="{HEIGHT}"/>',
        f'<text x="{LEFT}" y="{top - 6}">{title}</text>',
    ]
    count = round((highest - lowest) / step)
    for tick in range(0, count + 1, max(1, count // 4)):
        value = lowest + tick * step
        shapes.append(f'<path class="rule" d="M{LEFT} {y(value):.1f}h{WIDTH}"/>')
        shapes.append(f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.2f}</text>')
    for name in models:
        points = [(x(i, months), y(month["models"][name][metric])) for i, month in enumerate(months)]
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
        shapes.append(f'<polyline class="line {name}" points="{path}"/>')
        shapes += [f'<circle class="dot {name}" cx="{px:.1f}" cy="{py:.1f}" r="3"/>' for px, py in points]
    if metric == PANELS[0][0]:
        for place, (name, words) in enumerate(models.items()):
            shapes.append(f'<text class="{name}" x="{LEFT + WIDTH + 10}" y="{top + 14 + 18 * place}">({name}) {words}</text>')
    return shapes


def gate(decided, months, bottom) -> list:
    """Draws a decision between two months: a line for a promotion, a broken one for a refusal."""
    month = int(decided["month"][5:7])
    index = next((i for i, it in enumerate(months) if it["month"] == month), None)
    if index is None:
        return []
    at = x(index, months) - WIDTH / len(months) / 2
    kind = "promoted" if decided["promote"] else "refused"
    shapes = [f'<path class="{kind}" d="M{at:.1f} {TOP}V{bottom}"/>']
    if decided["promote"]:
        shapes.append(f'<text x="{at:.1f}" y="{TOP - 6}" text-anchor="middle">promoted</text>')
    return shapes


def triangle(at, y) -> str:
    return f'<path class="alarm" d="M{at:.1f} {y - 6}l6 11h-12z"/>'


def legend(bottom) -> list:
    at = LEFT + WIDTH + 14
    return [
        f'<path class="promoted" d="M{at} {bottom - 34}v14"/><text x="{at + 10}" y="{bottom - 22}">promoted by the gate</text>',
        f'<path class="refused" d="M{at} {bottom - 14}v14"/><text x="{at + 10}" y="{bottom - 2}">refused by the gate</text>',
        triangle(at, bottom + 14) + f'<text x="{at + 10}" y="{bottom + 18}">alarm of the monitor</text>',
    ]
