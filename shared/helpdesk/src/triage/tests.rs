//! What languages texts are in, and what histories are, by example; and that a model may take the rules' place.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

use super::*;
use crate::rule::{Condition, Conditions, Head};
use crate::search::fixtures::{at, ticket};
use crate::user::User;
use rstest::rstest;
use serde_json::json;

#[rstest]
#[case("I was charged twice for my subscription and would like a refund, please", &["en-US"], Some("en"))]
#[case("Ich habe die Rechnung doppelt bezahlt und möchte mein Geld zurück", &["en-US"], Some("de"))]
#[case("Bonjour, je n'arrive plus à me connecter à mon compte depuis hier", &["en-US"], Some("fr"))]
#[case("Не могу войти в свой аккаунт, помогите пожалуйста", &["en-US", "ru"], Some("ru"))]
#[case("ログインできません。助けてください。", &["en-US"], Some("ja"))]
// A few words tell two languages apart, not all of them.
#[case("Die Rechnung ist falsch", &["en-US", "de"], Some("de"))]
#[case("The invoice is wrong", &["en-US", "de"], Some("en"))]
#[case("I was told that my money would be refunded", &["en-US"], Some("en"))]
#[case("Kan je mij helpen met deze factuur", &["en-US", "nl"], Some("nl"))]
#[case("Kan je mij helpen met deze factuur", &["en-US"], None)]
#[case("OK", &["en-US"], None)]
#[case("", &["en-US", "de"], None)]
#[case("12345 !!! 67", &["en-US", "de"], None)]
fn a_text_is_in_a_language(
    #[case] text: &str,
    #[case] chosen: &[&str],
    #[case] expected: Option<&str>,
) {
    assert_eq!(language(text, chosen.iter().copied()), expected);
}

#[rstest]
#[case("de", Some("de"))]
#[case("pt-BR", Some("pt"))]
#[case("EN_us", Some("en"))]
#[case("nb", Some("no"))]
#[case("tlh", None)]
#[case("", None)]
fn a_tag_names_a_language_that_can_be_told(#[case] tag: &str, #[case] expected: Option<&str>) {
    assert_eq!(known_language(tag), expected);
}

/// Four tickets: of today, which waits; of a week ago, reopened; of a month ago, with a bad rating; of two years ago.
fn history() -> History {
    let past = |created_at: &str, unsolved, reopened, bad| Past {
        created_at: created_at.parse().unwrap(),
        unsolved,
        reopened,
        bad,
    };
    History(vec![
        past("2026-11-21T08:00:00Z", true, false, false),
        past("2026-11-14T12:00:00Z", true, true, false),
        past("2026-10-21T12:00:00Z", false, false, true),
        past("2024-11-21T12:00:00Z", false, true, true),
    ])
}

#[rstest]
#[case("tickets", "is", 4, None, true)]
#[case("tickets", "greater_than", 3, None, true)]
#[case("tickets", "greater_than", 4, None, false)]
#[case("tickets", "less_than", 5, None, true)]
#[case("tickets", "less_than", 4, None, false)]
#[case("tickets", "is", 1, Some(1), true)]
#[case("tickets", "is", 2, Some(7), true)]
#[case("tickets", "is", 1, Some(6), true)]
#[case("unsolved", "is", 2, None, true)]
#[case("reopened", "is", 2, None, true)]
#[case("reopened", "is", 1, Some(30), true)]
#[case("bad_ratings", "greater_than", 1, None, true)]
#[case("bad_ratings", "greater_than", 1, Some(365), false)]
#[case("smiles", "less_than", 9, None, false)]
#[case("tickets", "more", 1, None, false)]
fn a_history_is_counted(
    #[case] field: &str,
    #[case] operator: &str,
    #[case] value: u32,
    #[case] within_days: Option<u32>,
    #[case] expected: bool,
) {
    let (field, operator) = (field.to_owned(), operator.to_owned());
    let asked = Asked { field, operator, value, within_days };
    assert_eq!(history().meets(&asked, "2026-11-21T12:00:00Z".parse().unwrap()), expected);
}

/// A ticket of which no condition is met, of somebody who asked for nothing before.
struct Quiet(History);

impl Opening for Quiet {
    fn met(&self, _: &Conditions) -> bool {
        false
    }

    fn those_met<'c>(&self, _: &'c Conditions) -> Vec<&'c Condition> {
        Vec::new()
    }

    fn requester(&self) -> Option<&User> {
        None
    }

    fn history(&self) -> Option<&History> {
        Some(&self.0)
    }
}

/// Something that is no rule, and is never quite sure.
struct Model;

impl Triage for Model {
    fn classify(&self, incoming: &Incoming<'_>) -> Option<Verdict> {
        let subject = incoming.ticket.subject.as_deref()?;
        let confidence = f64::from(u32::try_from(subject.len()).ok()?) / 100.0;
        Some(Verdict {
            rule_id: None,
            rule_title: "Model".to_owned(),
            category: Some("upgrade".to_owned()),
            priority: None,
            tags: BTreeSet::new(),
            group_id: None,
            confidence,
            why: Vec::new(),
        })
    }
}

#[test]
fn a_model_is_asked_what_rules_are_asked() {
    let (ticket, quiet) = (ticket(json!({})), Quiet(History::default()));
    let incoming = Incoming {
        ticket: &ticket,
        says: &|_| false,
        stems: None,
        language: Some("en"),
        sender: Some("amy@mondocam.com"),
        at: at("2026-11-21T12:00:00Z"),
        opening: &quiet,
    };
    let mut rule = TriageRule::new(Head::new(RecordId::new(7).unwrap(), incoming.at, 1));
    rule.senders = vec!["mondocam.com".to_owned()];
    rule.history = vec![Asked {
        field: "tickets".to_owned(),
        operator: "is".to_owned(),
        value: 0,
        within_days: None,
    }];
    rule.category = Some("camera".to_owned());
    let rules = Rules(vec![crate::search::fixtures::kept(rule)]);
    let tell: [&dyn Triage; 2] = [&rules, &Model];
    let told = tell.map(|it| it.classify(&incoming).unwrap());
    assert_eq!(told.each_ref().map(|it| it.category.as_deref()), [Some("camera"), Some("upgrade")]);
    assert_eq!(told.each_ref().map(|it| it.confidence), [1.0, 0.25]);
    let why =
        |part: &str, found: &str| Why { part: part.to_owned(), found: vec![found.to_owned()] };
    assert_eq!(told[0].why, [why("sender", "mondocam.com"), why("history", "tickets is 0")]);
    // It is kept and read again as it was told.
    let [_, verdict] = told;
    let triaged = Triaged { verdict, language: None, at: incoming.at };
    let kept = serde_json::to_string(&triaged).unwrap();
    assert_eq!(serde_json::from_str::<Triaged>(&kept).unwrap(), triaged);
}
