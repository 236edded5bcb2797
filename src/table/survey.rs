//! What stands in the columns of a table of which nothing is known yet: from this a schema is inferred.
//!
//! - `column`: what one column holds.
//! - `kind`: which type of field that is.
//! - `written`: the text of a schema, a line a field, for people to review.

mod column;
mod kind;
mod written;

use serde_json::Value as Json;

use super::chunk::{Chunk, Row};
use super::columns::{ExtraColumns, Purpose, Selection};
use super::load;
use super::output_cell::{OutputCell, OutputColumn};
use super::read_error::ReadError;
use super::reader::{Options, Reader};
use super::source::Source;
pub use column::ColumnSurvey;
pub use kind::{Misfit, Wanted};
pub use written::{WrittenConstraints, WrittenField, WrittenSchema, WrittenTable};

/// A schema of a table that has no column: all that a file has is beside it.
const NO_COLUMNS: &str = r#"{"fields": [{"name": "\u0000", "type": "number"}], "lifeboat": {"label": "\u0000"}}"#;

/// Opens a table of which every column is kept as it is.
fn open(source: Source) -> Result<Reader, ReadError> {
    let schema = load::schema(NO_COLUMNS.as_bytes()).map_err(|error| ReadError::input(error.to_string()))?;
    let selection = Selection { extra_columns: ExtraColumns::Keep, purpose: Purpose::Columns };
    Reader::open(source, &schema, &Options { selection, ..Options::default() })
}

/// Calls for each row of a table with its columns and its cells.
pub fn for_each_row<E: From<ReadError>>(
    source: Source,
    mut call: impl FnMut(&[OutputColumn], Vec<OutputCell<'_>>) -> Result<(), E>,
) -> Result<(), E> {
    let mut reader = open(source)?;
    let columns = reader.extra_columns().to_vec();
    let mut chunk = Chunk::default();
    while reader.next_chunk(&mut chunk)? {
        for row in chunk.rows() {
            call(&columns, row.extras())?;
        }
    }
    Ok(())
}

/// What stands in the columns of a table.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// The number of rows.
    pub rows: u64,
    /// The columns, in their order.
    pub columns: Vec<ColumnSurvey>,
}

impl Survey {
    /// Reads all of a table, whatever its format.
    pub fn of(source: Source) -> Result<Self, ReadError> {
        let mut reader = open(source)?;
        let has_decimal_comma = reader.has_decimal_comma();
        let columns = reader.extra_columns().iter().map(|column| ColumnSurvey::new(&column.name));
        let mut survey = Self { rows: 0, columns: columns.collect() };
        let mut chunk = Chunk::default();
        while reader.next_chunk(&mut chunk)? {
            for row in chunk.rows() {
                survey.add(row, has_decimal_comma);
            }
        }
        Ok(survey)
    }

    fn add(&mut self, row: Row<'_>, has_decimal_comma: bool) {
        self.rows += 1;
        for (column, cell) in self.columns.iter_mut().zip(row.extras()) {
            match cell {
                OutputCell::Missing => column.add_missing(),
                OutputCell::Text(text) if row.is_text() => column.add_cell_of_text(text, has_decimal_comma),
                OutputCell::Text(text) => column.add_text(text),
                OutputCell::Integer(number) => column.add_integer(number),
                OutputCell::Number(number) => column.add_number(number),
                OutputCell::Single(number) => column.add_number(number.into()),
                OutputCell::Boolean(truth) => column.add_boolean(truth),
                OutputCell::Date(date) => column.add_text(&date.to_string()),
                OutputCell::Time(time) => column.add_text(&time.to_string()),
                OutputCell::LocalTime(time) => column.add_text(&time.to_string()),
                OutputCell::Json(text) => column.add_json(&serde_json::from_str(text.get()).unwrap_or(Json::Null)),
            }
        }
    }

    /// Returns a column by its name.
    pub fn column(&self, name: &str) -> Option<&ColumnSurvey> {
        self.columns.iter().find(|column| *column.name == *name)
    }

    /// Returns the names of all columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| &*column.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::descriptor::FieldType;

    fn survey(text: &str) -> Survey {
        Survey::of(Source::from_bytes(text)).unwrap()
    }

    fn kinds(survey: &Survey) -> Vec<FieldType> {
        survey.columns.iter().map(|column| column.field_type(Wanted::Anything).unwrap()).collect()
    }

    #[test]
    fn the_cells_of_a_column_tell_its_type() {
        use FieldType::{Boolean, Date, Datetime, Integer, Number, String};
        let text = "id,zip,age,price,ok,day,at,name\n\
                    1,007,22,1.5,true,2013-11-03,2013-11-03T01:30:00,x\n\
                    2,123,NA,2,False,2013-11-04,2013-11-03T01:30:00Z,1\n\
                    3,1,4,,TRUE,2013-11-05,2013-11-04T00:00:00,\n";
        let found = survey(text);
        assert_eq!(kinds(&found), [Integer, String, Integer, Number, Boolean, Date, Datetime, String]);
        let column = |name| found.column(name).unwrap();
        assert_eq!((found.rows, column("age").missing(), column("price").missing()), (3, 1, 1));
        assert_eq!(column("age").missing_texts().collect::<Vec<_>>(), ["NA"]);
        assert_eq!(column("price").range(), Some((1.5, 2.0)));
        assert_eq!(column("name").distinct().unwrap().keys().map(|text| &**text).collect::<Vec<_>>(), ["1", "x"]);
    }

    #[test]
    fn a_decimal_comma_is_one_behind_semicolons_only() {
        assert_eq!(kinds(&survey("a;b\n1,5;2\n")), [FieldType::Number, FieldType::Integer]);
        assert_eq!(kinds(&survey("a|b\n1,5|2\n")), [FieldType::String, FieldType::Integer]);
    }

    #[test]
    fn what_json_says_is_a_text_stays_one() {
        let found = survey(r#"[{"zip": "12", "n": 1, "ok": true}, {"zip": "13", "n": 1.5, "ok": null}]"#);
        assert_eq!(kinds(&found), [FieldType::String, FieldType::Number, FieldType::Boolean]);
        assert_eq!(found.column("ok").unwrap().missing(), 1);
    }

    #[test]
    fn what_a_graph_reads_decides_where_cells_may_be_both() {
        let found = survey("flag,code,word\n1,7,a\n0,8,b\n");
        let kind = |name: &str, wanted| found.column(name).unwrap().field_type(wanted);
        assert_eq!(kind("code", Wanted::Text).unwrap(), FieldType::String);
        assert_eq!(kind("flag", Wanted::Boolean).unwrap(), FieldType::Boolean);
        assert_eq!(kind("word", Wanted::Number).unwrap_err().to_string(), "a number, but has texts such as \"a\"");
        assert!(kind("code", Wanted::Boolean).is_err());
    }
}
