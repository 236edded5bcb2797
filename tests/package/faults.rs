//! What cannot work is refused when it is loaded, with every fault in its place.

use lifeboat::package::recipe::{self, Fitted, HistoryRecords, Recipe, State};
use serde_json::{Value, json};

use crate::neutral::{binary, descriptor, labelled, multiclass};

fn faults(steps: Value, features: Value) -> String {
    let schema = binary();
    let error = recipe::fit(&descriptor(steps, features), &schema, &[labelled(&schema, &json!({}))], "").unwrap_err();
    error.to_string().replace("; recipe.json", "\nrecipe.json")
}

#[test]
fn every_fault_of_a_name_is_named() {
    let steps = json!([
        {"step": "number", "name": "a", "sum": ["Weight", "late", "b", "a", "carrier", "day"]},
        {"step": "number", "name": "b", "log1p": "weight"},
        {"step": "number", "name": "B", "log1p": "weight"},
        {"step": "number", "name": "weight", "log1p": "pieces"},
        {"step": "number", "name": "late", "log1p": "pieces"},
        {"step": "number", "name": " c", "log1p": "pieces"},
        {"step": "one_hot", "name": "zone_is", "from": "zone", "values": [10, 20]},
        {"step": "number", "name": "zone_is_10", "log1p": "zone_is"},
        {"step": "number", "name": "d", "log1p": "zone_is_20"},
    ]);
    insta::assert_snapshot!(faults(
        steps,
        json!(["b", "b", "z", "carrier", "code", "day", "zone_is", "zone_is_10", "late"])
    ));
}

#[test]
fn every_fault_of_a_step_is_named() {
    let steps = json!([
        {"step": "extract", "name": "e1", "from": "weight", "pattern": "("},
        {"step": "extract", "name": "e2", "from": "code", "pattern": "(a{1000}){1000}"},
        {"step": "when", "name": "w1", "cases": []},
        {"step": "when", "name": "w2", "cases": [{"if": {}, "then": 1}], "otherwise": "x"},
        {"step": "when", "name": "w3", "cases": [
            {"if": {"carrier": "nort"}, "then": ""},
            {"if": {"zone": [10, 11], "carrier": {"min": 1}}, "then": {"column": "day"}},
            {"if": {"weight": "x", "code": 1, "fragile": 1, "day": "2024-01-01"}, "then": {"column": "none"}},
            {"if": {"weight": {}, "pieces": {"min": 3, "below": 3}, "zone": {"missing": true, "min": 1}, "code": []}, "then": 1},
        ]},
        {"step": "impute", "name": "i1", "from": "carrier", "with": "median", "by": [["zone"], [], ["day"]]},
        {"step": "impute", "name": "i2", "from": "weight", "with": 1, "by": [["zone"]]},
        {"step": "impute", "name": "i3", "from": "code", "with": 1},
        {"step": "impute", "name": "i4", "from": "day", "with": 1},
        {"step": "one_hot", "name": "o1", "from": "weight", "values": []},
        {"step": "one_hot", "name": "o2", "from": "carrier", "values": ["north", "North", "west"], "names": ["n"]},
        {"step": "one_hot", "name": "o3", "from": "zone", "names": ["n"]},
        {"step": "number", "name": "n1"},
        {"step": "number", "name": "n2", "sum": [], "log1p": 1},
        {"step": "number", "name": "n3", "sum": [], "min": 1},
        {"step": "number", "name": "n4", "clip": "weight"},
        {"step": "number", "name": "n5", "clip": "code", "min": 2, "max": 1},
        {"step": "date_part", "name": "d1", "from": "weight", "part": "year"},
        {"step": "date_part", "name": "d2", "from": "day", "part": "hour"},
        {"step": "history", "name": "h1", "among": [], "prior": -1, "identity": []},
        {"step": "history", "name": "h2", "among": [{}, {"same": ["x"], "within": {"code": 1, "weight": -1}, "where": {"zone": 1}}],
            "only": {"carrier": "x"}, "expected": {"by": ["late"], "prior": -1}, "prior": 0, "identity": ["h1", "late"]},
    ]);
    insta::assert_snapshot!(faults(steps, json!([])));
}

#[test]
fn several_classes_have_no_history() {
    let schema = multiclass();
    let steps =
        json!([{"step": "history", "name": "h", "among": [{"same": ["code"]}], "prior": 1, "identity": ["code"]}]);
    let rows = [labelled(&schema, &json!({"late": "never"}))];
    let error = recipe::fit(&descriptor(steps, json!(["h"])), &schema, &rows, "").unwrap_err();
    insta::assert_snapshot!(error);
}

#[test]
fn a_text_that_is_no_recipe_is_told_with_its_place() {
    let said = |text: &str| recipe::parse(text.as_bytes()).unwrap_err().to_string();
    let texts = [
        "",
        "[1]",
        r#"{"steps": []}"#,
        r#"{"steps": [], "features": [1]}"#,
        r#"{"steps": [{"step": "guess", "name": "a"}], "features": []}"#,
        r#"{"steps": [{"step": "number", "name": "a", "summ": []}], "features": []}"#,
        r#"{"steps": [{"step": "number", "sum": []}], "features": []}"#,
        r#"{"steps": [{"step": "when", "name": "a", "cases": [{"if": {"b": {"mini": 1}}, "then": 1}]}], "features": []}"#,
        r#"{"steps": [{"step": "when", "name": "a", "cases": [{"if": {"b": 1}, "then": {"col": "x"}}]}], "features": []}"#,
        r#"{"steps": [], "features": []} x"#,
        r#"{"steps": [], "features": [], "feature": []}"#,
    ];
    let all: Vec<String> = texts.into_iter().map(said).chain([said(&" ".repeat((1 << 20) + 1))]).collect();
    insta::assert_snapshot!(all.join("\n"));
}

/// A recipe that learns all there is, with its state and history as JSON.
fn fitted() -> (recipe::RecipeDescriptor, Value, Value) {
    let steps = json!([
        {"step": "impute", "name": "known/weight", "from": "weight", "with": "median", "by": [["carrier"]]},
        {"step": "one_hot", "name": "zone_is", "from": "zone"},
        {"step": "number", "name": "scaled", "scale": "pieces"},
        {"step": "history", "name": "h", "among": [{"same": ["carrier"]}], "prior": 1, "identity": ["code"]},
    ]);
    let descriptor = descriptor(steps, json!(["known/weight", "zone_is", "scaled", "h"]));
    let schema = binary();
    let rows = [
        json!({"code": "a", "carrier": "north", "zone": 10, "weight": 1, "pieces": 1, "day": "2024-01-01", "late": true}),
        json!({"carrier": "south", "zone": 20, "weight": 1, "pieces": 2, "fragile": true, "late": false}),
    ];
    let rows: Vec<_> = rows.iter().map(|row| labelled(&schema, row)).collect();
    let Fitted { state, history, .. } = recipe::fit(&descriptor, &schema, &rows, "").unwrap();
    (descriptor, serde_json::to_value(state).unwrap(), serde_json::to_value(history).unwrap())
}

/// Says what is wrong with a state and a history that were changed.
fn said(change: impl Fn(&mut Value, &mut Value)) -> String {
    let (descriptor, mut state, mut history) = fitted();
    change(&mut state, &mut history);
    let state = match State::parse(state.to_string().as_bytes()) {
        Ok(state) => state,
        Err(error) => return error.to_string(),
    };
    let history = match HistoryRecords::parse(history.to_string().as_bytes()) {
        Ok(history) => history,
        Err(error) => return error.to_string(),
    };
    match Recipe::compile(&descriptor, &binary(), &state, Some(&history)) {
        Ok(_) => "nothing".to_owned(),
        Err(error) => error.faults().join("\n"),
    }
}

#[test]
fn every_fault_of_a_state_is_named() {
    type Change = fn(&mut Value);
    let changes: [Change; 8] = [
        |state| state["steps"] = json!({}),
        |state| state["recipe_hash"] = json!("x"),
        |state| state["steps"]["known/weight"] = json!({"mean": 1, "deviation": 2}),
        |state| state["steps"]["known/weight"]["by"] = json!([]),
        |state| state["steps"]["known/weight"]["by"][0][0][0] = json!(["west"]),
        |state| state["steps"]["known/weight"]["by"][0][0][0] = json!(["north", 1]),
        |state| state["steps"]["zone_is"]["values"] = json!([10, "x", 40]),
        |state| state["steps"]["zone_is"] = json!([]),
    ];
    let all: Vec<String> = changes.into_iter().map(|change| said(|state, _| change(state))).collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn every_fault_of_a_history_is_named() {
    type Change = fn(&mut Value);
    let changes: [Change; 20] = [
        |history| *history = json!({"recipe_hash": history["recipe_hash"], "outcomes": "1 0", "columns": {}}),
        |history| history["recipe_hash"] = json!("x"),
        |history| history["outcomes"] = json!("1"),
        |history| history["outcomes"] = json!("1 2"),
        |history| history["outcomes"] = json!("1 -"),
        |history| history["columns"]["weight"]["numbers"] = json!("1 -1"),
        |history| history["columns"]["zone"]["numbers"] = json!("10 11"),
        |history| history["columns"]["carrier"] = json!({"texts": "northwest", "lengths": "5 4", "codes": "0 1"}),
        |history| history["columns"]["carrier"]["codes"] = json!("0 3"),
        |history| history["columns"]["carrier"]["texts"] = json!("northnorth"),
        |history| history["columns"]["carrier"]["lengths"] = json!("5 -"),
        |history| history["columns"]["carrier"]["lengths"] = json!("5 4"),
        |history| history["columns"]["carrier"]["lengths"] = json!("5 6"),
        |history| history["columns"]["carrier"] = json!({"texts": "né", "lengths": "2 1", "codes": "0 1"}),
        |history| history["columns"]["carrier"] = json!({"texts": "north", "codes": "0 0"}),
        |history| history["columns"]["day"] = json!({"texts": "2024-01-01x", "lengths": "10 1", "codes": "0 1"}),
        |history| history["columns"]["weight"]["numbers"] = json!("1 x"),
        |history| history["columns"]["fragile"]["flags"] = json!("1 2"),
        |history| history["columns"]["code"] = json!([1, 2]),
        |history| history["columns"]["fragile"] = json!({"texts": "ab", "lengths": "1 1", "codes": "0 1"}),
    ];
    let all: Vec<String> = changes.into_iter().map(|change| said(|_, history| change(history))).collect();
    insta::assert_snapshot!(all.join("\n"));
    assert_eq!(said(|_, _| {}), "nothing");
    let (descriptor, state, _) = fitted();
    let state = State::parse(state.to_string().as_bytes()).unwrap();
    let error = Recipe::compile(&descriptor, &binary(), &state, None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "history.json: is missing, but the recipe looks up earlier records: run `lifeboat fit`"
    );
}
