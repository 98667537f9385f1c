//! The views, triggers and automations that every account comes with, as Zendesk's do
//! ([default views](https://support.zendesk.com/hc/en-us/articles/4408888828570)).

mod automations;
mod triggers;

use super::{Condition, Conditions, Head, Order, Output, TriggerCategory, View};
use crate::api::Call;
use crate::ids::RecordId;
use crate::record::Changes;
use ceap_kernel::Fault;

const UNSOLVED: (&str, &str, &str) = ("status", "less_than", "solved");
const MINE: (&str, &str, &str) = ("assignee_id", "is", "current_user");
const OUR: (&str, &str, &str) = ("group_id", "is", "current_groups");

type Conditioned = (&'static str, &'static [(&'static str, &'static str, &'static str)]);

const VIEWS: [Conditioned; 8] = [
    ("Your unsolved tickets", &[UNSOLVED, MINE]),
    ("Unassigned tickets", &[UNSOLVED, ("assignee_id", "is", "")]),
    ("All unsolved tickets", &[UNSOLVED]),
    (
        "Recently updated tickets",
        &[("status", "less_than", "closed"), ("updated_at", "less_than", "24")],
    ),
    ("New tickets in your groups", &[("status", "is", "new"), OUR]),
    ("Pending tickets", &[("status", "is", "pending")]),
    ("Recently solved tickets", &[("status", "is", "solved"), ("SOLVED", "less_than", "24")]),
    ("Unsolved tickets in your groups", &[UNSOLVED, OUR]),
];

/// Adds them.
///
/// # Errors
/// `Internal` if one cannot be written.
pub(crate) fn create(call: &Call<'_>, changes: &mut Changes) -> Result<(), Fault> {
    let category = TriggerCategory {
        id: RecordId::fresh(call)?,
        created_at: call.at,
        updated_at: call.at,
        name: "Notifications".to_owned(),
        position: 0,
    };
    changes.create(&category)?;
    triggers::create(call, category.id, changes)?;
    automations::create(call, changes)?;
    for ((title, all), position) in VIEWS.into_iter().zip(1..) {
        let head = Head {
            title: title.to_owned(),
            default: true,
            ..Head::new(RecordId::fresh(call)?, call.at, position)
        };
        changes.create(&View {
            head,
            conditions: conditions(all, &[]),
            output: Output {
                sort_by: Some("created".to_owned()),
                sort_order: Order::Desc,
                ..Output::default()
            },
            restriction: None,
        })?;
    }
    Ok(())
}

/// Conditions: a field, an operator and a value each.
type Written = [(&'static str, &'static str, &'static str)];

fn conditions(all: &Written, any: &Written) -> Conditions {
    let written = |all: &Written| {
        let each =
            all.iter().map(|(field, operator, value)| Condition::new(field, operator, value));
        each.collect()
    };
    Conditions { all: written(all), any: written(any) }
}
