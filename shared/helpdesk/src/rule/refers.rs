//! What else conditions, actions and restrictions name: each must be there.

use std::collections::BTreeMap;

/// What is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum To {
    /// A group.
    Group,
    /// An agent.
    Agent,
    /// A person.
    User,
    /// An organization.
    Organization,
    /// A brand.
    Brand,
    /// A ticket form.
    Form,
    /// A schedule.
    Schedule,
    /// A custom status.
    Status,
    /// A ticket field.
    Field,
    /// A webhook.
    Webhook,
    /// A skill.
    Skill,
}

/// What is named, and by which field first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refers(BTreeMap<(To, String), String>);

impl Refers {
    /// `field` names this one.
    pub fn add(&mut self, to: To, id: impl Into<String>, field: impl Into<String>) {
        self.0.entry((to, id.into())).or_insert_with(|| field.into());
    }

    /// What is named, its id as it was written, and the field that names it.
    pub fn iter(&self) -> impl Iterator<Item = (To, &str, &str)> {
        self.0.iter().map(|((to, id), field)| (*to, id.as_str(), field.as_str()))
    }

    /// Whether nothing is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
