//! Arithmetic over numbers of several kinds. CEL adds no int to a double; but a number of JSON has no
//! kind that an author would know of, so `features.orders + 1` must do whatever an event holds.

use super::syntax::children_mut;
use cel::common::ast::{Expr, IdedExpr, operators};
use cel::common::types::{CelDouble, CelInt, CelUInt, DYN_TYPE};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env, ExecutionError, Value};

type Operator = for<'b, 'v> fn(Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError>;

/// CEL's operators, and the functions that stand in for them. Nobody can write such a name.
const OPERATORS: [(&str, &str, Operator); 5] = [
    (operators::ADD, "@add", add),
    (operators::SUBSTRACT, "@subtract", subtract),
    (operators::MULTIPLY, "@multiply", multiply),
    (operators::DIVIDE, "@divide", divide),
    (operators::MODULO, "@modulo", modulo),
];

/// Declares the functions that stand in for operators.
///
/// # Errors
/// When CEL declares the same already.
pub fn declare(env: &mut Env) -> Result<(), DeclarationError> {
    OPERATORS
        .into_iter()
        .try_for_each(|(_, name, op)| env.add_overload(name, name, vec![DYN_TYPE, DYN_TYPE], op))
}

/// Puts these functions in place of the operators of `expression`. The steps of macros stay: CEL
/// recognises by their `+` that they only append.
pub fn rewrite(expression: &mut IdedExpr) {
    if let Expr::Call(call) = &mut expression.expr
        && call.args.len() == 2
        && let Some((_, name, _)) = OPERATORS.iter().find(|(op, ..)| *op == call.func_name)
        && !appends(&call.args)
    {
        call.func_name = (*name).to_owned();
    }
    children_mut(expression).into_iter().for_each(rewrite);
}

/// Whether it is the step of a macro, `@result + …`.
fn appends(args: &[IdedExpr]) -> bool {
    matches!(args.first().map(|arg| &arg.expr), Some(Expr::Ident(name)) if name.starts_with('@'))
}

/// Both as doubles, if they are numbers of different kinds.
fn mixed(a: &dyn Val, b: &dyn Val) -> Option<(f64, f64)> {
    (a.get_type() != b.get_type()).then_some(())?;
    Some((double(a)?, double(b)?))
}

#[allow(clippy::cast_precision_loss)]
fn double(value: &dyn Val) -> Option<f64> {
    if let Some(value) = value.downcast_ref::<CelDouble>() {
        return Some(*value.inner());
    }
    if let Some(value) = value.downcast_ref::<CelInt>() {
        return Some(*value.inner() as f64);
    }
    value.downcast_ref::<CelUInt>().map(|value| *value.inner() as f64)
}

fn done<'b, 'v>(number: f64) -> Result<CowVal<'b, 'v>, ExecutionError> {
    Ok(CowVal::owned(CelDouble::from(number)))
}

macro_rules! operator {
    ($name:ident, $cel:path, $as_operand:ident, $method:ident, $double:expr) => {
        fn $name<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
            let [a, b] = args.as_slice() else {
                return Err(ExecutionError::MissingArgumentOrTarget);
            };
            if let Some((a, b)) = mixed(a.as_ref(), b.as_ref()) {
                return done($double(a, b));
            }
            let types = || vec![a.get_type().name().to_owned(), b.get_type().name().to_owned()];
            let unknown = || ExecutionError::no_such_overload($cel, types());
            let operand = a.$as_operand().ok_or_else(unknown)?;
            Ok(CowVal::Owned(operand.$method(b.as_ref())?.into_owned()))
        }
    };
}

operator!(add, operators::ADD, as_adder, add, |a: f64, b: f64| a + b);
operator!(subtract, operators::SUBSTRACT, as_subtractor, sub, |a: f64, b: f64| a - b);
operator!(multiply, operators::MULTIPLY, as_multiplier, mul, |a: f64, b: f64| a * b);
operator!(divided, operators::DIVIDE, as_divider, div, |a: f64, b: f64| a / b);
operator!(modulo_mixed, operators::MODULO, as_modder, modulo, |a: f64, b: f64| a % b);

/// As the others; what is divided by zero has no value, rather than an infinite one.
fn divide<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    check_divisor(&args)?;
    divided(args)
}

/// As the others, but CEL has no remainder of two doubles, which numbers of JSON are.
fn modulo<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    check_divisor(&args)?;
    if let [a, b] = args.as_slice()
        && let (Some(a), Some(b)) = (a.downcast_ref::<CelDouble>(), b.downcast_ref::<CelDouble>())
    {
        return done(*a.inner() % *b.inner());
    }
    modulo_mixed(args)
}

fn check_divisor(args: &[CowVal<'_, '_>]) -> Result<(), ExecutionError> {
    match args.last().and_then(|divisor| double(divisor.as_ref())) {
        Some(0.0) => Err(ExecutionError::DivisionByZero(Value::Null)),
        _ => Ok(()),
    }
}
