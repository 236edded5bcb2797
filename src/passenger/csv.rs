//! Passengers as rows of a CSV file with a header, in any order of columns.

use std::io::Read;

use csv::{ByteRecord, Position, Reader};
use thiserror::Error;

use super::signature::Signature;
use super::{Column, Draft, Fault, Field, Passenger, Value};

/// Which column holds which field.
#[derive(Debug, Clone)]
pub struct Header {
    columns: Vec<Column>,
}

impl Header {
    /// Reads the header row: every column must be known, none twice, and those a passenger needs must be there.
    pub fn parse(row: &ByteRecord) -> Result<Self, HeaderError> {
        if let Some(fault) = no_table(row) {
            return Err(HeaderError(vec![fault]));
        }
        let mut faults = Vec::new();
        let mut columns: Vec<Column> = Vec::with_capacity(row.len());
        for (index, cell) in row.iter().enumerate() {
            let name = String::from_utf8_lossy(cell);
            // Spreadsheets mark UTF-8 with a byte-order mark, which is not part of the first name.
            let name = if index == 0 { name.trim_start_matches('\u{feff}') } else { &name }.trim();
            match Column::from_name(name) {
                Some(column) if columns.iter().any(|other| other.field == column.field) => {
                    faults.push(format!("column {name} stands twice"));
                }
                Some(column) => columns.push(column),
                None => faults.push(format!("column {:?} is not a field of a passenger", super::shorten(name))),
            }
        }
        for field in [Field::Pclass, Field::Sex] {
            if !columns.iter().any(|column| column.field == field) {
                faults.push(format!("column {} is missing", field.name()));
            }
        }
        if faults.is_empty() { Ok(Self { columns }) } else { Err(HeaderError(faults)) }
    }

    /// Returns the passenger of one row, or every fault of it.
    pub fn passenger(&self, row: &ByteRecord) -> Result<Passenger, Vec<Fault>> {
        if row.len() != self.columns.len() {
            let detail = format!("has {} cells, but the header has {}", row.len(), self.columns.len());
            return Err(vec![Fault::of_record(detail)]);
        }
        let mut draft = Draft::default();
        for (&column, cell) in self.columns.iter().zip(row) {
            match std::str::from_utf8(cell) {
                Ok(text) => draft.set(column, value(column.field, text)),
                Err(_) => draft.fault(column.spelling, "is not UTF-8".to_owned()),
            }
        }
        draft.finish()
    }

    /// Tells whether there is a column `Survived`.
    pub fn has_label(&self) -> bool {
        self.columns.iter().any(|column| column.field == Field::Survived)
    }

    /// Returns what `Survived` says in this row, where there is such a column and it says 0 or 1.
    pub fn label(&self, row: &ByteRecord) -> Option<bool> {
        let column = self.columns.iter().position(|column| column.field == Field::Survived)?;
        match row.get(column)? {
            b"0" => Some(false),
            b"1" => Some(true),
            _ => None,
        }
    }
}

/// Returns why a header is none of a comma-separated table in UTF-8, and what to do about it.
pub fn no_table(header: &ByteRecord) -> Option<String> {
    let first = header.get(0)?;
    if let Some(signature) = Signature::of(first) {
        return Some(format!("the table cannot be read: {signature}"));
    }
    let is_one_cell = header.len() == 1;
    let separator = SEPARATORS.into_iter().find(|(byte, _)| is_one_cell && first.contains(byte));
    separator.map(|(_, name)| format!("columns are separated by {name}: save the table with commas between its cells"))
}

/// What other programs put between cells.
const SEPARATORS: [(u8, &str); 3] = [(b';', "semicolons"), (b'\t', "tabs"), (b'|', "bars")];

/// Tells the lines of rows.
#[derive(Debug, Clone, Copy)]
pub struct Lines {
    /// So many lines the reader is behind.
    behind: u64,
}

impl Lines {
    /// Looks where a reader stands that has read the header: where lines end in CR and LF, it takes the LF for a part of the row
    /// that follows, and would tell of each row that it stands a line higher.
    pub fn after_header<R: Read>(reader: &Reader<R>) -> Self {
        Self { behind: u64::from(reader.position().line() == 1) }
    }

    /// Returns the line of a row, the header's being 1.
    pub fn line(self, row: &ByteRecord) -> u64 {
        row.position().map_or(0, Position::line) + self.behind
    }
}

/// A header that does not fit; the text names every fault.
#[derive(Debug, Error)]
#[error("{}", .0.join("; "))]
pub struct HeaderError(Vec<String>);

impl HeaderError {
    /// Returns each fault in words.
    pub fn faults(&self) -> &[String] {
        &self.0
    }
}

/// Returns what a cell says: an empty one is a missing value, and a number is a number only where one is expected.
fn value(field: Field, cell: &str) -> Value<'_> {
    let text = cell.trim();
    if text.is_empty() {
        return Value::Missing;
    }
    if !field.is_number() {
        return Value::Text(text);
    }
    if let Ok(number) = text.parse() {
        return Value::Integer(number);
    }
    match text.parse::<f64>() {
        // `nan` and `inf` parse, but nobody's age is one: the message shows the text as it stands.
        Ok(number) if number.is_finite() => Value::Float(number),
        _ => Value::Text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> (Header, Vec<ByteRecord>) {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let header = Header::parse(reader.byte_headers().unwrap()).unwrap();
        (header, reader.byte_records().map(Result::unwrap).collect())
    }

    #[test]
    fn kaggle_rows_are_read_in_any_order_of_columns() {
        let (header, rows) =
            rows("\u{feff}Survived,Sex,Pclass,Name,Age,PassengerId\r\n0,male,3,\"Braund, Mr. Owen Harris\",,1\r\n");
        let passenger = header.passenger(&rows[0]).unwrap();
        assert_eq!(passenger.name.as_deref(), Some("Braund, Mr. Owen Harris"));
        assert_eq!((passenger.passenger_id, passenger.age), (Some(1), None));
        assert_eq!(header.label(&rows[0]), Some(false));
    }

    #[test]
    fn a_ragged_row_and_bad_cells_are_named() {
        let (header, rows) = rows("Pclass,Sex,Age,Fare\n3,male\n9,,nan,1e999\n");
        assert_eq!(header.passenger(&rows[0]).unwrap_err()[0].detail, "has 2 cells, but the header has 4");
        let faults = header.passenger(&rows[1]).unwrap_err();
        let fields: Vec<_> = faults.iter().map(|fault| fault.field.as_deref().unwrap_or_default()).collect();
        assert_eq!(fields, ["Pclass", "Sex", "Age", "Fare"]);
    }

    #[test]
    fn a_row_is_told_by_its_line_however_lines_end() {
        for end in ["\n", "\r\n"] {
            let text = ["Pclass,Sex,Name", "3,male,\"a", "b\"", "3,male,c", "3,male,d"].join(end);
            let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
            Header::parse(reader.byte_headers().unwrap()).unwrap();
            let lines = Lines::after_header(&reader);
            let found: Vec<_> = reader.byte_records().map(|row| lines.line(&row.unwrap())).collect();
            assert_eq!(found, [2, 4, 5], "{end:?}");
        }
    }

    #[test]
    fn a_header_names_all_its_faults() {
        let header = ByteRecord::from(vec!["Pclass", "Pclass", "Agee"]);
        let error = Header::parse(&header).unwrap_err().to_string();
        assert_eq!(
            error,
            "column Pclass stands twice; column \"Agee\" is not a field of a passenger; column Sex is missing"
        );
    }

    #[test]
    fn a_header_of_another_kind_of_table_says_what_to_do() {
        let fault = |cells: &[&[u8]]| Header::parse(&ByteRecord::from(cells.to_vec())).unwrap_err().to_string();
        for (separator, name) in [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")] {
            let header = ["Pclass", "Sex"].join(separator);
            let expected = format!("columns are separated by {name}: save the table with commas between its cells");
            assert_eq!(fault(&[header.as_bytes()]), expected);
        }
        assert_eq!(fault(&[b"\xff\xfeP\0", b"\0S\0"]), "the table cannot be read: it is UTF-16: save it as UTF-8");
    }

    #[test]
    fn a_cell_that_is_not_utf8_is_a_fault() {
        let (header, _) = rows("Pclass,Sex,Name\n3,male,x\n");
        let row = ByteRecord::from(vec![b"3".as_slice(), b"male", b"\xff"]);
        assert_eq!(header.passenger(&row).unwrap_err()[0].field.as_deref(), Some("Name"));
    }
}
