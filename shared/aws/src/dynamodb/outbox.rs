//! Records of messages, as a channel moves them on.

use super::item::{self, Item, get_number, get_text, key, millis, number, text};
use super::messages::{MESSAGE, Messages, pk, state};
use crate::fault::fault;
use aws_sdk_dynamodb::types::AttributeValue;
use ceap_engagement::message::State;
use ceap_engagement::pipeline::send::{Begun, Claim, Lease, Outbox, Outcome};
use ceap_kernel::{Fault, MessageId, TenantId, Timestamp};
use ulid::Ulid;

/// Since when receipts have time to tell of an unknown outcome, in milliseconds since 1970.
const UNTOLD: &str = "untold_at";

/// One step of a message: from these states, to that one.
struct Step<'a> {
    from: &'a [State],
    to: State,
    /// As the history calls it.
    entered: &'a str,
    set: Vec<(&'a str, AttributeValue)>,
    claimed_at: Option<i64>,
    /// Only while this claim holds.
    claim: Option<&'a str>,
    now: Timestamp,
}

/// What a provider's id is found by.
pub(super) fn provider_key(channel: &str, id: &str) -> AttributeValue {
    text(format!("{channel}#{id}"))
}

/// What it is for one whose claim failed.
fn passed(item: &Item) -> Result<Begun, Fault> {
    Ok(match state(item)? {
        State::Queued | State::Sending => Begun::Busy,
        State::Unknown if item.contains_key(UNTOLD) => {
            let since = get_number(item, UNTOLD).unwrap_or_default();
            let since = Timestamp::from_millisecond(since);
            Begun::Untold(since.map_err(|error| Fault::Internal(error.to_string()))?)
        }
        settled => Begun::Settled(settled),
    })
}

fn missing(id: &MessageId) -> Fault {
    Fault::NotFound(format!("there is no message {id}"))
}

impl Messages {
    /// Moves the message on, if it is in one of `from`; false when it is not.
    async fn step(&self, tenant: &TenantId, id: &MessageId, step: Step<'_>) -> Result<bool, Fault> {
        let table = &self.0;
        let mut update = table
            .client
            .update_item()
            .table_name(&table.name)
            .set_key(Some(key(&pk(tenant, id), MESSAGE)))
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#entered", step.entered)
            .expression_attribute_values(":to", text(step.to.as_str()))
            .expression_attribute_values(":now", text(step.now.to_string()));
        let mut set = "SET #state = :to, history.#entered = :now".to_owned();
        for (n, (name, value)) in step.set.iter().enumerate() {
            set.push_str(&format!(", #s{n} = :s{n}"));
            update = update
                .expression_attribute_names(format!("#s{n}"), *name)
                .expression_attribute_values(format!(":s{n}"), value.clone());
        }
        if matches!(step.to, State::Sent | State::Delivered) {
            set.push_str(" REMOVE reason");
        }
        let mut allowed = Vec::new();
        for (n, state) in step.from.iter().enumerate() {
            allowed.push(format!("#state = :f{n}"));
            update = update.expression_attribute_values(format!(":f{n}"), text(state.as_str()));
        }
        let mut condition = format!("({})", allowed.join(" OR "));
        if let Some(claimed_at) = step.claimed_at {
            condition.push_str(" AND claimed_at = :claimed_at");
            update = update.expression_attribute_values(":claimed_at", number(claimed_at));
        }
        if let Some(claim) = step.claim {
            condition.push_str(" AND claim = :claim");
            update = update.expression_attribute_values(":claim", text(claim));
        }
        match update.update_expression(set).condition_expression(condition).send().await {
            Ok(_) => Ok(true),
            Err(error) if item::refused(&error) => Ok(false),
            Err(error) => Err(fault("UpdateItem", &error)),
        }
    }

    /// Keeps what the provider said of a message that its receipts have moved on already.
    async fn note(
        &self,
        tenant: &TenantId,
        id: &MessageId,
        entered: State,
        set: Vec<(&str, AttributeValue)>,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let table = &self.0;
        let mut expression =
            "SET history.#entered = if_not_exists(history.#entered, :now)".to_owned();
        let mut update = table
            .client
            .update_item()
            .table_name(&table.name)
            .set_key(Some(key(&pk(tenant, id), MESSAGE)))
            .expression_attribute_names("#entered", entered.as_str())
            .expression_attribute_values(":now", text(now.to_string()));
        for (n, (name, value)) in set.into_iter().enumerate() {
            expression.push_str(&format!(", #s{n} = if_not_exists(#s{n}, :s{n})"));
            update = update
                .expression_attribute_names(format!("#s{n}"), name)
                .expression_attribute_values(format!(":s{n}"), value);
        }
        let update = update.update_expression(expression);
        let done = update.condition_expression("attribute_exists(pk)").send().await;
        done.map(drop).map_err(|error| fault("UpdateItem", &error))
    }
}

impl Outbox for Messages {
    async fn begin(
        &self,
        tenant: &TenantId,
        id: &MessageId,
        now: Timestamp,
        lease: Lease,
    ) -> Result<Begun, Fault> {
        let token = Ulid::generate().to_string();
        let claim = |from, claimed_at| Step {
            from,
            to: State::Sending,
            entered: State::Sending.as_str(),
            set: vec![("claimed_at", millis(now)), ("claim", text(&token))],
            claimed_at,
            claim: None,
            now,
        };
        if self.step(tenant, id, claim(&[State::Queued], None)).await? {
            return Ok(Begun::Ours(Claim(token)));
        }
        let item = self.read(tenant, id).await?.ok_or_else(|| missing(id))?;
        if state(&item)? != State::Sending {
            return passed(&item);
        }
        // The write may have succeeded and its answer been lost: then the SDK's retry found our own.
        if get_text(&item, "claim") == Some(token.as_str()) {
            return Ok(Begun::Ours(Claim(token)));
        }
        let claimed_at = get_number(&item, "claimed_at").unwrap_or_default();
        let held = claimed_at.saturating_add(lease.seconds.saturating_mul(1000));
        if now.as_millisecond() < held {
            return Ok(Begun::Busy);
        }
        let (step, begun) = if lease.repeatable {
            (claim(&[State::Sending], Some(claimed_at)), Begun::Ours(Claim(token.clone())))
        } else {
            let mut set = vec![("reason", text("the sender stopped before it recorded"))];
            set.extend(lease.traced.then(|| (UNTOLD, millis(now))));
            let lost = Step {
                from: &[State::Sending],
                to: State::Unknown,
                entered: State::Unknown.as_str(),
                set,
                claimed_at: Some(claimed_at),
                claim: None,
                now,
            };
            (lost, Begun::Lost)
        };
        if self.step(tenant, id, step).await? {
            return Ok(begun);
        }
        // Another was faster: one more who found it so, or the sender, who came back.
        self.read(tenant, id).await?.as_ref().map_or_else(|| Err(missing(id)), passed)
    }

    async fn finish(
        &self,
        tenant: &TenantId,
        id: &MessageId,
        channel: &str,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Result<(), Fault> {
        // One who was given up for lost may still tell what became of it.
        let late = [State::Sending, State::Unknown];
        let (from, to, entered): (&[State], State, &str) = match outcome {
            Outcome::Sent(_) => (&late, State::Sent, State::Sent.as_str()),
            Outcome::Delivered(_) => (&late, State::Delivered, State::Delivered.as_str()),
            Outcome::Failed(_) => (&late, State::Failed, State::Failed.as_str()),
            Outcome::Released(_) => (&late[..1], State::Queued, "released"),
            Outcome::Unknown(_) | Outcome::Untold(_) => {
                (&late[..1], State::Unknown, State::Unknown.as_str())
            }
            Outcome::Expired => (&late[..1], State::Expired, State::Expired.as_str()),
        };
        let set = match outcome {
            Outcome::Sent(at) | Outcome::Delivered(at) => {
                vec![("provider_id", text(at)), ("provider_key", provider_key(channel, at))]
            }
            Outcome::Failed(why) | Outcome::Unknown(why) => vec![("reason", text(why))],
            Outcome::Untold(why) => vec![("reason", text(why)), (UNTOLD, millis(now))],
            Outcome::Expired => vec![("reason", text(State::Expired.as_str()))],
            Outcome::Released(_) => Vec::new(),
        };
        let claim = match outcome {
            Outcome::Released(claim) => Some(claim.0.as_str()),
            _ => None,
        };
        let step = Step { from, to, entered, set: set.clone(), claimed_at: None, claim, now };
        if self.step(tenant, id, step).await? {
            return Ok(());
        }
        // A receipt was faster: where the message stands is known already.
        match outcome {
            Outcome::Sent(_) | Outcome::Delivered(_) => self.note(tenant, id, to, set, now).await,
            _ => Ok(()),
        }
    }
}
