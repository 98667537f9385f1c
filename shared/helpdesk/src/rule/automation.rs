//! Automations. What they do as time goes by is [`crate::automation`]'s.

use super::head::{Head, Rule};
use super::term::{Takes, find};
use super::{Action, Condition, Conditions, Use};
use crate::account::Account;
use crate::record::{Home, Kept, Kind, Record};
use ceap_kernel::Fault;
use serde::{Deserialize, Serialize};

/// An automation ([automations](https://developer.zendesk.com/api-reference/ticketing/business-rules/automations/)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Automation {
    /// What it is called, and where it stands.
    #[serde(flatten)]
    pub head: Head,
    /// When it acts.
    pub conditions: Conditions,
    /// What it does.
    pub actions: Vec<Action>,
}

impl Automation {
    /// Those of an account that are in use, in the order in which they act.
    ///
    /// # Errors
    /// `Internal` if they cannot be read.
    pub fn in_use(account: &Account) -> Result<Vec<Kept<Self>>, Fault> {
        let all = account.all::<Self>()?;
        let mut used: Vec<Kept<Self>> = all.iter().filter(|it| it.head.active).cloned().collect();
        used.sort_by_key(|it| (it.head.position, it.head.id));
        Ok(used)
    }
}

impl Record for Automation {
    const KIND: Kind = Kind {
        name: "AUTOMATION",
        singular: "automation",
        plural: "automations",
        home: Home::Account,
    };

    fn id(&self) -> u64 {
        self.head.id.get()
    }
}

impl Rule for Automation {
    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self) -> &mut Head {
        &mut self.head
    }
}

/// Whether a condition is about hours.
#[must_use]
pub fn timed(condition: &Condition) -> bool {
    find(&condition.field, Use::Automation).is_some_and(|term| term.takes == Takes::Hours)
}

/// Whether an automation stops acting on a ticket by itself: a condition is true only once, or an action makes one
/// untrue.
#[must_use]
pub fn nullified(conditions: &Conditions, actions: &[Action]) -> bool {
    conditions
        .all
        .iter()
        .any(|condition| once(condition) || actions.iter().any(|action| undoes(action, condition)))
}

/// Exactly so many hours have gone by once.
fn once(condition: &Condition) -> bool {
    timed(condition) && matches!(condition.operator.as_str(), "is" | "is_business_hours")
}

/// Hours since a ticket came to a status, and the status.
const SINCE: [(&str, &str); 6] = [
    ("NEW", "new"),
    ("OPEN", "open"),
    ("PENDING", "pending"),
    ("HOLD", "hold"),
    ("SOLVED", "solved"),
    ("CLOSED", "closed"),
];

const STATUSES: [&str; 6] = ["new", "open", "pending", "hold", "solved", "closed"];
const PRIORITIES: [&str; 5] = ["", "low", "normal", "high", "urgent"];

/// Whether a condition that was true is not once the action is done.
fn undoes(action: &Action, condition: &Condition) -> bool {
    let (field, wanted) = (condition.field.as_str(), condition.value.as_str().unwrap_or_default());
    let done = action.text();
    match (action.field.as_str(), field) {
        ("status", "status") => !holds(condition, done, &STATUSES),
        ("priority", "priority") => !holds(condition, done, &PRIORITIES),
        // Hours since it was opened are counted whatever its status is.
        ("status", "NEW") => false,
        ("status", _) => SINCE.iter().any(|(hours, status)| *hours == field && *status != done),
        ("set_tags", "current_tags") => match condition.operator.as_str() {
            "includes" => !words(wanted).any(|tag| words(done).any(|it| it == tag)),
            _ => words(wanted).any(|tag| words(done).any(|it| it == tag)),
        },
        ("current_tags", "current_tags") => {
            condition.operator == "not_includes"
                && words(wanted).any(|tag| words(done).any(|it| it == tag))
        }
        ("remove_tags", "current_tags") => {
            condition.operator == "includes"
                && words(wanted).all(|tag| words(done).any(|it| it == tag))
        }
        (does, looks) if does == looks => match condition.operator.as_str() {
            "is" => done != wanted,
            "is_not" => done == wanted,
            "present" => done.is_empty(),
            "not_present" => !done.is_empty(),
            _ => false,
        },
        _ => false,
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', ',']).filter(|word| !word.is_empty())
}

/// Whether a condition on what has an order is met by `now`.
fn holds(condition: &Condition, now: &str, order: &[&str]) -> bool {
    let rank = |word: &str| order.iter().position(|it| *it == word);
    let (now, wanted) = (rank(now), rank(condition.value.as_str().unwrap_or_default()));
    match condition.operator.as_str() {
        "is_not" => now != wanted,
        "less_than" => now < wanted,
        "greater_than" => now > wanted,
        _ => now == wanted,
    }
}
