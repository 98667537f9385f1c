//! From cells to the numbers that trees compare.

use ceap_engagement::model::Cell;
use ceap_kernel::Fault;
use serde_json::Value;
use std::collections::HashMap;

/// How one input becomes a number.
#[derive(Debug)]
pub(crate) enum Encoder {
    /// As it is.
    Number,
    /// By the categories that the model knows.
    Categories(Categories),
}

/// Categories by name, with their codes.
#[derive(Debug)]
pub(crate) struct Categories {
    texts: HashMap<String, f64>,
    numbers: HashMap<u64, f64>,
    /// Whether one that is unknown is missing; otherwise it is refused.
    unseen_is_missing: bool,
}

impl Categories {
    pub fn new(names: &[Value], unseen_is_missing: bool) -> Self {
        let (mut texts, mut numbers) = (HashMap::new(), HashMap::new());
        for (code, name) in (0_u32..).zip(names) {
            let number = match name {
                Value::Bool(yes) => Some(f64::from(u8::from(*yes))),
                other => other.as_f64(),
            };
            match (name.as_str(), number) {
                (Some(text), _) => texts.insert(text.to_owned(), f64::from(code)),
                (None, Some(number)) => numbers.insert(bits(number), f64::from(code)),
                (None, None) => None,
            };
        }
        Self { texts, numbers, unseen_is_missing }
    }
}

/// Equal numbers have equal bits, zero among them.
fn bits(number: f64) -> u64 {
    (number + 0.0).to_bits()
}

impl Encoder {
    /// The number of a cell; NaN when it is missing.
    ///
    /// # Errors
    /// `Invalid` at the input `name`. The value stays out of the text: it may be personal data.
    pub fn encode(&self, name: &str, cell: &Cell) -> Result<f64, Fault> {
        let refused =
            |rule: &str| Err(Fault::invalid(format!("score.inputs.{name}"), rule.to_owned()));
        match (self, cell) {
            (_, Cell::Missing) => Ok(f64::NAN),
            (Self::Number, Cell::Number(number)) => Ok(*number),
            (Self::Number, Cell::Text(_)) => refused("must be a number"),
            (Self::Categories(known), cell) => {
                let code = match cell {
                    Cell::Text(text) => known.texts.get(text),
                    Cell::Number(number) => known.numbers.get(&bits(*number)),
                    Cell::Missing => None,
                };
                match code {
                    Some(code) => Ok(*code),
                    None if known.unseen_is_missing => Ok(f64::NAN),
                    None => refused("is a category that the model was not trained on"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn categories_are_texts_numbers_or_truth_values() {
        let names = [json!("a"), json!(3), json!(0.0), json!(true)];
        let known = |unseen| Encoder::Categories(Categories::new(&names, unseen));
        let code = |cell| known(true).encode("x", &cell).unwrap();
        assert_eq!(code(Cell::Text("a".into())), 0.0);
        assert_eq!(code(Cell::Number(3.0)), 1.0);
        assert_eq!(code(Cell::Number(-0.0)), 2.0);
        assert_eq!(code(Cell::Number(1.0)), 3.0);
        assert!(code(Cell::Text("3".into())).is_nan());
        let fault = known(false).encode("x", &Cell::Text("secret".into())).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "score.inputs.x: is a category that the model was not trained on"
        );
    }
}
