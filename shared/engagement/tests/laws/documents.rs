//! Broken documents are refused, naming the place.

use ceap_engagement::use_case::UseCase;
use ceap_testkit::builders::amended;
use rstest::rstest;

fn refusal(text: &str) -> String {
    match UseCase::parse(text) {
        Ok(_) => panic!("this was taken:\n{text}"),
        Err(fault) => {
            assert_eq!(fault.code(), "invalid", "{fault}");
            fault.to_string()
        }
    }
}

#[rstest]
#[case::an_id_that_is_none("id: abandoned-cart", "id: Abandoned Cart", "use_case: id")]
#[case::no_version("version: 1\n", "", "missing field `version`")]
#[case::version_0("version: 1\n", "version: 0\n", "version: must be at least 1")]
#[case::an_unknown_field("ttl: 24h", "ttl: 24h\nfoo: 1", "unknown field `foo`")]
#[case::an_unknown_field_inside("  delay: 1h", "  dely: 1h", "unknown field `dely`")]
#[case::an_unknown_purpose("purpose: marketing", "purpose: fun", "purpose: unknown variant `fun`")]
#[case::a_bad_duration("ttl: 24h", "ttl: 1 day", "ttl: duration: `1 day` must be a whole number")]
#[case::a_bad_window("within: 1h", "within: 90", "features.orders")]
#[case::an_unknown_op("op: count", "op: median", "features.orders.op: unknown variant `median`")]
#[case::sum_of_nothing("op: count", "op: sum", "features.orders.of: is missing")]
#[case::no_cel(
    "when: event.data.value > 50",
    "when: event.data.value >",
    "trigger.when: is not a CEL"
)]
#[case::an_unknown_name(
    "when: event.data.value > 50",
    "when: cart.value > 50",
    "trigger.when: `cart` is unknown"
)]
#[case::an_unknown_feature(
    "when: features.orders == 0",
    "when: features.oders == 0",
    "`features.oders` is not declared"
)]
#[case::an_unknown_attribute("value: event.data.value", "value: event.value", "not `value`")]
#[case::a_template_with_an_unknown_feature(
    "You left {{ event.data.value }} worth of things in your cart.\n\n",
    "You left {{ features.value }} worth of things in your cart.\n\n",
    "action.text: `features.value` is unknown to templates"
)]
#[case::a_template_with_an_unknown_variable(
    "Your cart is waiting",
    "{{ first_name }}, your cart is waiting",
    "action.subject: `first_name` is unknown to templates"
)]
#[case::a_trigger_on_the_profile(
    "when: event.data.value > 50",
    "when: profile.traits.vip",
    "trigger.when: judges events only"
)]
#[case::a_filter_that_does_not_parse(
    "when: features.orders == 0",
    "when: features.orders = 0",
    "filter[0].when: is not a CEL"
)]
#[case::a_term_that_does_not_parse(
    "value: event.data.value,",
    "value: event.data.value +,",
    "score.terms[0].value: is not a CEL"
)]
#[case::an_unknown_model(
    "kind: expression",
    "kind: oracle",
    "score.kind: unknown variant `oracle`"
)]
#[case::a_weight_that_is_no_number("weight: 0.001", "weight: .nan", "score.terms[0]: weight")]
#[case::a_base_that_is_infinite("base: 0.4", "base: .inf", "score: base and intercept")]
#[case::a_minimum_out_of_reach(
    "base: 0.4",
    "base: 0.4\n  min: 1.5",
    "score.min: must be between 0 and 1"
)]
#[case::no_liquid(
    "You left {{ event.data.value }}",
    "You left {{ event.data.value",
    "is not a Liquid template"
)]
#[case::an_unclosed_tag("action:\n", "action:\n  html: '{% if x %}'\n", "action")]
#[case::a_holdout_of_everyone_twice(
    "ttl: 24h",
    "ttl: 24h\nholdout_percent: 200",
    "holdout_percent: must be"
)]
#[case::a_key_that_does_not_parse("ttl: 24h", "ttl: 24h\nkey: 'event.'", "key: is not a CEL")]
#[case::a_recipient_that_does_not_parse(
    "  channel: email",
    "  channel: email\n  to: 'settings.'",
    "action.to: is not a CEL"
)]
#[case::half_quiet_hours(
    "ttl: 24h",
    "ttl: 24h\nquiet_hours: {from: '21:00'}",
    "missing field `to`"
)]
#[case::a_time_that_is_none(
    "ttl: 24h",
    "ttl: 24h\nquiet_hours: {from: '25:00', to: '08:00'}",
    "quiet_hours"
)]
#[case::an_unknown_kind_of_value(
    "{value: number}",
    "{value: numeral}",
    "unknown variant `numeral`"
)]
fn is_refused(#[case] old: &str, #[case] new: &str, #[case] says: &str) {
    let said = refusal(&amended("abandoned-cart", old, new));
    assert!(said.contains(says), "{said}");
}

#[test]
fn quiet_hours_are_not_for_alerts() {
    let text = amended(
        "suspicious-activity",
        "ttl: 24h",
        "ttl: 24h\nquiet_hours: {from: '21:00', to: '08:00'}",
    );
    assert!(refusal(&text).starts_with("quiet_hours: are not for"));
}

#[test]
fn text_that_is_no_document() {
    for text in ["", "- 1", "5", "id: [", "\u{0}", "{\"id\": \"x\"}", "&a [*a, *a]"] {
        assert!(refusal(text).starts_with("use_case: "), "{text}");
    }
}

#[test]
fn an_expression_is_of_bounded_length() {
    let long = format!("when: {}", ["event.data.value > 50"; 60].join(" && "));
    let said = refusal(&amended("abandoned-cart", "when: event.data.value > 50", &long));
    assert!(said.starts_with("trigger.when: must be at most 1000"), "{said}");
}

/// Nesting as deep as the length allows is taken or refused, but ends. Unoptimized, the CEL parser
/// needs some 180 KB of stack a level; optimized, its own limit of 96 levels comes first.
#[test]
fn deep_nesting_ends() {
    let parse = || {
        for (open, close) in [("(", ")"), ("[", "]"), ("-(", ")"), ("!", ""), ("1 + ", "")] {
            let deep = format!("{}1{} == 2", open.repeat(200), close.repeat(200));
            let when = format!("when: '{deep}'");
            let text = amended("abandoned-cart", "when: event.data.value > 50", &when);
            let _ = UseCase::parse(&text);
        }
    };
    let thread = std::thread::Builder::new().stack_size(256 << 20);
    thread.spawn(parse).unwrap().join().unwrap();
}

#[test]
fn a_function_that_is_not_there_is_refused() {
    for call in ["nope(event.data.value)", "event.data.value.nope()"] {
        let when = format!("when: {call}");
        let said = refusal(&amended("abandoned-cart", "when: event.data.value > 50", &when));
        assert!(said.starts_with("trigger.when: ") && said.contains("nope"), "{said}");
    }
}

#[test]
fn the_manuals_example_is_a_document() {
    let manual = include_str!("../../../../docs/src/use-cases.md");
    let example = manual.split("```").nth(1).and_then(|block| block.strip_prefix("yaml\n"));
    let use_case = UseCase::parse(example.unwrap()).unwrap();
    assert_eq!(use_case.id().as_str(), "abandoned-cart");
}
