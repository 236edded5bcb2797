//! A record as a row holds it: a JSON list of values. The names of the fields stand once, with the version that read them.

/// The fields of a version, in the order of its records.
#[derive(Debug)]
pub(super) struct Fields {
    /// What a member of an object begins with: `"Name":`.
    members: Box<[Box<str>]>,
}

const MISSING: &str = "null";

impl Fields {
    /// Takes the names of the fields.
    pub(super) fn new(names: &[String]) -> Self {
        let member = |name: &String| format!("{}:", serde_json::Value::from(name.as_str())).into();
        Self { members: names.iter().map(member).collect() }
    }

    /// Writes an object of these fields as the list of their values; nothing comes of any other text.
    pub(super) fn list(&self, object: &str) -> Option<String> {
        let mut rest = object.strip_prefix('{')?.strip_suffix('}')?;
        let mut list = String::with_capacity(object.len());
        for member in &self.members {
            list.push(if list.is_empty() { '[' } else { ',' });
            match rest.strip_prefix(&**member) {
                Some(behind) => list.push_str(take_value(behind, &mut rest)),
                None => list.push_str(MISSING),
            }
        }
        list.push_str(if list.is_empty() { "[]" } else { "]" });
        rest.is_empty().then_some(list)
    }

    /// Writes a list of values as the object that it was; nothing comes of a list of other fields.
    pub(super) fn object(&self, list: &str) -> Option<String> {
        let mut rest = list.strip_prefix('[')?.strip_suffix(']')?;
        let mut object = String::with_capacity(4 * list.len());
        for member in &self.members {
            let value = take_value(rest, &mut rest);
            if value != MISSING {
                object.push(if object.is_empty() { '{' } else { ',' });
                object.push_str(member);
                object.push_str(value);
            }
        }
        object.push_str(if object.is_empty() { "{}" } else { "}" });
        rest.is_empty().then_some(object)
    }
}

/// Returns the value that a text begins with, a text or what is written without quotes, and leaves what stands behind its comma.
fn take_value<'a>(text: &'a str, rest: &mut &'a str) -> &'a str {
    let length = match text.strip_prefix('"') {
        Some(inner) => 1 + length_of_text(inner.as_bytes()),
        None => text.find(',').unwrap_or(text.len()),
    };
    let (value, behind) = text.split_at(length);
    *rest = behind.strip_prefix(',').unwrap_or(behind);
    value
}

/// Returns how many bytes a JSON text takes behind its first quote, to the last one.
fn length_of_text(text: &[u8]) -> usize {
    let mut place = 0;
    while let Some(byte) = text.get(place) {
        match byte {
            b'"' => return place + 1,
            b'\\' => place += 2,
            _ => place += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    const NAMES: [&str; 4] = ["id", "o'clock \"é\"", "a,b", "size"];

    fn fields() -> Fields {
        Fields::new(&NAMES.map(str::to_owned))
    }

    #[test]
    fn a_list_has_a_place_for_each_field() {
        let list = fields().list(r#"{"id":1070,"a,b":"x,\"y\\","size":1.5e-7}"#);
        assert_eq!(list.as_deref(), Some(r#"[1070,null,"x,\"y\\",1.5e-7]"#));
        assert_eq!(fields().list("{}").as_deref(), Some("[null,null,null,null]"));
        assert_eq!(fields().object("[null,null,null,null]").as_deref(), Some("{}"));
        assert_eq!(Fields::new(&[]).list("{}").as_deref(), Some("[]"));
        for other in [r#"{"size":1,"id":2}"#, r#"{"name":1}"#, r#"{"id":1,"name":1}"#, "", "{", "[]"] {
            assert_eq!(fields().list(other), None, "{other}");
        }
        for other in ["[1,2,3,4,5]", "", "[", "{}"] {
            assert_eq!(fields().object(other), None, "{other}");
        }
    }

    fn value() -> impl Strategy<Value = Option<Value>> {
        prop_oneof![
            Just(None),
            any::<i64>().prop_map(|number| Some(json!(number))),
            (-1e300..1e300).prop_map(|number| Some(json!(number))),
            any::<bool>().prop_map(|value| Some(json!(value))),
            ".{0,12}|[\\\\\",{}\\[\\]]{0,6}".prop_map(|text| Some(json!(text))),
        ]
    }

    proptest! {
        #[test]
        fn a_record_comes_back_byte_for_byte(values in prop::array::uniform4(value())) {
            let members = NAMES.iter().zip(values).filter_map(|(name, value)| Some((*name, value?)));
            let written: Vec<String> = members.map(|(name, value)| format!("{}:{value}", json!(name))).collect();
            let record = format!("{{{}}}", written.join(","));
            let list = fields().list(&record).unwrap();
            prop_assert_eq!(serde_json::from_str::<Vec<Value>>(&list).unwrap().len(), NAMES.len());
            prop_assert_eq!(fields().object(&list).unwrap(), record);
        }

        #[test]
        fn no_text_makes_it_panic(text in "[\\[{][\\PC\"\\\\,]{0,20}[\\]}]") {
            let _ = (fields().list(&text), fields().object(&text), serde_json::from_str::<Map<String, Value>>(&text));
        }
    }
}
