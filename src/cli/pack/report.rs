//! What is said of a package that was made: what it is, what was decided, and what should be looked at.

use std::io::{self, Write};
use std::path::Path;

use serde_json::Value as Json;

use crate::cli::check::in_lines;
use crate::cli::counted::counted;
use crate::cli::failure::{Advised, UsageError};
use crate::cli::fields;
use crate::cli::output::Output;
use crate::lifecycle::quality::Finding;
use crate::package::files::{MANIFEST, SCHEMA};
use crate::package::{MEASURED_BY_PACK, Package};

/// What is said beside what the package says of itself.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Whether rows were run: otherwise there is nothing new to say but the version.
    pub(super) is_whole: bool,
    /// The schema that was in the output already, and is kept.
    pub(super) kept: Option<String>,
    /// What the manifest says no longer, since it was measured of another model.
    pub(super) dropped: Vec<&'static str>,
    /// What wrote the graph.
    pub(super) producer: Option<String>,
    pub(super) decisions: Vec<String>,
    pub(super) doubts: Vec<String>,
    /// The columns of which the graph knows no text that the data has, in words.
    pub(super) unknown: Vec<String>,
    /// What a check of the data finds worth a look.
    pub(super) warnings: Vec<Finding>,
}

impl Report {
    /// Names a schema that was there as what may be the cause of a failure, unless another is known.
    pub(super) fn blame_what_is_kept(&self, error: anyhow::Error) -> anyhow::Error {
        let is_told = error.is::<UsageError>() || error.chain().any(<dyn std::error::Error>::is::<Advised>);
        let Some(schema) = self.kept.as_ref().filter(|_| !is_told) else { return error };
        let advice = format!(
            "{schema} was there and is kept: mend it where data and model have changed, or remove it to infer it anew"
        );
        Advised { problem: format!("{error:#}"), advice }.into()
    }

    /// Writes all of it, the version first.
    pub(super) fn print(&self, package: &Package, folder: &Path) -> anyhow::Result<()> {
        let mut output = Output::stdout();
        writeln!(output, "{}", package.version())?;
        if !self.dropped.is_empty() {
            // A standard error that is closed can be told nothing.
            let _ = writeln!(
                io::stderr(),
                "dropped from {MANIFEST}, since the model is no longer the one that was measured: {}; --data and --expect measure anew",
                self.dropped.join(", ")
            );
        }
        if !self.is_whole {
            return output.finish();
        }
        let manifest: Json = serde_json::from_str(package.manifest_json())?;
        let schema = package.schema();
        let (name, task) = (package.name(), schema.task().name());
        let rows = manifest["training"]["rows"].as_u64();
        let rows = rows.map(|rows| format!(", {}", counted(rows, "row"))).unwrap_or_default();
        let producer = self.producer.as_ref().map(|producer| format!(", exported by {producer}")).unwrap_or_default();
        writeln!(output, "\n{name}: {task}{rows}{producer}")?;
        writeln!(output, "\nfields ({})\n{}", folder.join(SCHEMA).display(), fields::tell(schema))?;
        if let Some(kept) = &self.kept {
            writeln!(output, "\nkept: {kept}; remove it to infer it anew")?;
        }
        for (title, texts) in [("decided", &self.decisions), ("unsure: look at it", &self.doubts)] {
            if !texts.is_empty() {
                writeln!(output, "\n{title}")?;
                texts.iter().try_for_each(|text| writeln!(output, "  {text}"))?;
            }
        }
        if !self.warnings.is_empty() {
            writeln!(output, "\nwarnings of `lifeboat check`\n{}", in_lines(&self.warnings))?;
        }
        match &package.manifest().agreement {
            Some(agreement) => {
                writeln!(output, "\n{agreement}; the largest difference is {:e}", agreement.largest_difference)?;
            }
            None => writeln!(output, "\nnot compared with the model: give its own predictions with --expect")?,
        }
        if let Some(evaluation) = manifest["evaluation"].as_object()
            && let Some(on) = manifest["evaluation"]["on"].as_str()
        {
            let figures = ["accuracy", "auc", "f1", "log_loss", "brier", "rmse", "mae", "r2"];
            let figures =
                figures.iter().filter_map(|name| Some(format!("{name} {:.4}", evaluation.get(*name)?.as_f64()?)));
            let by = if evaluation.get("measured_by").is_some_and(|by| by == MEASURED_BY_PACK) {
                ""
            } else {
                "as its training wrote, and nobody measured here, "
            };
            writeln!(output, "{by}on {on}: {}", figures.collect::<Vec<_>>().join(", "))?;
        }
        output.finish()
    }
}
