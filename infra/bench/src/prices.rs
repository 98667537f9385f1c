//! Prices, each with its date and where it was read.

use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The table.
#[derive(Debug, Deserialize)]
pub struct Prices {
    /// Whose prices they are.
    pub region: String,
    prices: BTreeMap<String, Price>,
}

/// One price.
#[derive(Debug, Deserialize)]
pub struct Price {
    /// US dollars for `per` units.
    pub usd: f64,
    /// How many units it is for.
    pub per: f64,
    /// What is counted.
    pub unit: String,
    /// When it was looked up.
    pub as_of: jiff::civil::Date,
    /// Where it was read.
    pub source: String,
    /// AWS's own page.
    pub aws: String,
}

impl Prices {
    /// Reads `prices.json`, which is part of this crate.
    ///
    /// # Errors
    /// When it is not as it should be.
    pub fn read() -> Result<Self> {
        serde_json::from_str(include_str!("../prices.json")).context("prices.json")
    }

    /// What one unit costs, in US dollars.
    ///
    /// # Errors
    /// When there is no such price.
    pub fn of(&self, name: &str) -> Result<f64> {
        let price = self.prices.get(name).with_context(|| format!("no price of {name}"))?;
        Ok(price.usd / price.per)
    }

    /// All of them, by name.
    pub fn all(&self) -> impl Iterator<Item = (&String, &Price)> {
        self.prices.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Prices change; those of more than 400 days ago are looked up again.
    #[test]
    fn prices_are_not_old_and_say_where_they_are_from() {
        let today = jiff::Zoned::now().date();
        for (name, price) in Prices::read().unwrap().all() {
            let age = today.since(price.as_of).unwrap().get_days();
            assert!(age <= 400, "{name} is {age} days old");
            assert!(price.usd > 0.0 && price.per > 0.0 && !price.unit.is_empty(), "{name}");
            let page = |url: &str| url.starts_with("https://");
            assert!(
                page(&price.source) && price.aws.starts_with("https://aws.amazon.com/"),
                "{name}"
            );
        }
    }
}
