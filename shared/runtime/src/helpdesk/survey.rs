//! The page where requesters say how they were helped.

use super::{Office, fault};
use crate::http::Asked;
use ceap_engagement::preferences::form;
use ceap_engagement::preferences::pages::{Frame, Poll};
use ceap_engagement::preferences::words::Language;
use ceap_helpdesk::satisfaction::{
    self, Filled, MAX_COMMENT, Question, Reason, Shown, Words, Wrong,
};
use ceap_kernel::Fault;
use ceap_kernel::access::Credential;

/// Bytes of a form: a comment in letters of which each takes twelve, and room for the rest.
const MAX_FORM: usize = 16 * 1024;

impl Office {
    /// The status of the page, and what it is.
    pub(super) async fn surveyed(
        &self,
        frame: &Frame<'_>,
        asked: &Asked,
        token: &str,
    ) -> Result<(u16, String), Fault> {
        let token = Credential::parse(token)?;
        let desk = self.desk();
        let shown = if asked.method() == "POST" {
            let filled = filled(asked)?;
            Box::pin(satisfaction::answer(&desk, &token, &filled)).await.map_err(fault)?
        } else {
            let score = asked.query("score").unwrap_or_default();
            satisfaction::show(&desk, &token, &score).await?
        };
        Ok((shown.status(), page(frame, &shown)))
    }
}

fn filled(asked: &Asked) -> Result<Filled, Fault> {
    let body = asked.body_within(MAX_FORM)?;
    let mut fields = form::fields(asked.content_type(), &body);
    let mut take = |name: &str| {
        let at = fields.iter().position(|(field, _)| field == name);
        at.map(|at| fields.swap_remove(at).1).unwrap_or_default()
    };
    Ok(Filled { score: take("score"), comment: take("comment"), reason: take("reason") })
}

/// The page, in the language of who is asked, if it is known.
fn page(frame: &Frame<'_>, shown: &Shown) -> String {
    let language = shown.locale().map(|it| Language::of(it).unwrap_or(Language::English));
    let frame = Frame { language: language.unwrap_or(frame.language), ..*frame };
    let words = Words::of(frame.language.tag());
    match shown {
        Shown::Question(question) => asks(&frame, words, question),
        Shown::Thanks { .. } => frame.says(words.thanks, words.thanks_about),
        Shown::Already { .. } => frame.says(words.already, words.already_about),
        Shown::Early { .. } => frame.says(words.early, words.early_about),
        Shown::Unknown => frame.unknown(),
    }
}

fn asks(frame: &Frame<'_>, words: &Words, question: &Question) -> String {
    let reasons = Reason::ALL.iter().map(|it| (it.code.to_string(), words.of_reason(it)));
    let reasons: Vec<(String, &str)> = reasons.collect();
    let Question { subject, filled, wrong, .. } = question;
    frame.poll(&Poll {
        question: words.question,
        about: words.about,
        subject,
        wrong: wrong.map(|wrong| match wrong {
            Wrong::Score => words.choose,
            Wrong::Comment => words.too_long,
        }),
        answers: &[("good", words.good), ("bad", words.bad)],
        chosen: &filled.score,
        reason_label: words.reason,
        reasons: &reasons,
        reason: &filled.reason,
        comment_label: words.comment,
        comment: &filled.comment,
        most: MAX_COMMENT,
        send: words.send,
    })
}
