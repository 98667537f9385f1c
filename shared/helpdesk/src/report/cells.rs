//! Where figures belong, and adding them up.

use super::Figure;
use crate::ids::{BrandId, GroupId, UserId};
use jiff::civil::Date;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Characters of a channel's name that count.
const MAX_CHANNEL: usize = 40;

/// Where figures belong. As text, in keys, `2026-11-22#<group>#<agent>#<brand>#<channel>`, with nothing for none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The day, where the account is.
    pub day: Date,
    /// The group.
    pub group: Option<GroupId>,
    /// The agent.
    pub agent: Option<UserId>,
    /// The brand.
    pub brand: Option<BrandId>,
    /// By what way the ticket came.
    pub channel: String,
}

impl Place {
    /// A channel's name as it is told apart: clients may name any.
    #[must_use]
    pub fn channel(name: &str) -> String {
        name.chars().filter(|it| !it.is_control() && *it != '#').take(MAX_CHANNEL).collect()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |id: Option<u64>| id.map(|id| id.to_string()).unwrap_or_default();
        let (group, agent) = (self.group.map(GroupId::get), self.agent.map(UserId::get));
        let brand = self.brand.map(BrandId::get);
        let Self { day, channel, .. } = self;
        write!(f, "{day}#{}#{}#{}#{channel}", shown(group), shown(agent), shown(brand))
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text} is no place");
        let [day, group, agent, brand, channel] =
            *text.splitn(5, '#').collect::<Vec<_>>().as_slice()
        else {
            return Err(wrong());
        };
        let id = |text: &str| match text {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| wrong()),
        };
        Ok(Self {
            day: day.parse().map_err(|_| wrong())?,
            group: id(group)?.and_then(GroupId::new),
            agent: id(agent)?.and_then(UserId::new),
            brand: id(brand)?.and_then(BrandId::new),
            channel: channel.to_owned(),
        })
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Figures of one place. Those that are 0 are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Figures(BTreeMap<Figure, i64>);

impl Figures {
    /// One of them.
    #[must_use]
    pub fn get(&self, figure: Figure) -> i64 {
        self.0.get(&figure).copied().unwrap_or_default()
    }

    /// Whether all are 0.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds to one of them.
    pub fn add(&mut self, figure: Figure, by: i64) {
        let now = self.get(figure).saturating_add(by);
        if now == 0 {
            self.0.remove(&figure);
        } else {
            self.0.insert(figure, now);
        }
    }

    /// Adds all of others.
    pub fn merge(&mut self, others: &Self) {
        others.0.iter().for_each(|(figure, by)| self.add(*figure, *by));
    }

    /// What has to be added to `before` to get these.
    #[must_use]
    pub fn less(&self, before: &Self) -> Self {
        let mut difference = self.clone();
        before.0.iter().for_each(|(figure, by)| difference.add(*figure, by.saturating_neg()));
        difference
    }
}

/// Figures by their places. Places without any are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cells(BTreeMap<Place, Figures>);

impl Cells {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Place by place.
    pub fn iter(&self) -> impl Iterator<Item = (&Place, &Figures)> {
        self.0.iter()
    }

    /// Those of one place.
    #[must_use]
    pub fn get(&self, place: &Place) -> Option<&Figures> {
        self.0.get(place)
    }

    /// Adds to a figure of a place.
    pub fn add(&mut self, place: &Place, figure: Figure, by: i64) {
        let mut figures = Figures::default();
        figures.add(figure, by);
        self.put(place, &figures);
    }

    /// Adds figures of a place.
    pub fn put(&mut self, place: &Place, figures: &Figures) {
        if figures.is_empty() {
            return;
        }
        let there = self.0.entry(place.clone()).or_default();
        there.merge(figures);
        if there.is_empty() {
            self.0.remove(place);
        }
    }

    /// Adds all of others.
    pub fn merge(&mut self, others: &Self) {
        others.iter().for_each(|(place, figures)| self.put(place, figures));
    }

    /// What has to be added to `before` to get these.
    #[must_use]
    pub fn less(&self, before: &Self) -> Self {
        let places = self.0.keys().chain(before.0.keys().filter(|it| !self.0.contains_key(*it)));
        let (none, mut cells) = (Figures::default(), Self::default());
        for place in places {
            let of = |cells: &Self| cells.0.get(place).unwrap_or(&none).clone();
            cells.put(place, &of(self).less(&of(before)));
        }
        cells
    }

    /// How many promises they say were broken; taken back ones (of deleted tickets) count as none.
    #[must_use]
    pub fn broken(&self) -> u64 {
        let of = |figures: &Figures| -> i64 {
            Figure::PROMISES.iter().map(|(_, _, broken)| figures.get(*broken)).sum()
        };
        u64::try_from(self.0.values().map(of).sum::<i64>()).unwrap_or_default()
    }

    /// The first so many of them.
    #[must_use]
    pub fn first(mut self, count: usize) -> Self {
        if let Some(place) = self.0.keys().nth(count).cloned() {
            drop(self.0.split_off(&place));
        }
        self
    }
}

impl FromIterator<(Place, Figures)> for Cells {
    fn from_iter<I: IntoIterator<Item = (Place, Figures)>>(all: I) -> Self {
        let mut cells = Self::default();
        all.into_iter().for_each(|(place, figures)| cells.put(&place, &figures));
        cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Place {
        text.parse().unwrap()
    }

    #[test]
    fn places_are_text() {
        for text in ["2026-11-22#7#35##web", "2026-11-22####", "-000044-03-15###4#a b"] {
            assert_eq!(place(text).to_string(), text);
        }
        for text in ["", "2026-11-22", "2026-11-22#x###web", "2026-13-22####"] {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
        assert_eq!(Place::channel("a#b\n"), "ab");
        assert_eq!(Place::channel(&"x".repeat(100)).len(), 40);
    }

    #[test]
    fn what_is_added_and_taken_away_again_is_nothing() {
        let (here, there) = (place("2026-11-22####web"), place("2026-11-23####web"));
        let mut cells = Cells::default();
        cells.add(&here, Figure::Created, 2);
        cells.add(&there, Figure::Solved, 1);
        let mut later = Cells::default();
        later.add(&here, Figure::Created, 3);
        let difference = later.less(&cells);
        assert_eq!(difference.get(&here).unwrap().get(Figure::Created), 1);
        assert_eq!(difference.get(&there).unwrap().get(Figure::Solved), -1);
        cells.merge(&difference);
        assert_eq!(cells, later);
        assert!(cells.less(&later).is_empty());
        let text = serde_json::to_string(&cells).unwrap();
        assert_eq!(text, r#"{"2026-11-22####web":{"created":3}}"#);
        assert_eq!(serde_json::from_str::<Cells>(&text).unwrap(), later);
        assert_eq!(later.clone().first(1), later);
        assert!(later.first(0).is_empty());
    }
}
