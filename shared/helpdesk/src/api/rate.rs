//! How much a token may ask in a minute
//! ([rate limits](https://developer.zendesk.com/api-reference/introduction/rate-limits/)), and an account with all of its
//! tokens.
//!
//! A token is counted by what is shown, known or not: who guesses tokens uses up nobody's share but their own. An account is
//! counted by who is known there.

use super::answer::Answer;
use super::call::Call;
use super::caller::Caller;
use super::refused::Refused;
use crate::store::{Key, Soon};
use ceap_kernel::{Fault, TenantId, Timestamp};

const MINUTE: i64 = 60;

/// How much an account may ask in a minute with all of its tokens, in all functions.
pub trait Ceiling {
    /// Sees to it that it is known whether one more request may be let in. Nothing is used up by it, so it is asked
    /// together with who makes the request.
    fn ready<'a>(&'a self, tenant: &'a TenantId) -> Soon<'a, ()>;

    /// Lets one more request in.
    ///
    /// # Errors
    /// `Limited`, with the seconds that are left of the minute.
    fn let_in(&self, tenant: &TenantId) -> Result<(), Fault>;
}

/// No ceiling: for what nobody asks from outside.
#[derive(Debug, Clone, Copy)]
pub struct NoCeiling;

impl Ceiling for NoCeiling {
    fn ready<'a>(&'a self, _: &'a TenantId) -> Soon<'a, ()> {
        Box::pin(async {})
    }

    fn let_in(&self, _: &TenantId) -> Result<(), Fault> {
        Ok(())
    }
}

/// Lets a request of somebody who is known in.
///
/// # Errors
/// 429 when their account asks too much.
pub(super) fn admit(call: &Call<'_>) -> Result<(), Refused> {
    match call.desk.ceiling.let_in(&call.tenant) {
        Err(Fault::Limited(seconds)) => Err(Refused::Throttled(seconds.into())),
        other => Ok(other?),
    }
}

/// One more request. How many it is in this minute.
pub(super) async fn count(call: &Call<'_>, caller: &Caller) -> Result<u64, Refused> {
    let minute = call.at.as_second().div_euclid(MINUTE);
    let key = Key::new(format!("RATE#{}", caller.counted_by()), minute.to_string());
    let over = minute.saturating_add(2).saturating_mul(MINUTE);
    let over = Timestamp::from_second(over).map_err(|error| Fault::Internal(error.to_string()))?;
    Ok(call.desk.store.add(&call.tenant, &key, 1, Some(over)).await?)
}

/// What may still be asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    most: u64,
    left: u64,
    reset: i64,
}

impl Limit {
    /// After so many requests in this minute.
    ///
    /// # Errors
    /// 429 when these are too many.
    pub fn of(call: &Call<'_>, asked: u64) -> Result<Self, Refused> {
        let most = call.account.settings()?.rate_limit;
        let reset = MINUTE.saturating_sub(call.at.as_second().rem_euclid(MINUTE));
        if asked > most {
            return Err(Refused::Throttled(u64::try_from(reset).unwrap_or(1)));
        }
        Ok(Self { most, left: most.saturating_sub(asked), reset })
    }

    /// Tells it with an answer.
    pub fn tell(self, answer: Answer) -> Answer {
        answer
            .header("x-rate-limit", self.most.to_string())
            .header("x-rate-limit-remaining", self.left.to_string())
            .header("ratelimit-limit", self.most.to_string())
            .header("ratelimit-remaining", self.left.to_string())
            .header("ratelimit-reset", self.reset.to_string())
    }
}
