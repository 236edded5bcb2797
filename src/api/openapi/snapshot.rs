//! What the contract says of the snapshot that serves, where the history changes.

use serde_json::{Value, json};

use crate::package::Package;

/// Says that `GET /model` tells which snapshot serves.
pub(super) fn add(document: &mut Value, package: &Package) {
    if package.living_recipe().is_some() {
        let answer = &mut document["paths"]["/model"]["get"]["responses"]["200"];
        answer["content"]["application/json"]["schema"] = model();
    }
}

fn model() -> Value {
    let hash = json!({"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "The SHA-256 of its text."});
    let time = |description: &str| json!({"type": "string", "format": "date-time", "description": description});
    let mut looked_at = time("When the store was last asked for a newer one, and answered; null before that.");
    looked_at["type"] = json!(["string", "null"]);
    let refused = json!({
        "type": ["object", "null"],
        "description": "A newer one that cannot serve, so that this one serves on.",
        "properties": {
            "hash": hash,
            "as_of": time("The moment whose history it is said to be."),
            "reason": {"type": "string", "description": "Why it cannot serve."},
        },
        "required": ["hash", "as_of", "reason"],
    });
    let source = "Where it comes from: it came with the package, or was published in the store.";
    let snapshot = json!({
        "type": "object",
        "description": "The snapshot of history by which requests are answered.",
        "properties": {
            "hash": hash,
            "as_of": time("The moment whose history it is."),
            "age_seconds": {"type": "integer", "description": "How long that is ago."},
            "source": {"type": "string", "enum": ["package", "store"], "description": source},
            "looked_at": looked_at,
            "refused": refused,
        },
        "required": ["hash", "as_of", "age_seconds", "source", "looked_at", "refused"],
    });
    json!({"type": "object", "properties": {"snapshot": snapshot}, "required": ["snapshot"]})
}
