//! Whether the next channel takes over from a message.

use super::Refusal;
use crate::message::{Record, State};

/// What came of the message before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The next channel's turn has come.
    Next,
    /// Only if it can still be taken back from its queue.
    IfWithdrawn,
    /// It reached its recipient, or was meant not to.
    Over,
}

/// Judges at the end of the time that the document gave the message, or upon its definite failure.
/// Without a declared time nobody asks before such a failure is known: an unknown outcome never
/// falls back by itself. What was taken back for the next channel's sake stays taken back, also when
/// whoever did it died before the next channel had its turn.
#[must_use]
pub fn turn(record: &Record) -> Turn {
    match record.state {
        State::Failed | State::Bounced | State::Unknown | State::Sent | State::Sending => {
            Turn::Next
        }
        State::Queued => Turn::IfWithdrawn,
        State::Suppressed if refusal(record) == Some(Refusal::FellBack) => Turn::Next,
        State::Suppressed
        | State::Expired
        | State::Delivered
        | State::Opened
        | State::Clicked
        | State::Replied
        | State::Complained => Turn::Over,
    }
}

/// Whether the message was refused for what speaks against its channel alone, so that the next
/// channel is to be tried.
#[must_use]
pub fn passed_over(record: &Record) -> bool {
    record.state == State::Suppressed && refusal(record).is_some_and(other_channel)
}

fn refusal(record: &Record) -> Option<Refusal> {
    record.reason.as_deref().and_then(Refusal::of)
}

/// Whether another channel may be tried where this one is refused: what speaks against the channel
/// does not speak against another, what speaks against the message does.
#[must_use]
pub fn other_channel(refusal: Refusal) -> bool {
    match refusal {
        Refusal::NoAddress
        | Refusal::NoConsent
        | Refusal::Suppressed
        | Refusal::Capped
        | Refusal::Template => true,
        Refusal::Shadow
        | Refusal::Off
        | Refusal::Holdout
        | Refusal::Expired
        | Refusal::FellBack
        | Refusal::Reached => false,
    }
}
