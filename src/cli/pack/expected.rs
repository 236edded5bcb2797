//! What the model itself predicted, row by row: CSV with or without a header, NPY, or whatever else a table may be.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use anyhow::{Context, bail};
use npyz::{NpyFile, Order};

use crate::cli::format;
use crate::table::output_cell::OutputCell;
use crate::table::source::Source;
use crate::table::survey;

/// What NPY files begin with.
const NPY: &[u8] = b"\x93NUMPY";

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
    /// Reads a file, which must have so many rows.
    pub(super) fn read(path: &Path, rows: usize) -> anyhow::Result<Self> {
        let file = format::name(path);
        let cannot = || format!("cannot read the model's predictions from {file}");
        let mut start = Vec::new();
        if path != Path::new("-") {
            File::open(path)
                .with_context(cannot)?
                .take(NPY.len() as u64)
                .read_to_end(&mut start)
                .with_context(cannot)?;
        }
        let (names, columns, numbers) =
            if start == NPY { npy(path).with_context(cannot)? } else { table(path, rows).with_context(cannot)? };
        let found = numbers.len().checked_div(columns).unwrap_or(0);
        if found != rows {
            bail!(
                "{file} has {found} rows, but the data has {rows}: predict the rows of --data, all of them, in their order"
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

fn npy(path: &Path) -> anyhow::Result<Numbers> {
    let file = NpyFile::new(BufReader::new(File::open(path)?))?;
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

/// Reads a table. Its first row is a header unless there are just as many rows as are wanted with it.
fn table(path: &Path, rows: usize) -> anyhow::Result<Numbers> {
    let bytes = format::read_input(path)?;
    let is_parquet = bytes.starts_with(b"PAR1");
    let mut names = Vec::new();
    let mut numbers = Vec::new();
    let mut count = 0;
    survey::for_each_row(Source::from_bytes(bytes), |columns, cells| {
        if names.is_empty() {
            names = columns.iter().map(|column| column.name.clone()).collect();
        }
        count += 1;
        for (name, cell) in names.iter().zip(cells) {
            numbers.push(number(cell).with_context(|| format!("row {count}, column {name:?}: expected a number"))?);
        }
        anyhow::Ok(())
    })?;
    let columns = names.len();
    // Such a file has no header: what was taken for one is the first row.
    let first: Option<Vec<f64>> = names.iter().map(|name| name.parse().ok()).collect();
    match first {
        Some(first) if count + 1 == rows && !is_parquet => {
            Ok((None, columns, first.into_iter().chain(numbers).collect()))
        }
        _ => Ok((Some(names), columns, numbers)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "no prediction is beyond 2^53")]
fn number(cell: OutputCell<'_>) -> Option<f64> {
    match cell {
        OutputCell::Text(text) => text.trim().parse().ok(),
        OutputCell::Integer(number) => Some(number as f64),
        OutputCell::Number(number) => Some(number),
        OutputCell::Single(number) => Some(number.into()),
        OutputCell::Json(text) => text.get().parse().ok(),
        _ => None,
    }
}
