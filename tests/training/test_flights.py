"""The flights of model/flights: what their records say was known when they were asked about.

.tools/train/bin/python -B -m unittest discover tests/training
"""

import datetime as dt
import json
import sys
import unittest
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

FOLDER = Path(__file__).resolve().parent.parent.parent / "model" / "flights"
sys.path.insert(0, str(FOLDER))

import data
import records

UTC_HOUR = dt.timedelta(hours=1)


class Records(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.flights = list(records.read_flights())
        cls.weather = records.read_weather()

    def test_a_record_has_every_field_of_the_schema_but_the_label(self):
        schema = json.loads((FOLDER / "schema.json").read_text())
        fields = [field["name"] for field in schema["fields"] if field["name"] != schema["lifeboat"]["label"]]
        self.assertTrue(all([*it.record] == fields for it in self.flights))

    def test_flights_come_in_order_of_time(self):
        moments = [it.departure.timestamp() for it in self.flights]
        self.assertEqual(moments, sorted(moments))

    def test_weather_is_the_last_that_was_complete_three_hours_before(self):
        for it in self.flights[::97]:
            before = it.departure.astimezone(dt.UTC) - 3 * UTC_HOUR
            hours = [before.replace(minute=0) - back * UTC_HOUR for back in range(3)]
            last = next(hour for hour in hours if hour + dt.timedelta(minutes=51) <= before)
            observed = self.weather.get((it.record["origin"], int(last.timestamp())), dict.fromkeys(records.MEASURES))
            self.assertEqual({name: it.record[name] for name in records.MEASURES}, observed, it)

    def test_a_flight_is_asked_about_three_hours_before_or_when_yesterday_is_known(self):
        for it in self.flights[::97]:
            six, asked = (it.departure.replace(hour=6, minute=15), it.asked_at)
            ahead = it.departure.astimezone(dt.UTC) - 3 * UTC_HOUR
            self.assertEqual(asked.astimezone(dt.UTC), ahead if it.departure < six else max(ahead, six.astimezone(dt.UTC)))

    def test_the_second_of_two_hours_is_not_taken_for_the_first(self):
        first = next(it for it in self.flights if it.record["date"] == "2013-11-03")
        self.assertEqual(first.asked_at.isoformat(), "2013-11-03T02:20:00-05:00")
        one, again = (dt.datetime(2013, 11, 3, hour, tzinfo=dt.UTC) for hour in (5, 6))
        humid = [self.weather[first.record["origin"], int(hour.timestamp())]["humid"] for hour in (one, again)]
        self.assertNotEqual(*humid)
        self.assertEqual(first.record["humid"], humid[1])

    def test_departures_of_the_hour_are_counted_by_the_clocks_of_new_york(self):
        hours = [(it.record["origin"], it.record["departure"][: len("2013-01-01T05")]) for it in self.flights]
        in_hour = Counter(hours)
        self.assertEqual([it.record["cong"] for it in self.flights], [in_hour[hour] for hour in hours])

    def test_an_outcome_is_known_at_six_on_the_next_morning_or_when_the_flight_has_landed(self):
        at_six = 0
        for it in (it for it in self.flights if it.late is not None):
            six = dt.datetime.combine(it.departure.date() + dt.timedelta(days=1), dt.time(6), records.NEW_YORK)
            self.assertGreaterEqual(it.known_at, six)
            at_six += it.known_at == six
        self.assertEqual(at_six, 327_346 - 110)

    def test_what_was_cancelled_has_neither_an_outcome_nor_a_moment_of_it(self):
        never = [it for it in self.flights if it.late is None]
        self.assertEqual(len(never), 8_255 + 1_175)
        self.assertTrue(all(it.known_at is None for it in never))


class Schedule(unittest.TestCase):
    def block(self, **changed):
        row = {"year": "2013", "month": "7", "day": "1", "minute": "0", "dest": "LAX"} | changed
        return data.block_minutes(row, {"LAX": ZoneInfo("America/Los_Angeles")} | data.ZONES)

    def test_block_minutes_are_those_between_two_zones(self):
        self.assertEqual(self.block(time_hour="2013-07-01T12:00:00Z", sched_arr_time="1100"), 360)

    def test_an_arrival_before_the_departure_by_the_clocks_is_of_the_next_day(self):
        self.assertEqual(self.block(time_hour="2013-07-02T02:00:00Z", sched_arr_time="59"), 359)

    def test_san_juan_has_the_time_of_new_york_in_summer_alone(self):
        self.assertEqual(self.block(time_hour="2013-07-01T12:00:00Z", sched_arr_time="1145", dest="SJU"), 225)
        winter = self.block(month="1", time_hour="2013-01-01T13:00:00Z", sched_arr_time="1245", dest="SJU")
        self.assertEqual(winter, 225)


if __name__ == "__main__":
    unittest.main()
