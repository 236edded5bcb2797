"""What happens on a day of the year: what is told of yesterday, the snapshot, and the flights that are asked about, in order of time."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

import records

DAY = dt.timedelta(days=1)
# Outcomes become known at six, and the snapshot is made a quarter of an hour later.
SIX, SNAPSHOT = dt.time(6), records.MORNING


@dataclass(frozen=True)
class Ask:
    """Flights that are asked about together, as a client does that looks each hour what leaves in three hours."""

    moment: dt.datetime
    flights: list


@dataclass(frozen=True)
class Tell:
    """Flights whose outcome is told."""

    moment: dt.datetime
    flights: list


@dataclass(frozen=True)
class Day:
    """From the morning of a date, when a snapshot is due, to that of the next one."""

    date: dt.date
    steps: list

    @property
    def six(self):
        return at(self.date, SIX)

    @property
    def snapshot_due(self):
        return at(self.date, SNAPSHOT)


def at(date, time) -> dt.datetime:
    return dt.datetime.combine(date, time, records.NEW_YORK)


def days(flights, first: dt.date, last: dt.date) -> list:
    """Returns the days from the first to the last, and the morning after, on which the last outcomes are told."""
    asked, told = defaultdict(list), defaultdict(list)
    begins, ends = at(first, SNAPSHOT).timestamp(), at(last + DAY, SNAPSHOT).timestamp()
    for it in flights:
        if begins <= it.asked_at.timestamp() < ends:
            asked[batch(it.asked_at)].append(it)
            if it.late is not None and it.departure.date() <= last:
                told[it.known_at.timestamp()].append(it)
    steps = [Ask(max(it.asked_at for it in some), some) for some in asked.values()]
    steps += [Tell(records.local(moment), some) for moment, some in told.items()]
    by_date = {first + number * DAY: [] for number in range((last - first).days + 2)}
    for step in sorted(steps, key=lambda step: (step.moment.timestamp(), isinstance(step, Ask))):
        by_date[min(date_of(step.moment), last + DAY)].append(step)
    return [Day(date, steps) for date, steps in by_date.items()]


def batch(moment: dt.datetime):
    """Returns what flights have together that are asked about at once: the hour, and the snapshot that is the newest then."""
    return date_of(moment), records.hour_of(int(moment.timestamp()))


def date_of(moment: dt.datetime) -> dt.date:
    """Returns the date of the snapshot that is the newest at a moment: before the morning's, that of yesterday. What is told at six is of the day."""
    moment = moment.astimezone(records.NEW_YORK)
    return moment.date() if moment.time() >= SIX else moment.date() - DAY
