//! The report as a page: one file that needs no other, for light and dark, wide and narrow.

use std::fmt::Write as _;

use super::drift::{ColumnDrift, Drift, Histograms, MAJOR, MODERATE};
use super::performance::Performance;
use super::performance::calibration::CalibrationBin;
use super::performance::regression::ValueBin;
use super::report::{Moment, Report, ShadowReport};
use super::statistics::to_float;
use super::watch::worst;

/// Stability indices are drawn up to here; a longer bar is cut.
const LONGEST_BAR: f64 = 1.0;

const STYLE: &str = include_str!("report.css");

/// Returns the report as a page.
pub fn page(report: &Report) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{verdict}: {from} to {to}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <h1>What passed through the model: <span class=\"{class}\">{verdict}</span></h1>\n\
         <p>{rows} predictions of {model} from {from} to {to}, compared with the training data of {version}.</p>\n",
        verdict = report.verdict.in_words(),
        class = class_of(worst(report.columns())),
        from = escape(&report.from),
        to = escape(&report.to),
        model = escape(&report.model),
        rows = report.rows,
        version = escape(&report.model_version),
    );
    page.push_str(&predictions(report));
    page.push_str(&performance(report));
    page.push_str(&shadows(report));
    for (title, columns) in [("Fields", &report.fields), ("Features", &report.features)] {
        if !columns.is_empty() {
            page.push_str(&stability(title, columns));
            page.push_str(&histograms(title, columns));
        }
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn class_of(drift: Option<Drift>) -> &'static str {
    match drift {
        Some(Drift::Major) => "major",
        Some(Drift::Moderate) => "moderate",
        Some(Drift::None) => "stable",
        None => "unjudged",
    }
}

fn predictions(report: &Report) -> String {
    let found = &report.predictions;
    let positive =
        report.positive_rate.map(|rate| format!("<tr><th>positive</th><td>{}</td><td></td></tr>\n", percent(rate)));
    format!(
        "<h2>Predictions of {}</h2>\n<div class=\"row\">\n<table>\n<tr><th></th><th>window</th><th>training</th></tr>\n\
         <tr><th>mean</th><td>{}</td><td>{}</td></tr>\n{}\
         <tr><th>stability index</th><td>{}</td><td></td></tr>\n</table>\n\
         <figure>{}<figcaption>Predictions by bin</figcaption></figure>\n\
         <figure>{}<figcaption>Predictions over the window, and their mean</figcaption></figure>\n</div>\n",
        escape(&found.name),
        number(found.mean),
        number(found.baseline_mean),
        positive.unwrap_or_default(),
        number(found.index.map(|index| index.judged)),
        histogram(&found.bins, "predictions"),
        over_time(&report.over_time),
    )
}

fn performance(report: &Report) -> String {
    let mut rows = String::new();
    let expected = report.expected;
    for (name, expected, observed) in [
        ("accuracy", expected.map(|expected| expected.accuracy), report.observed.as_ref().and_then(accuracy)),
        ("log loss", expected.map(|expected| expected.log_loss), report.observed.as_ref().and_then(log_loss)),
    ] {
        if expected.is_some() || observed.is_some() {
            let _ =
                writeln!(rows, "<tr><th>{name}</th><td>{}</td><td>{}</td></tr>", number(expected), number(observed));
        }
    }
    let curve = match &report.observed {
        None => "<p>No outcome is recorded for these predictions.</p>\n".to_owned(),
        Some(observed) => {
            for (name, value) in figures(observed) {
                let _ = writeln!(rows, "<tr><th>{name}</th><td></td><td>{value}</td></tr>");
            }
            curve(observed)
        }
    };
    if rows.is_empty() {
        return String::new();
    }
    format!(
        "<h2>How good they are</h2>\n<p>Expected by their own probabilities, and observed where outcomes are recorded.</p>\n<div class=\"row\">\n<table>\n\
         <tr><th></th><th>expected</th><th>observed</th></tr>\n{rows}</table>\n{curve}</div>\n"
    )
}

fn accuracy(performance: &Performance) -> Option<f64> {
    match performance {
        Performance::Binary(binary) => Some(binary.accuracy),
        Performance::Multiclass(classes) => Some(classes.accuracy),
        Performance::Regression(_) => None,
    }
}

fn log_loss(performance: &Performance) -> Option<f64> {
    match performance {
        Performance::Binary(binary) => Some(binary.log_loss),
        Performance::Multiclass(classes) => Some(classes.log_loss),
        Performance::Regression(_) => None,
    }
}

/// Returns what else there is to tell, by name.
fn figures(performance: &Performance) -> Vec<(&'static str, String)> {
    match performance {
        Performance::Binary(binary) => vec![
            ("AUC", number(binary.auc) + &plus_or_minus(binary.auc_error)),
            ("Brier score", number(Some(binary.brier))),
            ("calibration slope", number(binary.recalibration.as_ref().map(|line| line.slope))),
            ("calibration intercept", number(binary.recalibration.as_ref().map(|line| line.intercept))),
            ("outcomes", binary.rows.to_string()),
        ],
        Performance::Multiclass(classes) => vec![
            ("AUC, macro", number(classes.auc) + &plus_or_minus(classes.auc_error)),
            ("F1, macro", number(Some(classes.f1))),
            ("Brier score", number(Some(classes.brier))),
            ("outcomes", classes.rows.to_string()),
        ],
        Performance::Regression(numbers) => vec![
            ("RMSE", number(Some(numbers.rmse))),
            ("MAE", number(Some(numbers.mae))),
            ("R²", number(numbers.r2)),
            ("mean error", number(Some(numbers.mean_error))),
            ("outcomes", numbers.rows.to_string()),
        ],
    }
}

fn curve(performance: &Performance) -> String {
    match performance {
        Performance::Binary(binary) => {
            figure(&calibration(&binary.calibration), "What happens by predicted probability")
        }
        Performance::Multiclass(classes) => {
            figure(&calibration(&classes.calibration), "How often the predicted class is right by its probability")
        }
        Performance::Regression(numbers) => {
            figure(&value_calibration(&numbers.calibration), "What happens by what is predicted")
        }
    }
}

fn figure(drawing: &str, caption: &str) -> String {
    format!("<figure>{drawing}<figcaption>{caption}</figcaption></figure>\n")
}

/// Returns the error of a number to a millionth, rounded up, to stand behind the number; nothing where there is none.
pub fn plus_or_minus(error: f64) -> String {
    if error > 0.0 { format!(" ± {:.6}", (error * 1e6).ceil() / 1e6) } else { String::new() }
}

/// Compares models in the shadow with what was answered; nothing where there are none.
fn shadows(report: &Report) -> String {
    report.shadows.iter().map(|(version, shadow)| compared(version, shadow)).collect()
}

fn compared(version: &str, shadow: &ShadowReport) -> String {
    let mut rows =
        format!("<tr><th>mean</th><td>{}</td><td>{}</td></tr>\n", number(shadow.answered_mean), number(shadow.mean));
    if let (Some(answered), Some(said)) = (&shadow.answered_observed, &shadow.observed) {
        let of = |performance: &Performance| -> Vec<(&'static str, String)> {
            let first = [("accuracy", accuracy(performance)), ("log loss", log_loss(performance))];
            let known = first.into_iter().filter_map(|(name, value)| Some((name, number(Some(value?)))));
            known.chain(figures(performance)).collect()
        };
        for ((name, answered), (_, said)) in of(answered).into_iter().zip(of(said)) {
            let _ = writeln!(rows, "<tr><th>{name}</th><td>{answered}</td><td>{said}</td></tr>");
        }
    }
    format!(
        "<h2>In the shadow: {}</h2>\n<p>{} of the records were scored by it too. It is {} from the answer on average, {} at the most, \
         and would decide {} otherwise.</p>\n<table>\n<tr><th></th><th>answered</th><th>in the shadow</th></tr>\n{rows}</table>\n",
        escape(version),
        shadow.rows,
        number(shadow.mean_difference),
        number(shadow.largest_difference),
        shadow.decided_otherwise_rate.map_or_else(|| "–".to_owned(), percent),
    )
}

fn stability(title: &str, columns: &[ColumnDrift]) -> String {
    let judged = |column: &ColumnDrift| column.index.map_or(0.0, |index| index.judged);
    let mut sorted: Vec<&ColumnDrift> = columns.iter().collect();
    sorted.sort_by(|left, right| judged(right).total_cmp(&judged(left)));
    let mut rows = String::new();
    for column in sorted {
        let test = column.test.map_or_else(|| "–".to_owned(), |test| format!("{:.3}", test.p_value));
        let share = |rate: Option<f64>| rate.map_or_else(|| "–".to_owned(), percent);
        let _ = writeln!(
            rows,
            "<tr><th>{}</th><td>{}</td><td class=\"bar\">{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(&column.name),
            number(column.index.map(|index| index.judged)),
            bar(column),
            test,
            number(column.mean),
            number(column.baseline_mean),
            share(column.unseen_rate.or(column.out_of_range_rate)),
            share(column.missing_rate),
            share(column.baseline_missing_rate),
        );
    }
    format!(
        "<h2>{title} by stability</h2>\n<p>The population stability index compares histograms; what it is by chance is taken off. From \
         {MODERATE} on a shift is moderate, from {MAJOR} on it is major. The p-value is that of a Kolmogorov–Smirnov test, or of a \
         chi-squared test where there are few values. Unseen are values that the training data does not have, or beyond its range.</p>\n\
         <div class=\"scroll\"><table>\n<tr><th></th><th>index</th><th></th><th>p</th><th>mean</th><th>in training</th><th>unseen</th>\
         <th>missing</th><th>in training</th></tr>\n{rows}</table></div>\n"
    )
}

fn bar(column: &ColumnDrift) -> String {
    let length = |index: f64| index.min(LONGEST_BAR) / LONGEST_BAR * 200.0;
    format!(
        "<svg viewBox=\"0 0 200 12\" role=\"img\" aria-label=\"{name}\"><rect class=\"{class}\" width=\"{width:.1}\" height=\"12\"/>\
         <path class=\"limit\" d=\"M{moderate:.1} 0V12M{major:.1} 0V12\"/></svg>",
        name = escape(&column.name),
        class = class_of(column.drift),
        width = length(column.index.map_or(0.0, |index| index.judged)),
        moderate = length(MODERATE),
        major = length(MAJOR),
    )
}

fn histograms(title: &str, columns: &[ColumnDrift]) -> String {
    let figures = columns.iter().filter(|column| !column.bins.baseline.is_empty()).map(|column| {
        let (name, class) = (escape(&column.name), class_of(column.drift));
        format!(
            "<figure>{}<figcaption class=\"{class}\">{name}</figcaption></figure>\n",
            histogram(&column.bins, &column.name)
        )
    });
    format!(
        "<h2>{title}</h2>\n<p><span class=\"key training\"></span> training data <span class=\"key window\"></span> window; \
         shares by bin.</p>\n<div class=\"grid\">\n{}</div>\n",
        figures.collect::<String>()
    )
}

/// Draws two histograms side by side, as shares.
fn histogram(bins: &Histograms, name: &str) -> String {
    let shares = |counts: &[u64]| -> Vec<f64> {
        let total = counts.iter().sum::<u64>().max(1);
        counts.iter().map(|&count| to_float(count) / to_float(total)).collect()
    };
    let (baseline, window) = (shares(&bins.baseline), shares(&bins.window));
    let highest = baseline.iter().chain(&window).copied().fold(f64::MIN_POSITIVE, f64::max);
    let width = 200.0 / to_float(baseline.len() as u64);
    let mut bars = String::new();
    for (place, (baseline, window)) in (0_u32..).zip(baseline.iter().zip(&window)) {
        for (class, share, side) in [("training", baseline, 0.1), ("window", window, 0.5)] {
            let (x, height) = ((f64::from(place) + side) * width, share / highest * 76.0);
            let (y, width) = (80.0 - height, width * 0.4);
            let _ = write!(
                bars,
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"><title>{}: {}</title></rect>",
                escape(&range(bins, place as usize)),
                percent(*share),
            );
        }
    }
    format!(
        "<svg viewBox=\"0 0 200 82\" role=\"img\" aria-label=\"Histograms of {}\">{bars}<path class=\"axis\" d=\"M0 80H200\"/></svg>",
        escape(name)
    )
}

/// Returns which values a bin holds.
fn range(bins: &Histograms, bin: usize) -> String {
    if let Some(label) = bins.labels.as_ref().and_then(|labels| labels.get(bin)) {
        return label.clone();
    }
    let edges = bins.edges.as_deref().unwrap_or_default();
    match (bin.checked_sub(1).and_then(|before| edges.get(before)), edges.get(bin)) {
        (Some(from), Some(to)) => format!("{from} to {to}"),
        (None, Some(to)) => format!("below {to}"),
        (Some(from), None) => format!("{from} or more"),
        (None, None) => "all".to_owned(),
    }
}

/// Draws the mean prediction of each part of the window, and how many predictions it has.
fn over_time(moments: &[Moment]) -> String {
    let most = to_float(moments.iter().map(|moment| moment.rows).max().unwrap_or(1).max(1));
    let (mut bars, mut points) = (String::new(), String::new());
    let means = moments.iter().filter_map(|moment| moment.mean);
    let (low, high) = means.fold((0.0_f64, 1.0_f64), |(low, high), mean| (low.min(mean), high.max(mean)));
    let width = 200.0 / to_float(moments.len().max(1) as u64);
    for (place, moment) in (0_u32..).zip(moments) {
        let (x, height) = (f64::from(place) * width, to_float(moment.rows) / most * 76.0);
        let _ = write!(
            bars,
            "<rect class=\"volume\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{height:.1}\"><title>{from}: {rows}</title></rect>",
            y = 80.0 - height,
            w = width * 0.9,
            from = escape(&moment.from),
            rows = moment.rows,
        );
        if let Some(mean) = moment.mean {
            let _ = write!(
                points,
                "<circle class=\"point\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.5\"><title>{mean:.3}</title></circle>",
                x + width * 0.45,
                80.0 - (mean - low) / (high - low) * 76.0
            );
        }
    }
    format!(
        "<svg viewBox=\"0 0 200 82\" role=\"img\" aria-label=\"Mean prediction over time\">{bars}{points}<path class=\"axis\" d=\"M0 80H200\"/></svg>"
    )
}

/// Draws how often something happens against how likely it is said to be; the diagonal is what is hoped for.
fn calibration(bins: &[CalibrationBin]) -> String {
    let place = |bin: &CalibrationBin| (bin.mean_probability * 100.0, 100.0 - bin.rate * 100.0);
    let line: Vec<String> = bins.iter().map(place).map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
    let points = bins.iter().map(|bin| {
        let (x, y) = place(bin);
        format!(
            "<circle class=\"point\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\"><title>{:.2} predicted, {:.2} happened, of {}</title></circle>",
            bin.mean_probability, bin.rate, bin.rows
        )
    });
    format!(
        "<svg class=\"square\" viewBox=\"-2 -2 104 104\" role=\"img\" aria-label=\"Calibration\"><path class=\"limit\" d=\"M0 100L100 0\"/>\
         <path class=\"axis\" d=\"M0 0V100H100\"/><polyline class=\"line\" points=\"{}\"/>{}</svg>",
        line.join(" "),
        points.collect::<String>()
    )
}

/// Draws what happens against what is predicted, between the least and the greatest of both.
fn value_calibration(bins: &[ValueBin]) -> String {
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

fn number(number: Option<f64>) -> String {
    number.map_or_else(|| "–".to_owned(), |number| format!("{number:.4}"))
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
