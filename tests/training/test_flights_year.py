"""The flights' model: what it learns from, and how the year is replayed.

.tools/train/bin/python -B -m unittest discover tests/training
"""

import datetime as dt
import sys
import tempfile
import unittest
import xml.etree.ElementTree
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

FOLDER = Path(__file__).resolve().parent.parent.parent / "model" / "flights"
sys.path[:0] = [str(FOLDER), str(FOLDER.parent)]

import build
import days
import figures
import numpy as np
import plot
import pyarrow
import records
import weeks
from families import Family, logistic_regression_as_it_is

FIRST, LAST = dt.date(2013, 4, 1), dt.date(2013, 4, 9)
MONTHS = [
    {
        "month": month,
        "rows": 100,
        "late": 0.2,
        "models": {name: {"auc": 0.7, "log_loss": 0.5, "bias": bias} for name in figures.MODELS},
        "report": {"verdict": "major_drift", "fields": ["visib"], "features": ["all_1d_z", "visib_z"]},
    }
    for month, bias in ((4, -0.02), (5, 0.04))
]


@cache
def all_flights():
    return list(records.read_flights())


class Recipe(unittest.TestCase):
    def test_history_and_what_is_made_of_it_can_be_left_out(self):
        recipe = build.recipe()
        without = build.without_history(recipe)
        looked_up = {step["name"] for step in recipe["steps"] if step["step"] == "history"}
        self.assertEqual(build.of_history(recipe), looked_up | {f"{name}_{of}" for name in looked_up for of in ("scaled", "z")})
        self.assertFalse(looked_up & build.texts(without["features"] + without["steps"]))
        self.assertEqual(len(recipe["features"]) - len(without["features"]), len(looked_up))

    def test_explanations_are_exact(self):
        groups = {step.get("group") for step in build.recipe()["steps"]} - {None}
        self.assertLessEqual(len(groups), 10)

    def test_nothing_reads_what_is_known_afterwards(self):
        schema = {*records.RECORD.names}
        made = {step["name"] for step in build.recipe()["steps"]}
        for step in build.recipe()["steps"]:
            self.assertLessEqual(build.texts([step.get("from", []), step.get("same", [])]), schema | made)


class Days(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.flights = all_flights()
        cls.days = days.days(cls.flights, FIRST, LAST)
        cls.asks = [step for day in cls.days for step in day.steps if isinstance(step, days.Ask)]
        cls.tells = [step for day in cls.days for step in day.steps if isinstance(step, days.Tell)]

    def test_each_flight_is_asked_about_once_from_the_first_morning_on(self):
        begins, ends = days.at(FIRST, days.SNAPSHOT), days.at(LAST + days.DAY, days.SNAPSHOT)
        due = [it for it in self.flights if begins <= it.asked_at < ends]
        asked = [it for step in self.asks for it in step.flights]
        self.assertEqual(len(asked), len(due))
        self.assertEqual({id(it) for it in asked}, {id(it) for it in due})

    def test_the_snapshot_that_is_the_newest_when_it_is_asked_is_the_newest_before_it_leaves(self):
        for day in self.days:
            next_due = days.at(day.date + days.DAY, days.SNAPSHOT)
            for step in (step for step in day.steps if isinstance(step, days.Ask)):
                self.assertTrue(all(day.snapshot_due <= it.departure < next_due for it in step.flights))
                self.assertTrue(all(day.snapshot_due <= it.asked_at <= step.moment < next_due for it in step.flights))

    def test_outcomes_are_told_when_they_are_known_and_only_of_what_was_asked(self):
        asked = {id(it) for step in self.asks for it in step.flights}
        for step in self.tells:
            self.assertTrue(all(it.known_at == step.moment and id(it) in asked for it in step.flights))
        told = [id(it) for step in self.tells for it in step.flights]
        self.assertEqual(len(told), len(set(told)))
        ended = {id(it) for step in self.asks for it in step.flights if it.late is not None and it.departure.date() <= LAST}
        self.assertEqual(set(told), ended)

    def test_steps_are_in_order_of_time(self):
        moments = [step.moment.timestamp() for day in self.days for step in day.steps]
        self.assertEqual(moments, sorted(moments))

    def test_the_day_of_25_hours_is_a_day(self):
        [day, _] = days.days(self.flights, dt.date(2013, 11, 3), dt.date(2013, 11, 3))
        asked = sum(len(step.flights) for step in day.steps if isinstance(step, days.Ask))
        self.assertGreater(asked, 800)


class Weeks(unittest.TestCase):
    def test_a_week_is_answered_for_by_what_was_known_on_its_monday(self):
        flights = [it for it in all_flights() if dt.date(2013, 1, 28) <= it.departure.date() <= dt.date(2013, 2, 12)]
        rows, monday, seen = build.labelled(flights), dt.date(2013, 2, 4), {}

        def features(given, _):
            seen["given"] = given
            return ["distance"], given["distance"].to_numpy().astype(np.float32)[:, None]

        family = Family("any", logistic_regression_as_it_is, (1.0,))
        with mock.patch.object(build, "learn", lambda known, *_: seen.update(known=known)), mock.patch.object(build, "features", features):
            said = weeks.week(rows, {}, [family], monday)
        self.assertTrue(all(moment <= build.six(monday) for moment in seen["known"]["known_at"].to_pylist()))
        unseen = seen["given"].slice(len(seen["known"]))
        self.assertEqual({*unseen["date"].to_pylist()}, {monday + number * days.DAY for number in range(7)})
        self.assertEqual(len(said["any", 1.0]), len(unseen))


class Figures(unittest.TestCase):
    def test_the_gate_was_right_where_what_it_kept_or_promoted_was_better(self):
        stored = SimpleNamespace(has_ended=np.array([True, True, False]), month=np.array([5, 5, 5]), late=np.array([1, 0, 1]))
        said = {"1.0.0": np.array([0.6, 0.4, 0.0]), "1.5.0": np.array([0.9, 0.1, 0.0])}
        decided = {"month": "2013-05-01", "champion_version": "1.0.0", "made": "1.5.0"}
        for promote in (True, False):
            found = figures.hindsight(stored, decided | {"promote": promote}, said)
            self.assertEqual(found["right"], promote)
            self.assertLess(found["next_month"]["made"], found["next_month"]["kept"])

    def test_the_mean_of_the_bias_is_that_of_its_size(self):
        self.assertAlmostEqual(figures.mean(MONTHS, "a")["bias"], 0.03)

    def test_drift_is_named_by_field_and_counted_by_feature(self):
        self.assertEqual(figures.drift(MONTHS[0]["report"]), "major drift: visib, 2 features")
        self.assertEqual(figures.drift({"verdict": "stable", "fields": [], "features": []}), "stable")

    def test_whatever_is_lost_or_otherwise_is_a_fault(self):
        found = {"counts": {"lost": 0, "twice": 2}, "replay": "7 the same, 0 different"}
        self.assertEqual(figures.faults(found), ["twice: 2"])
        self.assertEqual(len(figures.faults({"counts": {}, "replay": "6 the same, 1 different"})), 1)

    def test_the_plot_has_a_line_a_model_and_each_promotion(self):
        gates = [{"month": "2013-05-01", "promote": True}, {"month": "2013-04-01", "promote": False}]
        drawn = xml.etree.ElementTree.fromstring(plot.draw({"months": MONTHS, "gates": gates}, figures.MODELS))
        kinds = [shape.get("class") or "" for shape in drawn.iter()]
        self.assertEqual(sum(kind.startswith("line") for kind in kinds), 3 * len(plot.PANELS))
        self.assertEqual((kinds.count("promoted"), kinds.count("refused")), (2, 2))
        self.assertEqual(kinds.count("alarm"), len(MONTHS) + 1)


class Rows(unittest.TestCase):
    def test_what_lands_later_was_not_known_in_the_morning(self):
        flights = [it for it in all_flights() if it.departure.date() == dt.date(2013, 1, 1)]
        rows, morning = build.labelled(flights), build.six(dt.date(2013, 1, 2))
        known = build.known_by(rows, morning)
        self.assertEqual(len(known), sum(it.late is not None and it.known_at <= morning for it in flights))
        self.assertEqual(len(build.known_by(rows, morning - dt.timedelta(seconds=1))), 0)

    def test_days_are_taken_with_both_ends(self):
        rows = pyarrow.table({"date": pyarrow.array([FIRST, LAST, LAST + days.DAY], pyarrow.date32())})
        self.assertEqual(build.days(rows, FIRST, LAST).tolist(), [True, True, False])

    def test_a_scratch_file_is_gone_afterwards(self):
        with build.scratch("rows.parquet") as path:
            path.touch()
            self.assertTrue(str(path).startswith(tempfile.gettempdir()))
        self.assertFalse(path.exists())


if __name__ == "__main__":
    unittest.main()
