//! What names a prediction: one name for one question, and no name for two.

use std::collections::HashMap;

use lifeboat::identity::{Entity, MAX_ENTITY_BYTES, Naming, PredictionId};
use lifeboat::table::{Record, Schema, json, load};
use proptest::prelude::*;
use serde_json::{Value, json};

fn schema() -> Schema {
    let schema = json!({
        "fields": [
            {"name": "shop"}, {"name": "day", "type": "date"}, {"name": "size", "type": "number"}, {"name": "open", "type": "boolean"},
            {"name": "sold", "type": "number"},
        ],
        "lifeboat": {"label": "sold", "key": ["shop", "day"]},
    });
    load::schema(schema.to_string().as_bytes()).unwrap()
}

fn record(schema: &Schema, record: &Value) -> Record {
    json::from_slice(schema, record.to_string().as_bytes()).unwrap().unwrap()
}

fn named(schema: &Schema, record: &Record, version: &str, snapshot: Option<&str>) -> PredictionId {
    Naming::new(version.into(), snapshot.map(Into::into)).name(schema, record)
}

fn id(record_json: &Value) -> PredictionId {
    let schema = schema();
    named(&schema, &record(&schema, record_json), "1.0.0-00000000", None)
}

#[test]
fn a_name_holds_the_key_as_it_can_be_read() {
    let name = id(&json!({"shop": "EWR-1", "day": "2013-11-03"})).to_string();
    assert!(name.starts_with("p.EWR-1.2013-11-03."), "{name}");
    let name = id(&json!({"shop": "a/b.c é", "day": "2013-11-03"})).to_string();
    assert!(name.starts_with("p.a_2fb_2ec_20_c3_a9.2013-11-03."), "{name}");
    let name = id(&json!({"shop": "EWR-1"})).to_string();
    assert_eq!((name.len(), name.matches('.').count()), (34, 1), "no whole key: {name}");
}

#[test]
fn all_that_decides_is_in_the_name() {
    let schema = schema();
    let one = record(&schema, &json!({"shop": "x", "day": "2013-11-03", "size": 0}));
    let mut names = HashMap::new();
    for (what, id) in [
        ("one", named(&schema, &one, "1", None)),
        ("another version", named(&schema, &one, "2", None)),
        ("a snapshot", named(&schema, &one, "1", Some("s"))),
        ("absent is not zero", id(&json!({"shop": "x", "day": "2013-11-03"}))),
        ("false is not absent", id(&json!({"shop": "x", "day": "2013-11-03", "open": false}))),
    ] {
        assert_eq!(names.insert(id.to_string(), what), None, "{what}");
    }
    let spelt_otherwise = json!({"day": "2013-11-03", "shop": " x ", "size": -0.0});
    assert_eq!(named(&schema, &record(&schema, &spelt_otherwise), "1", None), named(&schema, &one, "1", None));
}

#[test]
fn a_key_that_no_database_takes_is_refused() {
    let schema = schema();
    let long = json!({"shop": "x".repeat(2001), "day": "2013-11-03"});
    let faults = json::from_slice(&schema, long.to_string().as_bytes()).unwrap().unwrap_err();
    assert_eq!(faults[0].to_string(), "has a key (shop, day) of 2001 bytes, but it may have 2000");
}

#[test]
fn a_name_that_no_database_can_hold_is_none() {
    let hash = "11d08092d515798f5405b9f12c5230ab";
    let name = |length: usize| format!("p.{}.{hash}", "x".repeat(length));
    assert!(name(MAX_ENTITY_BYTES - "2039:".len()).parse::<PredictionId>().is_ok());
    assert!(name(MAX_ENTITY_BYTES - "2040:".len() + 1).parse::<PredictionId>().is_err());
}

#[test]
fn names_of_the_first_form_are_read_and_written_as_they_were() {
    for name in ["1070-11d08092d515798f5405b9f12c5230ab", "11d08092d515798f5405b9f12c5230ab"] {
        assert_eq!(name.parse::<PredictionId>().unwrap().to_string(), name);
    }
    let hash = "11d08092d515798f5405b9f12c5230ab";
    for name in [
        "",
        "p",
        "p.",
        "1070-",
        "01-11d08092d515798f5405b9f12c5230ab",
        "-11d08092d515798f5405b9f12c5230ab",
        &format!("p.a_41.{hash}"),
        &format!("p.a/b.{hash}"),
        &format!("p.a_2F.{hash}"),
        &format!("p.a_ff.{hash}"),
        &hash.to_uppercase(),
        &format!("q.{hash}"),
    ] {
        assert!(name.parse::<PredictionId>().is_err(), "{name}");
    }
}

proptest! {
    #[test]
    fn no_two_keys_are_one_entity_and_each_name_can_be_read(one in "\\PC{0,8}|[-/:,._0-9]{0,8}", other in "\\PC{0,8}|[-/:,._0-9]{0,8}") {
        let (first, second) = (id(&json!({"shop": one, "day": "2013-11-03"})), id(&json!({"shop": other, "day": "2013-11-03"})));
        prop_assert_eq!(first.entity() == second.entity() && first == second, one.trim() == other.trim());
        prop_assert_eq!(&first.to_string().parse::<PredictionId>().unwrap(), &first);
        if let Some(entity) = first.entity() {
            prop_assert_eq!(Entity::from_stored(entity.as_str()), Some(entity.clone()));
            prop_assert_eq!(entity.texts().collect::<Vec<_>>(), [one.trim(), "2013-11-03"]);
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,60}") {
        let _ = (text.parse::<PredictionId>(), Entity::from_stored(&text));
    }
}
