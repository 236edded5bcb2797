//! The window day by day: two drawings over one axis of time, and the figures behind them.

use maud::{Markup, html};

use super::drawing::{class_of, figure, fixed, places, ticks};
use super::figures::number;
use crate::lifecycle::drift::{Drift, MAJOR, MODERATE};
use crate::lifecycle::statistics::to_float;
use crate::lifecycle::timeline::DayReport;

/// The width of a drawing, and how high the upper one is, in its own units.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 120.0;

/// How high the lower one is.
const INDEX_HEIGHT: f64 = 50.0;

/// So many days are named below a drawing, at the most.
const MAX_DATES: usize = 7;

/// Points of more days would be one line.
const MAX_POINTS: usize = 100;

/// Shows the days; nothing of a table without a time. `reached` is the largest index of a day of the training data.
pub(super) fn by_day(days: &[DayReport], reached: Option<f64>) -> Markup {
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return html! {} };
    let has_means = days.iter().any(|day| day.mean.is_some());
    let (low, high) = range(days);
    html! {
        h2 { "Day by day" }
        p {
            span class="key volume" {} " predictions"
            @if has_means {
                " " span class="key window" {} " mean prediction"
                @if days.iter().any(|day| day.observed.is_some()) { " " span class="key observed" {} " observed, where outcomes are known" }
            }
        }
        div.days.scroll {
            (figure(&means(days, low, high), &if has_means {
                format!("{} to {}, from {low:.2} to {high:.2}", first.date, last.date)
            } else {
                format!("{} to {}", first.date, last.date)
            }))
            @if days.iter().any(|day| day.index.is_some()) { (figure(&indices(days, reached), &said_of_indices(reached))) }
        }
        details {
            summary { "The figures" }
            div.scroll {
                table {
                    tr { th { "day" } th { "predictions" } th { "mean" } th { "outcomes" } th { "observed" } th { "index" } }
                    @for day in days {
                        tr {
                            th { (day.date) } td { (day.rows) } td { (number(day.mean)) } td { (day.outcomes) }
                            td { (number(day.observed)) } td { (number(day.index)) }
                        }
                    }
                }
            }
        }
    }
}

/// Returns from where to where means are drawn: rates from 0 on, numbers from the least.
fn range(days: &[DayReport]) -> (f64, f64) {
    let means = days.iter().flat_map(|day| [day.mean, day.observed]).flatten();
    let (low, high) =
        means.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), mean| (low.min(mean), high.max(mean)));
    let low = if (0.0..=1.0).contains(&low) && high <= 1.0 { 0.0 } else { low };
    if low < high { (low, high) } else { (low.min(0.0), high.max(1.0)) }
}

/// Draws the number of predictions of each day, their mean, and what was observed.
fn means(days: &[DayReport], low: f64, high: f64) -> Markup {
    let most = to_float(days.iter().map(|day| day.rows).max().unwrap_or(1).max(1));
    let width = WIDTH / to_float(days.len() as u64);
    let middle = |place: u32| f64::from(place) * width + width / 2.0;
    let y = |mean: f64| HEIGHT - (mean - low) / (high - low) * (HEIGHT - 4.0);
    let placed = |value: fn(&DayReport) -> Option<f64>| -> Vec<(f64, f64, String)> {
        let known = (0..).zip(days).filter_map(|(place, day)| Some((place, day, value(day)?)));
        known.map(|(place, day, mean)| (middle(place), y(mean), format!("{}: {mean:.3}", day.date))).collect()
    };
    html! {
        svg viewBox="0 0 600 134" role="img" aria-label="Predictions and outcomes by day" {
            @for (place, day) in (0_u32..).zip(days) {
                @let height = to_float(day.rows) / most * HEIGHT;
                rect.volume x=(fixed(f64::from(place) * width)) y=(fixed(HEIGHT - height)) width=(fixed(width * 0.9)) height=(fixed(height)) {
                    title { (day.date) ": " (day.rows) }
                }
            }
            @for (line, point, points) in [
                ("line observed", "point observed", placed(|day| day.observed)),
                ("line", "point", placed(|day| day.mean)),
            ] {
                polyline class=(line) points=(points.iter().map(|(x, y, _)| format!("{x:.1} {y:.1}")).collect::<Vec<_>>().join(" ")) {}
                @if points.len() <= MAX_POINTS {
                    @for (x, y, said) in &points {
                        circle class=(point) cx=(fixed(*x)) cy=(fixed(*y)) r="2.2" { title { (said) } }
                    }
                }
            }
            path.axis d={ "M0 " (HEIGHT) "H" (WIDTH) } {}
            (ticks(HEIGHT, WIDTH, &dates(days)))
            @if days.iter().any(|day| day.mean.is_some()) {
                @for mean in [high, f64::midpoint(low, high)] {
                    path.limit d={ "M0 " (fixed(y(mean))) "H" (WIDTH) } {}
                    text.tick x="2" y=(fixed(y(mean) + 9.0)) { (format!("{mean:.2}")) }
                }
            }
        }
    }
}

/// Returns some days, each with where it is drawn.
fn dates(days: &[DayReport]) -> Vec<(f64, String)> {
    let width = WIDTH / to_float(days.len() as u64);
    let placed = |place: usize| (to_float(place as u64) * width + width / 2.0, days[place].date.clone());
    places(days.len(), MAX_DATES).into_iter().map(placed).collect()
}

fn said_of_indices(reached: Option<f64>) -> String {
    let limit = match reached {
        Some(reached) => format!("line at {reached:.2}, which days of the training data reach"),
        None => format!("lines at {MODERATE} and {MAJOR}"),
    };
    format!("Stability index of the predictions of each day; {limit}")
}

/// Draws the stability index of each day beside what days of the training data reach, or the limits of what is moderate and major.
fn indices(days: &[DayReport], reached: Option<f64>) -> Markup {
    let width = WIDTH / to_float(days.len() as u64);
    let highest = days.iter().filter_map(|day| day.index).chain(reached).fold(MAJOR, f64::max);
    let height = |index: f64| index / highest * (INDEX_HEIGHT - 1.0);
    let limit = |index: f64| format!("M0 {}H{WIDTH}", fixed(INDEX_HEIGHT - height(index)));
    let limits = reached.map_or_else(|| limit(MODERATE) + &limit(MAJOR), limit);
    let class = |index: f64| match (Drift::from_index(index), reached) {
        (Drift::None, _) => "window",
        (_, Some(reached)) if index <= reached => "window",
        (drift, _) => class_of(Some(drift)),
    };
    html! {
        svg viewBox="0 0 600 64" role="img" aria-label="Stability index by day" {
            @for (place, day, index) in (0_u32..).zip(days).filter_map(|(place, day)| Some((place, day, day.index?))) {
                rect class=(class(index)) x=(fixed(f64::from(place) * width)) y=(fixed(INDEX_HEIGHT - height(index)))
                    width=(fixed(width * 0.9)) height=(fixed(height(index))) { title { (day.date) ": " (format!("{index:.3}")) } }
            }
            path.limit d=(limits) {}
            path.axis d={ "M0 " (INDEX_HEIGHT) "H" (WIDTH) } {}
            (ticks(INDEX_HEIGHT, WIDTH, &dates(days)))
            text.tick x="2" y="9" { (format!("{highest:.2}")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(date: &str, mean: Option<f64>, observed: Option<f64>, index: Option<f64>) -> DayReport {
        DayReport { date: date.to_owned(), rows: 900, mean, outcomes: 0, observed, index }
    }

    #[test]
    fn a_day_is_drawn_with_what_is_known_of_it() {
        assert_eq!(by_day(&[], None).into_string(), "");
        let days = [day("2024-01-01", Some(0.2), Some(0.4), Some(0.3)), day("2024-01-02", Some(0.3), None, None)];
        let page = by_day(&days, None).into_string();
        assert!(page.contains("from 0.00 to 0.40") && page.contains("2024-01-01: 0.400"), "{page}");
        assert_eq!((page.matches("<circle").count(), page.matches("class=\"major\"").count()), (3, 1), "{page}");
        assert_eq!(page.matches(">2024-01-02</text>").count(), 2, "each drawing names its days: {page}");
        assert!(page.contains(">0.40</text>") && page.contains(">0.20</text>"), "{page}");
        let excused = by_day(&days, Some(0.4)).into_string();
        assert!(!excused.contains("class=\"major\"") && excused.contains("line at 0.40"), "{excused}");
        let classes = by_day(&[day("2024-01-01", None, None, Some(0.0))], None).into_string();
        assert!(!classes.contains("mean prediction") && !classes.contains("NaN"), "{classes}");
        assert_eq!(range(&[day("", Some(1e6), None, None)]), (0.0, 1e6));
        assert_eq!(range(&[day("", Some(-3.0), Some(5.0), None)]), (-3.0, 5.0));
    }
}
