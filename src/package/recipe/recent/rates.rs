//! How the events of the days before each day fared, group by group.
//!
//! Counts and sums are whole numbers, which are kept from one day to the next. What has a fraction is computed anew for each day, in the
//! order of days and of the values of cells, so that it depends neither on where the computation begins nor on an order of events.

use std::collections::BTreeMap;
use std::ops::Range;

use super::calendar::Day;
use super::events::{Events, Groups, MISSING};
use super::plan::{Expected, ExpectedCell, PlannedStep};
use super::table::Fared;

/// A number of events, and the sum of their outcomes.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    count: i64,
    sum: i128,
}

impl Tally {
    fn add(&mut self, events: &Events, event: u32, sign: i32) {
        self.count += i64::from(events.counts[event as usize] * sign);
        self.sum += events.sums[event as usize] * i128::from(sign);
    }
}

/// The events that begin to count, and cease to count, on each of some days.
struct Schedule {
    begin: ByDay,
    end: ByDay,
}

impl Schedule {
    /// Lets each event count for so many days: from the day after its own, or as soon as it is known.
    fn new(events: &Events, length: Day, days: &Range<Day>) -> Self {
        let span = |event: usize| {
            let (day, known) = (events.days[event], events.known[event]);
            let (from, to) = (known.max(day + 1).max(days.start), day + length + 1);
            (from < to && from < days.end).then_some((from, to))
        };
        let count = events.len();
        Self {
            begin: ByDay::new(count, days, |event| span(event).map(|(from, _)| from)),
            end: ByDay::new(count, days, |event| span(event).map(|(_, to)| to)),
        }
    }

    /// Tells each event that begins to count on a day, or ceases to: as 1 or −1.
    fn on(&self, place: usize, mut tell: impl FnMut(u32, i32)) {
        self.begin.on(place).iter().for_each(|event| tell(*event, 1));
        self.end.on(place).iter().for_each(|event| tell(*event, -1));
    }
}

/// Events sorted by a day.
struct ByDay {
    starts: Vec<usize>,
    events: Vec<u32>,
}

impl ByDay {
    fn new(count: usize, days: &Range<Day>, day: impl Fn(usize) -> Option<Day>) -> Self {
        let place = |event: usize| day(event).filter(|day| days.contains(day)).map(|day| place(days, day));
        let mut starts = vec![0; days.len() + 1];
        for place in (0..count).filter_map(place) {
            starts[place + 1] += 1;
        }
        for place in 1..starts.len() {
            starts[place] += starts[place - 1];
        }
        let (mut next, mut events) = (starts.clone(), vec![0; starts[days.len()]]);
        for (event, number) in (0..count).zip(0..) {
            if let Some(place) = place(event) {
                events[next[place]] = number;
                next[place] += 1;
            }
        }
        Self { starts, events }
    }

    fn on(&self, place: usize) -> &[u32] {
        &self.events[self.starts[place]..self.starts[place + 1]]
    }
}

/// Returns the place of a day among days.
fn place(days: &Range<Day>, day: Day) -> usize {
    usize::try_from(day - days.start).unwrap_or_default()
}

/// Hands on how each group of a step's events fared as of each of some days; groups without events are left out.
pub(super) fn each_day(
    step: &PlannedStep,
    events: &Events,
    groups: &Groups,
    days: &Range<Day>,
    mut take: impl FnMut(Day, Vec<(u32, Fared)>),
) {
    let cells = step.expected.cell.as_ref().map(|cell| Cells::new(cell, &step.expected, events, step.days, days));
    let schedule = Schedule::new(events, step.days, days);
    let (mut tallies, mut all) = (vec![Tally::default(); groups.keys.len()], Tally::default());
    // The events of each group by their days and cells, where something is expected of a cell.
    let mut parts: Vec<BTreeMap<(Day, u32), i64>> =
        vec![BTreeMap::new(); cells.as_ref().map_or(0, |_| groups.keys.len())];
    for (place, day) in days.clone().enumerate() {
        schedule.on(place, |event, sign| {
            all.add(events, event, sign);
            let group = groups.of_event[event as usize];
            if group == MISSING {
                return;
            }
            tallies[group as usize].add(events, event, sign);
            if let Some(cells) = &cells {
                let part = (events.days[event as usize], cells.of_event[event as usize]);
                let parts = &mut parts[group as usize];
                let count = parts.entry(part).or_default();
                *count += i64::from(events.counts[event as usize] * sign);
                if *count == 0 {
                    parts.remove(&part);
                }
            }
        });
        let mean = step.expected.mean(events, all);
        let fared = (0..).zip(&tallies).filter(|(_, tally)| tally.count > 0).map(|(group, tally)| {
            let expected = match &cells {
                Some(cells) => cells.expected(&parts[group as usize]),
                None => number(tally.count) * mean,
            };
            (group, Fared { count: tally.count, sum: events.scale.number(tally.sum), expected })
        });
        take(day, fared.collect());
    }
}

/// What is expected of the events of each cell on each day.
struct Cells {
    /// The cell of each event, in the order of their values.
    of_event: Vec<u32>,
    first: Day,
    /// By day and cell.
    rates: Vec<Vec<f64>>,
}

impl Cells {
    /// Computes what is expected of all events that a step counts on some days.
    fn new(cell: &ExpectedCell, expected: &Expected, events: &Events, length: Day, days: &Range<Day>) -> Self {
        let groups = events.group(&cell.by, true);
        let mut ranks = vec![0; groups.keys.len()];
        for (rank, group) in (0..).zip(groups.sorted(events, &cell.by)) {
            ranks[group as usize] = rank;
        }
        let of_event: Vec<u32> = groups.of_event.iter().map(|group| ranks[*group as usize]).collect();
        let days = days.start - length..days.end;
        let schedule = Schedule::new(events, cell.days, &days);
        let (mut tallies, mut all) = (vec![Tally::default(); ranks.len()], Tally::default());
        let rates = (0..days.len()).map(|place| {
            schedule.on(place, |event, sign| {
                all.add(events, event, sign);
                tallies[of_event[event as usize] as usize].add(events, event, sign);
            });
            let mean = expected.mean(events, all);
            tallies.iter().map(|tally| drawn(events, *tally, cell.prior, mean)).collect()
        });
        let rates = rates.collect();
        Self { of_event, first: days.start, rates }
    }

    /// Adds up what is expected of events, in the order of days and cells.
    fn expected(&self, parts: &BTreeMap<(Day, u32), i64>) -> f64 {
        let mut expected = 0.0;
        for ((day, cell), count) in parts {
            let place = usize::try_from(day - self.first).unwrap_or_default();
            expected += number(*count) * self.rates[place][*cell as usize];
        }
        expected
    }
}

impl Expected {
    /// Returns the mean of all, drawn to what it is drawn to.
    fn mean(&self, events: &Events, all: Tally) -> f64 {
        drawn(events, all, self.rate_prior, self.rate)
    }
}

/// Returns the mean of a tally, drawn to a number as by so many events.
fn drawn(events: &Events, tally: Tally, prior: f64, to: f64) -> f64 {
    let weight = number(tally.count) + prior;
    if weight > 0.0 { (events.scale.number(tally.sum) + prior * to) / weight } else { to }
}

#[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 events")]
fn number(count: i64) -> f64 {
    count as f64
}
