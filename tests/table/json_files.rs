//! Records as JSON.

use lifeboat::table::{Format, Options, Source};

use crate::reading::{bytes, of_format, path, plain, read, records, refusal, titanic};

fn faults(text: &str) -> Vec<String> {
    let all = read(Source::from_bytes(text), &titanic(), &Options::default()).unwrap();
    all.into_iter().map(|(place, record)| format!("{place}: {}", record.err().unwrap_or_default())).collect()
}

#[test]
fn files_of_other_programs_hold_the_same_records() {
    for name in ["records.json", "lines.jsonl.gz"] {
        assert_eq!(records(Source::from_path(&path(name)).unwrap()), plain(), "{name}");
    }
}

#[test]
fn an_object_is_an_array_of_one_and_may_take_several_lines() {
    for text in ["{\"Pclass\": 3,\n \"Sex\": \"male\"}\n", " [{\"Pclass\": 3, \"Sex\": \"male\"}] "] {
        assert_eq!(faults(text), ["element 0: "], "{text}");
    }
    assert_eq!(faults("{\"Pclass\": 3, \"Sex\": \"male\"}\n\n{\"Pclass\": 4}\n").len(), 2);
    assert_eq!(faults("[]"), [""; 0]);
}

#[test]
fn a_bad_element_is_a_fault_of_its_own() {
    let text =
        r#"[{"Pclass": 3, "Sex": "male"}, 7, [1, {"a": "]"}], {"Pclass": 3, "Sex": "a\"]", "Age": NaN}, {"x" 1}]"#;
    let said = faults(text);
    assert_eq!(said[0], "element 0: ");
    assert_eq!(said[1], "element 1: must be an object with the fields of a passenger, found a number");
    assert_eq!(said[2], "element 2: must be an object with the fields of a passenger, found a list");
    assert!(said[3].ends_with("JSON has no NaN: send null for a missing value"), "{}", said[3]);
    assert!(said[4].starts_with("element 4: is not JSON: expected `:`"), "{}", said[4]);
}

#[test]
fn a_bad_line_is_a_fault_of_its_own() {
    let text = "{\"Pclass\": 3, \"Sex\": \"male\"}\n{\"Pclass\": 3,\n\n{\"Pclass\": 3, \"Sex\": \"male\"} x\n";
    let said = faults(text);
    assert_eq!(said[0], "line 1: ");
    assert!(said[1].starts_with("line 2: is not JSON: EOF while parsing"), "{}", said[1]);
    assert!(said[2].starts_with("line 4: is not JSON: trailing characters"), "{}", said[2]);
}

#[test]
fn what_is_no_array_is_told_with_what_to_do() {
    for (text, said) in [
        ("[{\"Pclass\": 3}", "the input ends within element 0: it is truncated, so copy or download it again"),
        ("[{\"Pclass\": 3},", "the input ends within element 1: it is truncated, so copy or download it again"),
        ("[{\"Pclass\": 3},]", "the input is not JSON: element 1 is missing behind its comma"),
        ("[] x", "the input goes on behind its JSON"),
    ] {
        assert_eq!(refusal(text), said);
    }
    let lines = read(Source::from_bytes("{}\n{}\n"), &titanic(), &of_format(Format::Json)).unwrap_err();
    assert_eq!(
        lines.to_string(),
        "the input goes on behind its JSON: if an object stands on each line, name its format as ndjson"
    );
    let text = read(Source::from_bytes("Pclass,Sex\n"), &titanic(), &of_format(Format::Json)).unwrap_err();
    assert_eq!(text.to_string(), "the input is not JSON: expected an array of objects, or an object");
}

#[test]
fn an_element_that_never_ends_does_not_take_all_memory() {
    let text = "[".repeat(9 << 20);
    assert_eq!(refusal(text), "element 0 has more than 8 MB, which is no record");
    let line = "{\"Pclass\": 3}\n".to_owned() + &" ".repeat(9 << 20);
    assert_eq!(refusal(line), "line 2 has more than 8 MB, which is no record");
}

#[test]
fn a_small_reader_sees_elements_however_they_are_cut() {
    struct Slow(Vec<u8>, usize);
    impl std::io::Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let count = self.0.len().saturating_sub(self.1).min(3).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[self.1..self.1 + count]);
            self.1 += count;
            Ok(count)
        }
    }
    for name in ["records.json", "plain.csv", "utf16.csv", "members.csv.gz", "pandas.parquet"] {
        assert_eq!(records(Source::new(Slow(bytes(name), 0))), plain(), "{name}");
    }
}
