//! What an answer means for a poll: rows, a wait, or what its owner has to do.

use ceap_engagement::source::poll::{Ask, Next, Page};
use ceap_http::{Answer, NoAnswer};
use ceap_kernel::{Fault, Timestamp};
use flate2::read::MultiGzDecoder;
use jiff::fmt::rfc2822;
use serde_json::Value;
use std::io::Read;

/// Why there is no page.
#[derive(Debug)]
pub enum Trouble {
    /// Asking again does not help, or not here.
    Fault(Fault),
    /// The other side is to be left alone for a while.
    Later {
        /// Why.
        why: String,
        /// For how many seconds, if it says so.
        seconds: Option<u32>,
    },
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Trouble {
    /// What the poll is told.
    pub fn told(self, ask: &Ask<'_>) -> Result<Page, Fault> {
        match self {
            Self::Fault(fault) => Err(fault),
            Self::Later { why, seconds } => {
                let next = Next::Later { place: ask.place.cloned(), why, seconds };
                Ok(Page { rows: Vec::new(), next })
            }
        }
    }
}

/// Of `who`, there was no answer. Asking again is safe.
pub fn no_answer(who: &str, field: &str, why: NoAnswer) -> Trouble {
    match why {
        NoAnswer::Refused(why) => Trouble::Fault(Fault::invalid(field, why)),
        NoAnswer::NotAsked(why) | NoAnswer::Lost(why) => {
            Trouble::Later { why: format!("{who} does not answer: {why}"), seconds: None }
        }
    }
}

/// Reads the status of an answer of `who` (RFC 9110 §15, RFC 6585 §4). What else it says is not told: it may hold
/// anything.
pub fn status(who: &str, field: &str, answer: &Answer, now: Timestamp) -> Result<(), Trouble> {
    let status = answer.status;
    let said = format!("{who} answered {status}");
    Err(match status {
        200..=299 => return Ok(()),
        401 => Trouble::Fault(Fault::Unauthorized(format!(
            "{said}: it does not take the credentials; put good ones into the secret"
        ))),
        403 => Trouble::Fault(Fault::Forbidden(format!(
            "{said}: the credentials are known and may not do this; have it allowed"
        ))),
        404 | 410 => {
            Trouble::Fault(Fault::NotFound(format!("{said}: there is nothing at this address")))
        }
        408 | 425 | 429 | 500..=599 => Trouble::Later { why: said, seconds: wait(answer, now) },
        300..=399 => {
            let rule =
                format!("{said}: redirects are not followed; name the address that it leads to");
            Trouble::Fault(Fault::invalid(field, rule))
        }
        _ => Trouble::Fault(Fault::invalid(field, format!("{said}: it does not take the request"))),
    })
}

/// `Retry-After` in seconds, or as a date (RFC 9110 §10.2.3).
fn wait(answer: &Answer, now: Timestamp) -> Option<u32> {
    answer.retry_after_s.or_else(|| {
        let date = answer.headers.get("retry-after")?.to_str().ok()?;
        let at = rfc2822::parse(date).ok()?.timestamp();
        u32::try_from(at.duration_since(now).as_secs()).ok()
    })
}

/// The body as JSON, unpacked if it is packed: at most `limit` bytes of it.
pub fn json(who: &str, answer: &Answer, limit: usize) -> Result<Value, Fault> {
    let header =
        |name| answer.headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let large = || {
        let rule =
            format!("{who} answered with more than {limit} bytes; ask for fewer rows a page");
        Fault::invalid("answer", rule)
    };
    if !answer.whole {
        if answer.body.len() >= limit {
            return Err(large());
        }
        return Err(Fault::Unavailable(format!("{who} broke off in its answer")));
    }
    let mut unpacked = Vec::new();
    let body = match header("content-encoding") {
        "gzip" | "x-gzip" => {
            let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
            let read =
                MultiGzDecoder::new(answer.body.as_slice()).take(most).read_to_end(&mut unpacked);
            read.map_err(|_| Fault::invalid("answer", format!("{who} answered with broken gzip")))?;
            if unpacked.len() > limit {
                return Err(large());
            }
            &unpacked
        }
        _ => &answer.body,
    };
    serde_json::from_slice(body).map_err(|error| {
        // What it holds may be anything, so only what kind of thing it is is told.
        let start = body.iter().find(|b| !b.is_ascii_whitespace());
        let kind = header("content-type").split(';').next().unwrap_or_default().trim();
        let kind: String = kind.chars().filter(|c| c.is_ascii_graphic()).take(64).collect();
        let rule = match start {
            Some(b'<') => {
                format!("{who} answered with a page of HTML or XML ({kind}) in place of JSON")
            }
            None => format!("{who} answered with nothing in place of JSON"),
            Some(_) => format!(
                "{who} answered with what is no JSON ({kind}), at column {} of line {}",
                error.column(),
                error.line()
            ),
        };
        Fault::invalid("answer", rule)
    })
}
