//! What is found by which filter.

use super::super::fixtures::{LANGUAGES, ticket_document};
use super::*;
use proptest::prelude::*;
use proptest::sample::select;
use rstest::rstest;
use serde_json::json;

#[rstest]
#[case::everything(Filter::everything(), true)]
#[case::nothing(Filter::nothing(), false)]
#[case::keyword(Filter::is("status", "Open"), true)]
#[case::other_keyword(Filter::is("status", "new"), false)]
#[case::beginning(Filter::begins("tags", "Urg"), true)]
#[case::end(Filter::begins("tags", "gent"), false)]
#[case::negation(!Filter::is("status", "new"), true)]
#[case::any(Filter::is_any("status", ["new", "open"]), true)]
#[case::all(Filter::all([Filter::is("tags", "urgent"), Filter::is("tags", "silver")]), false)]
#[case::present(Filter::present("due_date"), false)]
#[case::absent(Filter::absent("due_date"), true)]
#[case::at_least(Filter::number("priority", 3.0..), true)]
#[case::more(Filter::number("priority", (Bound::Excluded(3.0), Bound::Unbounded)), false)]
#[case::no_number(Filter::number("due_date", ..), false)]
#[case::word(text("defective"), true)]
#[case::stem(text("run"), true)]
#[case::other_form(text("runs"), true)]
#[case::phrase(text("fancy things"), true)]
#[case::phrase_of_forms(text("cat shows"), true)]
#[case::other_order(text("things fancy"), false)]
#[case::over_the_end(text("here we"), false)]
#[case::not_here(text("difficult"), false)]
#[case::prefix(Filter::prefix(&["comment"], "defec", &LANGUAGES), true)]
#[case::prefix_after_words(Filter::prefix(&["comment"], "fancy-thi", &LANGUAGES), true)]
#[case::not_a_prefix(Filter::prefix(&["comment"], "fective", &LANGUAGES), false)]
#[case::not_the_name_of_a_language(Filter::prefix(&["subject"], "en", &LANGUAGES), false)]
fn a_filter_holds_or_not(#[case] filter: Filter, #[case] expected: bool) {
    let document = ticket_document(json!({}));
    assert_eq!(filter.holds(&document), expected, "{filter:?}");
    assert_ne!((!filter).holds(&document), expected);
}

fn text(text: &str) -> Filter {
    Filter::phrase(&["subject", "comment"], text, &LANGUAGES)
}

#[test]
fn a_filter_is_sent_as_it_is() {
    let filter = Filter::all([
        text("fancy things"),
        !Filter::number("created", 1.0..),
        Filter::begins("tags", "u"),
    ]);
    let sent = serde_json::to_string(&filter).unwrap();
    assert_eq!(serde_json::from_str::<Filter>(&sent).unwrap(), filter);
}

/// Text of many scripts.
fn texts() -> impl Strategy<Value = String> {
    let sign = prop_oneof![
        4 => "[a-zäöüßéñ]{1,8}", 2 => "[A-Z0-9._'-]{1,6}", 1 => "[а-яёй]{1,8}", 1 => "[ぁ-んァ-ヶ一-龥]{1,4}",
        1 => "[가-힣]{1,3}", 1 => "[ا-ي]{1,6}", 1 => "\\PC{0,4}",
    ];
    proptest::collection::vec(sign, 0..8).prop_map(|all| all.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whoever looks for a text, a word of it or the beginning of one finds it, in whatever language it is.
    #[test]
    fn a_text_is_found_by_what_it_says(
        text in texts(),
        language in proptest::option::of(select(Language::ALL)),
    ) {
        let mut document = Document::new(Kind::Ticket, 1);
        document.language = language;
        document.text("subject", Some(&text));
        let whole = Filter::phrase(&["subject"], &text, Language::ALL);
        prop_assert!(whole.holds(&document));
        for word in plain(&text) {
            let phrase = Filter::phrase(&["subject"], &word, Language::ALL);
            prop_assert!(phrase.holds(&document), "{}", word);
            let begins: String = word.chars().take(2).collect();
            let prefix = Filter::prefix(&["subject"], &begins, Language::ALL);
            prop_assert!(prefix.holds(&document), "{}", word);
        }
    }
}
