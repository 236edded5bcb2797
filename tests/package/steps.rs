//! What each step computes, and what it makes of missing and of unknown values.

use lifeboat::package::recipe::{self, FitError};
use serde_json::{Value, json};

use crate::neutral::{
    assert_numbers, binary, compile, computed, descriptor, features_of, labelled, record, regression,
};

const NAN: f32 = f32::NAN;

/// Extracts from `code` and tells which of some texts it is.
fn extracted(pattern: &str, upper: bool, code: &Value, texts: &[&str]) -> Vec<f32> {
    let names: Vec<String> = (0..texts.len()).map(|place| format!("is_{place}")).collect();
    let steps = json!([
        {"step": "extract", "name": "part", "from": "code", "pattern": pattern, "upper": upper},
        {"step": "one_hot", "name": "is", "from": "part", "values": texts, "names": names},
        {"step": "when", "name": "none", "cases": [{"if": {"part": {"missing": true}}, "then": 1}], "otherwise": 0},
    ]);
    computed(&steps, &json!(["is", "none"]), &json!({"code": code}))
}

#[test]
fn a_text_is_extracted_by_its_groups() {
    assert_numbers(&extracted("b(.)", false, &json!("abcd"), &["c"]), &[1.0, 0.0]);
    assert_numbers(&extracted("(a).*(d)", false, &json!("abcd"), &["ad"]), &[1.0, 0.0]);
    assert_numbers(&extracted("(x)|(b)", true, &json!("abcd"), &["B"]), &[1.0, 0.0]);
    assert_numbers(&extracted("..", false, &json!("abcd"), &["ab"]), &[1.0, 0.0]);
    assert_numbers(&extracted("a( .)", true, &json!("a é"), &["É"]), &[1.0, 0.0]);
    assert_numbers(&extracted("^b", false, &json!("abcd"), &["b"]), &[0.0, 1.0]);
    assert_numbers(&extracted("a( *)", false, &json!("a  d"), &["a"]), &[0.0, 1.0]);
    assert_numbers(&extracted("a(x)?", false, &json!("a"), &["a"]), &[0.0, 1.0]);
    assert_numbers(&extracted("a", false, &Value::Null, &["a"]), &[0.0, 1.0]);
}

#[test]
fn a_number_is_extracted_or_missing() {
    let steps = json!([{"step": "extract", "name": "number", "from": "code", "pattern": "#(\\S+)", "as": "number"}]);
    for (code, expected) in [("a #12", 12.0), ("#1.5 b", 1.5), ("#x", NAN), ("#inf", NAN), ("12", NAN)] {
        assert_numbers(&computed(&steps, &json!(["number"]), &json!({"code": code})), &[expected]);
    }
}

#[test]
fn an_extracted_text_is_extracted_from() {
    let steps = json!([
        {"step": "extract", "name": "joined", "from": "code", "pattern": "(..)-(.*)", "upper": true},
        {"step": "extract", "name": "last", "from": "joined", "pattern": "(.)(.)$"},
        {"step": "one_hot", "name": "is", "from": "last", "values": ["YZ"]},
    ]);
    assert_numbers(&computed(&steps, &json!(["is"]), &json!({"code": "ab-xyz"})), &[1.0]);
}

#[test]
fn every_test_of_a_case_must_hold() {
    let when =
        |test: Value| json!([{"step": "when", "name": "it", "cases": [{"if": test, "then": 1}], "otherwise": 0}]);
    let asked = json!({
        "code": "a", "carrier": "SOUTH", "zone": 20, "weight": 2.5, "pieces": 3, "fragile": false, "sent": "2024-01-01T00:00:00Z",
    });
    for (test, expected) in [
        (json!({"code": "a", "carrier": "south"}), 1.0),
        (json!({"code": "a", "carrier": "North"}), 0.0),
        (json!({"carrier": ["east", "South"]}), 1.0),
        (json!({"zone": 20}), 1.0),
        (json!({"zone": [10, 30]}), 0.0),
        (json!({"zone": {"min": 20, "below": 30}}), 1.0),
        (json!({"weight": 2.5}), 1.0),
        (json!({"weight": {"min": 2.5, "max": 2.5}}), 1.0),
        (json!({"weight": {"above": 2.5}}), 0.0),
        (json!({"weight": {"below": 2.5}}), 0.0),
        (json!({"weight": {"missing": false, "below": 3}}), 1.0),
        (json!({"pieces": [1, 3]}), 1.0),
        (json!({"fragile": false}), 1.0),
        (json!({"fragile": true}), 0.0),
        (json!({"sent": {"missing": false}}), 1.0),
        (json!({"day": {"missing": true}}), 1.0),
    ] {
        assert_numbers(&computed(&when(test.clone()), &json!(["it"]), &asked), &[expected]);
        // A missing value satisfies no test but the one for it.
        let is_missing = json!({"missing": true});
        let expected = if test.as_object().unwrap().values().all(|test| *test == is_missing) { 1.0 } else { 0.0 };
        assert_numbers(&computed(&when(test), &json!(["it"]), &json!({})), &[expected]);
    }
}

#[test]
fn a_case_gives_a_number_a_category_or_a_text() {
    let steps = json!([
        {"step": "when", "name": "number", "cases": [
            {"if": {"zone": 10}, "then": {"column": "weight"}}, {"if": {"zone": 20}, "then": true}, {"if": {"zone": 30}, "then": null},
        ], "otherwise": 7},
        {"step": "when", "name": "category", "cases": [{"if": {"zone": 10}, "then": {"column": "carrier"}}, {"if": {"zone": 20}, "then": "none"}]},
        {"step": "when", "name": "text", "cases": [
            {"if": {"zone": 10}, "then": {"column": "code"}}, {"if": {"zone": 20}, "then": "fixed"}, {"if": {"zone": 30}, "then": {"column": "carrier"}},
        ]},
        {"step": "one_hot", "name": "c", "from": "category", "values": ["south", "none"]},
        {"step": "one_hot", "name": "t", "from": "text", "values": ["x", "fixed", "south"]},
    ]);
    for (zone, expected) in [
        (json!(10), [2.5, 1.0, 0.0, 1.0, 0.0, 0.0]),
        (json!(20), [1.0, 0.0, 1.0, 0.0, 1.0, 0.0]),
        (json!(30), [NAN, 0.0, 0.0, 0.0, 0.0, 1.0]),
        (Value::Null, [7.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
    ] {
        let asked = json!({"zone": zone, "weight": 2.5, "carrier": "south", "code": "x"});
        assert_numbers(&computed(&steps, &json!(["number", "c", "t"]), &asked), &expected);
    }
}

#[test]
fn medians_stand_for_missing_numbers() {
    let schema = binary();
    let steps = json!([
        {"step": "impute", "name": "known", "from": "weight", "with": "median", "by": [["carrier", "zone"], ["code"]]},
        {"step": "impute", "name": "zero", "from": "pieces", "with": 0},
    ]);
    let rows = [
        json!({"carrier": "north", "zone": 10, "code": "a", "weight": 1}),
        json!({"carrier": "north", "zone": 10, "code": "a", "weight": 4}),
        json!({"carrier": "north", "zone": 20, "code": "b", "weight": 10}),
        json!({"carrier": "south", "code": "b", "weight": 30}),
        json!({"carrier": "south", "zone": 20, "code": "b"}),
    ];
    let recipe = compile(&schema, &descriptor(steps, json!(["known", "zero"])), &rows);
    for (asked, expected) in [
        (json!({"weight": 3, "pieces": 2}), [3.0, 2.0]),
        (json!({"carrier": "north", "zone": 10, "code": "b"}), [2.5, 0.0]),
        // No row of this carrier and zone had a weight.
        (json!({"carrier": "south", "zone": 20, "code": "b"}), [20.0, 0.0]),
        (json!({"carrier": "south", "code": "a"}), [2.5, 0.0]),
        (json!({"code": "unknown"}), [7.0, 0.0]),
    ] {
        assert_numbers(&features_of(&recipe, &record(&schema, &asked)), &expected);
    }
}

#[test]
fn a_text_stands_for_missing_texts_and_categories() {
    let steps = json!([
        {"step": "impute", "name": "a", "from": "carrier", "with": "South"},
        {"step": "impute", "name": "b", "from": "carrier", "with": "unknown"},
        {"step": "impute", "name": "c", "from": "code", "with": "unknown"},
        {"step": "one_hot", "name": "f", "from": "a", "values": ["south", "east"]},
        {"step": "one_hot", "name": "g", "from": "b", "values": ["unknown", "east"]},
        {"step": "one_hot", "name": "h", "from": "c", "values": ["unknown", "x"]},
    ]);
    let features = json!(["f", "g", "h"]);
    assert_numbers(&computed(&steps, &features, &json!({})), &[1.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
    let asked = json!({"carrier": "east", "code": "x"});
    assert_numbers(&computed(&steps, &features, &asked), &[0.0, 1.0, 0.0, 1.0, 0.0, 1.0]);
}

#[test]
fn flags_are_learnt_in_order_and_unknown_values_have_none() {
    let schema = binary();
    let steps = json!([
        {"step": "one_hot", "name": "carrier_is", "from": "carrier"},
        {"step": "one_hot", "name": "zone_is", "from": "zone"},
        {"step": "one_hot", "name": "code_is", "from": "code"},
        {"step": "number", "name": "both", "sum": ["carrier_is_north", "code_is_b"]},
    ]);
    let rows = [
        json!({"carrier": "south", "zone": 20, "code": "b"}),
        json!({"carrier": "north", "code": "c"}),
        json!({"carrier": "north", "zone": 10}),
    ];
    let descriptor = descriptor(steps, json!(["code_is_b", "carrier_is", "zone_is", "both"]));
    let recipe = compile(&schema, &descriptor, &rows);
    let names: Vec<&str> = recipe.feature_names().iter().map(|name| &**name).collect();
    assert_eq!(names, ["code_is_b", "carrier_is_north", "carrier_is_south", "zone_is_10", "zone_is_20", "both"]);
    let groups: Vec<&str> = recipe.groups().iter().map(|group| &**group).collect();
    assert_eq!(groups, ["code_is", "carrier_is", "carrier_is", "zone_is", "zone_is", "both"]);
    let asked = json!({"carrier": "north", "zone": 20, "code": "b"});
    assert_numbers(&features_of(&recipe, &record(&schema, &asked)), &[1.0, 1.0, 0.0, 0.0, 1.0, 2.0]);
    let asked = json!({"carrier": "east", "zone": 30, "code": "new"});
    assert_numbers(&features_of(&recipe, &record(&schema, &asked)), &[0.0; 6]);
}

#[test]
fn numbers_are_computed_of_numbers() {
    let number = |formula: Value| {
        let mut step = json!({"step": "number", "name": "it"});
        step.as_object_mut().unwrap().extend(formula.as_object().unwrap().clone());
        json!([step])
    };
    let asked = json!({"weight": 2.5, "pieces": 4, "zone": 20, "fragile": true});
    for (formula, expected) in [
        (json!({"sum": ["weight", "pieces", 1]}), 7.5),
        (json!({"sum": ["zone", "fragile"]}), 21.0),
        (json!({"ratio": ["weight", "pieces"]}), 0.625),
        (json!({"ratio": ["weight", 0]}), NAN),
        (json!({"product": ["weight", "pieces", -1]}), -10.0),
        (json!({"product": [1e300, 1e300]}), NAN),
        (json!({"product": [1e200]}), NAN),
        (json!({"log1p": "pieces"}), 5.0_f32.ln()),
        (json!({"log1p": -1}), NAN),
        (json!({"clip": "weight", "min": 3}), 3.0),
        (json!({"clip": "weight", "min": 0, "max": 1}), 1.0),
        (json!({"clip": "weight", "max": 3}), 2.5),
    ] {
        assert_numbers(&computed(&number(formula.clone()), &json!(["it"]), &asked), &[expected]);
        let has_column = formula.to_string().contains("weight") || formula.to_string().contains("pieces");
        if has_column {
            assert_numbers(&computed(&number(formula), &json!(["it"]), &json!({})), &[NAN]);
        }
    }
}

#[test]
fn a_scale_is_learnt() {
    let schema = binary();
    let steps = json!([
        {"step": "number", "name": "a", "scale": "weight"},
        {"step": "number", "name": "b", "scale": "pieces"},
    ]);
    let rows = [json!({"weight": 1, "pieces": 3}), json!({"weight": 5, "pieces": 3}), json!({})];
    let recipe = compile(&schema, &descriptor(steps, json!(["a", "b"])), &rows);
    let asked = |weight: Value| features_of(&recipe, &record(&schema, &json!({"weight": weight, "pieces": 9})));
    assert_numbers(&asked(json!(6)), &[1.5, 0.0]);
    assert_numbers(&asked(Value::Null), &[NAN, 0.0]);
}

#[test]
fn dates_have_parts_by_the_schema_s_zone() {
    let parts = ["year", "month", "day", "weekday", "day_of_year", "hour", "minute"];
    let step = |part: &&str| json!({"step": "date_part", "name": format!("of_{part}"), "from": "sent", "part": part});
    let names = parts.map(|part| format!("of_{part}"));
    let steps: Vec<Value> = parts.iter().map(step).collect();
    let asked = json!({"sent": "2013-11-04T03:30:00Z"});
    let expected = [2013.0, 11.0, 3.0, 7.0, 307.0, 22.0, 30.0];
    assert_numbers(&computed(&json!(steps), &json!(names), &asked), &expected);
    let steps = json!([
        {"step": "date_part", "name": "weekday", "from": "day", "part": "weekday"},
        {"step": "date_part", "name": "day_of_year", "from": "day", "part": "day_of_year"},
    ]);
    let features = json!(["weekday", "day_of_year"]);
    assert_numbers(&computed(&steps, &features, &json!({"day": "2024-12-31"})), &[2.0, 366.0]);
    assert_numbers(&computed(&steps, &features, &json!({})), &[NAN, NAN]);
}

#[test]
fn a_field_is_a_feature_as_it_stands() {
    let features = json!(["weight", "zone", "fragile", "pieces"]);
    let asked = json!({"weight": 1.5, "zone": 30, "fragile": true});
    assert_numbers(&computed(&json!([]), &features, &asked), &[1.5, 30.0, 1.0, NAN]);
}

fn history(among: &Value, more: &Value) -> Value {
    let mut step = json!({"step": "history", "name": "it", "among": among, "prior": 1, "identity": ["code"]});
    step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!([step])
}

#[test]
fn a_history_is_what_those_around_exceed_what_is_expected() {
    let schema = binary();
    let rows = [
        json!({"code": "a", "carrier": "north", "zone": 10, "weight": 1, "late": true}),
        json!({"code": "b", "carrier": "north", "zone": 20, "weight": 2, "late": true}),
        json!({"code": "c", "carrier": "north", "zone": 10, "weight": 5, "late": false}),
        json!({"code": "d", "carrier": "south", "zone": 10, "weight": 9, "late": false}),
        json!({"code": "e", "weight": 9, "late": false}),
    ];
    let value = |among: Value, more: Value, asked: Value| {
        let recipe = compile(&schema, &descriptor(history(&among, &more), json!(["it"])), &rows);
        features_of(&recipe, &record(&schema, &asked))[0]
    };
    let same = json!([{"same": ["carrier"]}]);
    let north = json!({"code": "new", "carrier": "north"});
    let close = |one: f32, other: f64| assert!((f64::from(one) - other).abs() < 1e-6, "{one}, expected {other}");
    // Three were around it, two of them late; two of five were late.
    close(value(same.clone(), json!({}), north.clone()), (2.0 - 3.0 * 0.4) / 4.0);
    close(value(same.clone(), json!({"prior": 0}), north.clone()), (2.0 - 3.0 * 0.4) / 3.0);
    close(value(same.clone(), json!({"only": {"zone": 20}}), north.clone()), (1.0 - 0.4) / 2.0);
    // By zone: one of three in 10, the one in 20; each drawn to 0.4 as by two records.
    let expected = json!({"expected": {"by": ["zone"], "prior": 2}});
    let of_10 = (1.0 + 2.0 * 0.4) / 5.0;
    let of_20 = (1.0 + 2.0 * 0.4) / 3.0;
    close(value(same.clone(), expected, north.clone()), (2.0 - (2.0 * of_10 + of_20)) / 4.0);
    // The record itself is left out: two others, one late of four.
    let own = json!({"code": "a", "carrier": "north"});
    close(value(same.clone(), json!({}), own), (1.0 - 2.0 * 0.25) / 3.0);
    // What lacks the carrier has nobody around it, and is around nobody.
    close(value(same.clone(), json!({}), json!({"code": "new"})), 0.0);
    close(value(same, json!({}), json!({"code": "new", "carrier": "east"})), 0.0);
    // Within a tolerance, and of both groups each member once.
    let near = json!([{"within": {"weight": 1}}]);
    close(value(near.clone(), json!({}), json!({"code": "new", "weight": 3})), (1.0 - 0.4) / 2.0);
    close(value(near, json!({}), json!({"code": "new"})), 0.0);
    let both = json!([{"same": ["carrier"]}, {"within": {"weight": 1, "zone": 0}}]);
    let asked = json!({"code": "new", "carrier": "south", "weight": 9, "zone": 10});
    close(value(both, json!({}), asked), (0.0 - 0.4) / 2.0);
    // The tests of a group hold for both.
    let tested = json!([{"same": ["carrier"], "where": {"weight": {"below": 3}}}]);
    close(value(tested.clone(), json!({}), json!({"code": "new", "carrier": "north", "weight": 1})), (2.0 - 0.8) / 3.0);
    close(value(tested, json!({}), json!({"code": "new", "carrier": "north", "weight": 4})), 0.0);
}

#[test]
fn a_record_may_be_known_by_its_identity_or_since_nothing_differs() {
    let schema = binary();
    let rows = [
        json!({"id": 1, "code": "a", "carrier": "north", "weight": 1, "late": true}),
        json!({"id": 2, "carrier": "north", "weight": 2, "sent": "2024-01-01T00:00:00Z", "late": false}),
    ];
    let steps = history(&json!([{"same": ["carrier"]}]), &json!({}));
    let recipe = compile(&schema, &descriptor(steps, json!(["it"])), &rows);
    for (asked, expected) in [
        (json!({"code": "a", "carrier": "south", "weight": 7}), true),
        (json!({"code": "b", "carrier": "north", "weight": 2}), true),
        (json!({"code": "b", "carrier": "north", "weight": 2, "sent": "2024-01-01T01:00:00+01:00"}), true),
        (json!({"code": "b", "carrier": "north", "weight": 2, "sent": "2024-01-01T00:00:01Z"}), false),
        (json!({"code": "b", "carrier": "north", "weight": 3}), false),
        // The key tells nothing, and without any identity nobody is recognised.
        (json!({"id": 1, "code": "c", "weight": 1}), false),
        (json!({"carrier": "north", "weight": 1}), false),
    ] {
        assert_eq!(recipe.may_know(&record(&schema, &asked)), expected, "{asked}");
    }
    // Yet it is told nothing of what may be itself.
    let unnamed = features_of(&recipe, &record(&schema, &json!({"carrier": "north", "weight": 1})));
    assert_numbers(&unnamed, &[0.0]);
}

#[test]
fn each_history_compares_what_earlier_steps_made_of_its_own_record() {
    let schema = binary();
    let step = |name: &str, same: &str| json!({"step": "history", "name": name, "among": [{"same": [same]}], "prior": 1, "identity": ["id"]});
    let extract =
        |name: &str, pattern: &str| json!({"step": "extract", "name": name, "from": "code", "pattern": pattern});
    // The second text is made after the first history was looked up.
    let steps =
        json!([extract("first", "^(.)"), step("of_first", "first"), extract("last", "(.)$"), step("of_last", "last")]);
    let rows = [
        json!({"id": 1, "code": "ax", "late": true}),
        json!({"id": 2, "code": "ay", "late": false}),
        json!({"id": 3, "code": "by", "late": false}),
        json!({"id": 4, "code": "by", "late": true}),
    ];
    let recipe = compile(&schema, &descriptor(steps, json!(["of_first", "of_last"])), &rows);
    let asked = ["bx", "ay", "ax", "by", "cz"].map(|code| record(&schema, &json!({"id": 9, "code": code})));
    // Beyond the mean of 1/2: one late of two, drawn to 0 by one more.
    let (one, two) = (0.5 / 2.0, 0.0);
    let expected = [[two, one], [two, -0.5 / 4.0], [two, one], [two, -0.5 / 4.0], [0.0, 0.0]];
    let mut found = [[0.0; 2]; 5];
    let records: Vec<_> = asked.iter().collect();
    recipe.computer_of(5).rows(&records, found.as_flattened_mut());
    assert_eq!(found, expected);
    assert_eq!(asked.map(|record| features_of(&recipe, &record)), expected.map(Vec::from));
}

#[test]
fn a_history_of_numbers_is_exact() {
    let schema = regression();
    let steps = history(&json!([{"same": ["carrier"]}]), &json!({"expected": {"by": ["zone"], "prior": 3}}));
    let descriptor = descriptor(steps, json!(["it"]));
    let row = |place: u32, late: f64| json!({"code": format!("c{place}"), "carrier": "north", "zone": 10 * (place % 3 + 1), "late": late});
    let rows = |own: f64| -> Vec<Value> {
        (0..50).map(|place| row(place, if place == 7 { own } else { f64::from(place).sqrt() * 1e-3 - 0.1 })).collect()
    };
    let own = record(&schema, &json!({"code": "c7", "carrier": "north", "zone": 20}));
    let recipe = compile(&schema, &descriptor, &rows(0.3));
    let expected = features_of(&recipe, &own);
    assert!(expected[0] != 0.0);
    for label in [-0.1, 1e6, 123.456_789] {
        assert_numbers(&features_of(&compile(&schema, &descriptor, &rows(label)), &own), &expected);
    }
    let mut without = rows(0.3);
    without.remove(7);
    assert_numbers(&features_of(&compile(&schema, &descriptor, &without), &own), &expected);
    let reversed: Vec<Value> = rows(0.3).into_iter().rev().collect();
    assert_numbers(&features_of(&compile(&schema, &descriptor, &reversed), &own), &expected);
}

#[test]
fn what_cannot_be_learnt_says_so() {
    let schema = binary();
    let said = |steps: Value, rows: &[Value]| {
        let rows: Vec<_> = rows.iter().map(|row| labelled(&schema, row)).collect();
        recipe::fit(&descriptor(steps, json!(["it"])), &schema, &rows, "").unwrap_err()
    };
    let imputed = json!([{"step": "impute", "name": "it", "from": "weight", "with": "median"}]);
    assert!(matches!(said(imputed.clone(), &[]), FitError::Empty));
    let error = said(imputed, &[json!({"late": true})]);
    assert_eq!(error.to_string(), "no row has a value of \"weight\", which the step \"it\" learns from");
    let error = said(history(&json!([{"same": ["carrier"]}]), &json!({})), &[json!({"late": true}), json!({})]);
    assert_eq!(error.to_string(), "row 2 has no label, which the history needs");
    let error = said(json!([]), &[json!({"late": true})]);
    assert_eq!(error.to_string(), "recipe.json /features/0: \"it\" is neither a field nor a column of an earlier step");
}
