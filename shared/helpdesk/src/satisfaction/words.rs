//! What a survey says, in the languages that it knows. Others are asked in English.

/// All that a survey says.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    /// The language (BCP 47).
    pub tag: &'static str,
    /// What is asked.
    pub question: &'static str,
    /// They are satisfied.
    pub good: &'static str,
    /// They are not.
    pub bad: &'static str,
    /// Says what the ticket is about, before its subject.
    pub about: &'static str,
    /// Asks for a comment.
    pub comment: &'static str,
    /// Asks why it was bad.
    pub reason: &'static str,
    /// The button.
    pub send: &'static str,
    /// It is kept.
    pub thanks: &'static str,
    /// What that means.
    pub thanks_about: &'static str,
    /// It was answered before.
    pub already: &'static str,
    /// What that means.
    pub already_about: &'static str,
    /// No help was given yet.
    pub early: &'static str,
    /// What to do then.
    pub early_about: &'static str,
    /// Neither was chosen.
    pub choose: &'static str,
    /// The comment is too long.
    pub too_long: &'static str,
    /// Reasons by their codes; in the account's own words where there is none.
    reasons: &'static [(u32, &'static str)],
}

static ENGLISH: Words = Words {
    tag: "en",
    question: "How would you rate the support you received?",
    good: "Good, I'm satisfied",
    bad: "Bad, I'm unsatisfied",
    about: "Your request was about:",
    comment: "Add a comment, if you like",
    reason: "If you are unsatisfied: what was the main reason?",
    send: "Send",
    thanks: "Thank you for your feedback",
    thanks_about: "It is kept with your request.",
    already: "You have answered already",
    already_about: "This link is good for one answer, which is kept with your request. Thank you.",
    early: "Your request is not solved yet",
    early_about: "Please answer once it is: the link stays good until then.",
    choose: "Please choose one of the two answers.",
    too_long: "The comment is too long: at most 1,000 characters.",
    reasons: &[],
};

static GERMAN: Words = Words {
    tag: "de",
    question: "Wie beurteilen Sie die Hilfe, die Sie bekommen haben?",
    good: "Gut, ich bin zufrieden",
    bad: "Schlecht, ich bin unzufrieden",
    about: "In Ihrer Anfrage ging es um:",
    comment: "Kommentar, wenn Sie mögen",
    reason: "Falls Sie unzufrieden sind: was war der Hauptgrund?",
    send: "Senden",
    thanks: "Danke für Ihre Rückmeldung",
    thanks_about: "Sie steht jetzt bei Ihrer Anfrage.",
    already: "Sie haben schon geantwortet",
    already_about: "Dieser Link gilt für eine Antwort, und die steht bei Ihrer Anfrage. Danke.",
    early: "Ihre Anfrage ist noch nicht gelöst",
    early_about: "Bitte antworten Sie, sobald sie es ist: so lange gilt der Link.",
    choose: "Bitte wählen Sie eine der beiden Antworten.",
    too_long: "Der Kommentar ist zu lang: höchstens 1000 Zeichen.",
    reasons: &[
        (5, "Die Lösung hat zu lange gedauert"),
        (6, "Das Problem wurde nicht gelöst"),
        (7, "Das Fachwissen war ungenügend"),
        (8, "Das Verhalten war ungenügend"),
        (100, "Ein anderer Grund"),
    ],
};

impl Words {
    /// In the language of a locale (BCP 47: `de-CH`).
    #[must_use]
    pub fn of(locale: &str) -> &'static Self {
        let primary = locale.trim().split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case(GERMAN.tag) { &GERMAN } else { &ENGLISH }
    }

    /// What a reason says.
    #[must_use]
    pub fn of_reason(&self, reason: &super::Reason) -> &'static str {
        let known = self.reasons.iter().find(|(code, _)| *code == reason.code);
        known.map_or(reason.value, |(_, text)| *text)
    }

    /// The section of a letter that asks, with where each answer leads to
    /// ([`{{satisfaction.rating_section}}`](https://support.zendesk.com/hc/en-us/articles/4408886858138)).
    #[must_use]
    pub fn section(&self, good: &str, bad: &str) -> String {
        format!("{}\n\n{}:\n{good}\n\n{}:\n{bad}", self.question, self.good, self.bad)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Reason;
    use super::*;

    #[test]
    fn every_reason_is_said_in_each_language() {
        for reason in &Reason::ALL {
            let (english, german) =
                (Words::of("fr").of_reason(reason), Words::of("de-CH").of_reason(reason));
            assert_eq!(english, reason.value);
            assert_ne!(german, english, "{}", reason.code);
        }
    }

    #[test]
    fn a_section_has_both_answers() {
        let section = Words::of("en-US").section("https://x/?score=good", "https://x/?score=bad");
        assert!(section.starts_with("How would you rate"), "{section}");
        assert!(section.contains("satisfied:\nhttps://x/?score=good\n"), "{section}");
        assert!(section.ends_with("unsatisfied:\nhttps://x/?score=bad"), "{section}");
    }
}
