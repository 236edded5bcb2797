//! What a package answers for records, as the statistics take it.

use anyhow::Context;

use crate::lifecycle::stored::StoredAnswer;
use crate::package::Package;
use crate::table::Labelled;

/// What the graph reads of a record, where a recipe computes it, and the answer.
pub(super) type Answered = (Box<[f32]>, StoredAnswer);

/// Asks a package for each labelled row, in order, as it would have been asked in its time.
pub(super) fn answered(package: &Package, rows: &[Labelled]) -> anyhow::Result<Vec<Answered>> {
    let answered = package.past_answers(rows)?.into_iter().map(|answered| {
        let answer = StoredAnswer::from_graph(package.schema(), answered.answer);
        let answer = answer.context("the package does not answer as its schema says")?;
        Ok((answered.features.unwrap_or_default(), answer))
    });
    answered.collect()
}
