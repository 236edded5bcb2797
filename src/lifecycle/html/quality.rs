//! How good answers are beside those to the training data.

use maud::{Markup, html};

use crate::lifecycle::standing::{Measure, Standing};

/// Shows what was measured, or says why nothing was judged.
pub(super) fn standing(standing: &Standing) -> Markup {
    html! {
        h2 { "Beside the answers to the training data" }
        @if let Some(why) = &standing.unjudged { p { "Not judged: " (why) "." } }
        @else {
            p {
                "Intervals of 95 %, by samples of whole days, of which there are " (standing.days) ". A figure is worse where all of its \
                 interval is beyond the bound."
                @if let Some(completeness) = standing.completeness_in_words() { " The two are not quite alike: " (completeness) "." }
            }
            div.scroll {
                table {
                    tr { th {} th { "window" } th { "interval" } th { "training" } th { "may be off by" } th {} }
                    @for measure in &standing.measures {
                        tr {
                            th { (measure.kind.in_words()) }
                            td { (decimals(measure.value)) }
                            td { (decimals(measure.lower)) " to " (decimals(measure.upper)) }
                            td { (decimals(measure.training)) }
                            td { (decimals(measure.bound)) }
                            td class=(if measure.is_worse { "major" } else { "stable" }) {
                                (if measure.is_worse { "worse" } else { "as good" })
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Returns a measure in a line.
pub fn in_words(measure: &Measure) -> String {
    let Measure { value, lower, upper, training, bound, is_worse, .. } = *measure;
    let [value, lower, upper, training, bound] = [value, lower, upper, training, bound].map(decimals);
    let worse = if is_worse { ", worse" } else { "" };
    format!("{value} ({lower} to {upper}; training {training}, may be off by {bound}){worse}")
}

/// Returns a figure to four decimals; one that rounds to nothing has no sign.
fn decimals(figure: f64) -> String {
    let text = format!("{figure:.4}");
    if text == "-0.0000" { "0.0000".to_owned() } else { text }
}
