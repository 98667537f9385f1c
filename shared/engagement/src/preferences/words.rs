//! What the pages say, in the languages that they know.

use crate::suppression::Reason;

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// German.
    German,
}

impl Language {
    /// The language of a locale (BCP 47: `de-CH`), if it is one of ours.
    #[must_use]
    pub fn of(locale: &str) -> Option<Self> {
        let primary = locale.trim().split(['-', '_']).next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "en" => Some(Self::English),
            "de" => Some(Self::German),
            _ => None,
        }
    }

    /// The language that an `Accept-Language` header likes best (RFC 9110 §12.5.4) of ours.
    #[must_use]
    pub fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for range in header.split(',').take(20) {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
            let Some(language) = Self::of(tag) else { continue };
            let weight = parameters.trim().strip_prefix("q=");
            let weight = weight.map_or(1.0, |q| q.trim().parse().unwrap_or(0.0));
            if weight > best.map_or(0.0, |(most, _)| most) {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }

    /// As `lang` attributes write it.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// What is said in it.
    #[must_use]
    pub const fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}

/// All that the pages say.
#[derive(Debug)]
pub struct Words {
    /// Asks to unsubscribe.
    pub unsubscribe: &'static str,
    /// What will happen.
    pub unsubscribe_about: &'static str,
    /// The button.
    pub unsubscribe_button: &'static str,
    /// It is done.
    pub unsubscribed: &'static str,
    /// What that means.
    pub unsubscribed_about: &'static str,
    /// The heading of the preferences.
    pub preferences: &'static str,
    /// What they are about.
    pub preferences_about: &'static str,
    /// What the group of channels is.
    pub channels: &'static str,
    /// There is no channel.
    pub no_channels: &'static str,
    /// The button that saves.
    pub save: &'static str,
    /// The button that turns all off.
    pub all_off: &'static str,
    /// It was saved.
    pub saved: &'static str,
    /// All is off.
    pub saved_all_off: &'static str,
    /// Asks to confirm.
    pub confirm: &'static str,
    /// What to confirm, before the channel's name.
    pub confirm_about: &'static str,
    /// The button.
    pub confirm_button: &'static str,
    /// It is confirmed.
    pub confirmed: &'static str,
    /// What that means.
    pub confirmed_about: &'static str,
    /// Asks whether an address is one's own.
    pub verify: &'static str,
    /// What that is for, before the address.
    pub verify_about: &'static str,
    /// The button.
    pub verify_button: &'static str,
    /// It is one's own.
    pub verified: &'static str,
    /// What that means, before the address.
    pub verified_about: &'static str,
    /// The link is none.
    pub unknown: &'static str,
    /// What to do then.
    pub unknown_about: &'static str,
    /// What was sent is not understood.
    pub bad: &'static str,
    /// What to do then.
    pub bad_about: &'static str,
    /// Something does not work just now.
    pub trouble: &'static str,
    /// What to do then.
    pub trouble_about: &'static str,
    stopped: &'static str,
    blocked: &'static str,
    channel: [&'static str; 7],
    /// The subject of the message that asks to confirm.
    pub ask_subject: &'static str,
    /// Its text, in Liquid.
    pub ask_text: &'static str,
    /// Its HTML, in Liquid.
    pub ask_html: &'static str,
    /// The subject of the message that asks whether an address is one's own.
    pub verify_subject: &'static str,
    /// Its text, in Liquid.
    pub verify_text: &'static str,
    /// Its HTML, in Liquid.
    pub verify_html: &'static str,
    /// The subject of the message that tells what was said on a ticket, in Liquid.
    pub notice_subject: &'static str,
    /// Its text, in Liquid.
    pub notice_text: &'static str,
}

impl Words {
    /// What people call a channel; none where they know it by its own name.
    #[must_use]
    pub fn channel(&self, name: &str) -> Option<&'static str> {
        let known = ["email", "sms", "push", "web-push", "whatsapp", "in-app", "voice"];
        let mut both = known.into_iter().zip(self.channel);
        both.find(|(known, _)| *known == name).map(|(_, called)| called)
    }

    /// What stands in the way of messages to an address.
    #[must_use]
    pub const fn blocked(&self, reason: Reason) -> &'static str {
        match reason {
            Reason::Stop => self.stopped,
            Reason::Unsubscribe
            | Reason::Complaint
            | Reason::Manual
            | Reason::Gone
            | Reason::Bounce => self.blocked,
        }
    }
}

static ENGLISH: Words = Words {
    unsubscribe: "Unsubscribe",
    unsubscribe_about: "You will get no more marketing messages here:",
    unsubscribe_button: "Unsubscribe",
    unsubscribed: "You are unsubscribed",
    unsubscribed_about: "You will get no more marketing messages here:",
    preferences: "Your message preferences",
    preferences_about: "Choose where you want to get news and offers. Messages about your own orders \
                        and accounts are not affected.",
    channels: "News and offers by",
    no_channels: "There is no address of yours to send news and offers to.",
    save: "Save",
    all_off: "Unsubscribe from everything",
    saved: "Your choice is saved.",
    saved_all_off: "You are unsubscribed from everything.",
    confirm: "Please confirm",
    confirm_about: "You agree to get messages here:",
    confirm_button: "Confirm",
    confirmed: "Thank you, that is confirmed",
    confirmed_about: "You can change your mind at any time, by the link in every message. You agreed \
                      to get messages here:",
    verify: "Is this your address?",
    verify_about: "Confirm it, and our help desk knows you by it:",
    verify_button: "This is my address",
    verified: "Thank you, that is confirmed",
    verified_about: "Our help desk knows you by this address:",
    unknown: "This link is not valid",
    unknown_about: "It is not complete, or it is no longer valid. Please use the link in the newest \
                    message that you have.",
    bad: "That was not understood",
    bad_about: "Please open the link in the message again. (Programs: post List-Unsubscribe=One-Click \
                as a form, RFC 8058.)",
    trouble: "That did not work just now",
    trouble_about: "Nothing is lost. Please try again in a minute.",
    stopped: "Blocked, because you answered STOP. To get messages again, answer START.",
    blocked: "We cannot send to this address at the moment.",
    channel: [
        "Email",
        "Text message (SMS)",
        "Notifications in the app",
        "Notifications in the browser",
        "WhatsApp",
        "Messages in the app",
        "Phone call",
    ],
    ask_subject: "{% if data.brand != '' %}{{ data.brand }}: {% endif %}Please confirm",
    ask_text: "Please confirm that you want to get messages\
               {% if data.brand != '' %} from {{ data.brand }}{% endif %}: {{ data.url }}\n\n\
               If you did not ask for this, ignore it and you will get none.",
    ask_html: "<p>Please confirm that you want to get messages\
               {% if data.brand != '' %} from {{ data.brand }}{% endif %}.</p>\
               <p><a href=\"{{ data.url }}\">Confirm</a></p>\
               <p>If you did not ask for this, ignore it and you will get none.</p>",
    verify_subject: "Please confirm your address",
    verify_text: "Hello {{ data.name }},\n\nour help desk was given this address as yours. Please \
                  confirm that it is: {{ data.url }}\n\n\
                  If it is not, or you do not know of it, ignore this. The link is good for seven days.",
    verify_html: "<p>Hello {{ data.name }},</p>\
                  <p>our help desk was given this address as yours. Please confirm that it is.</p>\
                  <p><a href=\"{{ data.url }}\">Confirm</a></p>\
                  <p>If it is not, or you do not know of it, ignore this. The link is good for seven \
                  days.</p>",
    notice_subject: "[#{{ data.ticket }}] {{ data.title }}",
    notice_text: "{{ data.author }} {% if data.mentioned %}mentioned you on{% else %}commented on{% endif %} \
                  ticket #{{ data.ticket }}:\n\n{{ data.text }}",
};

static GERMAN: Words = Words {
    unsubscribe: "Abmelden",
    unsubscribe_about: "Sie erhalten hier keine Werbung mehr:",
    unsubscribe_button: "Abmelden",
    unsubscribed: "Sie sind abgemeldet",
    unsubscribed_about: "Sie erhalten hier keine Werbung mehr:",
    preferences: "Ihre Einstellungen für Nachrichten",
    preferences_about: "Wählen Sie, wo Sie Neuigkeiten und Angebote erhalten möchten. Nachrichten zu \
                        Ihren Bestellungen und Konten sind davon nicht betroffen.",
    channels: "Neuigkeiten und Angebote per",
    no_channels: "Es ist keine Adresse von Ihnen bekannt, an die wir Neuigkeiten senden könnten.",
    save: "Speichern",
    all_off: "Von allem abmelden",
    saved: "Ihre Auswahl ist gespeichert.",
    saved_all_off: "Sie sind von allem abgemeldet.",
    confirm: "Bitte bestätigen",
    confirm_about: "Sie stimmen zu, hier Nachrichten zu erhalten:",
    confirm_button: "Bestätigen",
    confirmed: "Danke, das ist bestätigt",
    confirmed_about: "Sie können das jederzeit ändern, über den Link in jeder Nachricht. Sie haben \
                      zugestimmt, hier Nachrichten zu erhalten:",
    verify: "Ist das Ihre Adresse?",
    verify_about: "Bestätigen Sie sie, damit unser Helpdesk Sie daran erkennt:",
    verify_button: "Das ist meine Adresse",
    verified: "Danke, das ist bestätigt",
    verified_about: "Unser Helpdesk kennt Sie unter dieser Adresse:",
    unknown: "Dieser Link ist nicht gültig",
    unknown_about: "Er ist unvollständig oder nicht mehr gültig. Bitte nehmen Sie den Link in der \
                    neuesten Nachricht, die Sie haben.",
    bad: "Das wurde nicht verstanden",
    bad_about: "Bitte öffnen Sie den Link in der Nachricht noch einmal. (Programme: \
                List-Unsubscribe=One-Click als Formular senden, RFC 8058.)",
    trouble: "Das hat gerade nicht funktioniert",
    trouble_about: "Es ist nichts verloren. Bitte versuchen Sie es in einer Minute noch einmal.",
    stopped: "Gesperrt, weil Sie mit STOP geantwortet haben. Um wieder Nachrichten zu erhalten, \
              antworten Sie mit START.",
    blocked: "An diese Adresse können wir zurzeit nichts senden.",
    channel: [
        "E-Mail",
        "SMS",
        "Mitteilungen in der App",
        "Mitteilungen im Browser",
        "WhatsApp",
        "Nachrichten in der App",
        "Anruf",
    ],
    ask_subject: "{% if data.brand != '' %}{{ data.brand }}: {% endif %}Bitte bestätigen",
    ask_text: "Bitte bestätigen Sie, dass Sie Nachrichten\
               {% if data.brand != '' %} von {{ data.brand }}{% endif %} erhalten möchten: \
               {{ data.url }}\n\n\
               Wenn Sie das nicht wollten, tun Sie nichts, und Sie erhalten keine.",
    ask_html: "<p>Bitte bestätigen Sie, dass Sie Nachrichten\
               {% if data.brand != '' %} von {{ data.brand }}{% endif %} erhalten möchten.</p>\
               <p><a href=\"{{ data.url }}\">Bestätigen</a></p>\
               <p>Wenn Sie das nicht wollten, tun Sie nichts, und Sie erhalten keine.</p>",
    verify_subject: "Bitte bestätigen Sie Ihre Adresse",
    verify_text: "Guten Tag {{ data.name }},\n\nunserem Helpdesk wurde diese Adresse als Ihre genannt. \
                  Bitte bestätigen Sie, dass sie es ist: {{ data.url }}\n\n\
                  Ist sie es nicht, oder wissen Sie nichts davon, tun Sie nichts. Der Link gilt sieben \
                  Tage.",
    verify_html: "<p>Guten Tag {{ data.name }},</p>\
                  <p>unserem Helpdesk wurde diese Adresse als Ihre genannt. Bitte bestätigen Sie, dass \
                  sie es ist.</p>\
                  <p><a href=\"{{ data.url }}\">Bestätigen</a></p>\
                  <p>Ist sie es nicht, oder wissen Sie nichts davon, tun Sie nichts. Der Link gilt \
                  sieben Tage.</p>",
    notice_subject: "[#{{ data.ticket }}] {{ data.title }}",
    notice_text: "{{ data.author }} hat {% if data.mentioned %}Sie in Ticket{% else %}zu Ticket{% endif %} \
                  #{{ data.ticket }} {% if data.mentioned %}erwähnt{% else %}geschrieben{% endif %}:\n\n\
                  {{ data.text }}",
};

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("de", Some(Language::German))]
    #[case("de-CH, en;q=0.8", Some(Language::German))]
    #[case("fr-CH, en;q=0.8, de;q=0.9", Some(Language::German))]
    #[case("de;q=0.1, en", Some(Language::English))]
    #[case("de;q=0", None)]
    #[case("fr", None)]
    #[case("", None)]
    #[case("de;q=x;y,,;,<script>", None)]
    fn the_best_of_ours(#[case] header: &str, #[case] expected: Option<Language>) {
        assert_eq!(Language::accepted(header), expected);
    }

    #[rstest]
    #[case("de_AT", Some(Language::German))]
    #[case("EN-us", Some(Language::English))]
    #[case("den", None)]
    #[case("\"><script>", None)]
    fn the_language_of_a_locale(#[case] locale: &str, #[case] expected: Option<Language>) {
        assert_eq!(Language::of(locale), expected);
    }
}
