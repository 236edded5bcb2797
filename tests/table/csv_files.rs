//! Records as rows of cells behind a header.

use lifeboat::table::{Chunk, Format, Options, Purpose, Reader, Selection, Source, Value, load};
use serde_json::json;

use crate::reading::{of_format, path, plain, read, records, refusal, titanic};

fn rows(text: &str) -> Vec<(String, Result<lifeboat::table::Record, String>)> {
    read(Source::from_bytes(text), &titanic(), &Options::default()).unwrap()
}

fn faults(text: &str) -> Vec<String> {
    rows(text).into_iter().filter_map(|(place, record)| Some(format!("{place}: {}", record.err()?))).collect()
}

#[test]
fn files_of_other_programs_hold_the_same_records() {
    for name in ["index.csv", "index_twice.csv", "tabs.tsv", "bars.csv", "utf8_bom.csv", "utf16.csv"] {
        assert_eq!(records(Source::from_path(&path(name)).unwrap()), plain(), "{name}");
    }
}

#[test]
fn the_delimiter_is_found_from_the_header() {
    for delimiter in [",", ";", "\t", "|"] {
        let text =
            ["Pclass", "Sex", "\"Name\""].join(delimiter) + "\n" + &["3", "male", "\"a;b,c|d\te\""].join(delimiter);
        let rows = rows(&text);
        let name = titanic().place("Name").unwrap();
        assert_eq!(rows[0].1.as_ref().unwrap().get(name), Some(&Value::Text("a;b,c|d\te".into())), "{delimiter:?}");
    }
}

#[test]
fn a_decimal_comma_is_read_behind_semicolons_only_and_no_thousands_are_guessed() {
    let text = "Pclass;Sex;Age;Fare;Name\n3;male;22,5;7,25;\"1,5\"\n";
    let schema = titanic();
    let record = rows(text)[0].1.clone().unwrap();
    let get = |name: &str| record.get(schema.place(name).unwrap()).cloned();
    assert_eq!(get("Age"), Some(Value::Number(22.5)));
    assert_eq!(get("Name"), Some(Value::Text("1,5".into())));
    assert_eq!(
        faults("Pclass;Sex;Fare\n3;male;1.234,5\n3;male;1,234,5\n"),
        [
            "line 2: Fare must be a number from 0 to 10000 or null, found the text \"1.234,5\"",
            "line 3: Fare must be a number from 0 to 10000 or null, found the text \"1,234,5\"",
        ]
    );
    assert_eq!(
        faults("Pclass,Sex,Fare\n3,male,\"7,25\"\n"),
        ["line 2: Fare must be a number from 0 to 10000 or null, found the text \"7,25\""]
    );
}

#[test]
fn a_row_is_told_by_its_line_however_lines_end() {
    for end in ["\n", "\r\n"] {
        for header in ["Pclass,Sex,Name", "Pclass,\"Sex\",Name"] {
            let text = [header, "3,male,\"a", "b\"", "3,male,c", "3,male,d"].join(end);
            let places: Vec<_> = rows(&text).into_iter().map(|(place, _)| place).collect();
            assert_eq!(places, ["line 2", "line 4", "line 5"], "{end:?}");
        }
    }
}

#[test]
fn a_ragged_row_and_bad_cells_are_named() {
    assert_eq!(
        faults("Pclass,Sex,Age,Fare\n3,male\n9,,nan,1e999\n"),
        [
            "line 2: has 2 cells, but the header has 4",
            "line 3: Pclass must be 1, 2 or 3, found 9; Sex must be \"female\" or \"male\", found nothing; Age must be a number \
             from 0 to 120 or null, found the text \"nan\"; Fare must be a number from 0 to 10000 or null, found the text \"1e999\"",
        ]
    );
}

#[test]
fn a_cell_that_is_not_utf8_is_a_fault_of_its_row() {
    let text = b"Pclass,Sex,Name,Cabin\n3,male,Am\xe9lie,x\n3,male,b,\xc3\n3,male,\xc3,\xa9\n3,male,\xc3\xa9,d\n";
    let all = read(Source::from_bytes(&text[..]), &titanic(), &Options::default()).unwrap();
    let said: Vec<_> = all.into_iter().map(|(_, record)| record.err().unwrap_or_default()).collect();
    let (name, cabin) = ("Name is not UTF-8: save the file as UTF-8", "Cabin is not UTF-8: save the file as UTF-8");
    assert_eq!(said, [name.to_owned(), cabin.to_owned(), format!("{name}; {cabin}"), String::new()]);
}

#[test]
fn a_header_names_all_its_faults() {
    assert_eq!(
        refusal("Pclass,pclass,Agee,\n"),
        "column pclass stands twice; column \"Agee\" is not a field of a passenger: expected one of PassengerId, Pclass, Name, \
         Sex, Age, SibSp, Parch, Ticket, Fare, Cabin, Embarked; column 4 has no name; column Sex is missing"
    );
    assert_eq!(
        refusal("Pclass,Sex,aGe,Agee,Farre\n"),
        "column \"aGe\" is not a field of a passenger: did you mean Age?; column \"Agee\" is not a field of a passenger: expected one of \
         PassengerId, Pclass, Name, Sex, Age, SibSp, Parch, Ticket, Fare, Cabin, Embarked; column \"Farre\" is not a field of a passenger"
    );
    assert_eq!(refusal(&b"Pclass,Sex,Am\xe9\n"[..]), "the name of column 3 is not UTF-8: save the file as UTF-8");
}

#[test]
fn what_is_no_table_says_what_to_do() {
    for (text, said) in [
        ("", "the input is empty: expected a table"),
        ("\n\n", "the input is empty: expected a header of columns"),
        ("\u{feff}", "the input is empty: expected a table"),
        ("Pclass,Sex\0\0\n3,male\n", "the input is no text: its first line holds NUL bytes, so name a file of a table"),
        ("\0\0\0\0\0\0\0\0\0", "the input is no text: its first line holds NUL bytes, so name a file of a table"),
        ("GIF89a", "the input is a picture: name a file that holds a table"),
        ("%PDF-1.7\n", "the input is a PDF document: save its table as CSV"),
        ("SQLite format 3\0", "the input is an SQLite database: export its table as CSV"),
    ] {
        assert_eq!(refusal(text), said);
    }
    assert_eq!(refusal(&b"\x89PNG\r\n\x1a\n\0\0"[..]), "the input is a picture: name a file that holds a table");
    let json = read(Source::from_bytes("[{\"Pclass\": 3}]"), &titanic(), &of_format(Format::Csv)).unwrap_err();
    assert_eq!(
        json.to_string(),
        "the input is no CSV: it begins with \"[{\\\"Pclass\\\": 3}]\", as JSON does, so name its format as json or ndjson"
    );
}

#[test]
fn a_quotation_mark_that_is_never_closed_does_not_take_all_memory() {
    let text = "Pclass,Sex,Name\r\n3,male,x\r\n3,male,\"".to_owned() + &"x,".repeat(6 << 20);
    assert_eq!(refusal(text), "line 3 begins a row of more than 8 MB: is a quotation mark not closed?");
}

#[test]
fn labels_are_read_where_they_are_asked_for() {
    let schema = titanic();
    let options =
        Options { selection: Selection { purpose: Purpose::Labels, ..Selection::default() }, ..Options::default() };
    let open = |text: &'static str| Reader::open(Source::from_bytes(text), &schema, &options);
    let fault = open("Pclass,Sex\n3,male\n").unwrap_err().to_string();
    assert_eq!(fault, "column Survived is missing");
    let mut reader = open("Pclass,Sex,Survived\n3,male,1\n3,male,\n3,male,x\n").unwrap();
    let mut chunk = Chunk::default();
    assert!(reader.next_chunk(&mut chunk).unwrap());
    let labels: Vec<_> = chunk.rows().map(|row| row.labelled(&schema).map(|labelled| labelled.label)).collect();
    assert_eq!(labels[0], Ok(Some(Value::Category(1))));
    assert_eq!(labels[1], Ok(None));
    assert!(labels[2].is_err());
}

#[test]
fn some_fields_are_read_whatever_the_others_hold() {
    let schema = titanic();
    let fields = [schema.place("PassengerId").unwrap(), schema.label()];
    let options = Options {
        selection: Selection { purpose: Purpose::Fields, extra_columns: lifeboat::table::ExtraColumns::Keep },
        ..Options::default()
    };
    let text = "id,Survived,PassengerId,Age\nx,1,7,old\n,0,,\n,2,1.5,\n";
    let mut reader = Reader::open(Source::from_bytes(text), &schema, &options).unwrap();
    let mut chunk = Chunk::default();
    assert!(reader.next_chunk(&mut chunk).unwrap());
    let rows: Vec<_> = chunk.rows().map(|row| row.fields(&schema, &fields)).collect();
    let values = rows[0].as_ref().unwrap();
    assert_eq!((&values[fields[0]], &values[fields[1]]), (&Some(Value::Integer(7)), &Some(Value::Category(1))));
    assert!(rows[1].as_ref().unwrap()[fields[0]].is_none());
    assert_eq!(rows[2].as_ref().unwrap_err().len(), 2);
}

#[test]
fn missing_values_of_a_schema_are_missing_in_a_file() {
    let schema = json!({
        "fields": [
            {"name": "a", "type": "number", "missingValues": ["-99.9"]},
            {"name": "b", "type": "string"},
            {"name": "y", "type": "number"},
        ],
        "missingValues": ["NA"],
        "lifeboat": {"label": "y"},
    });
    let schema = load::schema(schema.to_string().as_bytes()).unwrap();
    let text = "a;b\n-99,9;NA\nNA;x\n";
    let rows = read(Source::from_bytes(text), &schema, &Options::default()).unwrap();
    assert_eq!(rows[0].1.as_ref().unwrap().values(), [None, None, None]);
    assert!(rows[1].1.is_err());
}

#[test]
fn chunks_are_filled_anew_in_their_own_memory() {
    let schema = titanic();
    let text =
        "Pclass,Sex,PassengerId\n".to_owned() + &(1..=2500).map(|id| format!("3,male,{id}\n")).collect::<String>();
    let mut reader = Reader::open(Source::from_bytes(text), &schema, &Options::default()).unwrap();
    let (mut chunk, mut sizes) = (Chunk::default(), Vec::new());
    while reader.next_chunk(&mut chunk).unwrap() {
        let last = chunk.rows().last().unwrap();
        sizes.push((chunk.len(), last.place().to_string()));
    }
    let expected = [(1024, "line 1025"), (1024, "line 2049"), (452, "line 2501")];
    assert_eq!(sizes, expected.map(|(count, place)| (count, place.to_owned())));
    assert!(chunk.is_empty());
}

#[test]
fn nothing_of_a_record_stays_in_the_one_that_takes_its_memory() {
    let schema = titanic();
    let texts = [
        "Pclass,Sex,PassengerId,Name,Age,Cabin,Survived\n3,male,7,a long name,22.5,C85,1\n1,female,,,,,\n2,male,,b,3,,0\n",
        "Sex,Pclass\nfemale,1\nmale,3\n",
        "Name,Pclass,Sex\na longer name than any other,2,male\n",
    ];
    let chunks = texts.map(|text| {
        let mut chunk = Chunk::default();
        let mut reader = Reader::open(Source::from_bytes(text), &schema, &Options::default()).unwrap();
        assert!(reader.next_chunk(&mut chunk).unwrap());
        chunk
    });
    let rows: Vec<_> = chunks.iter().flat_map(Chunk::rows).collect();
    assert_eq!(rows.len(), 6);
    let fresh: Vec<_> = rows.iter().map(|row| row.record(&schema).unwrap()).collect();
    for old in &fresh {
        for (row, fresh) in rows.iter().zip(&fresh) {
            let found = row.record_in_place_of(Some(old.clone()), &schema).unwrap();
            assert_eq!(found, *fresh, "in the place of {old:?}");
        }
    }
}
