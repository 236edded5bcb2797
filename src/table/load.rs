//! Loads a schema from its text.

use super::descriptor::SchemaDescriptor;
use super::fault::{SchemaError, SchemaFaults, in_words};
use super::json;
use super::schema::Schema;

/// The largest text of a schema, in bytes: ten thousand categories take half a megabyte.
const MAX_SCHEMA_BYTES: usize = 8 << 20;

/// Reads, checks and compiles the text of `schema.json`.
pub fn schema(text: &[u8]) -> Result<Schema, SchemaError> {
    compile(&read(text)?)
}

/// Checks and compiles what was read.
pub fn compile(descriptor: &SchemaDescriptor) -> Result<Schema, SchemaError> {
    let schema = Schema::new(descriptor)?;
    check_examples(&schema)?;
    Ok(schema)
}

/// Reads the text of `schema.json`.
pub fn read(text: &[u8]) -> Result<SchemaDescriptor, SchemaError> {
    if text.len() > MAX_SCHEMA_BYTES {
        return Err(SchemaError(vec![format!("has {} bytes, but may have {MAX_SCHEMA_BYTES}", text.len())]));
    }
    // To keep the place costs a multiple of reading, so it is looked for only when something is wrong.
    let error = match serde_json::from_slice(text) {
        Ok(descriptor) => return Ok(descriptor),
        Err(error) => error,
    };
    let mut json = serde_json::Deserializer::from_slice(text);
    let found: Result<SchemaDescriptor, _> = serde_path_to_error::deserialize(&mut json);
    Err(SchemaError(vec![match found {
        Ok(_) => error.to_string(),
        Err(error) => format!("{}: {}", error.path(), error.inner()),
    }]))
}

/// Checks that each example is a record.
fn check_examples(schema: &Schema) -> Result<(), SchemaError> {
    let mut faults = SchemaFaults::default();
    for (index, (_, example)) in schema.examples().iter().enumerate() {
        // What was read as JSON can be written as JSON.
        let text = serde_json::to_vec(example).unwrap_or_default();
        if let Ok(Err(found)) = json::from_slice(schema, &text) {
            faults.push(&format!("/lifeboat/examples/{index}/record"), in_words(&found));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.into()) }
}
