//! Drawings in SVG, by the classes of `report.css`.

use maud::{Markup, html};

use super::figures::percent;
use crate::lifecycle::drift::{Drift, Histograms, MAJOR, MODERATE};
use crate::lifecycle::performance::calibration::CalibrationBin;
use crate::lifecycle::performance::regression::ValueBin;
use crate::lifecycle::report::Moment;
use crate::lifecycle::statistics::to_float;

/// Stability indices are drawn up to here; a longer bar is cut.
const LONGEST_BAR: f64 = 1.0;

/// The width of a drawing, and how high its bars are, in its own units.
const WIDTH: f64 = 200.0;
const HEIGHT: f64 = 76.0;

/// Where bars stand.
const GROUND: f64 = 80.0;

/// Returns the class of what has shifted so far.
pub(super) fn class_of(drift: Option<Drift>) -> &'static str {
    match drift {
        Some(Drift::Major) => "major",
        Some(Drift::Moderate) => "moderate",
        Some(Drift::None) => "stable",
        None => "unjudged",
    }
}

/// Puts a caption under a drawing.
pub(super) fn figure(drawing: &Markup, caption: &str) -> Markup {
    html! { figure { (drawing) figcaption { (caption) } } }
}

/// Draws a stability index beside the limits of what is moderate and major.
pub(super) fn bar(name: &str, class: &str, index: f64) -> Markup {
    let length = |index: f64| fixed(index.min(LONGEST_BAR) / LONGEST_BAR * WIDTH);
    html! {
        svg viewBox="0 0 200 12" role="img" aria-label=(name) {
            rect class=(class) width=(length(index)) height="12" {}
            path.limit d={ "M" (length(MODERATE)) " 0V12M" (length(MAJOR)) " 0V12" } {}
        }
    }
}

/// Draws two histograms side by side, as shares.
pub(super) fn histogram(bins: &Histograms, name: &str, shown: impl Fn(f64) -> String) -> Markup {
    let shares = |counts: &[u64]| -> Vec<f64> {
        let total = counts.iter().sum::<u64>().max(1);
        counts.iter().map(|&count| to_float(count) / to_float(total)).collect()
    };
    let (baseline, window) = (shares(&bins.baseline), shares(&bins.window));
    let highest = baseline.iter().chain(&window).copied().fold(f64::MIN_POSITIVE, f64::max);
    let width = WIDTH / to_float(baseline.len() as u64);
    html! {
        svg viewBox="0 0 200 82" role="img" aria-label={ "Histograms of " (name) } {
            @for (place, (&baseline, &window)) in (0_u32..).zip(baseline.iter().zip(&window)) {
                @for (class, share, side) in [("training", baseline, 0.1), ("window", window, 0.5)] {
                    (column(class, (f64::from(place) + side) * width, width * 0.4, share / highest, &format!(
                        "{}: {}", range(bins, place as usize, &shown), percent(share)
                    )))
                }
            }
            (axis())
        }
    }
}

/// Writes what stands at some places of an axis, from the left: first to last, with a mark at each.
pub(super) fn ticks(ground: f64, width: f64, labels: &[(f64, String)]) -> Markup {
    let side = |x: f64| {
        if x < width * 0.1 {
            "start"
        } else if x > width * 0.9 {
            "end"
        } else {
            "middle"
        }
    };
    html! {
        @for (x, label) in labels {
            path.axis d={ "M" (fixed(*x)) " " (fixed(ground)) "v3" } {}
            text.tick x=(fixed(*x)) y=(fixed(ground + 11.0)) text-anchor=(side(*x)) { (label) }
        }
    }
}

/// Returns at most so many places of a list, evenly apart, the first and the last among them.
pub(super) fn places(length: usize, most: usize) -> Vec<usize> {
    let last = length.saturating_sub(1);
    let gaps = most.saturating_sub(1).min(last).max(1);
    let mut places: Vec<usize> = (0..=gaps).map(|place| place * last / gaps).collect();
    places.dedup();
    places
}

/// Draws a column of so much of the height, and what it says.
fn column(class: &str, x: f64, width: f64, share: f64, title: &str) -> Markup {
    let height = share * HEIGHT;
    html! {
        rect class=(class) x=(fixed(x)) y=(fixed(GROUND - height)) width=(fixed(width)) height=(fixed(height)) { title { (title) } }
    }
}

fn axis() -> Markup {
    html! { path.axis d="M0 80H200" {} }
}

/// Returns which values a bin holds.
fn range(bins: &Histograms, bin: usize, shown: &impl Fn(f64) -> String) -> String {
    if let Some(label) = bins.labels.as_ref().and_then(|labels| labels.get(bin)) {
        return label.clone();
    }
    let edges = bins.edges.as_deref().unwrap_or_default();
    match (
        bin.checked_sub(1).and_then(|before| edges.get(before)).map(|edge| shown(*edge)),
        edges.get(bin).map(|edge| shown(*edge)),
    ) {
        (Some(from), Some(to)) => format!("{from} to {to}"),
        (None, Some(to)) => format!("below {to}"),
        (Some(from), None) => format!("{from} or more"),
        (None, None) => "all".to_owned(),
    }
}

/// Draws the mean prediction of each part of the window, and how many predictions it has.
pub(super) fn over_time(moments: &[Moment]) -> Markup {
    let most = to_float(moments.iter().map(|moment| moment.rows).max().unwrap_or(1).max(1));
    let means = moments.iter().filter_map(|moment| moment.mean);
    let (low, high) = means.fold((0.0_f64, 1.0_f64), |(low, high), mean| (low.min(mean), high.max(mean)));
    let width = WIDTH / to_float(moments.len().max(1) as u64);
    let placed = || (0_u32..).zip(moments).map(|(place, moment)| (f64::from(place) * width, moment));
    let began: Vec<(f64, &Moment)> = placed().collect();
    let named = places(began.len(), 2).into_iter().filter_map(|place| began.get(place));
    let labels: Vec<(f64, String)> = named
        .map(|(x, moment)| (x + width * 0.45, moment.from.chars().take(16).collect::<String>().replace('T', " ")))
        .collect();
    html! {
        svg viewBox="0 0 200 94" role="img" aria-label="Predictions over time" {
            @for (x, moment) in placed() {
                (column("volume", x, width * 0.9, to_float(moment.rows) / most, &format!("{}: {}", moment.from, moment.rows)))
            }
            @for (x, mean) in placed().filter_map(|(x, moment)| Some((x, moment.mean?))) {
                (point(x + width * 0.45, GROUND - (mean - low) / (high - low) * HEIGHT, &format!("{mean:.3}")))
            }
            (axis())
            (ticks(GROUND, WIDTH, &labels))
        }
    }
}

fn point(x: f64, y: f64, title: &str) -> Markup {
    html! { circle.point cx=(fixed(x)) cy=(fixed(y)) r="2.5" { title { (title) } } }
}

/// Draws how often something happens against how likely it is said to be; the diagonal is what is hoped for.
pub(super) fn calibration(bins: &[CalibrationBin]) -> Markup {
    let place = |bin: &CalibrationBin| (bin.mean_probability * 100.0, 100.0 - bin.rate * 100.0);
    let line: Vec<String> = bins.iter().map(place).map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
    html! {
        svg.square viewBox="-4 -4 108 108" role="img" aria-label="Calibration" {
            path.limit d="M0 100L100 0" {}
            path.axis d="M0 0V100H100" {}
            polyline.line points=(line.join(" ")) {}
            @for (bin, (x, y)) in bins.iter().map(|bin| (bin, place(bin))) {
                (point(x, y, &format!("{:.2} predicted, {:.2} happened, of {}", bin.mean_probability, bin.rate, bin.rows)))
            }
        }
    }
}

/// Draws what happens against what is predicted, between the least and the greatest of both.
pub(super) fn value_calibration(bins: &[ValueBin]) -> Markup {
    let values = bins.iter().flat_map(|bin| [bin.mean_answer, bin.mean_outcome]);
    let (low, high) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    let span = (high - low).max(f64::MIN_POSITIVE);
    let scaled = |value: f64| (value - low) / span;
    let bins: Vec<CalibrationBin> = bins
        .iter()
        .map(|bin| CalibrationBin {
            from: bin.from.map_or(0.0, scaled),
            rows: bin.rows,
            mean_probability: scaled(bin.mean_answer),
            rate: scaled(bin.mean_outcome),
        })
        .collect();
    calibration(&bins)
}

/// Returns a length as it is written.
pub(super) fn fixed(length: f64) -> String {
    format!("{length:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_is_marked_from_its_first_place_to_its_last() {
        assert_eq!(places(366, 7), [0, 60, 121, 182, 243, 304, 365]);
        assert_eq!((places(3, 7), places(1, 7), places(0, 7)), (vec![0, 1, 2], vec![0], vec![0]));
        let drawn =
            ticks(80.0, 200.0, &[(1.0, "2013-01-01".to_owned()), (199.0, "2013-12-31".to_owned())]).into_string();
        assert!(
            drawn.contains("text-anchor=\"start\">2013-01-01<") && drawn.contains("text-anchor=\"end\">2013-12-31<"),
            "{drawn}"
        );
    }

    #[test]
    fn a_name_stays_a_text() {
        let drawing = bar("<b>\"&", "stable", 0.5).into_string();
        assert!(drawing.contains("aria-label=\"&lt;b&gt;&quot;&amp;\""), "{drawing}");
        assert!(drawing.contains("width=\"100.0\""), "{drawing}");
    }
}
