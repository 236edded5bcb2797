//! The report as a page: one file that needs no other, for light and dark, wide and narrow.

use std::fmt::Write as _;

use super::report::{Bins, CalibrationBin, Drift, FeatureReport, Moment, Report, ShadowReport, plus_or_minus};
use super::{MAJOR, MODERATE};

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
         <p>{rows} predictions from {from} to {to}, compared with the training data of {version}.</p>\n",
        verdict = report.verdict.in_words(),
        class = class_of(report.worst()),
        from = escape(&report.from),
        to = escape(&report.to),
        rows = report.rows,
        version = escape(&report.model_version),
    );
    page.push_str(&predictions(report));
    page.push_str(&performance(report));
    page.push_str(&shadows(report));
    page.push_str(&stability(report));
    page.push_str(&missing(report));
    page.push_str(&histograms(report));
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
    format!(
        "<h2>Predictions</h2>\n<div class=\"row\">\n<table>\n<tr><th></th><th>window</th><th>training</th></tr>\n\
         <tr><th>mean probability</th><td>{}</td><td>{:.4}</td></tr>\n\
         <tr><th>survivors</th><td>{}</td><td>{}</td></tr>\n\
         <tr><th>stability index</th><td>{}</td><td></td></tr>\n</table>\n\
         <figure>{}<figcaption>Probabilities by tenths</figcaption></figure>\n\
         <figure>{}<figcaption>Mean probability over the window</figcaption></figure>\n</div>\n",
        number(found.mean_probability),
        found.baseline_mean_probability,
        found.survivors_rate.map_or_else(|| "–".to_owned(), percent),
        percent(found.baseline_survival_rate),
        number(found.psi),
        histogram(&found.bins, "probabilities"),
        over_time(&report.over_time),
    )
}

fn performance(report: &Report) -> String {
    let Some(expected) = report.expected else { return String::new() };
    let mut rows = format!(
        "<tr><th>accuracy</th><td>{}</td><td>{}</td></tr>\n<tr><th>log loss</th><td>{:.4}</td><td>{}</td></tr>\n",
        percent(expected.accuracy),
        report.observed.as_ref().map_or_else(|| "–".to_owned(), |observed| percent(observed.accuracy)),
        expected.log_loss,
        number(report.observed.as_ref().map(|observed| observed.log_loss)),
    );
    let mut curve = "<p>No outcome is recorded for these predictions.</p>\n".to_owned();
    if let Some(observed) = &report.observed {
        let _ = write!(
            rows,
            "<tr><th>AUC</th><td></td><td>{}</td></tr>\n<tr><th>Brier score</th><td></td><td>{:.4}</td></tr>\n\
             <tr><th>outcomes</th><td></td><td>{}</td></tr>\n",
            number(observed.auc) + &plus_or_minus(observed.auc_error),
            observed.brier,
            observed.rows,
        );
        curve = format!(
            "<figure>{}<figcaption>Survival by predicted probability</figcaption></figure>\n",
            calibration(&observed.calibration)
        );
    }
    format!(
        "<h2>How good they are</h2>\n<p>Expected by their own probabilities, and observed where outcomes are recorded.</p>\n<div class=\"row\">\n<table>\n\
         <tr><th></th><th>expected</th><th>observed</th></tr>\n{rows}</table>\n{curve}</div>\n"
    )
}

/// Compares models in the shadow with what was answered; nothing where there are none.
fn shadows(report: &Report) -> String {
    report.shadows.iter().map(|(version, shadow)| compared(version, shadow)).collect()
}

fn compared(version: &str, shadow: &ShadowReport) -> String {
    let mut rows = format!(
        "<tr><th>mean probability</th><td>{:.4}</td><td>{:.4}</td></tr>\n",
        shadow.answered_mean_probability, shadow.mean_probability,
    );
    if let Some(observed) = &shadow.observed {
        let _ = write!(
            rows,
            "<tr><th>log loss</th><td>{:.4}</td><td>{:.4}</td></tr>\n<tr><th>AUC</th><td>{}</td><td>{}</td></tr>\n\
             <tr><th>outcomes</th><td></td><td>{}</td></tr>\n",
            observed.answered_log_loss,
            observed.log_loss,
            number(observed.answered_auc) + &plus_or_minus(observed.auc_error),
            number(observed.auc) + &plus_or_minus(observed.auc_error),
            observed.rows,
        );
    }
    format!(
        "<h2>In the shadow: {}</h2>\n<p>{} of the passengers were scored by it too. It is {:.4} from the answer on average, {:.4} at the most, \
         and would decide {} otherwise.</p>\n<table>\n<tr><th></th><th>answered</th><th>in the shadow</th></tr>\n{rows}</table>\n",
        escape(version),
        shadow.rows,
        shadow.mean_difference,
        shadow.largest_difference,
        percent(shadow.decided_otherwise_rate),
    )
}

fn stability(report: &Report) -> String {
    let mut features: Vec<&FeatureReport> = report.features.iter().collect();
    features.sort_by(|left, right| right.psi.unwrap_or_default().total_cmp(&left.psi.unwrap_or_default()));
    let mut rows = String::new();
    for feature in features {
        let test = feature.test.map_or_else(|| "–".to_owned(), |test| format!("{:.3}", test.p_value));
        let _ = writeln!(
            rows,
            "<tr><th>{}</th><td>{}</td><td class=\"bar\">{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(&feature.name),
            number(feature.psi),
            bar(feature),
            test,
            number(feature.mean),
            number(Some(feature.baseline_mean)),
            percent(feature.unseen_rate.unwrap_or(feature.out_of_range_rate)),
        );
    }
    format!(
        "<h2>Features by stability</h2>\n<p>The population stability index compares histograms: from {MODERATE} on a shift is moderate, from \
         {MAJOR} on it is major. The p-value is that of a Kolmogorov–Smirnov test, or of a chi-squared test for a feature of few values. \
         Unseen are values beyond those of the training data.</p>\n<div class=\"scroll\"><table>\n\
         <tr><th>feature</th><th>index</th><th></th><th>p</th><th>mean</th><th>in training</th><th>unseen</th></tr>\n{rows}</table></div>\n"
    )
}

fn bar(feature: &FeatureReport) -> String {
    let length = |psi: f64| psi.min(LONGEST_BAR) / LONGEST_BAR * 200.0;
    format!(
        "<svg viewBox=\"0 0 200 12\" role=\"img\" aria-label=\"{name}\"><rect class=\"{class}\" width=\"{width:.1}\" height=\"12\"/>\
         <path class=\"limit\" d=\"M{moderate:.1} 0V12M{major:.1} 0V12\"/></svg>",
        name = escape(&feature.name),
        class = class_of(feature.drift),
        width = length(feature.psi.unwrap_or_default()),
        moderate = length(MODERATE),
        major = length(MAJOR),
    )
}

fn missing(report: &Report) -> String {
    let rows = report.missing.iter().map(|missing| {
        let (rate, baseline) = (percent(missing.rate), percent(missing.baseline_rate));
        format!("<tr><th>{}</th><td>{rate}</td><td>{baseline}</td></tr>\n", escape(&missing.field))
    });
    format!(
        "<h2>Missing values</h2>\n<table>\n<tr><th>field</th><th>window</th><th>training</th></tr>\n{}</table>\n",
        rows.collect::<String>()
    )
}

fn histograms(report: &Report) -> String {
    let figures = report.features.iter().map(|feature| {
        let (name, class) = (escape(&feature.name), class_of(feature.drift));
        format!(
            "<figure>{}<figcaption class=\"{class}\">{name}</figcaption></figure>\n",
            histogram(&feature.bins, &feature.name)
        )
    });
    format!(
        "<h2>Features</h2>\n<p><span class=\"key training\"></span> training data <span class=\"key window\"></span> window; \
         shares by bin.</p>\n<div class=\"grid\">\n{}</div>\n",
        figures.collect::<String>()
    )
}

/// Draws two histograms side by side, as shares.
fn histogram(bins: &Bins, name: &str) -> String {
    let shares = |counts: &[u64]| -> Vec<f64> {
        let total = counts.iter().sum::<u64>().max(1);
        counts.iter().map(|&count| super::rate(count, total)).collect()
    };
    let (baseline, window) = (shares(&bins.baseline), shares(&bins.window));
    let highest = baseline.iter().chain(&window).copied().fold(f64::MIN_POSITIVE, f64::max);
    let width = 200.0 / super::to_float(baseline.len() as u64);
    let mut bars = String::new();
    for (place, (baseline, window)) in (0_u32..).zip(baseline.iter().zip(&window)) {
        for (class, share, side) in [("training", baseline, 0.1), ("window", window, 0.5)] {
            let (x, height) = ((f64::from(place) + side) * width, share / highest * 76.0);
            let (y, width) = (80.0 - height, width * 0.4);
            let _ = write!(
                bars,
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"><title>{}: {}</title></rect>",
                range(&bins.edges, place as usize),
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
fn range(edges: &[f64], bin: usize) -> String {
    match (bin.checked_sub(1).and_then(|before| edges.get(before)), edges.get(bin)) {
        (Some(from), Some(to)) => format!("{from} to {to}"),
        (None, Some(to)) => format!("below {to}"),
        (Some(from), None) => format!("{from} or more"),
        (None, None) => "all".to_owned(),
    }
}

/// Draws the mean probability of each part of the window, and how many predictions it has.
fn over_time(moments: &[Moment]) -> String {
    let most = super::to_float(moments.iter().map(|moment| moment.rows).max().unwrap_or(1).max(1));
    let (mut bars, mut points) = (String::new(), String::new());
    let width = 200.0 / super::to_float(moments.len().max(1) as u64);
    for (place, moment) in (0_u32..).zip(moments) {
        let (x, height) = (f64::from(place) * width, super::to_float(moment.rows) / most * 76.0);
        let _ = write!(
            bars,
            "<rect class=\"volume\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{height:.1}\"><title>{from}: {rows}</title></rect>",
            y = 80.0 - height,
            w = width * 0.9,
            from = escape(&moment.from),
            rows = moment.rows,
        );
        if let Some(mean) = moment.mean_probability {
            let _ = write!(
                points,
                "<circle class=\"point\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.5\"><title>{mean:.3}</title></circle>",
                x + width * 0.45,
                80.0 - mean * 76.0
            );
        }
    }
    format!(
        "<svg viewBox=\"0 0 200 82\" role=\"img\" aria-label=\"Mean probability over time\">{bars}{points}<path class=\"axis\" d=\"M0 80H200\"/></svg>"
    )
}

/// Draws how often passengers survived against what was predicted; the diagonal is what is hoped for.
fn calibration(bins: &[CalibrationBin]) -> String {
    let place = |bin: &CalibrationBin| (bin.mean_probability * 100.0, 100.0 - bin.survival_rate * 100.0);
    let line: Vec<String> = bins.iter().map(place).map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
    let points = bins.iter().map(|bin| {
        let (x, y) = place(bin);
        format!(
            "<circle class=\"point\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\"><title>{:.2} predicted, {:.2} survived, of {}</title></circle>",
            bin.mean_probability, bin.survival_rate, bin.rows
        )
    });
    format!(
        "<svg class=\"square\" viewBox=\"-2 -2 104 104\" role=\"img\" aria-label=\"Calibration\"><path class=\"limit\" d=\"M0 100L100 0\"/>\
         <path class=\"axis\" d=\"M0 0V100H100\"/><polyline class=\"line\" points=\"{}\"/>{}</svg>",
        line.join(" "),
        points.collect::<String>()
    )
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
