//! What is read from a text.

use super::*;
use proptest::prelude::*;
use rstest::rstest;

/// Whether it must not be, the property, the text, and whether it stood in quotes.
type Part = (bool, Option<(String, Operator)>, String, bool);

/// Parts without their places.
fn read(text: &str) -> Vec<Part> {
    let query = Query::parse(text).unwrap();
    let parts = query.clauses.into_iter().map(|clause| match clause.what {
        What::Text(term) => (clause.negated, None, term.text, term.quoted),
        What::Property { name, operator, value } => {
            (clause.negated, Some((name, operator)), value.text, value.quoted)
        }
    });
    parts.collect()
}

fn word(text: &str) -> Part {
    (false, None, text.to_owned(), false)
}

fn property(name: &str, operator: Operator, value: &str, quoted: bool) -> Part {
    (false, Some((name.to_owned(), operator)), value.to_owned(), quoted)
}

#[rstest]
#[case("", &[])]
#[case("  \t ", &[])]
#[case("233", &[word("233")])]
#[case("Please upgrade", &[word("Please"), word("upgrade")])]
#[case("\"Jane Doe\"", &[(false, None, "Jane Doe".to_owned(), true)])]
#[case("“Jane Doe”", &[(false, None, "Jane Doe".to_owned(), true)])]
#[case("status:open", &[property("status", Operator::Is, "open", false)])]
#[case("status<closed", &[property("status", Operator::Less, "closed", false)])]
#[case("priority>normal", &[property("priority", Operator::More, "normal", false)])]
#[case("status<=pending", &[property("status", Operator::AtMost, "pending", false)])]
#[case("priority>=normal", &[property("priority", Operator::AtLeast, "normal", false)])]
#[case("group:\"Level 2\"", &[property("group", Operator::Is, "Level 2", true)])]
#[case("brand: \"Banana Republic\"", &[property("brand", Operator::Is, "Banana Republic", true)])]
#[case("-tags:invoice", &[(true, Some(("tags".to_owned(), Operator::Is)), "invoice".to_owned(), false)])]
#[case("-refund", &[(true, None, "refund".to_owned(), false)])]
#[case("updated < 2025-07-04", &[word("updated"), word("<"), word("2025-07-04")])]
#[case("status: open", &[word("status:"), word("open")])]
#[case("status:", &[word("status:")])]
#[case("- - -", &[])]
#[case("24\" screen", &[word("24\""), word("screen")])]
#[case("tip-top", &[word("tip-top")])]
#[case("12:30", &[word("12:30")])]
#[case("created>2015-09-01T12:00:00-08:00",
    &[property("created", Operator::More, "2015-09-01T12:00:00-08:00", false)])]
#[case("requester:amy@mondocam.com", &[property("requester", Operator::Is, "amy@mondocam.com", false)])]
#[case("custom_field_1413:*", &[property("custom_field_1413", Operator::Is, "*", false)])]
fn a_text_has_parts(#[case] text: &str, #[case] expected: &[Part]) {
    assert_eq!(read(text), expected);
}

#[rstest]
#[case("\"Jane", 0)]
#[case("status:open subject:\"upgrade", 20)]
#[case("grüße \"", 6)]
fn quotes_have_to_be_closed(#[case] text: &str, #[case] at: usize) {
    assert_eq!(Query::parse(text).unwrap_err().at, at);
}

#[test]
fn there_are_words_enough() {
    let most = vec!["word"; MOST].join(" ");
    assert!(Query::parse(&most).is_ok());
    let error = Query::parse(&format!("{most} more")).unwrap_err();
    assert_eq!(error.at, most.len() + 1);
    assert!(Query::parse(&format!("\"{most} more\"")).is_err());
    for nothing in ["\"\" ", "!! "] {
        assert_eq!(Query::parse(&nothing.repeat(MOST)).unwrap().clauses.len(), MOST);
        assert!(Query::parse(&nothing.repeat(MOST + 1)).is_err());
    }
}

#[test]
fn names_are_known_before_they_are_looked_up() {
    let query = "requester:amy assignee:me cc:none organization:\"Banana Republic\" amy user:bob";
    let query = Query::parse(query).unwrap();
    assert_eq!(query.people(), BTreeSet::from(["amy", "bob"]));
    assert_eq!(query.organizations(), BTreeSet::from(["Banana Republic"]));
}

#[test]
fn an_error_says_where() {
    let error = Query::parse("a \"b").unwrap_err();
    let shown = "Invalid search: the quotes that begin here are not closed at character 3";
    assert_eq!(error.to_string(), shown);
}

/// Text that looks like queries.
fn queries() -> impl Strategy<Value = String> {
    let sign = prop_oneof![
        Just("status".to_owned()),
        Just("created".to_owned()),
        Just("custom_field_501".to_owned()),
        Just("tags".to_owned()),
        Just("order_by".to_owned()),
        Just("4hours".to_owned()),
        Just("2011-05-01".to_owned()),
        Just("none".to_owned()),
        Just(":".to_owned()),
        Just("<".to_owned()),
        Just(">=".to_owned()),
        Just("\"".to_owned()),
        Just(" ".to_owned()),
        Just("-".to_owned()),
        Just("*".to_owned()),
        "\\PC{0,3}",
    ];
    proptest::collection::vec(sign, 0..12).prop_map(|all| all.concat())
}

fn without_places(query: &Query) -> Vec<(bool, What)> {
    let what = |what: &What| match what.clone() {
        What::Text(term) => What::Text(Term { at: 0, ..term }),
        What::Property { name, operator, value } => {
            What::Property { name, operator, value: Term { at: 0, ..value } }
        }
    };
    query.clauses.iter().map(|clause| (clause.negated, what(&clause.what))).collect()
}

#[test]
fn a_minus_that_stands_alone_keeps_apart() {
    let query = Query::parse("a: - \"b\" -c: \"d\"").unwrap();
    assert_eq!(query.clauses.len(), 3);
    assert_eq!(query.to_string(), "a: - \"b\" -c:\"d\"");
    let again = Query::parse(&query.to_string()).unwrap();
    assert_eq!(without_places(&again), without_places(&query));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_024))]

    #[test]
    fn what_is_read_is_written_and_read_again(text in queries()) {
        if let Ok(query) = Query::parse(&text) {
            let again = Query::parse(&query.to_string()).unwrap();
            prop_assert_eq!(without_places(&again), without_places(&query));
        }
    }

    #[test]
    fn no_text_is_too_strange(text in any::<String>()) {
        let length = text.chars().count();
        let names = super::world::World::default();
        if let Err(error) = Query::parse(&text).and_then(|query| query.resolve(&names)) {
            prop_assert!(error.at <= length, "{}", error);
        }
    }

    #[test]
    fn no_query_is_too_strange(text in queries()) {
        let length = text.chars().count();
        let names = super::world::World::default();
        if let Err(error) = Query::parse(&text).and_then(|query| query.resolve(&names)) {
            prop_assert!(error.at <= length, "{}", error);
        }
    }
}
