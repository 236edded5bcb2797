"""Checks that every link of the Markdown files leads somewhere: to a file of this folder, and to a heading that it has.

    python3 infra/links.py

Links to other hosts are counted, not followed: their networks' moods are no fault of a commit.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINK = re.compile(r"\[(?:[^\]\\]|\\.)*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def main():
    files = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"], cwd=ROOT, capture_output=True, text=True)
    faults, inside, elsewhere = [], 0, 0
    for name in files.stdout.split():
        path = ROOT / name
        for target in LINK.findall(FENCED.sub("", path.read_text())):
            if re.match(r"[a-z]+:", target):
                elsewhere += 1
                continue
            inside += 1
            file, _, heading = target.partition("#")
            there = (path.parent / file).resolve() if file else path
            if not there.exists():
                faults.append(f"{name}: {target} is no file")
            elif heading and heading not in headings(there):
                faults.append(f"{name}: {target} is no heading")
    if faults:
        sys.exit("\n".join(faults))
    print(f"{inside} links lead to files and headings that are there; {elsewhere} lead elsewhere")


def headings(path):
    """Returns the names that GitHub gives to the headings of a file."""
    found = re.findall(r"^#+ +(.+)$", FENCED.sub("", path.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


if __name__ == "__main__":
    main()
