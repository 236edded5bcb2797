//! Values of another type.

use super::super::data::{Data, Element, Text};
use super::super::fault::Fault;
use super::super::node::Node;
use super::super::steps::Kernel;
use super::super::tensor::Tensor;
use super::kernel::one;

pub(super) fn cast(node: &Node<'_>) -> Result<Kernel, Fault> {
    let to = node.element("to")?.ok_or_else(|| Fault::new("attribute to", "nothing"))?;
    one(move |inputs| to_type(inputs.need(0)?, to))
}

pub(super) fn cast_like(_: &Node<'_>) -> Result<Kernel, Fault> {
    one(|inputs| to_type(inputs.need(0)?, inputs.need(1)?.element()))
}

fn to_type(input: &Tensor, to: Element) -> Result<Tensor, Fault> {
    macro_rules! numbers {
        ($values:expr, $float:expr, $integer:expr) => {{
            let (values, integer) = ($values, $integer);
            match to {
                Element::Float => Data::Float(values.iter().map(|&x| x as f32).collect()),
                Element::Double => Data::Double(values.iter().map(|&x| x as f64).collect()),
                Element::Integer => Data::Integer(values.iter().map(|&x| integer(x)).collect()),
                Element::Short => Data::Short(values.iter().map(|&x| integer(x) as i32).collect()),
                Element::Boolean => Data::Boolean(values.iter().map(|&x| x as f64 != 0.0).collect()),
                Element::Text => Data::Text(values.iter().map(|&x| $float(x).into()).collect()),
            }
        }};
    }
    let data = match input.data() {
        Data::Float(values) => numbers!(values, |x: f32| shown(x.into()), |x: f32| whole(x.into())),
        Data::Double(values) => numbers!(values, shown, whole),
        Data::Integer(values) => numbers!(values, |x: i64| x.to_string(), |x| x),
        Data::Short(values) => numbers!(values, |x: i32| x.to_string(), i64::from),
        Data::Boolean(values) => {
            let values: Vec<i32> = values.iter().map(|&value| value.into()).collect();
            numbers!(values, |x: i32| x.to_string(), i64::from)
        }
        Data::Text(values) => of_texts(values, to)?,
    };
    Tensor::new(input.shape(), data)
}

/// Cuts the fraction off. What has no integer becomes the smallest one, as on the processors that onnxruntime runs on.
pub(super) fn whole(number: f64) -> i64 {
    if number.is_nan() { i64::MIN } else { number as i64 }
}

fn of_texts(texts: &[Text], to: Element) -> Result<Data, Fault> {
    let number = |text: &Text| {
        let trimmed = text.trim();
        trimmed.parse::<f64>().map_err(|_| Fault::new("texts that are numbers", format!("{trimmed:?}")))
    };
    let integer = |text: &Text| {
        let trimmed = text.trim();
        trimmed.parse::<i64>().map_err(|_| Fault::new("texts that are integers", format!("{trimmed:?}")))
    };
    Ok(match to {
        Element::Float => Data::Float(
            texts
                .iter()
                .map(|text| text.trim().parse::<f32>().or_else(|_| number(text).map(|number| number as f32)))
                .collect::<Result<_, _>>()?,
        ),
        Element::Double => Data::Double(texts.iter().map(number).collect::<Result<_, _>>()?),
        Element::Integer => Data::Integer(texts.iter().map(integer).collect::<Result<_, _>>()?),
        Element::Short => {
            Data::Short(texts.iter().map(|text| integer(text).map(|number| number as i32)).collect::<Result<_, _>>()?)
        }
        Element::Boolean => Data::Boolean(texts.iter().map(|text| &**text != "0" && !text.is_empty()).collect()),
        Element::Text => Data::Text(texts.to_vec()),
    })
}

/// Significant digits of a number that is written.
const DIGITS: i32 = 8;

/// Writes a number as C does by `%.8g`, and onnxruntime for floats and doubles alike.
fn shown(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number < 0.0 { "-INF" } else { "INF" }.to_owned();
    }
    let places = usize::try_from(DIGITS - 1).unwrap_or(0);
    let scientific = format!("{number:.places$e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let without_zeros = |text: &str| {
        let is_fraction = text.contains('.');
        if is_fraction { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
    };
    if (-4..DIGITS).contains(&exponent) {
        let places = usize::try_from(DIGITS - 1 - exponent).unwrap_or(0);
        return without_zeros(&format!("{number:.places$}"));
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", without_zeros(mantissa), exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn numbers_are_written_as_c_does() {
        for (number, expected) in [
            (0.0, "0"),
            (1.0, "1"),
            (-2.5, "-2.5"),
            (0.1_f32.into(), "0.1"),
            (123_456_789.0, "1.2345679e+08"),
            (1e-5, "1e-05"),
            (0.0001, "0.0001"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-INF"),
        ] {
            assert_eq!(shown(number), expected);
        }
    }
}
