//! `lifeboat monitor`: what passed through the model, against what it was trained on.

use std::fmt::Write as _;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, ValueEnum};
use comfy_table::CellAlignment;
use jiff::Timestamp;

use super::failure::FOUND;
use super::format::{self, Known};
use super::options::{self, DatabaseOption, ModelOption, WindowOption};
use super::output::Output;
use super::table::{plain_table, text};
use crate::model::Model;
use crate::monitor::html;
use crate::monitor::report::{Drift, FeatureReport, Report, Verdict, plus_or_minus};
use crate::service::PredictionService;

/// Compares stored predictions with what the model was trained on; ends with 3 when a feature or the predictions have drifted far. Only
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
    model: ModelOption,
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
pub(super) fn monitor(args: &MonitorArgs) -> anyhow::Result<ExitCode> {
    let window = args.window.window(Timestamp::now())?;
    let format = format::of_output(args.format, FORMATS, &args.output)?.unwrap_or(ReportFormat::Table);
    let config = options::config(&[args.database.setting(), args.model.setting()])?;
    let model = Model::load(config.model_dir.as_deref()).context("the model package cannot be used")?;
    let service = PredictionService::new(Arc::new(model), options::existing_store(config.database)?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(async {
        let report = service.monitor(window).await?;
        if args.keep {
            service.keep_report(window, &report).await?;
        }
        anyhow::Ok(report)
    })?;
    let mut output = Output::create(&args.output)?;
    match format {
        ReportFormat::Table => writeln!(output, "{}", tell(&report))?,
        ReportFormat::Json => {
            serde_json::to_writer_pretty(&mut output, &report)?;
            writeln!(output)?;
        }
        ReportFormat::Html => output.write_all(html::page(&report).as_bytes())?,
    }
    output.finish()?;
    Ok(if report.verdict == Verdict::MajorDrift { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
}

fn tell(report: &Report) -> String {
    let mut facts = plain_table();
    let mut fact = |name: &str, value: String| {
        facts.add_row([name.to_owned(), value]);
    };
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let number = |number: Option<f64>| number.map_or_else(|| "-".to_owned(), |number| format!("{number:.4}"));
    fact("verdict", report.verdict.in_words().to_owned());
    fact("window", format!("{} to {}", report.from, report.to));
    fact("predictions", report.rows.to_string());
    fact("read from", "the sample of MONITOR_SAMPLE_RATE".to_owned());
    fact("compared with", format!("the training data of {}", report.model_version));
    let found = &report.predictions;
    let shift = found.psi.map_or_else(String::new, |psi| format!(", stability index {psi:.3}"));
    let baseline = found.baseline_mean_probability;
    fact("mean probability", format!("{} (training {baseline:.4}){shift}", number(found.mean_probability)));
    if let Some(expected) = report.expected {
        let log_loss = expected.log_loss;
        fact("expected", format!("accuracy {}, log loss {log_loss:.4}", percent(expected.accuracy)));
    }
    if let Some(observed) = &report.observed {
        let (accuracy, auc) = (percent(observed.accuracy), number(observed.auc) + &plus_or_minus(observed.auc_error));
        let (log_loss, brier, rows) = (observed.log_loss, observed.brier, observed.rows);
        let observed =
            format!("accuracy {accuracy}, AUC {auc}, log loss {log_loss:.4}, Brier {brier:.4}, of {rows} outcomes");
        fact("observed", observed);
    }
    for (version, shadow) in &report.shadows {
        let otherwise = percent(shadow.decided_otherwise_rate);
        let mut said =
            format!("of {}, {:.4} away on average, {otherwise} decided otherwise", shadow.rows, shadow.mean_difference);
        if let Some(observed) = &shadow.observed {
            let (log_loss, answered) = (observed.log_loss, observed.answered_log_loss);
            let _ = write!(said, ", log loss {log_loss:.4} (answered {answered:.4})");
        }
        fact(&format!("shadow {version}"), said);
    }
    for missing in report.missing.iter().filter(|missing| missing.rate > 0.0 || missing.baseline_rate > 0.0) {
        let (rate, baseline) = (percent(missing.rate), percent(missing.baseline_rate));
        fact(&format!("{} missing", missing.field), format!("{rate} (training {baseline})"));
    }
    format!("{}\n\n{}", text(&mut facts), features(&report.features))
}

/// Returns the features, those that have shifted most first.
fn features(features: &[FeatureReport]) -> String {
    let mut features: Vec<_> = features.iter().collect();
    features.sort_by(|left, right| right.psi.unwrap_or_default().total_cmp(&left.psi.unwrap_or_default()));
    let mut table = plain_table();
    table.set_header(["feature", "index", "p-value", "mean", "in training", "unseen", "drift"]);
    for feature in features {
        let number = |number: Option<f64>| number.map_or_else(|| "-".to_owned(), |number| format!("{number:.3}"));
        let drift = match feature.drift {
            Some(Drift::Major) => "MAJOR",
            Some(Drift::Moderate) => "moderate",
            Some(Drift::None) | None => "",
        };
        table.add_row([
            feature.name.clone(),
            number(feature.psi),
            number(feature.test.map(|test| test.p_value)),
            number(feature.mean),
            number(Some(feature.baseline_mean)),
            format!("{:.1} %", feature.unseen_rate.unwrap_or(feature.out_of_range_rate) * 100.0),
            drift.to_owned(),
        ]);
    }
    for column in table.column_iter_mut().skip(1).take(5) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    text(&mut table)
}
