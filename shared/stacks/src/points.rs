//! Data points of metrics, as CloudWatch keeps them: by namespace, name and dimensions, at instants in seconds since 1970.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeMap;

/// A metric. Each set of dimensions is a metric of its own; CloudWatch adds none of them up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Metric {
    /// Whose it is: `CEAP`, `AWS/SQS`.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What it is about, by name.
    pub dimensions: BTreeMap<String, String>,
}

impl Metric {
    /// A metric without dimensions.
    #[must_use]
    pub fn new(namespace: &str, name: &str) -> Self {
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        Self { namespace, name, dimensions: BTreeMap::new() }
    }

    /// The same, of this.
    #[must_use]
    pub fn of(mut self, dimension: &str, value: &str) -> Self {
        self.dimensions.insert(dimension.to_owned(), value.to_owned());
        self
    }
}

/// What is made of the values of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistic {
    /// All values added up.
    Sum,
    /// Their mean.
    Average,
    /// The smallest.
    Minimum,
    /// The largest.
    Maximum,
    /// How many there are.
    SampleCount,
}

impl Statistic {
    /// By its name in a template; percentiles are none of these.
    ///
    /// # Errors
    /// If there is no such statistic here.
    pub fn read(name: &str) -> Result<Self> {
        Ok(match name {
            "Sum" => Self::Sum,
            "Average" => Self::Average,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            "SampleCount" => Self::SampleCount,
            other => bail!("no statistic is called {other}"),
        })
    }

    #[allow(clippy::cast_precision_loss)] // as many values as no test has
    fn over(self, values: &[f64]) -> Option<f64> {
        let (sum, count) = (values.iter().sum::<f64>(), values.len() as f64);
        let most = |pick: fn(f64, f64) -> f64| values.iter().copied().reduce(pick);
        let smallest = most(f64::min)?;
        Some(match self {
            Self::Sum => sum,
            Self::Average => sum / count,
            Self::Minimum => smallest,
            Self::Maximum => most(f64::max)?,
            Self::SampleCount => count,
        })
    }
}

/// Data points that were told.
#[derive(Debug, Clone, Default)]
pub struct Points(BTreeMap<Metric, Vec<(i64, f64)>>);

impl Points {
    /// Puts one, at seconds since 1970.
    pub fn put(&mut self, metric: Metric, at_s: i64, value: f64) {
        self.0.entry(metric).or_default().push((at_s, value));
    }

    /// Puts what a line of CloudWatch's embedded metric format says, at `at_s` in place of its own instant, and tells how many
    /// values that were. Each set of dimensions makes a metric of its own.
    ///
    /// Format: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
    ///
    /// # Errors
    /// If the line is not in that format: CloudWatch would make no metric of it, and tell nobody.
    pub fn embedded(&mut self, line: &str, at_s: i64) -> Result<usize> {
        let line: Value = serde_json::from_str(line).context("no JSON")?;
        line.pointer("/_aws/Timestamp").and_then(Value::as_i64).context("no Timestamp")?;
        let directives = line
            .pointer("/_aws/CloudWatchMetrics")
            .and_then(Value::as_array)
            .context("no metrics")?;
        let mut count = 0_usize;
        for directive in directives {
            for metric in metrics(&line, directive)? {
                let values = values(&line, &metric.name)?;
                count = count.saturating_add(values.len());
                self.0.entry(metric).or_default().extend(values.iter().map(|value| (at_s, *value)));
            }
        }
        Ok(count)
    }

    /// A statistic of a metric from `from_s` to before `to_s`; nothing where no value was told.
    #[must_use]
    pub fn over(
        &self,
        metric: &Metric,
        statistic: Statistic,
        from_s: i64,
        to_s: i64,
    ) -> Option<f64> {
        let all = self.0.get(metric)?.iter();
        let within = all.filter(|(at, _)| (from_s..to_s).contains(at));
        statistic.over(&within.map(|(_, value)| *value).collect::<Vec<_>>())
    }

    /// The metrics that were told of.
    pub fn metrics(&self) -> impl Iterator<Item = &Metric> {
        self.0.keys()
    }
}

/// The metrics that a directive names, one for each set of dimensions.
fn metrics(line: &Value, directive: &Value) -> Result<Vec<Metric>> {
    let list = |key: &str| {
        directive.get(key).and_then(Value::as_array).with_context(|| format!("no {key}"))
    };
    let namespace = directive.get("Namespace").and_then(Value::as_str).context("no Namespace")?;
    let mut all = Vec::new();
    for set in list("Dimensions")? {
        let set = set.as_array().context("a set of dimensions is no list")?;
        for definition in list("Metrics")? {
            let name = definition.get("Name").and_then(Value::as_str).context("no Name")?;
            let mut metric = Metric::new(namespace, name);
            for dimension in set.iter().filter_map(Value::as_str) {
                let value = line.get(dimension).and_then(Value::as_str);
                let value =
                    value.with_context(|| format!("the dimension {dimension} has no text"))?;
                metric = metric.of(dimension, value);
            }
            all.push(metric);
        }
    }
    Ok(all)
}

/// What a line says of a metric: a number, or up to a hundred.
fn values(line: &Value, name: &str) -> Result<Vec<f64>> {
    let value = line.get(name).with_context(|| format!("{name} has no value"))?;
    let all: Option<Vec<f64>> = match value {
        Value::Array(all) if all.len() <= 100 => all.iter().map(Value::as_f64).collect(),
        Value::Array(_) => bail!("{name} has more than 100 values"),
        one => one.as_f64().map(|one| vec![one]),
    };
    all.with_context(|| format!("{name} is no number"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn line(dimensions: Value, value: Value) -> String {
        let metrics = json!([{"Name": "MessagesSent", "Unit": "Count"}]);
        let directive =
            json!([{"Namespace": "CEAP", "Dimensions": dimensions, "Metrics": metrics}]);
        json!({"_aws": {"Timestamp": 5, "CloudWatchMetrics": directive}, "channel": "email", "MessagesSent": value})
            .to_string()
    }

    #[test]
    fn each_set_of_dimensions_is_a_metric() {
        let mut points = Points::default();
        let line = line(json!([[], ["channel"]]), json!([1, 2.5]));
        assert_eq!(points.embedded(&line, 100).unwrap(), 4);
        let all = Metric::new("CEAP", "MessagesSent");
        let email = all.clone().of("channel", "email");
        for metric in [&all, &email] {
            assert_eq!(points.over(metric, Statistic::Sum, 60, 120), Some(3.5));
            assert_eq!(points.over(metric, Statistic::Average, 60, 120), Some(1.75));
            assert_eq!(points.over(metric, Statistic::Maximum, 60, 120), Some(2.5));
            assert_eq!(points.over(metric, Statistic::Minimum, 60, 120), Some(1.0));
            assert_eq!(points.over(metric, Statistic::SampleCount, 60, 120), Some(2.0));
            assert_eq!(points.over(metric, Statistic::Sum, 60, 100), None);
        }
    }

    #[test]
    fn what_cloudwatch_makes_no_metric_of_is_refused() {
        let mut points = Points::default();
        for (line, why) in [
            ("START RequestId".to_owned(), "no JSON"),
            (r#"{"level": "INFO"}"#.to_owned(), "no Timestamp"),
            (line(json!([["stage"]]), json!(1)), "the dimension stage has no text"),
            (line(json!([[]]), json!("1")), "MessagesSent is no number"),
            (line(json!([[]]), json!(vec![1; 101])), "MessagesSent has more than 100 values"),
        ] {
            assert_eq!(points.embedded(&line, 0).unwrap_err().to_string(), why);
        }
    }
}
