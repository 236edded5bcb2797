//! Fields and the columns of steps, and what stands in them.

use std::fmt;
use std::sync::Arc;

use crate::package::recipe::key::Part;
use crate::package::recipe::slots::Load;
use crate::table::Schema;
use crate::table::descriptor::Scalar;
use crate::table::field::{Domain, Field};

/// What is known beside the recipe.
#[derive(Debug)]
pub(in crate::package::recipe) enum Known<'a, T> {
    /// Nothing yet: the recipe alone is checked.
    NotYet,
    /// This, if it is there.
    Given(Option<&'a T>),
}

impl<T> Clone for Known<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Known<'_, T> {}

/// What stands in a column.
#[derive(Debug, Clone)]
pub(in crate::package::recipe) enum Kind {
    /// Numbers.
    Number,
    /// True and false.
    Boolean,
    /// Integers, which are among these.
    Choices(Arc<[f64]>),
    /// Texts, which are among these; those of a field may be spelt in another case.
    Category(Arc<[Box<str>]>, Option<usize>),
    /// Any texts.
    Text,
    /// Days or moments.
    Moment,
    /// Several columns, of `one_hot`.
    Several(Arc<[Box<str>]>),
    /// What is wrong, and told already.
    Unknown,
}

impl Kind {
    pub(in crate::package::recipe) fn is_number(&self) -> bool {
        matches!(self, Self::Number | Self::Boolean | Self::Choices(_))
    }

    pub(in crate::package::recipe) fn is_text(&self) -> bool {
        matches!(self, Self::Text)
    }
}

/// Says what a column holds, as a message has it.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number | Self::Choices(_) => "numbers",
            Self::Boolean => "true and false",
            Self::Category(..) => "categories",
            Self::Text => "texts",
            Self::Moment => "dates",
            Self::Several(_) => "several columns",
            Self::Unknown => "nothing that is known",
        })
    }
}

/// A field, or the column of a step.
#[derive(Debug, Clone)]
pub(in crate::package::recipe) struct Column {
    pub(in crate::package::recipe) slot: usize,
    pub(in crate::package::recipe) kind: Kind,
    /// The group of an explanation.
    pub(in crate::package::recipe) group: Arc<str>,
}

impl Column {
    pub(in crate::package::recipe) fn part(&self) -> Part {
        Part { slot: self.slot, is_text: self.kind.is_text() }
    }
}

/// Returns the number that a scalar is.
#[expect(clippy::cast_precision_loss, reason = "no record has an integer beyond 2^53")]
pub(super) fn number(scalar: &Scalar) -> Option<f64> {
    match scalar {
        Scalar::Integer(number) => Some(*number as f64),
        Scalar::Number(number) => Some(*number),
        Scalar::Boolean(_) | Scalar::Text(_) => None,
    }
}

/// Returns the place of a text among the categories of a column.
pub(in crate::package::recipe) fn category(
    schema: &Schema,
    texts: &[Box<str>],
    field: Option<usize>,
    text: &str,
) -> Option<f64> {
    let of_field = field.and_then(|field| schema.fields().get(field)).and_then(Field::categories);
    if let Some(categories) = of_field {
        return categories.find(&Scalar::Text(text.to_owned())).map(f64::from);
    }
    texts.iter().position(|one| **one == *text).and_then(|place| u32::try_from(place).ok()).map(f64::from)
}

/// Returns what stands in the slot of a field, and how it gets there.
pub(super) fn of_field(slot: usize, field: &Field) -> (Kind, Load) {
    match &field.domain {
        Domain::Boolean => (Kind::Boolean, Load::Number),
        Domain::Integer(_) | Domain::Number(_) => (Kind::Number, Load::Number),
        Domain::Text(_) => (Kind::Text, Load::Text),
        Domain::Date(_) | Domain::Datetime(..) => (Kind::Moment, Load::Number),
        Domain::Categories(categories) => {
            let numbers: Option<Vec<f64>> = categories.values().iter().map(number).collect();
            if let Some(numbers) = numbers {
                return (Kind::Choices(numbers.clone().into()), Load::Values(numbers.into()));
            }
            let text = |scalar: &Scalar| match scalar {
                Scalar::Text(text) => text.as_str().into(),
                other => other.to_string().into(),
            };
            (Kind::Category(categories.values().iter().map(text).collect(), Some(slot)), Load::Number)
        }
    }
}
