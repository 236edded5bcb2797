//! Whatever is made of the files of a package, it is refused or it computes: nothing panics.

use lifeboat::package::recipe::{self, HistoryRecords, Recipe, State};
use proptest::prelude::*;
use serde_json::Value;

use crate::features::features;
use crate::titanic::{SCHEMA, TRAIN, read};

/// As many rows of the history are mutated, so that a case is quick.
const ROWS: usize = 40;

/// What stands in the place of something else.
fn any_leaf() -> impl Strategy<Value = Value> {
    let names: Vec<Value> = ["Name", "Age", "age", "Survived", "Pclass", "kind", "history_party", "mr", "median", "("]
        .map(Value::from)
        .to_vec();
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Into::into),
        (-3..200_i64).prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        proptest::sample::select(names),
        Just(Value::Array(vec![])),
        Just(Value::Object(serde_json::Map::new())),
    ]
}

/// What is done at a place: something else is put there, it is removed, or it stands twice.
#[derive(Debug, Clone)]
enum Mutation {
    Put(Value),
    Remove,
    Repeat,
}

fn any_mutation() -> impl Strategy<Value = (Vec<usize>, Mutation)> {
    let mutation =
        prop_oneof![3 => any_leaf().prop_map(Mutation::Put), 1 => Just(Mutation::Remove), 1 => Just(Mutation::Repeat)];
    (proptest::collection::vec(0..1000_usize, 1..7), mutation)
}

/// Walks down a path, whose steps are taken modulo what there is, and mutates what stands there.
fn mutate(value: &mut Value, path: &[usize], mutation: &Mutation) {
    let Some((step, rest)) = path.split_first() else {
        if let Mutation::Put(new) = mutation {
            *value = new.clone();
        }
        return;
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            let place = step % items.len();
            match (rest, mutation) {
                ([], Mutation::Remove) => drop(items.remove(place)),
                ([], Mutation::Repeat) => items.push(items[place].clone()),
                _ => mutate(&mut items[place], rest, mutation),
            }
        }
        Value::Object(fields) if !fields.is_empty() => {
            let name = fields.keys().nth(step % fields.len()).unwrap().clone();
            match (rest, mutation) {
                ([], Mutation::Remove) => drop(fields.remove(&name)),
                ([], Mutation::Repeat) => drop(fields.insert(format!("{name} again"), fields[&name].clone())),
                _ => mutate(&mut fields[&name], rest, mutation),
            }
        }
        leaf => mutate(leaf, &[], mutation),
    }
}

fn shorten(history: &mut Value) {
    let shorten = |list: &mut Value| {
        let numbers: Vec<&str> = list.as_str().unwrap().split(' ').take(ROWS).collect();
        *list = numbers.join(" ").into();
    };
    shorten(&mut history["outcomes"]);
    for column in history["columns"].as_object_mut().unwrap().values_mut() {
        // Texts stand once each, however many records there are.
        let lists = column.as_object_mut().unwrap().iter_mut();
        let lists = lists.filter(|(name, _)| !["texts", "lengths"].contains(&name.as_str()));
        lists.for_each(|(_, list)| shorten(list));
    }
}

fn parsed(name: &str) -> Value {
    serde_json::from_slice(&read(name)).unwrap()
}

/// Loads what was mutated as a recipe that was fitted to it, and computes with it.
fn check(recipe: &Value, state: &Value, history: &Value) -> Result<(), TestCaseError> {
    let Ok(descriptor) = recipe::parse(recipe.to_string().as_bytes()) else { return Ok(()) };
    let hash = Value::from(descriptor.hash());
    let with_hash = |value: &Value| {
        let mut value = value.clone();
        if let Some(Value::String(text)) = value.get_mut("recipe_hash") {
            *text = hash.as_str().unwrap_or_default().into();
        }
        value.to_string()
    };
    let (Ok(state), Ok(history)) =
        (State::parse(with_hash(state).as_bytes()), HistoryRecords::parse(with_hash(history).as_bytes()))
    else {
        return Ok(());
    };
    match Recipe::compile(&descriptor, &SCHEMA, &state, Some(&history)) {
        Err(error) => prop_assert!(!error.faults().is_empty()),
        Ok(recipe) => {
            for labelled in &TRAIN[..ROWS] {
                let features = features(&recipe, &labelled.record);
                prop_assert!(features.iter().all(|feature| !feature.is_infinite()), "{features:?}");
                recipe.may_know(&labelled.record);
            }
        }
    }
    if let Ok(fitted) = recipe::fit(&descriptor, &SCHEMA, &TRAIN[..ROWS], "") {
        let compiled = Recipe::compile(&descriptor, &SCHEMA, &fitted.state, fitted.history.as_ref());
        prop_assert!(compiled.is_ok(), "what was fitted does not compile: {:?}", compiled.err());
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_mutation_of_a_package_makes_it_panic(
        mutations in proptest::collection::vec((0..4_u8, any_mutation()), 1..4),
    ) {
        let mut files = [parsed("recipe.json"), parsed("state.json"), parsed("history.json")];
        shorten(&mut files[2]);
        for (file, (path, mutation)) in &mutations {
            mutate(&mut files[usize::from(file.saturating_sub(1))], path, mutation);
        }
        check(&files[0], &files[1], &files[2])?;
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in ".{0,200}") {
        let _ = recipe::parse(text.as_bytes());
        let _ = State::parse(text.as_bytes());
        let _ = HistoryRecords::parse(text.as_bytes());
    }
}
