//! Alarms as templates declare them, and what they say of data points.
//!
//! What is referred to (`!Ref Queue`, `!GetAtt Queue.QueueName`) is called as in `Fn::Sub`: `${Queue}`, `${Queue.QueueName}`.
//! Properties: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html>

use crate::math::Expression;
use crate::points::{Metric, Points, Statistic};
use crate::state::{MORE, Rule, State};
use crate::template::{Resource, Template, many, text};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::cmp::Ordering;

/// Whose alarms leave missing data out whatever they say (`PutMetricAlarm`, `TreatMissingData`).
const IGNORING: &str = "AWS/DynamoDB";

/// What is made of a data point that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // the words of CloudWatch
pub enum Missing {
    Missing,
    Ignore,
    Breaching,
    NotBreaching,
}

/// A statistic of a metric, period by period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// Of what.
    pub metric: Metric,
    /// What is made of a period's values.
    pub statistic: Statistic,
    /// How long a period is, in seconds.
    pub period_s: i64,
}

/// What an alarm looks at.
#[derive(Debug, Clone, PartialEq)]
pub enum Watched {
    /// One metric.
    One(Stat),
    /// What is calculated of several, by their ids.
    Math(Vec<(String, Stat)>, Expression),
}

/// An alarm of a template.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// The template's path.
    pub file: String,
    /// Its logical id.
    pub id: String,
    /// What it tells, with the placeholders of `Fn::Sub`.
    pub description: String,
    /// What it looks at.
    pub watched: Watched,
    /// Beyond which value a data point is bad.
    pub threshold: f64,
    comparison: Comparison,
    rule: Rule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Alarm {
    /// The alarms of a template.
    ///
    /// # Errors
    /// If one lacks something, or uses what is not known here.
    pub fn all(template: &Template) -> Result<Vec<Self>> {
        let alarms = template.of_kind("AWS::CloudWatch::Alarm");
        alarms
            .map(|it| {
                Self::read(template, &it).with_context(|| format!("{}, {}", template.file, it.id))
            })
            .collect()
    }

    fn read(template: &Template, resource: &Resource<'_>) -> Result<Self> {
        let properties = resource.properties;
        let number = |key: &str| properties.get(key).and_then(Value::as_u64);
        let of = number("EvaluationPeriods").context("no EvaluationPeriods")?;
        let bad = number("DatapointsToAlarm").unwrap_or(of);
        let watched = match properties.get("Metrics") {
            None => Watched::One(stat(properties, properties, "Statistic")?),
            Some(metrics) => calculated(metrics)?,
        };
        let ignores = watched.stats().iter().any(|stat| stat.metric.namespace == IGNORING);
        let missing = match word(properties, "TreatMissingData").as_deref() {
            _ if ignores => Missing::Ignore,
            None | Some("missing") => Missing::Missing,
            Some("ignore") => Missing::Ignore,
            Some("breaching") => Missing::Breaching,
            Some("notBreaching") => Missing::NotBreaching,
            Some(other) => bail!("TreatMissingData cannot be {other}"),
        };
        let comparison = match word(properties, "ComparisonOperator").as_deref() {
            Some("GreaterThanThreshold") => Comparison::Greater,
            Some("GreaterThanOrEqualToThreshold") => Comparison::GreaterOrEqual,
            Some("LessThanThreshold") => Comparison::Less,
            Some("LessThanOrEqualToThreshold") => Comparison::LessOrEqual,
            other => bail!("ComparisonOperator cannot be {other:?}"),
        };
        let (of, bad) = (usize::try_from(of)?, usize::try_from(bad)?);
        if bad > of || bad == 0 {
            bail!("{bad} of {of} data points");
        }
        Ok(Self {
            file: template.file.clone(),
            id: resource.id.to_owned(),
            description: word(properties, "AlarmDescription").context("no AlarmDescription")?,
            watched,
            threshold: properties
                .get("Threshold")
                .and_then(Value::as_f64)
                .context("no Threshold")?,
            comparison,
            rule: Rule { of, bad, missing },
        })
    }

    /// How long its periods are, in seconds.
    #[must_use]
    pub fn period_s(&self) -> i64 {
        self.watched.stats().first().map_or(1, |stat| stat.period_s)
    }

    /// How many periods in a row, if all of them are bad, make it ring.
    #[must_use]
    pub const fn bad_periods(&self) -> usize {
        self.rule.bad
    }

    /// Whether it keeps its state where nothing is told.
    #[must_use]
    pub fn keeps_its_state(&self) -> bool {
        self.rule.missing == Missing::Ignore
    }

    /// What it says as of `now_s`, in seconds since 1970, of the periods that are over by then. `before` is what it said until now.
    #[must_use]
    pub fn state(&self, points: &Points, now_s: i64, before: State) -> State {
        let period = self.period_s();
        let periods = i64::try_from(self.rule.of.saturating_add(MORE)).unwrap_or(i64::MAX);
        let end = now_s.saturating_sub(now_s.checked_rem_euclid(period).unwrap_or(0));
        let starts = (1..=periods).rev().map(|n| end.saturating_sub(period.saturating_mul(n)));
        let seen: Vec<Option<bool>> =
            starts.map(|start| Some(self.is_bad(self.watched.value(points, start)?))).collect();
        self.rule.state(&seen, before)
    }

    fn is_bad(&self, value: f64) -> bool {
        let Some(order) = value.partial_cmp(&self.threshold) else { return false };
        match self.comparison {
            Comparison::Greater => order == Ordering::Greater,
            Comparison::GreaterOrEqual => order != Ordering::Less,
            Comparison::Less => order == Ordering::Less,
            Comparison::LessOrEqual => order != Ordering::Greater,
        }
    }
}

impl Watched {
    /// The statistics that it is made of.
    #[must_use]
    pub fn stats(&self) -> Vec<&Stat> {
        match self {
            Self::One(stat) => vec![stat],
            Self::Math(stats, _) => stats.iter().map(|(_, stat)| stat).collect(),
        }
    }

    /// Its data point of the period that begins at `start_s`; nothing if it has none.
    #[must_use]
    pub fn value(&self, points: &Points, start_s: i64) -> Option<f64> {
        let over = |stat: &Stat| {
            let end = start_s.saturating_add(stat.period_s);
            points.over(&stat.metric, stat.statistic, start_s, end)
        };
        match self {
            Self::One(stat) => over(stat),
            Self::Math(stats, expression) => {
                let of =
                    |id: &str| over(stats.iter().find(|(own, _)| own == id).map(|(_, stat)| stat)?);
                let ids: Vec<&str> = stats.iter().map(|(id, _)| id.as_str()).collect();
                expression.value(&of, &ids)
            }
        }
    }
}

fn word(properties: &Value, key: &str) -> Option<String> {
    properties.get(key).and_then(text)
}

/// The metrics of an alarm that calculates: statistics that it does not return, and one expression that it does.
fn calculated(metrics: &Value) -> Result<Watched> {
    let (mut stats, mut returned) = (Vec::new(), Vec::new());
    for query in many(Some(metrics)) {
        let id = word(query, "Id").context("a metric without Id")?;
        let returns = query.get("ReturnData").and_then(Value::as_bool).unwrap_or(true);
        match (query.get("MetricStat"), word(query, "Expression")) {
            (Some(own), None) if !returns => {
                let metric = own.get("Metric").context("no Metric")?;
                stats.push((id, stat(metric, own, "Stat")?));
            }
            (None, Some(expression)) if returns => returned.push(Expression::read(&expression)?),
            _ => {
                bail!("{id} is neither a statistic that is not returned nor an expression that is")
            }
        }
    }
    let periods: Vec<i64> = stats.iter().map(|(_, stat)| stat.period_s).collect();
    if periods.windows(2).any(|pair| pair.first() != pair.last()) {
        bail!("periods of different length");
    }
    // Limits of an alarm: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
    if stats.len() > 10 {
        bail!("more than ten metrics");
    }
    match <[Expression; 1]>::try_from(returned) {
        Ok([expression]) => Ok(Watched::Math(stats, expression)),
        Err(_) => bail!("not one expression is returned"),
    }
}

/// A statistic: of what is in `metric`, how in `how`.
fn stat(metric: &Value, how: &Value, statistic: &str) -> Result<Stat> {
    let namespace = word(metric, "Namespace").context("no Namespace")?;
    let mut of = Metric::new(&namespace, &word(metric, "MetricName").context("no MetricName")?);
    for dimension in many(metric.get("Dimensions")) {
        let name = word(dimension, "Name").context("a dimension without Name")?;
        of = of
            .of(&name, &word(dimension, "Value").with_context(|| format!("{name} without Value"))?);
    }
    let statistic = word(how, statistic).with_context(|| format!("no {statistic}"))?;
    Ok(Stat {
        metric: of,
        statistic: Statistic::read(&statistic)?,
        period_s: how.get("Period").and_then(Value::as_i64).context("no Period")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUE: &str = "
Resources:
  A:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: !Sub 'Look. Runbook: ${Base}/queue.html'
      Namespace: AWS/SQS
      MetricName: ApproximateNumberOfMessagesVisible
      Dimensions: [{Name: QueueName, Value: !GetAtt Q.QueueName}]
      Statistic: Maximum
      Period: 300
      EvaluationPeriods: 1
      ComparisonOperator: GreaterThanThreshold
      Threshold: 0
      TreatMissingData: notBreaching";

    const RATE: &str = "
Resources:
  A:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: x
      Metrics:
        - Id: bad
          ReturnData: false
          MetricStat: {Metric: {Namespace: N, MetricName: Bad}, Stat: Sum, Period: 60}
        - Id: all
          ReturnData: false
          MetricStat: {Metric: {Namespace: N, MetricName: All}, Stat: Sum, Period: 60}
        - {Id: rate, Expression: 'IF(bad >= 10, 100 * bad / all, 0)'}
      EvaluationPeriods: 3
      DatapointsToAlarm: 2
      ComparisonOperator: GreaterThanThreshold
      Threshold: 5
      TreatMissingData: notBreaching";

    fn alarm(yaml: &str) -> Result<Alarm> {
        let template = Template::parse("t.yaml", yaml)?;
        Ok(Alarm::all(&template)?.remove(0))
    }

    #[test]
    fn one_metric_beyond_its_threshold_rings() {
        let alarm = alarm(QUEUE).unwrap();
        assert_eq!(alarm.description, "Look. Runbook: ${Base}/queue.html");
        let queue = Metric::new("AWS/SQS", "ApproximateNumberOfMessagesVisible")
            .of("QueueName", "${Q.QueueName}");
        let mut points = Points::default();
        assert_eq!(alarm.state(&points, 900, State::Alarm), State::Ok);
        points.put(queue.clone(), 650, 0.0);
        assert_eq!(alarm.state(&points, 900, State::Alarm), State::Ok);
        points.put(queue, 700, 1.0);
        assert_eq!(alarm.state(&points, 900, State::Ok), State::Alarm);
        assert_eq!(alarm.state(&points, 899, State::Ok), State::Ok, "its period is not over");
    }

    #[test]
    fn a_rate_rings_in_two_periods_of_three_and_not_for_few() {
        let alarm = alarm(RATE).unwrap();
        let mut points = Points::default();
        let mut put = |minute: i64, bad: f64, all: f64| {
            points.put(Metric::new("N", "Bad"), minute * 60, bad);
            points.put(Metric::new("N", "All"), minute * 60, all);
            alarm.state(&points, (minute + 1) * 60, State::Ok)
        };
        assert_eq!(put(0, 9.0, 9.0), State::Ok, "nine are few");
        assert_eq!(put(1, 10.0, 100.0), State::Ok, "one period");
        assert_eq!(put(2, 10.0, 200.0), State::Ok, "5 % is not more than 5 %");
        assert_eq!(put(3, 10.0, 190.0), State::Alarm);
    }

    #[test]
    fn dynamodb_s_alarms_keep_their_state_without_data() {
        let alarm = alarm(&QUEUE.replace("AWS/SQS", "AWS/DynamoDB")).unwrap();
        assert!(alarm.keeps_its_state());
        assert_eq!(alarm.state(&Points::default(), 900, State::Alarm), State::Alarm);
    }

    #[test]
    fn what_cloudformation_would_refuse_is_refused() {
        for (from, to) in [
            ("Maximum", "p99"),
            ("EvaluationPeriods: 1", "EvaluationPeriods: 0"),
            ("GreaterThanThreshold", "Above"),
            ("notBreaching", "whatever"),
            ("Threshold: 0", "Other: 0"),
        ] {
            assert!(alarm(&QUEUE.replace(from, to)).is_err(), "{to}");
        }
        for (from, to) in [
            ("Expression", "Sentence"),
            ("All}, Stat: Sum, Period: 60", "All}, Stat: Sum, Period: 61"),
            ("IF(", "FILL("),
        ] {
            assert!(RATE.contains(from) && alarm(&RATE.replace(from, to)).is_err(), "{to}");
        }
    }
}
