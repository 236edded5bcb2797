//! Arrays as a file has them.

use tract_onnx::pb::TensorProto;
use tract_onnx::pb::tensor_proto::{DataLocation, DataType};

use super::data::{Data, Element, Text};
use super::fault::Fault;
use super::tensor::{Tensor, size};

/// Reads an array.
pub(in crate::package::graph) fn tensor(proto: &TensorProto) -> Result<Tensor, Fault> {
    if proto.data_location == Some(DataLocation::External as i32) {
        let mend = "save the model in one file, without external data";
        return Err(Fault::new("weights inside the file", "weights in another file").mended_by(mend));
    }
    if proto.segment.is_some() {
        return Err(Fault::new("whole weights", "a segment of some"));
    }
    let negative = || Fault::new("dimensions of 0 or more", format!("{:?}", proto.dims));
    let shape = proto.dims.iter().map(|&dimension| usize::try_from(dimension).map_err(|_| negative()));
    let shape: Vec<usize> = shape.collect::<Result<_, _>>()?;
    size(&shape)?;
    let raw = &proto.raw_data;
    let data = match element(proto.data_type)? {
        Element::Float => Data::Float(numbers(raw, f32::from_le_bytes, &proto.float_data)?),
        Element::Double => Data::Double(numbers(raw, f64::from_le_bytes, &proto.double_data)?),
        Element::Integer => Data::Integer(numbers(raw, i64::from_le_bytes, &proto.int64_data)?),
        Element::Short => Data::Short(numbers(raw, i32::from_le_bytes, &proto.int32_data)?),
        Element::Boolean if raw.is_empty() => Data::Boolean(proto.int32_data.iter().map(|&one| one != 0).collect()),
        Element::Boolean => Data::Boolean(raw.iter().map(|&one| one != 0).collect()),
        Element::Text => Data::Text(proto.string_data.iter().map(|text| self::text(text)).collect::<Result<_, _>>()?),
    };
    Tensor::new(shape, data)
}

/// Returns the type that a number of ONNX stands for.
pub(in crate::package::graph) fn element(data_type: i32) -> Result<Element, Fault> {
    match DataType::try_from(data_type) {
        Ok(DataType::Float) => Ok(Element::Float),
        Ok(DataType::Double) => Ok(Element::Double),
        Ok(DataType::Int64) => Ok(Element::Integer),
        Ok(DataType::Int32) => Ok(Element::Short),
        Ok(DataType::Bool) => Ok(Element::Boolean),
        Ok(DataType::String) => Ok(Element::Text),
        Ok(other) => Err(unknown(format!("{other:?}").to_lowercase())),
        Err(_) => Err(unknown(data_type.to_string())),
    }
}

/// Reads an array of bytes.
pub(super) fn bytes(proto: &TensorProto) -> Result<Vec<u8>, Fault> {
    if DataType::try_from(proto.data_type) != Ok(DataType::Uint8) {
        return Err(Fault::new("an array of uint8", proto.data_type.to_string()));
    }
    if !proto.raw_data.is_empty() {
        return Ok(proto.raw_data.clone());
    }
    let byte = |&number: &i32| u8::try_from(number).map_err(|_| Fault::new("a byte", number.to_string()));
    proto.int32_data.iter().map(byte).collect()
}

/// Reads a text.
pub(super) fn text(bytes: &[u8]) -> Result<Text, Fault> {
    std::str::from_utf8(bytes).map(Text::from).map_err(|_| Fault::new("a text of UTF-8", "other bytes"))
}

fn unknown(found: String) -> Fault {
    Fault::new("float, double, int64, int32, bool or string", found)
        .mended_by("export the model with values of these types")
}

fn numbers<T: Copy, const N: usize>(raw: &[u8], read: fn([u8; N]) -> T, typed: &[T]) -> Result<Vec<T>, Fault> {
    if raw.is_empty() {
        return Ok(typed.to_vec());
    }
    let (numbers, rest) = raw.as_chunks::<N>();
    if rest.is_empty() {
        Ok(numbers.iter().map(|bytes| read(*bytes)).collect())
    } else {
        Err(Fault::new(format!("numbers of {N} bytes"), format!("{} bytes", raw.len())))
    }
}
