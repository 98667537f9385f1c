//! Metric math, as far as our alarms use it: numbers, metrics by their ids, arithmetic, comparisons, `IF` and `SUM`.
//!
//! It is worked out period by period. Where a metric has no data point, what is calculated with it has none; `SUM` alone leaves out
//! what is missing. A comparison is 1 or 0. Syntax:
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>

use anyhow::{Context, Result, bail};

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// A number.
    Number(f64),
    /// A metric, by its id.
    Metric(String),
    /// All metrics of the alarm: `METRICS()`.
    All,
    /// Several: `[a, b]`.
    List(Vec<Expression>),
    /// Two, and what is done with them.
    Both(Box<Expression>, Operator, Box<Expression>),
    /// `IF(condition, then, otherwise)`.
    If(Box<Expression>, Box<Expression>, Box<Expression>),
    /// `SUM(list)`.
    Sum(Box<Expression>),
}

/// What is done with two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // each is its own name
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
}

/// From the loosest to the tightest, the longest first.
const LEVELS: [&[(&str, Operator)]; 3] = [
    &[
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("==", Operator::Equal),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide)],
];

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// If it is none, or uses what is not known here.
    pub fn read(text: &str) -> Result<Self> {
        let mut reader = Reader { rest: text.trim_start() };
        let expression = reader.level(0)?;
        if !reader.rest.is_empty() {
            bail!("cannot read on from {:?}", reader.rest);
        }
        Ok(expression)
    }

    /// Its value in a period in which `metric` tells each metric's, and `all` those of all; nothing if it has none there.
    pub fn value(&self, metric: &dyn Fn(&str) -> Option<f64>, all: &[&str]) -> Option<f64> {
        let of = |expression: &Self| expression.value(metric, all);
        match self {
            Self::Number(number) => Some(*number),
            Self::Metric(id) => metric(id),
            Self::All | Self::List(_) => None,
            Self::Both(left, operator, right) => operator.apply(of(left)?, of(right)?),
            Self::If(condition, then, otherwise) => {
                let chosen = if of(condition)? == 0.0 { otherwise } else { then };
                of(chosen)
            }
            Self::Sum(list) => {
                let values: Vec<f64> = match &**list {
                    Self::All => all.iter().filter_map(|id| metric(id)).collect(),
                    Self::List(list) => list.iter().filter_map(of).collect(),
                    one => of(one).into_iter().collect(),
                };
                (!values.is_empty()).then(|| values.iter().sum())
            }
        }
    }
}

impl Operator {
    fn apply(self, left: f64, right: f64) -> Option<f64> {
        let truth = |truth: bool| Some(f64::from(u8::from(truth)));
        match self {
            Self::Add => Some(left + right),
            Self::Subtract => Some(left - right),
            Self::Multiply => Some(left * right),
            Self::Divide => (right != 0.0).then(|| left / right),
            Self::Less => truth(left < right),
            Self::LessOrEqual => truth(left <= right),
            Self::Greater => truth(left > right),
            Self::GreaterOrEqual => truth(left >= right),
            #[allow(clippy::float_cmp)] // as CloudWatch does
            Self::Equal => truth(left == right),
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// Takes `what` if it comes next, and the blanks after it.
    fn take(&mut self, what: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(what) else { return false };
        self.rest = rest.trim_start();
        true
    }

    fn expect(&mut self, what: &str) -> Result<()> {
        if self.take(what) { Ok(()) } else { bail!("{what:?} is missing before {:?}", self.rest) }
    }

    fn word(&mut self, part: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c: char| !part(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest.trim_start();
        word
    }

    fn level(&mut self, level: usize) -> Result<Expression> {
        let Some(operators) = LEVELS.get(level) else { return self.primary() };
        let tighter = level.saturating_add(1);
        let mut left = self.level(tighter)?;
        while let Some((_, operator)) = operators.iter().find(|(sign, _)| self.take(sign)) {
            let right = self.level(tighter)?;
            left = Expression::Both(Box::new(left), *operator, Box::new(right));
        }
        Ok(left)
    }

    fn list(&mut self, end: &str) -> Result<Vec<Expression>> {
        let mut all = Vec::new();
        while !self.take(end) {
            if !all.is_empty() {
                self.expect(",")?;
            }
            all.push(self.level(0)?);
        }
        Ok(all)
    }

    fn primary(&mut self) -> Result<Expression> {
        if self.take("(") {
            let inner = self.level(0)?;
            self.expect(")")?;
            return Ok(inner);
        }
        if self.take("[") {
            return Ok(Expression::List(self.list("]")?));
        }
        let word = self.word(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            let number = word.parse().with_context(|| format!("{word:?} is no number"))?;
            return Ok(Expression::Number(number));
        }
        if word.is_empty() {
            bail!("nothing is known that begins with {:?}", self.rest);
        }
        if !self.take("(") {
            return Ok(Expression::Metric(word.to_owned()));
        }
        call(word, self.list(")")?)
    }
}

fn call(function: &str, arguments: Vec<Expression>) -> Result<Expression> {
    let mut arguments = arguments.into_iter();
    let mut next = || arguments.next().map(Box::new);
    let called = match function {
        "METRICS" => Some(Expression::All),
        "SUM" => next().map(Expression::Sum),
        "IF" => match (next(), next(), next()) {
            (Some(condition), Some(then), Some(otherwise)) => {
                Some(Expression::If(condition, then, otherwise))
            }
            _ => None,
        },
        other => bail!("the function {other} is not known here"),
    };
    let called = called.with_context(|| format!("{function} lacks an argument"))?;
    if next().is_some() { bail!("{function} has too many arguments") } else { Ok(called) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<f64> {
        let metric = |id: &str| match id {
            "a" => Some(6.0),
            "b" => Some(2.0),
            "zero" => Some(0.0),
            _ => None,
        };
        Expression::read(text).unwrap().value(&metric, &["a", "b", "missing"])
    }

    #[test]
    fn numbers_are_calculated_as_written() {
        assert_eq!(value("1 + 2 * a - b / 4"), Some(12.5));
        assert_eq!(value("(1 + 2) * a"), Some(18.0));
        assert_eq!(value("a - b - 1"), Some(3.0));
        assert_eq!(value("a >= 6"), Some(1.0));
        assert_eq!(value("a + 1 < b * 3"), Some(0.0));
        assert_eq!(value("IF(a > b, 100 * b / a, 0)"), Some(100.0 / 3.0));
        assert_eq!(value("IF(a == b, 1, 0.5)"), Some(0.5));
    }

    #[test]
    fn what_is_missing_makes_all_of_it_missing_but_a_sum() {
        assert_eq!(value("a + missing"), None);
        assert_eq!(value("IF(missing > 1, 1, 0)"), None);
        assert_eq!(value("IF(a > 1, 1, missing)"), Some(1.0));
        assert_eq!(value("a / zero"), None);
        assert_eq!(value("SUM([a, missing])"), Some(6.0));
        assert_eq!(value("SUM(METRICS())"), Some(8.0));
        assert_eq!(value("SUM([missing])"), None);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for text in ["", "a +", "FILL(a, 0)", "IF(a, 1)", "SUM(a, b)", "a b", "[a", "1.2.3"] {
            assert!(Expression::read(text).is_err(), "{text}");
        }
    }
}
