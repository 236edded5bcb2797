//! Compiles what the graph reads.

use std::fmt::Arguments;

use super::column::{Column, Kind};
use super::compiler::Compiler;

/// The features of a recipe.
#[derive(Debug, Default)]
pub(in crate::package::recipe) struct Features {
    pub(in crate::package::recipe) slots: Vec<usize>,
    pub(in crate::package::recipe) names: Vec<Box<str>>,
    pub(in crate::package::recipe) groups: Vec<Box<str>>,
}

/// Finds the columns that are features.
pub(in crate::package::recipe) fn features(compiler: &mut Compiler<'_>, names: &[String]) -> Features {
    let mut features = Features::default();
    if names.is_empty() {
        compiler.fault(format_args!("/features"), "must name one column at least");
    }
    for (index, name) in names.iter().enumerate() {
        let pointer = format_args!("/features/{index}");
        let several = match compiler.column(name) {
            Some(Column { kind: Kind::Several(several), .. }) => Some(several.clone()),
            _ => None,
        };
        match several {
            Some(several) => several.iter().for_each(|name| add(compiler, pointer, name, &mut features)),
            None => add(compiler, pointer, name, &mut features),
        }
    }
    features
}

fn add(compiler: &mut Compiler<'_>, pointer: Arguments<'_>, name: &str, features: &mut Features) {
    let Some(column) = compiler.find(pointer, name) else { return };
    if !column.kind.is_number() {
        let mend = match column.kind {
            Kind::Category(..) | Kind::Text => "one_hot makes numbers of them",
            _ => "date_part makes numbers of them",
        };
        compiler.fault(pointer, format!("{name:?} has {}, but a feature is a number: {mend}", column.kind));
    } else if features.slots.contains(&column.slot) {
        compiler.fault(pointer, format!("{name:?} stands twice"));
    } else {
        features.slots.push(column.slot);
        features.names.push(name.into());
        features.groups.push((&*column.group).into());
    }
}
