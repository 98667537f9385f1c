//! The page that the link of a survey opens. To look at it changes nothing: mail scanners follow every link.

use super::survey::Link;
use super::{MAX_COMMENT, Opinion, Reason, Survey, given};
use crate::api::{Ask, Desk, Refused, entry};
use crate::record::{Known, Record, places};
use crate::ticket::{Score, Ticket};
use crate::user::User;
use ceap_kernel::Fault;
use ceap_kernel::access::Credential;

/// How often an answer is tried again because the ticket changed meanwhile.
const ATTEMPTS: usize = 6;

/// What a page says, and in which language (BCP 47), if it is known who looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// Asks, or asks again because something is wrong.
    Question(Question),
    /// It is kept.
    Thanks {
        /// The language.
        locale: String,
    },
    /// It was answered before.
    Already {
        /// The language.
        locale: String,
    },
    /// There is nothing to be said yet: no help was given.
    Early {
        /// The language.
        locale: String,
    },
    /// The link is none, or no longer; or what it was for is gone.
    Unknown,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The language.
    pub locale: String,
    /// What the ticket is about.
    pub subject: String,
    /// What is filled in already.
    pub filled: Filled,
    /// What is wrong with it.
    pub wrong: Option<Wrong>,
}

/// What somebody filled in, as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filled {
    /// `good` or `bad`.
    pub score: String,
    /// What they say.
    pub comment: String,
    /// The code of a reason.
    pub reason: String,
}

/// What is wrong with what somebody filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// Neither answer was chosen.
    Score,
    /// The comment is too long.
    Comment,
}

impl Shown {
    /// The status of the page (RFC 9110 §15): a link that was used is gone.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Question(Question { wrong: None, .. }) | Self::Thanks { .. } => 200,
            Self::Question(Question { wrong: Some(_), .. }) => 422,
            Self::Already { .. } => 410,
            Self::Early { .. } => 409,
            Self::Unknown => 404,
        }
    }

    /// The language, if it is known who looks at it.
    #[must_use]
    pub fn locale(&self) -> Option<&str> {
        match self {
            Self::Question(Question { locale, .. })
            | Self::Thanks { locale }
            | Self::Already { locale }
            | Self::Early { locale } => Some(locale),
            Self::Unknown => None,
        }
    }
}

impl Filled {
    /// As an opinion. A reason is one for what was bad alone; of what is none, nobody asks again.
    fn read(&self) -> Result<Opinion, Wrong> {
        let score = match self.score.as_str() {
            "good" => Score::Good,
            "bad" => Score::Bad,
            _ => return Err(Wrong::Score),
        };
        // Browsers send the ends of lines as two characters (WHATWG HTML §4.10.22).
        let comment = self.comment.replace("\r\n", "\n");
        let comment = comment.trim();
        if comment.chars().count() > MAX_COMMENT {
            return Err(Wrong::Comment);
        }
        let reason = self.reason.parse().ok().and_then(Reason::of);
        Ok(Opinion {
            score,
            comment: (!comment.is_empty()).then(|| comment.to_owned()),
            reason_code: reason.filter(|_| score == Score::Bad).map(|it| it.code),
        })
    }
}

/// What stands in the way of an answer of `user`, if anything does.
fn hindered(link: &Link, ticket: Option<&Ticket>, user: Option<&User>) -> Option<Shown> {
    let user = user.filter(|it| it.active && !it.suspended);
    let (Some(ticket), Some(user)) = (ticket, user) else { return Some(Shown::Unknown) };
    let locale = user.locale.clone();
    if link.used {
        return Some(Shown::Already { locale });
    }
    if !link.survey.stands(ticket) {
        return Some(Shown::Unknown);
    }
    (!ticket.ratable()).then_some(Shown::Early { locale })
}

fn question(ticket: &Ticket, user: &User, filled: Filled, wrong: Option<Wrong>) -> Shown {
    Shown::Question(Question {
        locale: user.locale.clone(),
        subject: ticket.subject.clone().unwrap_or_default(),
        filled,
        wrong,
    })
}

/// What the page shows that a token opens, with the `score` that its link names chosen.
///
/// # Errors
/// `Unavailable` or `Throttled`; `Internal` if a record cannot be read.
pub async fn show(desk: &Desk<'_>, token: &Credential, score: &str) -> Result<Shown, Fault> {
    let Some(link) = Survey::find(desk.store, token).await? else { return Ok(Shown::Unknown) };
    let (ticket, user) = (link.survey.ticket_id.get(), link.survey.user_id.get());
    let keys = vec![places::record(Ticket::KIND, ticket), places::record(User::KIND, user)];
    let known = Known::read(desk.store, &token.tenant, keys).await?;
    let (ticket, user) = (known.record::<Ticket>(ticket)?, known.record::<User>(user)?);
    Ok(match (hindered(&link, ticket.as_ref(), user.as_ref()), &ticket, &user) {
        (Some(shown), ..) => shown,
        (None, Some(ticket), Some(user)) => {
            let filled = Filled { score: score.to_owned(), ..Filled::default() };
            question(ticket, user, filled, None)
        }
        (None, ..) => Shown::Unknown,
    })
}

/// Keeps what somebody answers by a token, once: the rating, what becomes of the ticket, and that the link is used are
/// one transaction.
///
/// # Errors
/// `Unavailable` or `Throttled`: then it may be sent again.
pub async fn answer(
    desk: &Desk<'_>,
    token: &Credential,
    filled: &Filled,
) -> Result<Shown, Refused> {
    for _ in 0..ATTEMPTS {
        match attempt(desk, token, filled).await {
            // Somebody else changed the ticket, or used the link.
            Err(Refused::Conflict | Refused::Other(409, ..)) => {}
            Err(Refused::Unknown) => return Ok(Shown::Unknown),
            done => return done,
        }
    }
    Err(Fault::Unavailable("others keep changing the same ticket".to_owned()).into())
}

async fn attempt(desk: &Desk<'_>, token: &Credential, filled: &Filled) -> Result<Shown, Refused> {
    let (link, ()) = futures::try_join!(
        Survey::find(desk.store, token),
        desk.accounts.begin(desk.store, &token.tenant)
    )?;
    let Some(link) = link else { return Ok(Shown::Unknown) };
    let Survey { ticket_id, user_id, rating_id, .. } = &link.survey;
    let rating = rating_id.map(|id| places::record(super::SatisfactionRating::KIND, id.get()));
    let keys = [places::record(Ticket::KIND, ticket_id.get())].into_iter().chain(rating);
    let ask = Ask::nothing();
    let call = entry::by_person(desk, &token.tenant, &ask, keys.collect(), *user_id).await?;
    let ticket = call.find::<Ticket>(ticket_id.get()).await?;
    let user = call.find::<User>(user_id.get()).await?;
    let hindered = hindered(&link, ticket.as_deref(), user.as_deref());
    let (None, Some(before), Some(user)) = (&hindered, &ticket, &user) else {
        return Ok(hindered.unwrap_or(Shown::Unknown));
    };
    let said = match filled.read() {
        Ok(said) => said,
        Err(wrong) => return Ok(question(before, user, filled.clone(), Some(wrong))),
    };
    let (_, mut changes) = given(&call, before, &said).await?;
    Survey::use_up(token, call.at, &mut changes)?;
    call.commit(changes).await?;
    Ok(Shown::Thanks { locale: user.locale.clone() })
}
