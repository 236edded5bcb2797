//! What the model itself predicted, row by row: CSV with or without a header, NPY, or Parquet.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use csv::{ReaderBuilder, StringRecord};
use npyz::{NpyFile, Order};

use crate::cli::counted::counted;
use crate::cli::format;
use crate::table::fault::shorten;
use crate::table::output_cell::OutputCell;
use crate::table::source::Source;
use crate::table::survey;

/// What files begin with.
const NPY: &[u8] = b"\x93NUMPY";
const PARQUET: &[u8] = b"PAR1";

/// Numbers, row by row.
#[derive(Debug)]
pub(super) struct Expected {
    /// The file.
    pub(super) file: String,
    /// The names of the columns, where the file has some.
    pub(super) names: Option<Vec<String>>,
    pub(super) columns: usize,
    pub(super) numbers: Vec<f64>,
}

impl Expected {
    /// Reads a file, which must have so many rows, as `wanted` gives them.
    pub(super) fn read(path: &Path, rows: usize, wanted: &str) -> anyhow::Result<Self> {
        let file = format::name(path);
        let bytes = format::read_input(path)?;
        let read = match bytes.as_slice() {
            start if start.starts_with(NPY) => npy(&bytes),
            start if start.starts_with(PARQUET) => parquet(bytes),
            text => self::text(text, rows),
        };
        let (names, columns, numbers) = read.with_context(|| {
            format!("cannot read the model's predictions from {file}: numbers are compared, so save {wanted}")
        })?;
        let found = numbers.len().checked_div(columns).unwrap_or(0);
        if found != rows {
            bail!(
                "{file} has {}, but the data has {rows}: predict the rows of --data, all of them, in their order",
                counted(found, "row")
            );
        }
        if let Some(place) = numbers.iter().position(|number| !number.is_finite()) {
            bail!("{file}, row {}: a prediction is no finite number", place / columns + 1);
        }
        Ok(Self { file, names, columns, numbers })
    }

    pub(super) fn rows(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.numbers.chunks_exact(self.columns)
    }
}

type Numbers = (Option<Vec<String>>, usize, Vec<f64>);

fn npy(bytes: &[u8]) -> anyhow::Result<Numbers> {
    let file = NpyFile::new(bytes)?;
    let shape: Vec<usize> = file.shape().iter().map(|&length| usize::try_from(length)).collect::<Result<_, _>>()?;
    let columns = match *shape {
        [_] => 1,
        [_, columns] => columns,
        _ => bail!("it has {} dimensions: save a row for each record, or one number each", shape.len()),
    };
    let order = file.order();
    let numbers = as_doubles(file)?;
    let rows = numbers.len().checked_div(columns).unwrap_or(0);
    let numbers = match order {
        Order::C => numbers,
        Order::Fortran => (0..numbers.len()).map(|at| numbers[at % columns * rows + at / columns]).collect(),
    };
    Ok((None, columns, numbers))
}

fn as_doubles<R: Read>(file: NpyFile<R>) -> anyhow::Result<Vec<f64>> {
    macro_rules! read {
        ($file:ident, $($number:ty),*) => {
            $(let $file = match $file.try_data::<$number>() {
                Ok(data) => return Ok(data.map(|one| one.map(f64::from)).collect::<Result<_, _>>()?),
                Err(file) => file,
            };)*
        };
    }
    read!(file, f64, f32, i32, i16, i8, u32, u16, u8);
    #[expect(clippy::cast_precision_loss, reason = "no prediction is beyond 2^53")]
    let file = match file.try_data::<i64>() {
        Ok(data) => return Ok(data.map(|one| one.map(|one| one as f64)).collect::<Result<_, _>>()?),
        Err(file) => file,
    };
    bail!("it has values of type {}: save numbers, as numpy.save does of predict_proba", file.dtype().descr())
}

/// Reads a Parquet file, whose columns have names.
fn parquet(bytes: Vec<u8>) -> anyhow::Result<Numbers> {
    let (mut names, mut numbers, mut row) = (Vec::new(), Vec::new(), 0);
    survey::for_each_row(Source::from_bytes(bytes), |columns, cells| {
        if names.is_empty() {
            names = columns.iter().map(|column| column.name.clone()).collect();
        }
        row += 1;
        for (name, cell) in names.iter().zip(cells) {
            numbers.push(number(cell).with_context(|| format!("row {row}, column {name:?}: expected a number"))?);
        }
        anyhow::Ok(())
    })?;
    let columns = names.len();
    Ok((Some(names), columns, numbers))
}

/// Reads text: cells between commas, semicolons, tabs, or the spaces of numpy.savetxt. The first line is a header if it has a text, or
/// whole numbers where there is one more line than rows are wanted: the names of pandas' columns are numbers too.
fn text(bytes: &[u8], rows: usize) -> anyhow::Result<Numbers> {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let delimiter = b",;\t ".iter().copied().find(|delimiter| first.contains(delimiter)).unwrap_or(b',');
    let mut reader = ReaderBuilder::new().has_headers(false).delimiter(delimiter).from_reader(bytes);
    let mut lines: Vec<StringRecord> = reader.records().collect::<Result<_, _>>()?;
    let is_header = |first: &StringRecord| {
        (lines.len() == rows + 1 && !has_fraction(first))
            || (lines.len() != rows && is_numbered(first))
            || (lines.len() > 1 && is_text(first) && !is_text(&lines[1]))
    };
    let names = lines.first().is_some_and(is_header).then(|| lines.remove(0));
    // Pandas writes its index before the columns, without a name.
    let skipped = usize::from(names.as_ref().and_then(|names| names.get(0)) == Some(""));
    let columns = lines.first().map_or(0, StringRecord::len).saturating_sub(skipped);
    let mut numbers = Vec::with_capacity(lines.len() * columns);
    for (row, line) in lines.iter().enumerate() {
        for cell in line.iter().skip(skipped) {
            let number = cell.trim().parse();
            numbers.push(number.map_err(|_| anyhow!("row {}: expected a number, found {:?}", row + 1, shorten(cell)))?);
        }
    }
    let names = names.map(|names| names.iter().skip(skipped).map(|name| name.trim().to_owned()).collect());
    Ok((names, columns, numbers))
}

/// Returns whether a cell of a line is no number.
fn is_text(line: &StringRecord) -> bool {
    line.iter().any(|cell| cell.trim().parse::<f64>().is_err())
}

/// Returns whether a cell of a line is a number with a fraction, which is no name.
fn has_fraction(line: &StringRecord) -> bool {
    line.iter().any(|cell| cell.trim().parse().is_ok_and(|number: f64| number.fract() != 0.0))
}

/// Returns whether a line counts several columns, as pandas calls them: 0,1.
fn is_numbered(line: &StringRecord) -> bool {
    // Pandas writes its index before the columns, without a name.
    let skipped = usize::from(line.get(0) == Some(""));
    line.len() - skipped > 1
        && line.iter().skip(skipped).enumerate().all(|(place, cell)| cell.trim() == place.to_string())
}

#[expect(clippy::cast_precision_loss, reason = "no prediction is beyond 2^53")]
fn number(cell: OutputCell<'_>) -> Option<f64> {
    match cell {
        OutputCell::Integer(number) => Some(number as f64),
        OutputCell::Number(number) => Some(number),
        OutputCell::Single(number) => Some(number.into()),
        _ => None,
    }
}
