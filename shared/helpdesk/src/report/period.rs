//! Which figures are asked for.

use super::Place;
use crate::ids::{BrandId, GroupId, UserId};
use ceap_kernel::Fault;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;

/// Days that one report tells of at most.
pub const MOST_DAYS: i32 = 400;

/// Days that it tells of unless it is said.
const USUAL: i32 = 30;

/// From one day to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Period {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

impl Period {
    /// The months that it has days of: `2026-11`.
    #[must_use]
    pub fn months(&self) -> Vec<String> {
        let mut months = Vec::new();
        let mut day = self.from.first_of_month();
        while day <= self.to {
            months.push(format!("{:04}-{:02}", day.year(), day.month()));
            match day.checked_add(1.month()) {
                Ok(next) => day = next,
                Err(_) => break,
            }
        }
        months
    }

    fn holds(&self, day: Date) -> bool {
        (self.from..=self.to).contains(&day)
    }
}

/// By what a report tells figures apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Day by day.
    Day,
    /// Group by group.
    Group,
    /// Agent by agent.
    Agent,
    /// Brand by brand.
    Brand,
    /// Channel by channel.
    Channel,
}

impl By {
    const ALL: [(&'static str, Self); 5] = [
        ("day", Self::Day),
        ("group", Self::Group),
        ("agent", Self::Agent),
        ("brand", Self::Brand),
        ("channel", Self::Channel),
    ];
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Of which days.
    pub period: Period,
    /// Told apart by these.
    pub by: Vec<By>,
    /// Of this group alone.
    pub group: Option<GroupId>,
    /// Of this agent alone.
    pub agent: Option<UserId>,
    /// Of this brand alone.
    pub brand: Option<BrandId>,
    /// Of this channel alone.
    pub channel: Option<String>,
}

impl Asked {
    /// What is asked for by a request's parameters; `today` is today where the account is, `usual` what a report is told
    /// apart by unless it is said.
    ///
    /// # Errors
    /// `Invalid` that names the parameter.
    pub fn read(
        query: impl Fn(&str) -> Option<String>,
        today: Date,
        usual: By,
    ) -> Result<Self, Fault> {
        let given = |name: &str| query(name).filter(|text| !text.is_empty());
        let day = |name: &str| match given(name).map(|it| it.parse::<Date>()) {
            None => Ok(None),
            Some(Ok(day)) => Ok(Some(day)),
            Some(Err(_)) => Err(Fault::invalid(name, "must be a day, as 2026-11-22")),
        };
        let to = day("to")?.unwrap_or(today);
        let before = to.checked_sub(USUAL.saturating_sub(1).days()).unwrap_or(Date::MIN);
        let from = day("from")?.unwrap_or(before);
        let days = to.since(from).map_or(i32::MAX, |span| span.get_days());
        if days < 0 {
            return Err(Fault::invalid("from", "must not be after `to`"));
        }
        if days >= MOST_DAYS {
            let rule = format!("must be less than {MOST_DAYS} days before `to`");
            return Err(Fault::invalid("from", rule));
        }
        let id = |name: &str| match given(name).map(|it| it.parse::<u64>()) {
            None => Ok(None),
            Some(Ok(id)) => Ok(Some(id)),
            Some(Err(_)) => Err(Fault::invalid(name, "must be an id")),
        };
        Ok(Self {
            period: Period { from, to },
            by: given("by").map_or_else(|| Ok(vec![usual]), |it| named(&it))?,
            group: id("group_id")?.and_then(GroupId::new),
            agent: id("agent_id")?.and_then(UserId::new),
            brand: id("brand_id")?.and_then(BrandId::new),
            channel: given("channel").map(|it| Place::channel(&it)),
        })
    }

    /// Whether figures of a place are asked for.
    #[must_use]
    pub fn holds(&self, place: &Place) -> bool {
        self.period.holds(place.day)
            && self.group.is_none_or(|it| place.group == Some(it))
            && self.agent.is_none_or(|it| place.agent == Some(it))
            && self.brand.is_none_or(|it| place.brand == Some(it))
            && self.channel.as_ref().is_none_or(|it| place.channel == *it)
    }
}

fn named(text: &str) -> Result<Vec<By>, Fault> {
    let mut all = Vec::new();
    for name in text.split(',').map(str::trim) {
        let by = By::ALL.iter().find(|(known, _)| *known == name);
        let (_, by) = by.ok_or_else(|| {
            Fault::invalid("by", "must name day, group, agent, brand or channel, with commas")
        })?;
        if !all.contains(by) {
            all.push(*by);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects)]

    use super::*;
    use jiff::civil::date;

    fn asked(query: &[(&'static str, &'static str)]) -> Result<Asked, Fault> {
        let find = |name: &str| {
            query.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned())
        };
        Asked::read(find, date(2026, 11, 22), By::Day)
    }

    #[test]
    fn the_last_thirty_days_are_meant_unless_it_is_said() {
        let usual = asked(&[]).unwrap();
        assert_eq!(usual.period.from, date(2026, 10, 24));
        assert_eq!(usual.period.to, date(2026, 11, 22));
        assert_eq!(usual.by, [By::Day]);
        assert_eq!(usual.period.months(), ["2026-10", "2026-11"]);
        let year = asked(&[("from", "2025-12-31"), ("to", "2026-02-01"), ("by", "agent,day")]);
        let year = year.unwrap();
        assert_eq!(year.period.months(), ["2025-12", "2026-01", "2026-02"]);
        assert_eq!(year.by, [By::Agent, By::Day]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (name, value) in [
            ("from", "yesterday"),
            ("to", "2026-13-01"),
            ("from", "2026-11-23"),
            ("from", "2025-10-18"),
            ("by", "week"),
            ("group_id", "x"),
        ] {
            let refused = asked(&[(name, value)]).unwrap_err();
            let shown = format!("{refused:?}");
            assert!(shown.contains(name), "{name}={value}: {shown}");
        }
        assert!(asked(&[("from", "2025-10-19")]).is_ok());
    }
}
