//! `lifeboat compare`: whether a new model package may take the place of the one that serves.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use clap::Args;
use comfy_table::CellAlignment;

use super::failure::{FOUND, UsageError};
use super::fit::labelled_passengers;
use super::format::read_csv;
use super::output::Output;
use super::table::{plain_table, text};
use crate::comparison::{Comparison, GROUP_ROWS, Scores, Seen};
use crate::model::Model;

/// Compares two model packages on labelled passengers that neither was trained on; ends with 3 unless the challenger may take the
/// champion's place: its log loss must be lower in 95 % of bootstrap samples, and no group may fare worse by more than 0.02.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat compare model candidate held_out.csv
  lifeboat compare model candidate held_out.csv && cp candidate/* model/")]
pub(super) struct CompareArgs {
    /// Folder with the package that serves
    champion: PathBuf,
    /// Folder with the package that might
    challenger: PathBuf,
    /// CSV file with Kaggle's columns, `Survived` among them; `-` is standard input
    data: PathBuf,
    /// Compares even on passengers that a model was trained on: it knows their answers, so it seems better than it is
    #[arg(long)]
    allow_seen: bool,
    /// Writes JSON instead of tables
    #[arg(long)]
    json: bool,
}

/// Compares, and says what comes of it.
pub(super) fn compare(args: &CompareArgs) -> anyhow::Result<ExitCode> {
    let (champion, challenger) = (load(&args.champion)?, load(&args.challenger)?);
    let data = args.data.display();
    let bytes = read_csv(&args.data)?;
    let labelled = labelled_passengers(&bytes).with_context(|| format!("cannot compare by {data}"))?;
    let seen = Seen::new(&champion, &challenger, &labelled);
    if !args.allow_seen && !seen.is_none() {
        return Err(UsageError(anyhow!(
            "{data}: {}: leave those rows out, or compare nevertheless with --allow-seen",
            in_words(seen, labelled.len())
        ))
        .into());
    }
    let comparison = Comparison::of(&champion, &challenger, &labelled)?;
    let comparison = comparison.with_context(|| format!("{data} holds no passengers"))?;
    let mut output = Output::stdout();
    if args.json {
        serde_json::to_writer_pretty(&mut output, &comparison)?;
        writeln!(output)?;
    } else {
        writeln!(output, "{}", tell(&comparison))?;
    }
    output.finish()?;
    Ok(if comparison.promote { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
}

fn load(folder: &Path) -> anyhow::Result<Model> {
    Model::load(Some(folder)).with_context(|| format!("the model package in {} cannot be used", folder.display()))
}

fn in_words(seen: Seen, rows: usize) -> String {
    let Seen { champion, challenger } = seen;
    format!("of {rows} rows, the champion was trained on {champion} and the challenger on {challenger}")
}

fn tell(comparison: &Comparison) -> String {
    let mut scores = plain_table();
    scores.set_header(["", "version", "accuracy", "AUC", "log loss", "Brier"]);
    let mut row = |name: &str, of: &Scores| {
        let auc = of.auc.map_or_else(|| "-".to_owned(), |auc| format!("{auc:.4}"));
        let numbers = [format!("{:.4}", of.accuracy), auc, format!("{:.4}", of.log_loss), format!("{:.4}", of.brier)];
        scores.add_row([name.to_owned(), of.version.clone()].into_iter().chain(numbers));
    };
    row("champion", &comparison.champion);
    row("challenger", &comparison.challenger);
    let mut groups = plain_table();
    groups.set_header(["class", "sex", "passengers", "champion's log loss", "challenger's", ""]);
    for group in &comparison.groups {
        groups.add_row([
            group.class.to_string(),
            group.sex.to_owned(),
            group.rows.to_string(),
            format!("{:.4}", group.champion_log_loss),
            format!("{:.4}", group.challenger_log_loss),
            if group.rows < GROUP_ROWS { "too few to decide".to_owned() } else { String::new() },
        ]);
    }
    for (table, columns) in [(&mut scores, 2..6), (&mut groups, 2..5)] {
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
    format!(
        "{}\n\nSeen: {}.\n\nThe challenger's log loss is lower by {:.4} (95 % of bootstrap samples: {:.4} to {:.4}), and lower in {:.1} % of them, of {} \
         passengers.\n\n{}\n\n{verdict}",
        text(&mut scores),
        in_words(comparison.seen, comparison.rows),
        gain.mean,
        gain.lower,
        gain.upper,
        gain.share_better * 100.0,
        comparison.rows,
        text(&mut groups),
    )
}
