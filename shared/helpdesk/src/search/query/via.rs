//! The ways by which tickets come: the words of searches, the numbers of conditions and the channels of tickets
//! ([via types](https://developer.zendesk.com/documentation/ticketing/reference-guides/via-types/)).

/// A way: its number in conditions, the channels of tickets that came by it, and other words of searches for it.
type Way = (u32, &'static [&'static str], &'static [&'static str]);

const WAYS: &[Way] = &[
    (0, &["web"], &["web form", "web_form"]),
    (4, &["email"], &["mail"]),
    (5, &["api"], &["web_service"]),
    (8, &["rule"], &[]),
    (16, &["get_satisfaction"], &["get_sat", "get satisfaction"]),
    (17, &["dropbox"], &[]),
    (
        23,
        &["twitter_favorite", "twitter_like"],
        &["twitter_fav", "twitter favorite", "twitter like"],
    ),
    (24, &["forum"], &["forum_topic", "topic"]),
    (26, &["twitter_dm"], &["twitter dm", "twitter direct"]),
    (27, &["closed_ticket"], &[]),
    (29, &["chat"], &[]),
    (30, &["twitter"], &[]),
    (31, &["ticket_sharing"], &[]),
    (32, &["logmein_rescue"], &["logmein", "logmein rescue"]),
    (33, &["voicemail"], &[]),
    (34, &["phone_call_inbound"], &[]),
    (35, &["phone_call_outbound"], &[]),
    (38, &["facebook_post"], &["facebook post"]),
    (41, &["facebook_message"], &["facebook message"]),
    (44, &["api_voicemail"], &[]),
    (45, &["api_phone_call_inbound"], &[]),
    (46, &["api_phone_call_outbound"], &[]),
    (48, &["web_widget"], &[]),
    (49, &["mobile_sdk"], &[]),
    (50, &["help_center"], &["helpcenter"]),
    (54, &["satisfaction_prediction"], &[]),
    (55, &["any_channel"], &[]),
    (56, &["mobile"], &[]),
    (57, &["sms"], &["text", "text message"]),
    (72, &["line"], &[]),
    (73, &["wechat"], &[]),
    (74, &["whatsapp"], &[]),
    (75, &["native_messaging"], &[]),
    (88, &["instagram_dm"], &[]),
];

/// Words for several ways: all that begin so, or these.
const TWITTER: &[u32] = &[23, 26, 30];
const FACEBOOK: &[u32] = &[38, 41];
const PHONE: &[u32] = &[33, 34, 44, 45, 46];

/// The channels that a word of a search means; a word that means none of the known ones is itself a channel.
#[must_use]
pub fn channels(word: &str) -> Vec<String> {
    let word = word.trim().to_lowercase();
    let several = match word.as_str() {
        "twitter" => TWITTER,
        "facebook" => FACEBOOK,
        "phone" => PHONE,
        _ => &[],
    };
    let mut channels: Vec<String> = several.iter().flat_map(|number| numbered(*number)).collect();
    let named =
        |(_, own, others): &&Way| own.contains(&word.as_str()) || others.contains(&word.as_str());
    if let Some((_, own, _)) = WAYS.iter().find(named) {
        channels.extend(own.iter().map(|it| (*it).to_owned()));
    }
    channels.push(word);
    channels.sort();
    channels.dedup();
    channels
}

/// The channels of a way by its number in conditions.
#[must_use]
pub fn numbered(number: u32) -> Vec<String> {
    let way = WAYS.iter().find(|(it, ..)| *it == number);
    way.map_or_else(Vec::new, |(_, own, _)| own.iter().map(|it| (*it).to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::CHANNELS;
    use rstest::rstest;

    #[rstest]
    #[case("mail", &["email", "mail"])]
    #[case("email", &["email"])]
    #[case("Web Form", &["web", "web form"])]
    #[case("facebook", &["facebook", "facebook_message", "facebook_post"])]
    #[case("carrier_pigeon", &["carrier_pigeon"])]
    fn a_word_means_channels(#[case] word: &str, #[case] expected: &[&str]) {
        assert_eq!(channels(word), expected);
    }

    #[test]
    fn every_number_of_conditions_has_a_channel() {
        for (number, title) in CHANNELS {
            assert!(!numbered(number.parse().unwrap()).is_empty(), "{number}: {title}");
        }
    }
}
