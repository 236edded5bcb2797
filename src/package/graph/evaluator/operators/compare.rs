//! Booleans of values, and values by booleans.

use super::super::broadcast::{Places, common_shape};
use super::super::data::{Data, Item, Text, for_each_type};
use super::super::fault::Fault;
use super::super::steps::{Inputs, Kernel};
use super::super::tensor::{Tensor, size};
use super::kernel::{Prepare, one};
use super::math::zip;

/// Prepares an operator by its name.
pub(super) fn find(name: &str) -> Option<Prepare> {
    Some(match name {
        "And" => |_| logic(|a, b| a && b),
        "Equal" => |_| one(|inputs| equal(inputs.need(0)?, inputs.need(1)?)),
        "Greater" => |_| ordered(std::cmp::Ordering::is_gt),
        "GreaterOrEqual" => |_| ordered(std::cmp::Ordering::is_ge),
        "IsNaN" => |_| one(is_nan),
        "Less" => |_| ordered(std::cmp::Ordering::is_lt),
        "LessOrEqual" => |_| ordered(std::cmp::Ordering::is_le),
        "Not" => |_| one(not),
        "Or" => |_| logic(|a, b| a || b),
        "Where" => |_| one(choose),
        "Xor" => |_| logic(|a, b| a != b),
        _ => return None,
    })
}

fn never() -> Fault {
    Fault::new("a comparison", "none")
}

fn logic(function: fn(bool, bool) -> bool) -> Result<Kernel, Fault> {
    one(move |inputs| {
        zip(inputs.need(0)?, inputs.need(1)?, |a: &bool, b: &bool| Some(function(*a, *b)))?.ok_or_else(never)
    })
}

fn equal(a: &Tensor, b: &Tensor) -> Result<Tensor, Fault> {
    fn equal<T: Item + PartialEq>(a: &Tensor, b: &Tensor) -> Result<Option<Tensor>, Fault> {
        zip(a, b, |a: &T, b: &T| Some(a == b))
    }
    let equal = match a.data() {
        Data::Float(_) => equal::<f32>(a, b),
        Data::Double(_) => equal::<f64>(a, b),
        Data::Integer(_) => equal::<i64>(a, b),
        Data::Short(_) => equal::<i32>(a, b),
        Data::Boolean(_) => equal::<bool>(a, b),
        Data::Text(_) => equal::<Text>(a, b),
    };
    equal?.ok_or_else(never)
}

fn ordered(function: fn(std::cmp::Ordering) -> bool) -> Result<Kernel, Fault> {
    fn ordered<T: Item + PartialOrd>(
        inputs: &Inputs<'_>,
        function: fn(std::cmp::Ordering) -> bool,
    ) -> Result<Option<Tensor>, Fault> {
        let compare = |a: &T, b: &T| Some(a.partial_cmp(b).is_some_and(function));
        zip(inputs.need(0)?, inputs.need(1)?, compare)
    }
    one(move |inputs| {
        let compared = match inputs.need(0)?.data() {
            Data::Float(_) => ordered::<f32>(inputs, function),
            Data::Double(_) => ordered::<f64>(inputs, function),
            Data::Integer(_) => ordered::<i64>(inputs, function),
            Data::Short(_) => ordered::<i32>(inputs, function),
            data => return Err(Fault::new("numbers", data.element().name())),
        };
        compared?.ok_or_else(never)
    })
}

fn is_nan(inputs: &Inputs<'_>) -> Result<Tensor, Fault> {
    let input = inputs.need(0)?;
    let values = match input.data() {
        Data::Float(values) => values.iter().map(|value| value.is_nan()).collect(),
        Data::Double(values) => values.iter().map(|value| value.is_nan()).collect(),
        data => return Err(Fault::new("float or double", data.element().name())),
    };
    Tensor::new(input.shape(), Data::Boolean(values))
}

fn not(inputs: &Inputs<'_>) -> Result<Tensor, Fault> {
    let input = inputs.need(0)?;
    Tensor::from(input.shape(), input.values::<bool>()?.iter().map(|value| !value).collect())
}

fn choose(inputs: &Inputs<'_>) -> Result<Tensor, Fault> {
    fn choose<T: Item>(
        (conditions, when): (&[bool], Places),
        (yes, yes_places): (&[T], Places),
        (no, no_places): (&Tensor, Places),
        count: usize,
    ) -> Result<Data, Fault> {
        let no = no.values::<T>()?;
        let at = |place| -> Option<T> {
            let condition = *conditions.get(when.at(place))?;
            let value = if condition { yes.get(yes_places.at(place)) } else { no.get(no_places.at(place)) };
            value.cloned()
        };
        (0..count).map(at).collect::<Option<Vec<T>>>().map(T::wrap).ok_or_else(never)
    }
    let (condition, yes, no) = (inputs.need(0)?, inputs.need(1)?, inputs.need(2)?);
    let shape = common_shape([condition.shape(), yes.shape(), no.shape()])?;
    let places = |tensor: &Tensor| Places::new(tensor.shape(), &shape);
    let conditions = (condition.values::<bool>()?, places(condition)?);
    let (yes_places, no) = (places(yes)?, (no, places(no)?));
    let count = size(&shape)?;
    let data = for_each_type!(yes.data(), values => choose(conditions, (values.as_slice(), yes_places), no, count))?;
    Tensor::new(shape, data)
}
