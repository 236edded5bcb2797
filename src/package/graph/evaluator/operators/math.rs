//! Numbers of numbers, element by element.

use super::super::broadcast::{Places, common_shape};
use super::super::data::{Data, Item};
use super::super::fault::Fault;
use super::super::node::Node;
use super::super::steps::{Inputs, Kernel};
use super::super::tensor::{Tensor, size};
use super::kernel::{Prepare, one};

/// Prepares an operator by its name.
pub(super) fn find(name: &str) -> Option<Prepare> {
    Some(match name {
        "Abs" => |_| unary(UNSIGNED),
        "Add" => |_| arithmetic(ADD),
        "Ceil" => |_| unary(floating(libm::ceilf, libm::ceil)),
        "Clip" => clip,
        "Div" => |_| arithmetic(DIVIDE),
        "Erf" => |_| unary(floating(libm::erff, libm::erf)),
        "Exp" => |_| unary(floating(libm::expf, libm::exp)),
        "Floor" => |_| unary(floating(libm::floorf, libm::floor)),
        "Log" => |_| unary(floating(libm::logf, libm::log)),
        "Max" => |_| folded(MAX, false),
        "Mean" => |_| folded(ADD, true),
        "Min" => |_| folded(MIN, false),
        "Mul" => |_| arithmetic(MULTIPLY),
        "Neg" => |_| unary(NEGATED),
        "Pow" => |_| one(power),
        "Reciprocal" => |_| unary(floating(|x| 1.0 / x, |x| 1.0 / x)),
        "Relu" => |_| unary(POSITIVE),
        "Round" => |_| unary(floating(f32::round_ties_even, f64::round_ties_even)),
        "Sigmoid" => |_| unary(floating(sigmoid, |x| 1.0 / (1.0 + libm::exp(-x)))),
        "Sign" => |_| unary(SIGN),
        "Sqrt" => |_| unary(floating(f32::sqrt, f64::sqrt)),
        "Sub" => |_| arithmetic(SUBTRACT),
        "Sum" => |_| folded(ADD, false),
        "Tanh" => |_| unary(floating(libm::tanhf, libm::tanh)),
        _ => return None,
    })
}

/// A function of one number, for each type that it is defined for.
#[derive(Clone, Copy)]
struct Unary {
    float: fn(f32) -> f32,
    double: fn(f64) -> f64,
    integer: Option<fn(i64) -> i64>,
}

const UNSIGNED: Unary = Unary { float: f32::abs, double: f64::abs, integer: Some(i64::wrapping_abs) };
const NEGATED: Unary = Unary { float: |x| -x, double: |x| -x, integer: Some(i64::wrapping_neg) };
const POSITIVE: Unary = Unary {
    float: |x| if x < 0.0 { 0.0 } else { x },
    double: |x| if x < 0.0 { 0.0 } else { x },
    integer: Some(|x| x.max(0)),
};
const SIGN: Unary = Unary {
    float: |x| if x == 0.0 || x.is_nan() { x } else { x.signum() },
    double: |x| if x == 0.0 || x.is_nan() { x } else { x.signum() },
    integer: Some(i64::signum),
};

fn floating(float: fn(f32) -> f32, double: fn(f64) -> f64) -> Unary {
    Unary { float, double, integer: None }
}

fn sigmoid(x: f32) -> f32 {
    // The exponent never overflows.
    let small = libm::expf(-x.abs());
    if x < 0.0 { small / (1.0 + small) } else { 1.0 / (1.0 + small) }
}

fn unary(function: Unary) -> Result<Kernel, Fault> {
    one(move |inputs| {
        let input = inputs.need(0)?;
        let data = match (input.data(), function.integer) {
            (Data::Float(values), _) => Data::Float(values.iter().map(|&x| (function.float)(x)).collect()),
            (Data::Double(values), _) => Data::Double(values.iter().map(|&x| (function.double)(x)).collect()),
            (Data::Integer(values), Some(f)) => Data::Integer(values.iter().map(|&x| f(x)).collect()),
            (Data::Short(values), Some(f)) => Data::Short(values.iter().map(|&x| f(x.into()) as i32).collect()),
            (data, _) => return Err(Fault::new("numbers that the operator takes", data.element().name())),
        };
        Tensor::new(input.shape(), data)
    })
}

/// A function of two numbers, for each type.
#[derive(Clone, Copy)]
struct Binary {
    float: fn(f32, f32) -> f32,
    double: fn(f64, f64) -> f64,
    /// None where it is not defined.
    integer: fn(i64, i64) -> Option<i64>,
}

const ADD: Binary = Binary { float: |a, b| a + b, double: |a, b| a + b, integer: |a, b| Some(a.wrapping_add(b)) };
const SUBTRACT: Binary = Binary { float: |a, b| a - b, double: |a, b| a - b, integer: |a, b| Some(a.wrapping_sub(b)) };
const MULTIPLY: Binary = Binary { float: |a, b| a * b, double: |a, b| a * b, integer: |a, b| Some(a.wrapping_mul(b)) };
const DIVIDE: Binary =
    Binary { float: |a, b| a / b, double: |a, b| a / b, integer: |a, b| (b != 0).then(|| a.wrapping_div(b)) };
const MAX: Binary = Binary {
    float: |a, b| if a.is_nan() || a > b { a } else { b },
    double: |a, b| if a.is_nan() || a > b { a } else { b },
    integer: |a, b| Some(a.max(b)),
};
const MIN: Binary = Binary {
    float: |a, b| if a.is_nan() || a < b { a } else { b },
    double: |a, b| if a.is_nan() || a < b { a } else { b },
    integer: |a, b| Some(a.min(b)),
};

fn arithmetic(function: Binary) -> Result<Kernel, Fault> {
    one(move |inputs| binary(function, inputs.need(0)?, inputs.need(1)?))
}

/// Computes a function of all inputs, from the first to the last; a mean is divided by their number.
fn folded(function: Binary, is_mean: bool) -> Result<Kernel, Fault> {
    one(move |inputs| {
        let all = inputs.all()?;
        let (first, others) = all.split_first().ok_or_else(|| Fault::new("an input", "none"))?;
        let folded = others.iter().try_fold((*first).clone(), |folded, other| binary(function, &folded, other))?;
        if !is_mean {
            return Ok(folded);
        }
        let count = match folded.data() {
            Data::Double(_) => Data::Double(vec![all.len() as f64]),
            _ => Data::Float(vec![all.len() as f32]),
        };
        binary(DIVIDE, &folded, &Tensor::new([], count)?)
    })
}

fn binary(function: Binary, one: &Tensor, other: &Tensor) -> Result<Tensor, Fault> {
    let by_zero = || Fault::new("an integer that is not zero", "a division by zero");
    match (one.data(), other.data()) {
        (Data::Float(_), Data::Float(_)) => zip(one, other, |a: &f32, b: &f32| Some((function.float)(*a, *b))),
        (Data::Double(_), Data::Double(_)) => zip(one, other, |a: &f64, b: &f64| Some((function.double)(*a, *b))),
        (Data::Integer(_), Data::Integer(_)) => zip(one, other, |a: &i64, b: &i64| (function.integer)(*a, *b)),
        (Data::Short(_), Data::Short(_)) => {
            let short = |a: &i32, b: &i32| (function.integer)((*a).into(), (*b).into()).map(|value| value as i32);
            zip(one, other, short)
        }
        (one, other) => Err(Fault::new(
            "two inputs of numbers of one type",
            format!("{} and {}", one.element().name(), other.element().name()),
        )),
    }?
    .ok_or_else(by_zero)
}

/// Computes a function of the elements of two arrays side by side; none where it is not defined for some.
pub(super) fn zip<A: Item, B: Item, C: Item>(
    one: &Tensor,
    other: &Tensor,
    function: impl Fn(&A, &B) -> Option<C>,
) -> Result<Option<Tensor>, Fault> {
    let shape = common_shape([one.shape(), other.shape()])?;
    let (first, second) = (Places::new(one.shape(), &shape)?, Places::new(other.shape(), &shape)?);
    let (one, other) = (one.values::<A>()?, other.values::<B>()?);
    let of_place = |place| function(one.get(first.at(place))?, other.get(second.at(place))?);
    let values: Option<Vec<C>> = match (&first, &second) {
        (Places::Same, Places::Same) => one.iter().zip(other).map(|(a, b)| function(a, b)).collect(),
        _ => (0..size(&shape)?).map(of_place).collect(),
    };
    values.map(|values| Tensor::from(shape, values)).transpose()
}

fn power(inputs: &Inputs<'_>) -> Result<Tensor, Fault> {
    let (base, exponent) = (inputs.need(0)?, inputs.need(1)?);
    let exponent = match exponent.data() {
        Data::Double(_) => exponent.clone(),
        Data::Float(values) => Tensor::from(exponent.shape(), values.iter().map(|&x| f64::from(x)).collect())?,
        _ => Tensor::from(exponent.shape(), exponent.integers()?.iter().map(|&x| x as f64).collect())?,
    };
    let power = match base.data() {
        Data::Float(_) => zip(base, &exponent, |a: &f32, b: &f64| Some(float_power(*a, *b as f32))),
        Data::Double(_) => zip(base, &exponent, |a: &f64, b: &f64| Some(libm::pow(*a, *b))),
        Data::Integer(_) => zip(base, &exponent, |a: &i64, b: &f64| Some(libm::pow(*a as f64, *b) as i64)),
        Data::Short(_) => zip(base, &exponent, |a: &i32, b: &f64| Some(libm::pow((*a).into(), *b) as i32)),
        data => return Err(Fault::new("numbers", data.element().name())),
    };
    power?.ok_or_else(|| Fault::new("a power", "none"))
}

fn float_power(base: f32, exponent: f32) -> f32 {
    if exponent == 2.0 {
        base * base
    } else if exponent == 3.0 {
        base * base * base
    } else {
        libm::powf(base, exponent)
    }
}

fn clip(node: &Node<'_>) -> Result<Kernel, Fault> {
    let (low, high) = (node.float("min")?, node.float("max")?);
    let bound = |told: Option<f32>| told.map(|bound| Tensor::from([], vec![bound])).transpose();
    let (low, high) = (bound(low)?, bound(high)?);
    one(move |inputs| {
        let input = inputs.need(0)?;
        let (low, high) = (inputs.get(1).or(low.as_ref()), inputs.get(2).or(high.as_ref()));
        // The value stands second, so that one that is no number stays none.
        let clipped = low.map(|low| binary(MAX, input, low)).transpose()?;
        let clipped = clipped.as_ref().unwrap_or(input);
        let clipped = high.map_or_else(|| Ok(clipped.clone()), |high| binary(MIN, clipped, high))?;
        clipped.reshaped(input.shape().to_vec())
    })
}
