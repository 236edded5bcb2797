//! `lifeboat compare`: whether a new package may take the place of the one that serves.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use clap::Args;
use comfy_table::CellAlignment;
use jiff::civil::Date;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::answered::answered;
use super::counted::counted;
use super::failure::{Advised, FOUND, UsageError};
use super::format::{self, OtherColumnsOption, read_input};
use super::labelled;
use super::output::Output;
use super::table::{plain_table, text};
use crate::lifecycle::answer::Outcome;
use crate::lifecycle::comparison::rule::GROUP_ROWS;
use crate::lifecycle::comparison::{Comparison, Pair, group};
use crate::lifecycle::days::RecordDays;
use crate::lifecycle::load;
use crate::lifecycle::performance::Performance;
use crate::lifecycle::stored::StoredAnswer;
use crate::package::{self, Package};
use crate::table::Schema;
use crate::table::record::Labelled;
use crate::table::source::Source;

/// Compares two packages of one table on labelled rows that neither was trained on; ends with 3 unless the challenger may take the
/// champion's place: its loss must be lower in 95 % of bootstrap samples, and no group may fare worse by more than a bound. Where the
/// schema has a time, samples are of whole days, and fewer than eight days are not judged.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat compare serving/ candidate/ held_out.csv
  lifeboat compare serving/ candidate/ held_out.csv && cp candidate/* serving/
  lifeboat compare serving/ candidate/ so_far.parquet --since 2013-06-21")]
pub(super) struct CompareArgs {
    /// Folder with the package that serves
    champion: PathBuf,
    /// Folder with the package that might
    challenger: PathBuf,
    /// File with the table's fields, the label among them; `-` is standard input
    data: PathBuf,
    /// Compares by the rows of this day and those after it, as in 2013-06-21; the rows before it are history only, which a recipe may look
    /// up
    #[arg(long, value_name = "DATE")]
    since: Option<Date>,
    #[command(flatten)]
    other_columns: OtherColumnsOption,
    /// Compares even on rows that a model was trained on: it knows their answers, so it seems better than it is
    #[arg(long)]
    allow_seen: bool,
    /// Writes JSON instead of tables
    #[arg(long)]
    json: bool,
}

/// The number of records that each model was trained on; none where its package does not keep them.
#[derive(Debug, Clone, Copy, Serialize)]
struct Seen {
    champion: Option<usize>,
    challenger: Option<usize>,
}

/// A comparison, with what it was made of.
#[derive(Serialize)]
struct Told {
    champion_version: String,
    challenger_version: String,
    seen: Seen,
    #[serde(flatten)]
    comparison: Comparison,
}

/// Compares, and says what comes of it.
pub(super) fn compare(args: &CompareArgs, quiet: bool) -> anyhow::Result<ExitCode> {
    let (champion, challenger) = (open(&args.champion)?, open(&args.challenger)?);
    if champion.name() != challenger.name() {
        let (one, other) = (champion.name(), challenger.name());
        let problem = format!("the packages are called {one} and {other}: two models of one table have one name");
        let advice = format!("if they are of one table, pack the challenger again with --name {one}");
        return Err(Advised { problem, advice }.into());
    }
    let data = format::name(&args.data);
    let bytes = read_input(&args.data)?;
    let data_hash = hex::encode(Sha256::digest(&bytes));
    let rows = labelled::read_all(champion.schema(), Source::from_bytes(bytes), args.other_columns.get())
        .with_context(|| format!("cannot compare by {data}"))?;
    let (rows, outcomes) = parts(&champion, rows);
    let counts = since(args.since, champion.schema(), &rows)?;
    let compared = rows.iter().zip(&counts).filter_map(|(row, counts)| counts.then_some(row));
    let known = |package: &Package| match package.recipe().filter(|recipe| recipe.can_know()) {
        Some(_) => Some(compared.clone().filter(|row| package.may_know(&row.record)).count()),
        // A package without such a recipe knows the file alone.
        None if package.manifest().data_hash.as_deref() == Some(&*data_hash) => Some(compared.clone().count()),
        None => None,
    };
    let seen = Seen { champion: known(&champion), challenger: known(&challenger) };
    if !args.allow_seen && seen.champion.max(seen.challenger) > Some(0) {
        return Err(UsageError(anyhow!(
            "{data}: {}: leave those rows out, or compare nevertheless with --allow-seen",
            in_words(seen, compared.count())
        ))
        .into());
    }
    let baseline = load::baseline(&champion.baseline()?).ok();
    let (by_champion, by_challenger) = (answers(&champion, &rows)?, answers(&challenger, &rows)?);
    let pairs = rows.iter().zip(&by_champion).zip(&by_challenger).zip(&outcomes).zip(counts);
    let pairs = pairs.filter(|(_, counts)| *counts).map(|((((row, champion), challenger), outcome), _)| Pair {
        record: &row.record,
        champion: champion.as_answer(),
        challenger: challenger.as_answer(),
        outcome: *outcome,
    });
    let comparison = Comparison::from_pairs(champion.schema(), baseline.as_ref(), pairs);
    let told = Told {
        champion_version: champion.version().to_string(),
        challenger_version: challenger.version().to_string(),
        seen,
        comparison: comparison.with_context(|| format!("{data} holds no {}", champion.schema().noun().many))?,
    };
    let mut output = Output::stdout();
    if args.json {
        serde_json::to_writer_pretty(&mut output, &told)?;
        writeln!(output)?;
    } else if !quiet || !told.comparison.promote {
        writeln!(output, "{}", tell(&told))?;
    }
    output.finish()?;
    Ok(if told.comparison.promote { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
}

fn open(folder: &Path) -> anyhow::Result<Package> {
    package::open(Some(folder)).with_context(|| format!("the package in {} cannot be used", folder.display()))
}

/// Keeps the rows of which is known what happened, and that.
fn parts(package: &Package, rows: Vec<Labelled>) -> (Vec<Labelled>, Vec<Outcome>) {
    let happened = |row: Labelled| {
        let outcome = Outcome::from_label(package.schema(), row.label.as_ref()?)?;
        Some((row, outcome))
    };
    rows.into_iter().filter_map(happened).unzip()
}

/// Returns whether each row is compared, and not history only.
fn since(since: Option<Date>, schema: &Schema, rows: &[Labelled]) -> Result<Vec<bool>, UsageError> {
    let Some(since) = since else { return Ok(vec![true; rows.len()]) };
    let Some(record_days) = RecordDays::new(schema) else {
        return Err(UsageError(anyhow!("--since: the schema names no time, by which rows have days")));
    };
    Ok(rows.iter().map(|row| record_days.date(&row.record).is_some_and(|day| day >= since)).collect())
}

/// Returns what a package answers for each row.
fn answers(package: &Package, rows: &[Labelled]) -> anyhow::Result<Vec<StoredAnswer>> {
    Ok(answered(package, rows)?.into_iter().map(|(_, answer)| answer).collect())
}

fn in_words(seen: Seen, rows: usize) -> String {
    let rows = counted(rows, "row");
    match (seen.champion, seen.challenger) {
        (Some(champion), Some(challenger)) => {
            format!("of {rows}, the champion was trained on {champion} and the challenger on {challenger}")
        }
        (Some(champion), None) => {
            format!("of {rows}, the champion was trained on {champion}; the challenger's package does not tell")
        }
        (None, Some(challenger)) => {
            format!("of {rows}, the challenger was trained on {challenger}; the champion's package does not tell")
        }
        (None, None) => {
            "the packages do not tell what they were trained on: see to it that it was not these rows".to_owned()
        }
    }
}

/// Returns the figures of a performance, by name.
fn scores(performance: &Performance) -> Vec<(&'static str, Option<f64>)> {
    match performance {
        Performance::Binary(binary) => vec![
            ("accuracy", Some(binary.accuracy)),
            ("AUC", binary.auc),
            ("log loss", Some(binary.log_loss)),
            ("Brier", Some(binary.brier)),
        ],
        Performance::Multiclass(classes) => vec![
            ("accuracy", Some(classes.accuracy)),
            ("macro F1", Some(classes.f1)),
            ("log loss", Some(classes.log_loss)),
            ("Brier", Some(classes.brier)),
        ],
        Performance::Regression(numbers) => {
            vec![("RMSE", Some(numbers.rmse)), ("MAE", Some(numbers.mae)), ("R²", numbers.r2)]
        }
    }
}

fn tell(told: &Told) -> String {
    let comparison = &told.comparison;
    let mut table = plain_table();
    let names = scores(&comparison.champion).into_iter().map(|(name, _)| name);
    table.set_header(["", "version"].into_iter().chain(names));
    let mut row = |name: &str, version: &str, performance: &Performance| {
        let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"));
        let numbers = scores(performance).into_iter().map(|(_, value)| number(value));
        table.add_row([name.to_owned(), version.to_owned()].into_iter().chain(numbers));
    };
    row("champion", &told.champion_version, &comparison.champion);
    row("challenger", &told.challenger_version, &comparison.challenger);
    let loss = comparison.loss.in_words();
    let mut groups = plain_table();
    groups.set_header([
        "group".to_owned(),
        "rows".to_owned(),
        format!("champion's {loss}"),
        "challenger's".to_owned(),
        String::new(),
    ]);
    for group in &comparison.groups {
        groups.add_row([
            group::in_words(&group.values),
            group.rows.to_string(),
            format!("{:.4}", group.champion_loss),
            format!("{:.4}", group.challenger_loss),
            if group.rows < GROUP_ROWS { "too few to decide".to_owned() } else { String::new() },
        ]);
    }
    for (table, columns) in [(&mut table, 2..6), (&mut groups, 1..4)] {
        for column in columns {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    let gain = comparison.gain;
    let verdict = if comparison.promote {
        "promote: the challenger may take the champion's place".to_owned()
    } else {
        format!("keep the champion: {}", comparison.objections.join("; "))
    };
    let by_group = if comparison.groups.is_empty() { String::new() } else { text(&mut groups) + "\n\n" };
    format!(
        "{}\n\nSeen: {}.\n\nThe challenger's {loss} is lower by {:.4} (95 % of bootstrap samples{}: {:.4} to {:.4}), and lower in {:.1} % of \
         them, of {}{}.\n\n{by_group}{verdict}",
        text(&mut table),
        in_words(told.seen, usize::try_from(comparison.rows).unwrap_or(usize::MAX)),
        gain.mean,
        if comparison.days.is_some() { " of whole days" } else { "" },
        gain.lower,
        gain.upper,
        gain.share_better * 100.0,
        counted(comparison.rows, "row"),
        comparison.days.map_or_else(String::new, |days| format!(" of {}", counted(days, "day"))),
    )
}
