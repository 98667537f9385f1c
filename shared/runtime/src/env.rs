//! A function's configuration: its environment, read once.

use ceap_kernel::Fault;
use std::collections::BTreeMap;
use std::str::FromStr;

/// The variables that a function needs, all present.
#[derive(Debug, Clone)]
pub struct Env(BTreeMap<&'static str, String>);

impl Env {
    /// Reads the variables.
    ///
    /// # Errors
    /// `Invalid`, naming every one that is missing or empty at once.
    pub fn read(names: &[&'static str]) -> Result<Self, Fault> {
        Self::from(names, |name| std::env::var(name).ok())
    }

    /// Variables that are given, for measurements.
    #[cfg(feature = "bench")]
    #[must_use]
    pub fn of(variables: &[(&'static str, &str)]) -> Self {
        Self(variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect())
    }

    fn from(names: &[&'static str], get: impl Fn(&str) -> Option<String>) -> Result<Self, Fault> {
        let found: BTreeMap<_, _> = names
            .iter()
            .filter_map(|name| Some((*name, get(name).filter(|value| !value.is_empty())?)))
            .collect();
        let missing: Vec<&str> =
            names.iter().copied().filter(|name| !found.contains_key(name)).collect();
        if missing.is_empty() {
            Ok(Self(found))
        } else {
            Err(Fault::invalid("environment", format!("set {}", missing.join(", "))))
        }
    }

    /// The variable `name`, which must be among those read.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }

    /// The variable `name`, unless it says `none`.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<&str> {
        Some(self.get(name)).filter(|value| *value != "none")
    }

    /// The variable `name` as another type.
    ///
    /// # Errors
    /// `Invalid`, naming the variable.
    pub fn parse<T: FromStr>(&self, name: &str) -> Result<T, Fault> {
        let value = self.get(name);
        value.parse().map_err(|_| Fault::invalid(name, format!("cannot be read from `{value}`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_everything_that_is_missing_at_once() {
        let get = |name: &str| match name {
            "A" => Some("1".to_owned()),
            "B" => Some(String::new()),
            _ => None,
        };
        let fault = Env::from(&["A", "B", "C"], get).unwrap_err();
        assert_eq!(fault.to_string(), "environment: set B, C");
        assert_eq!(Env::from(&["A"], get).unwrap().parse::<u8>("A").unwrap(), 1);
    }
}
