//! What comes in: customers who visit a shop, events of exactly 1 KB as they are sent, and the use cases that look at
//! them.

use anyhow::{Context, Result};
use ceap_kernel::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// Bytes of one event as it is sent.
pub const EVENT_BYTES: usize = 1024;

/// The tenant.
pub const TENANT: &str = "bench";

/// How events come.
#[derive(Debug, Clone, Copy)]
pub struct Mix {
    /// Events of a batch.
    pub batch: usize,
    /// Events of each subject in a batch that it is in.
    pub per_subject: usize,
    /// Batches that each subject is in, over one day.
    pub visits: usize,
    /// Batches of each round of visits, each of other subjects.
    pub groups: usize,
    /// One event in so many is a cart, of which a signal comes.
    pub carts: usize,
    /// One event in so many, if it is a cart, is one of a customer whose tier is gold.
    pub gold: usize,
    /// What becomes of the candidates that nothing is sent for.
    pub rest: Rest,
}

impl Mix {
    /// Subjects of one batch.
    #[must_use]
    pub fn crowd(&self) -> usize {
        self.batch.div_ceil(self.per_subject.max(1))
    }

    /// Subjects in all.
    #[must_use]
    pub fn subjects(&self) -> usize {
        self.crowd().saturating_mul(self.groups)
    }

    /// Batches in all.
    #[must_use]
    pub fn batches(&self) -> usize {
        self.visits.saturating_mul(self.groups)
    }

    /// The events of batch `nth`, which happen over the day before `now`.
    ///
    /// # Errors
    /// When one does not fit in 1 KB.
    pub fn events(&self, nth: usize, now: Timestamp) -> Result<Vec<Value>> {
        let (round, group) = parted(nth, self.groups);
        let day = 86_000_000_u64;
        let visits = u64::try_from(self.visits.max(1))?;
        let begins =
            u64::try_from(round)?.saturating_mul(day.checked_div(visits).unwrap_or_default());
        let first = nth.saturating_mul(self.batch);
        (0..self.batch)
            .map(|place| {
                let subject = group
                    .saturating_mul(self.crowd())
                    .saturating_add(parted(place, self.per_subject).0);
                let ago = day.saturating_sub(begins).saturating_sub(u64::try_from(place)?);
                let time = now.checked_sub(SignedDuration::from_millis(i64::try_from(ago)?))?;
                self.event(first.saturating_add(place), subject, time)
            })
            .collect()
    }

    /// Event number `n`, padded to [`EVENT_BYTES`].
    fn event(&self, n: usize, subject: usize, time: Timestamp) -> Result<Value> {
        let cart = n.is_multiple_of(self.carts);
        let kind = if cart { "cart_updated" } else { "page_viewed" };
        let tier = if n.is_multiple_of(self.gold) { "gold" } else { "silver" };
        let mut event = json!({
            "specversion": "1.0",
            "id": format!("e-{n:09}"),
            "source": "/shop",
            "type": kind,
            "subject": format!("customer-{subject:07}"),
            "time": time.to_string(),
            "datacontenttype": "application/json",
            "data": {
                "value": 80, "currency": "EUR", "items": 2, "tier": tier,
                "cart_id": format!("cart-{n:09}"), "path": "/shoes/red", "session": format!("s-{n:09}"),
            },
        });
        let bare = event.to_string().len().saturating_add(r#","note":"""#.len());
        let room = EVENT_BYTES.checked_sub(bare).context("the event is larger than 1 KB")?;
        let data = event.get_mut("data").and_then(Value::as_object_mut).context("no data")?;
        data.insert("note".to_owned(), Value::from("n".repeat(room)));
        Ok(event)
    }
}

/// How often `by` fits, and what is left.
fn parted(n: usize, by: usize) -> (usize, usize) {
    (n.checked_div(by).unwrap_or_default(), n.checked_rem(by).unwrap_or_default())
}

/// Who the subjects are, told before they come.
#[must_use]
pub fn profile(subject: usize, now: Timestamp) -> Value {
    let time = now.saturating_sub(SignedDuration::from_hours(48)).unwrap_or(now);
    json!({
        "specversion": "1.0",
        "id": format!("p-{subject:07}"),
        "source": "/crm",
        "type": "profile_updated",
        "subject": format!("customer-{subject:07}"),
        "time": time.to_string(),
        "data": {
            "email": format!("customer-{subject:07}@example.com"), "locale": "en-GB",
            "time_zone": "Europe/London", "consents": {"email": true},
            "traits": {"plan": "pro", "first_name": "Ada"},
        },
    })
}

/// What becomes of the candidates that nothing is sent for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// They are there to be looked up: the action is for those whose tier is gold.
    Kept,
    /// A gate refuses each, and that is recorded: theirs is another use case, in shadow mode.
    Refused,
    /// There are none: all signals of a subject are one candidate's.
    Merged,
}

/// The use cases: an offer for each cart.
#[must_use]
pub fn use_cases(rest: Rest) -> Vec<String> {
    let key = if rest == Rest::Merged { "" } else { "key: event.data.cart_id\n" };
    let meant = if rest == Rest::Kept { "  when: event.data.tier == 'gold'\n" } else { "" };
    let one = |id: &str, mode: &str, when: &str| {
        format!(
            "id: {id}
version: 1
name: An offer for a cart
purpose: marketing
mode: {mode}
trigger:
  event: cart_updated
  when: event.data.value > 50 && {when}
  expects: {{value: number}}
features:
  orders: {{op: count, event: order_completed, within: 24h}}
  visits: {{op: count, event: page_viewed, within: 24h}}
  carts: {{op: sum, of: value, event: cart_updated, within: 7d}}
filter:
  - {{when: features.orders == 0, reason: ordered_meanwhile}}
score:
  kind: expression
  base: 0.2
  terms:
    - {{value: event.data.value, default: 0, weight: 0.001, reason: value of the cart}}
    - {{value: features.visits, weight: 0.01, reason: visits}}
ttl: 3d
{key}action:
  channel: email
{meant}  subject: Your cart is waiting
  text: You left {{{{ event.data.value }}}} worth of things in your cart. Come back within three days.
"
        )
    };
    match rest {
        Rest::Kept | Rest::Merged => vec![one("cart-offer", "live", "true")],
        Rest::Refused => vec![
            one("cart-offer", "live", "event.data.tier == 'gold'"),
            one("cart-trial", "shadow", "event.data.tier != 'gold'"),
        ],
    }
}

/// Another use case, of a type of its own that no event has, or of the events above.
#[must_use]
pub fn other_use_case(n: usize, of_these: bool) -> String {
    let kind = if of_these { "page_viewed".to_owned() } else { format!("other_{n}") };
    format!(
        "id: other-{n}
version: 1
name: Another
purpose: transactional
trigger: {{event: {kind}, when: event.data.value > 1000}}
features:
  count: {{op: count, event: {kind}, within: 24h}}
score: {{kind: expression, base: 0.5}}
ttl: 1d
action: {{channel: email, subject: Hello, text: Hello.}}
"
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)]
    use super::*;
    use ceap_engagement::use_case::UseCase;
    use std::collections::BTreeMap;

    #[test]
    fn events_are_of_one_kilobyte_and_come_as_the_mix_says() {
        let mix = Mix {
            batch: 500,
            per_subject: 3,
            visits: 10,
            groups: 4,
            carts: 10,
            gold: 100,
            rest: Rest::Kept,
        };
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        let (mut carts, mut gold, mut all) = (0, 0, 0);
        for nth in 0..mix.batches() {
            let mut subjects: BTreeMap<String, usize> = BTreeMap::new();
            for event in mix.events(nth, now).unwrap() {
                assert_eq!(event.to_string().len(), EVENT_BYTES);
                *subjects.entry(event["subject"].to_string()).or_default() += 1;
                all += 1;
                let cart = event["type"] == "cart_updated";
                carts += usize::from(cart);
                gold += usize::from(cart && event["data"]["tier"] == "gold");
            }
            assert_eq!(subjects.len(), mix.crowd());
            assert!(subjects.values().all(|count| *count <= 3));
        }
        assert_eq!((all, carts, gold), (20_000, 2_000, 200));
    }

    #[test]
    fn the_use_cases_compile() {
        let all = [Rest::Kept, Rest::Refused, Rest::Merged].map(use_cases).concat();
        for text in [all, vec![other_use_case(1, true)]].concat() {
            UseCase::parse(&text).unwrap();
        }
    }
}
