//! The page of a question with a few answers, a reason and a comment.

use super::{Frame, Html};

/// What is asked, in the words of who is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poll<'a> {
    /// The question.
    pub question: &'a str,
    /// What it is about.
    pub about: &'a str,
    /// The name of that.
    pub subject: &'a str,
    /// What is wrong with what was filled in.
    pub wrong: Option<&'a str>,
    /// The answers: what each is to a form, and what it says.
    pub answers: &'a [(&'a str, &'a str)],
    /// The answer that is chosen already.
    pub chosen: &'a str,
    /// Asks for a reason.
    pub reason_label: &'a str,
    /// The reasons: what each is to a form, and what it says.
    pub reasons: &'a [(String, &'a str)],
    /// The reason that is chosen already.
    pub reason: &'a str,
    /// Asks for a comment.
    pub comment_label: &'a str,
    /// The comment that is there already.
    pub comment: &'a str,
    /// Characters of a comment.
    pub most: usize,
    /// The button.
    pub send: &'a str,
}

impl Frame<'_> {
    /// Asks. The form's fields are `score`, `reason` and `comment`.
    #[must_use]
    pub fn poll(&self, poll: &Poll<'_>) -> String {
        let html = match poll.wrong {
            Some(wrong) => Html::default().raw("<p role=\"alert\">").text(wrong).raw("</p>"),
            None => Html::default(),
        };
        let html = html
            .raw("<form method=\"post\"><fieldset><legend>")
            .text(poll.about)
            .raw(" <strong>")
            .text(poll.subject)
            .raw("</strong></legend>")
            .each(poll.answers.iter().enumerate(), |(n, it)| answer(n, *it, poll.chosen))
            .raw("</fieldset><p><label for=\"reason\">")
            .text(poll.reason_label)
            .raw("</label><select id=\"reason\" name=\"reason\"><option value=\"\"></option>")
            .each(poll.reasons, |(value, text)| option(value, text, poll.reason))
            .raw("</select></p><p><label for=\"comment\">")
            .text(poll.comment_label)
            .raw("</label><textarea id=\"comment\" name=\"comment\" rows=\"5\" maxlength=\"")
            .text(&poll.most.to_string())
            // Readers of HTML leave the first end of line out.
            .raw("\">\n")
            .text(poll.comment)
            .raw("</textarea></p><button type=\"submit\">")
            .text(poll.send)
            .raw("</button></form>");
        self.page(poll.question, html)
    }
}

fn answer(n: usize, (value, text): (&str, &str), chosen: &str) -> Html {
    let id = format!("a{n}");
    Html::default()
        .raw("<div><input type=\"radio\" name=\"score\" required value=\"")
        .text(value)
        .raw("\" id=\"")
        .text(&id)
        .raw(if value == chosen { "\" checked" } else { "\"" })
        .raw("><label for=\"")
        .text(&id)
        .raw("\">")
        .text(text)
        .raw("</label></div>")
}

fn option(value: &str, text: &str, chosen: &str) -> Html {
    Html::default()
        .raw("<option value=\"")
        .text(value)
        .raw(if value == chosen { "\" selected>" } else { "\">" })
        .text(text)
        .raw("</option>")
}
