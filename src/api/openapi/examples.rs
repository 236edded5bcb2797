//! Examples of a table, which work when they are pasted.

use serde_json::{Map, Value, json};

use super::outcomes;
use crate::api::answer::Answer;
use crate::api::{example_records, inference};
use crate::package::Package;
use crate::table::Schema;

/// So many records make a list.
const LISTED: usize = 2;

/// Adds what can be sent, and what is answered then.
pub(super) fn add(document: &mut Value, package: &Package) {
    let schema = package.schema();
    let named = example_records::of(package);
    let Some(prediction) = named.first().and_then(|(_, record)| example_records::predicted(package, record)) else {
        return;
    };
    let records: Vec<&Map<String, Value>> = named.iter().take(LISTED).map(|(_, record)| record).collect();

    let predict = &mut document["paths"]["/predict"]["post"];
    let content = &mut predict["requestBody"]["content"];
    content["application/json"]["examples"] = bodies(schema, &named);
    if let Some(table) = table(schema, &records) {
        content["text/csv"]["example"] = json!(table);
    }
    predict["responses"]["201"]["content"]["application/json"]["example"] = json!(Answer::new(schema, &prediction));

    let outcome = &mut document["paths"]["/predictions/{id}/outcome"]["put"]["requestBody"]["content"];
    outcome["application/json"]["example"] = json!({&*schema.label_field().name: prediction.answer.label});
    let id = prediction.id.to_string();
    let many = &mut document["paths"]["/outcomes"]["post"]["requestBody"]["content"];
    let label = &prediction.answer.label;
    many["application/json"]["example"] = outcomes::examples(schema, &id, &named[0].1, label);
    many["text/csv"]["example"] = json!(outcomes::example_table(schema, &id, label));
    let infer = &mut document["paths"]["/v2/models/{model}/infer"]["post"]["requestBody"]["content"];
    infer["application/json"]["example"] = inference::example(schema, &records);
    document["components"]["schemas"]["PredictionId"]["examples"] = json!([id]);
}

/// Returns bodies in JSON: each record, some of them as a list, and the first without what need not be there. Their names keep their order.
fn bodies(schema: &Schema, records: &[(String, Map<String, Value>)]) -> Value {
    let mut bodies: Vec<(String, Value)> =
        records.iter().map(|(title, record)| (title.clone(), json!(record))).collect();
    let listed: Vec<_> = records.iter().take(LISTED).map(|(_, record)| record).collect();
    bodies.push(("A list".to_owned(), json!(listed)));
    let required = schema.inputs().filter(|(_, field)| field.is_required).map(|(_, field)| &*field.name);
    let least: Map<String, Value> =
        required.filter_map(|name| Some((name.to_owned(), records.first()?.1.get(name)?.clone()))).collect();
    if !least.is_empty() && records.first().is_some_and(|(_, record)| least.len() < record.len()) {
        bodies.push(("As little as possible".to_owned(), json!(least)));
    }
    let named = bodies.into_iter().enumerate();
    let examples: Map<String, Value> = named
        .map(|(place, (title, body))| (format!("example_{:03}", place + 1), json!({"summary": title, "value": body})))
        .collect();
    Value::Object(examples)
}

/// Returns records as comma-separated values.
fn table(schema: &Schema, records: &[&Map<String, Value>]) -> Option<String> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(schema.inputs().map(|(_, field)| &*field.name)).ok()?;
    for record in records {
        let cells = schema.inputs().map(|(_, field)| match record.get(&*field.name) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        });
        table.write_record(cells).ok()?;
    }
    String::from_utf8(table.into_inner().ok()?).ok()
}
