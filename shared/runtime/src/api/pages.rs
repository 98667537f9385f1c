//! Recipients' pages.

use super::{Access, Answer, Content, Group, Operation, Parameter};

const TOKEN: &[Parameter] = &[Parameter::path::<String>("token", "From the link in a message.")];

const FORMS: &[Content] = &[
    Content::of::<String>("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"),
    Content::of::<String>("multipart/form-data", ""),
    // Who unsubscribes is not turned away for how it is said.
    Content::of::<String>("*/*", ""),
];

const PAGE: &[Answer] = &[
    Answer::with(200, "A page in the recipient's language.", HTML),
    Answer::with(404, "The link is none, or no longer.", HTML),
    Answer::with(
        429,
        "A page that says to try again, in a minute: the link was opened too often.",
        HTML,
    ),
    Answer::with(503, "A page that says to try again.", HTML),
];

/// What the page of a survey is answered with.
const SURVEY: &[Answer] = &[
    Answer::with(200, "A page in the requester's language.", HTML),
    Answer::with(400, "The form is larger than any is.", HTML),
    Answer::with(404, "The link is none, or no longer.", HTML),
    Answer::with(409, "The ticket is not solved yet.", HTML),
    Answer::with(410, "The link was used.", HTML),
    Answer::with(422, "The form again, with what is wrong.", HTML),
    Answer::with(
        429,
        "A page that says to try again, in a minute: the link was opened too often.",
        HTML,
    ),
    Answer::with(503, "A page that says to try again.", HTML),
];

const ANSWERS: &[Content] = &[
    Content::of::<String>(
        "application/x-www-form-urlencoded",
        "score=bad&reason=5&comment=It+took+a+week.",
    ),
    Content::of::<String>("multipart/form-data", ""),
];

const HTML: Content = Content::of::<String>("text/html", "");

const fn page(route: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation::new(route, id, summary, Access::Link).parameters(TOKEN).answers(PAGE)
}

/// The operations.
pub const GROUP: Group = Group {
    tag: "Recipients' pages",
    about: "Pages that links in messages open, for people with a browser: their errors are pages, too.",
    operations: &[
        page("GET /v1/unsubscribe/{token}", "showUnsubscribe", "Asks whether to unsubscribe"),
        page("POST /v1/unsubscribe/{token}", "unsubscribe", "Unsubscribes (RFC 8058)")
            .takes(FORMS)
            .or_nothing(),
        page("GET /v1/preferences/{token}", "showPreferences", "Shows what a recipient gets"),
        page("POST /v1/preferences/{token}", "savePreferences", "Saves what a recipient wants")
            .takes(FORMS)
            .or_nothing(),
        page("GET /v1/confirm/{token}", "showConfirmation", "Asks to confirm a consent"),
        page("POST /v1/confirm/{token}", "confirmConsent", "Confirms a consent")
            .takes(FORMS)
            .or_nothing(),
        page(
            "GET /v1/verifications/{token}",
            "showVerification",
            "Asks whether an address is one's own",
        ),
        page(
            "POST /v1/verifications/{token}",
            "verifyAddress",
            "Shows that an address is one's own",
        )
        .takes(FORMS)
        .or_nothing(),
        page("GET /v1/satisfaction/{token}", "showSurvey", "Asks how a ticket was handled")
            .answers(SURVEY),
        page(
            "POST /v1/satisfaction/{token}",
            "answerSurvey",
            "Says how a ticket was handled, once",
        )
        .takes(ANSWERS)
        .answers(SURVEY)
        .or_nothing(),
    ],
};
