//! `lifeboat monitor`: what passed through the model, against what it was trained on.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use comfy_table::CellAlignment;
use jiff::Timestamp;

use super::counted::counted;
use super::failure::FOUND;
use super::format::{self, Known};
use super::options::{self, DatabaseOption, PackageOption, WindowOption};
use super::output::Output;
use super::table::{plain_table, text};
use crate::lifecycle::blocks::BlockReport;
use crate::lifecycle::column_drift::ColumnDrift;
use crate::lifecycle::drift::Drift;
use crate::lifecycle::html;
use crate::lifecycle::performance::Performance;
use crate::lifecycle::report::Report;
use crate::lifecycle::reports::Reports;
use crate::service::PredictionService;
use crate::start;

/// Compares stored predictions with what the package was trained on; ends with 3 when a field, a feature or the predictions have drifted far, or answers have become worse. Where a table has a time, outcomes that tell that answers
/// are as good as ever make a warning of far drift, which ends with 0. Only
/// predictions of the sample are read: those that `MONITOR_SAMPLE_RATE` let be read by time when they were stored.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat monitor
  lifeboat monitor --since 7d -o report.html
  lifeboat monitor --since 24h --keep --quiet                             # each night, by cron
  lifeboat monitor --from 2026-11-01 --to 2026-11-08 --format json | jq '.features[] | select(.drift == \"major\") | .name'")]
pub(super) struct MonitorArgs {
    #[command(flatten)]
    window: WindowOption,
    /// How the report is written [default: table, or what the extension of the output says]
    #[arg(long)]
    format: Option<ReportFormat>,
    /// File for the report; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// Keeps the report beside the predictions, where `GET /monitor` finds it
    #[arg(long)]
    keep: bool,
    #[command(flatten)]
    database: DatabaseOption,
    #[command(flatten)]
    package: PackageOption,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum ReportFormat {
    /// For people, without the histograms.
    Table,
    /// As `GET /monitor` answers it.
    Json,
    /// A page with plots, in one file.
    Html,
}

const FORMATS: &Known<ReportFormat> =
    &[(ReportFormat::Html, &["html", "htm"]), (ReportFormat::Json, &["json"]), (ReportFormat::Table, &["txt"])];

/// Writes the report.
pub(super) fn monitor(args: &MonitorArgs, quiet: bool) -> anyhow::Result<ExitCode> {
    let window = args.window.window(Timestamp::now())?;
    let format = format::of_output(args.format, FORMATS, &args.output)?.unwrap_or(ReportFormat::Table);
    let config = options::config(&[args.database.setting(), args.package.setting()])?;
    let package = start::open_package(&config)?;
    let store = options::existing_store(&config, &package)?;
    let reports = Reports::new(PredictionService::new(package, store));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(async {
        let report = reports.report(window).await?;
        if args.keep {
            reports.keep(window, &report).await?;
        }
        anyhow::Ok(report)
    })?;
    let is_alarm = report.verdict.is_alarm();
    let is_for_people = matches!(format, ReportFormat::Table) && args.output == Path::new("-");
    let mut output = Output::create(&args.output)?;
    match format {
        ReportFormat::Table if is_for_people && quiet && !is_alarm => {}
        ReportFormat::Table => writeln!(output, "{}", tell(&report))?,
        ReportFormat::Json => {
            serde_json::to_writer_pretty(&mut output, &report)?;
            writeln!(output)?;
        }
        ReportFormat::Html => output.write_all(html::page(&report).as_bytes())?,
    }
    output.finish()?;
    Ok(if is_alarm { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
}

fn tell(report: &Report) -> String {
    let mut facts = plain_table();
    let mut fact = |name: &str, value: String| {
        facts.add_row([name.to_owned(), value]);
    };
    fact("verdict", report.verdict.in_words().to_owned());
    if let Some(basis) = report.rests_on {
        fact("rests on", basis.in_words().to_owned());
    }
    fact("window", format!("{} to {}", report.from, report.to));
    fact("predictions", report.rows.to_string());
    if report.deleted > 0 {
        fact("deleted", format!("{} more of the sample, of the days of the window", report.deleted));
    }
    fact("read from", "the sample of MONITOR_SAMPLE_RATE".to_owned());
    fact("compared with", format!("the training data of {} {}", report.model, report.model_version));
    let found = &report.predictions;
    if let Some(blocks) = found.blocks {
        let BlockReport { window_days, count, .. } = blocks;
        fact("days", format!("{window_days}; the training data has {} of as many", counted(count, "block")));
    }
    let shift = found.index.map_or_else(String::new, |index| format!(", stability index {:.3}", index.judged));
    if found.mean.or(found.baseline_mean).is_some() {
        fact("mean prediction", format!("{} (training {}){shift}", number(found.mean), number(found.baseline_mean)));
    } else if let Some(index) = found.index {
        fact("predictions' index", format!("{:.3}", index.judged));
    }
    if let Some(expected) = report.expected {
        fact("expected", format!("accuracy {}, log loss {:.4}", percent(expected.accuracy), expected.log_loss));
    }
    if let Some(observed) = &report.observed {
        fact("observed", figures(observed));
        fact("outcomes known", format!("of {}", report.known_rate.map_or_else(|| "-".to_owned(), percent)));
    }
    if let Some(standing) = &report.standing {
        for measure in &standing.measures {
            fact(measure.kind.in_words(), html::in_words(measure));
        }
        if let Some(why) = &standing.unjudged {
            fact("quality", format!("not judged: {why}"));
        } else if let Some(completeness) = standing.completeness_in_words() {
            fact("compared by", completeness);
        }
    }
    for (version, shadow) in &report.shadows {
        let mut said = format!("of {}, {} away on average", shadow.rows, number(shadow.mean_difference));
        if let Some(rate) = shadow.decided_otherwise_rate {
            said = format!("{said}, {} decided otherwise", percent(rate));
        }
        if let (Some(observed), Some(answered)) = (&shadow.observed, &shadow.answered_observed) {
            said = format!("{said}, {} (answered: {})", figures(observed), figures(answered));
        }
        fact(&format!("shadow {version}"), said);
    }
    let mut told = text(&mut facts);
    for (name, columns) in [("field", &report.fields), ("feature", &report.features)] {
        if !columns.is_empty() {
            told = format!("{told}\n\n{}", drifts(name, columns));
        }
        for column in columns.iter().filter(|column| !column.unseen_values.is_empty()) {
            let values = column.unseen_values.iter().map(|unseen| format!("{} ({})", unseen.value, unseen.rows));
            told = format!("{told}\nunseen in {}: {}", column.name, values.collect::<Vec<_>>().join(", "));
        }
    }
    told
}

/// Returns how good answers were, in a line.
fn figures(performance: &Performance) -> String {
    match performance {
        Performance::Binary(binary) => format!(
            "accuracy {}, AUC {}, log loss {:.4}, Brier {:.4}, of {}",
            percent(binary.accuracy),
            number(binary.auc) + &html::plus_or_minus(binary.auc_error),
            binary.log_loss,
            binary.brier,
            counted(binary.rows, "outcome")
        ),
        Performance::Multiclass(classes) => format!(
            "accuracy {}, macro F1 {:.4}, macro AUC {}, log loss {:.4}, of {}",
            percent(classes.accuracy),
            classes.f1,
            number(classes.auc) + &html::plus_or_minus(classes.auc_error),
            classes.log_loss,
            counted(classes.rows, "outcome")
        ),
        Performance::Regression(numbers) => format!(
            "RMSE {:.4}, MAE {:.4}, R² {}, of {}",
            numbers.rmse,
            numbers.mae,
            number(numbers.r2),
            counted(numbers.rows, "outcome")
        ),
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn number(number: Option<f64>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| format!("{number:.4}"))
}

fn mean(column: &ColumnDrift, mean: Option<f64>) -> String {
    mean.map_or_else(|| "-".to_owned(), |mean| column.in_words(mean, 3))
}

/// Returns the columns, those that have shifted most first.
fn drifts(kind: &str, columns: &[ColumnDrift]) -> String {
    let judged = |column: &ColumnDrift| column.index.map(|index| index.judged);
    let mut sorted: Vec<_> = columns.iter().collect();
    sorted.sort_by(|left, right| judged(right).unwrap_or(0.0).total_cmp(&judged(left).unwrap_or(0.0)));
    let mut table = plain_table();
    // Features are never missing where a recipe fills them in.
    let has_missing = columns.iter().any(|column| column.missing_rate.is_some());
    let has_blocks = columns.iter().any(|column| column.blocks.is_some());
    let shown = |cells: [String; 10]| {
        let is_shown = move |place: &usize| match place {
            2 => has_blocks,
            7 | 8 => has_missing,
            _ => true,
        };
        cells.into_iter().enumerate().filter(move |(place, _)| is_shown(place)).map(|(_, cell)| cell)
    };
    let header =
        [kind, "index", "blocks", "p-value", "mean", "in training", "unseen", "missing", "in training", "drift"];
    table.set_header(shown(header.map(str::to_owned)));
    for column in sorted {
        let number = |number: Option<f64>| number.map_or_else(|| "-".to_owned(), |number| format!("{number:.3}"));
        let share = |rate: Option<f64>| rate.map_or_else(|| "-".to_owned(), percent);
        let drift = match column.drift {
            Some(Drift::Major) => "MAJOR",
            Some(Drift::Moderate) => "moderate",
            Some(Drift::None) | None => column.by_days_in_words().unwrap_or_default(),
        };
        table.add_row(shown([
            column.name.clone(),
            number(judged(column)),
            number(column.blocks.map(|blocks| blocks.reached)),
            number(column.test.map(|test| test.p_value)),
            mean(column, column.mean),
            mean(column, column.baseline_mean),
            share(column.unseen_rate.or(column.out_of_range_rate)),
            share(column.missing_rate),
            share(column.baseline_missing_rate),
            drift.to_owned(),
        ]));
    }
    for column in table.column_iter_mut().skip(1).take(5 + usize::from(has_blocks) + if has_missing { 2 } else { 0 }) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    text(&mut table)
}
