//! What of a schema decides answers. It is asked for where a package is sealed or its seal is checked, not at each start.

use serde_json::json;

use super::descriptor::{Category, Scalar, SchemaDescriptor};

/// Returns all of a schema that decides an answer, as one text: not titles, descriptions and examples.
pub fn computing_parts(descriptor: &SchemaDescriptor) -> String {
    let scalars = |categories: &[Category]| categories.iter().map(|one| one.value().clone()).collect();
    let fields = descriptor.fields.iter().map(|field| {
        let categories: Option<Vec<Scalar>> = field.categories.as_deref().map(scalars);
        json!({
            "name": field.name, "type": field.kind, "categories": categories, "constraints": field.constraints,
            "missingValues": field.missing_values, "trueValues": field.true_values, "falseValues": field.false_values,
            "ignore_case": field.lifeboat.ignore_case,
        })
    });
    let own = &descriptor.lifeboat;
    json!({
        "fields": fields.collect::<Vec<_>>(), "missingValues": descriptor.missing_values, "label": own.label,
        "positive": own.positive, "key": own.key.as_slice(), "time": own.time, "timezone": own.timezone,
    })
    .to_string()
}
