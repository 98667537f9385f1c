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

/// The refusal of abandoned-cart with `new` in place of `old`, checked to name the line of `on`.
fn refused(old: &str, new: &str, on: &str) -> String {
    let text = amended("abandoned-cart", old, new);
    let said = refusal(&text);
    let line = text.lines().position(|line| line.contains(on)).map(|line| line + 1);
    let line = line.unwrap_or_else(|| panic!("nothing has {on}"));
    let named = format!("line {line}: ");
    said.strip_prefix(&named).unwrap_or_else(|| panic!("{said}: not {named}")).to_owned()
}

/// What is written, in place of what, on which line the mistake is, and what is said of it: field
/// first.
#[rstest]
#[case::an_id_that_is_none(
    "id: abandoned-cart",
    "id: Abandoned Cart",
    "id:",
    "id: use_case: must be 1 to 63"
)]
#[case::no_version("version: 1\n", "", "id:", "use_case: missing field `version`")]
#[case::version_0("version: 1\n", "version: 0\n", "version: 0", "version: must be at least 1")]
#[case::an_unknown_field("ttl: 24h", "ttl: 24h\nfoo: 1", "foo: 1", "foo: unknown field `foo`")]
#[case::an_unknown_field_inside(
    "  delay: 1h",
    "  dely: 1h",
    "dely",
    "trigger.dely: unknown field `dely`"
)]
#[case::an_unknown_field_of_a_model(
    "weight: 0.001",
    "wieght: 1",
    "wieght",
    "score.terms[0].wieght: unknown field `wieght`"
)]
#[case::a_priority_that_there_is_not(
    "  channel: email",
    "  channel: email\n  ticket: {type: task, priority: highest}",
    "highest",
    "action.ticket.priority: must be one of urgent, high, normal, low"
)]
#[case::a_fact_that_there_is_not_in_a_ticket(
    "  channel: email",
    "  channel: email\n  ticket: {tags: [cart, '{{ event.date }}']}",
    "event.date",
    "action.ticket.tags[1]: `event.date` is unknown to templates"
)]
#[case::a_wrong_type(
    "name: Abandoned cart",
    "name: [Abandoned, cart]",
    "name:",
    "name: invalid type"
)]
#[case::a_wrong_type_of_a_list(
    "filter:",
    "filter: 5\nkey:",
    "filter:",
    "filter: invalid type: integer `5`"
)]
#[case::a_wrong_type_in_a_model(
    "weight: 0.001",
    "weight: heavy",
    "heavy",
    "score.terms[0].weight: invalid type: string \"heavy\""
)]
#[case::an_unknown_purpose(
    "purpose: marketing",
    "purpose: fun",
    "purpose:",
    "purpose: unknown variant `fun`"
)]
#[case::a_bad_duration(
    "ttl: 24h",
    "ttl: 1 day",
    "ttl:",
    "ttl: duration: `1 day` must be a whole number"
)]
#[case::a_bad_window(
    "within: 1h",
    "within: 90",
    "within: 90",
    "features.orders.within: window: `90` must be"
)]
#[case::a_window_too_long(
    "within: 1h",
    "within: 401d",
    "within: 401d",
    "features.orders.within: window: `401d` must be a whole number with s, m, h or d, from 1m to 400d"
)]
#[case::an_unknown_op(
    "op: count",
    "op: median",
    "median",
    "features.orders.op: unknown variant `median`"
)]
#[case::sum_of_nothing("op: count", "op: sum", "op: sum", "features.orders.of: is missing")]
#[case::no_cel(
    "when: event.data.value > 50",
    "when: event.data.value >",
    "when: event",
    "trigger.when: is not a CEL expression: at character 19"
)]
#[case::an_unknown_name(
    "when: event.data.value > 50",
    "when: cart.value > 50",
    "cart.value",
    "trigger.when: `cart` is unknown"
)]
#[case::an_unknown_feature(
    "when: features.orders == 0",
    "when: features.oders == 0",
    "oders",
    "filter[0].when: `features.oders` is not declared"
)]
#[case::an_unknown_attribute(
    "value: event.data.value",
    "value: event.value",
    "event.value",
    "score.terms[0].value: an event has type, subject, time and data, not `value`"
)]
#[case::a_template_with_an_unknown_feature(
    "You left {{ event.data.value }} worth of things in your cart.\n\n",
    "You left {{ features.value }} worth of things in your cart.\n\n",
    "text: |",
    "action.text: `features.value` is unknown to templates"
)]
#[case::a_template_with_an_unknown_variable(
    "Your cart is waiting",
    "{{ first_name }}, your cart is waiting",
    "first_name",
    "action.subject: `first_name` is unknown to templates"
)]
#[case::a_trigger_on_the_profile(
    "when: event.data.value > 50",
    "when: profile.traits.vip",
    "traits.vip",
    "trigger.when: judges events only"
)]
#[case::a_filter_that_does_not_parse(
    "when: features.orders == 0",
    "when: features.orders = 0",
    "orders = 0",
    "filter[0].when: is not a CEL expression: at character 17"
)]
#[case::the_second_filter(
    "score:\n",
    "  - when: event.data.x\n    reason: x\n  - when: nope(event.data.x)\n    reason: y\nscore:\n",
    "nope",
    "filter[2].when: there is no function `nope`"
)]
#[case::a_term_that_does_not_parse(
    "value: event.data.value,",
    "value: event.data.value +,",
    "value +",
    "score.terms[0].value: is not a CEL"
)]
#[case::an_unknown_model(
    "kind: expression",
    "kind: oracle",
    "oracle",
    "score.kind: unknown variant `oracle`"
)]
#[case::a_weight_that_is_no_number(
    "weight: 0.001",
    "weight: .nan",
    ".nan",
    "score.terms[0]: weight"
)]
#[case::a_base_that_is_infinite("base: 0.4", "base: .inf", "score:", "score: base and intercept")]
#[case::a_minimum_out_of_reach(
    "base: 0.4",
    "base: 0.4\n  min: 1.5",
    "min: 1.5",
    "score.min: must be between 0 and 1"
)]
#[case::no_liquid(
    "Your cart is waiting",
    "{{ event.data.value",
    "subject:",
    "action.subject: line 1: is not a Liquid template"
)]
#[case::an_unclosed_tag("action:\n", "action:\n  link: '{% if x %}'\n", "link:", "action.link: ")]
#[case::a_holdout_of_everyone_twice(
    "ttl: 24h",
    "ttl: 24h\nholdout_percent: 200",
    "holdout",
    "holdout_percent: must be"
)]
#[case::a_key_that_does_not_parse(
    "ttl: 24h",
    "ttl: 24h\nkey: 'event.'",
    "key:",
    "key: is not a CEL"
)]
#[case::a_recipient_that_does_not_parse(
    "  channel: email",
    "  channel: email\n  to: 'settings.'",
    "to: 'settings",
    "action.to: is not a CEL"
)]
#[case::half_quiet_hours(
    "ttl: 24h",
    "ttl: 24h\nquiet_hours: {from: '21:00'}",
    "quiet_hours",
    "quiet_hours: missing field `to`"
)]
#[case::a_time_that_is_none(
    "ttl: 24h",
    "ttl: 24h\nquiet_hours: {from: '25:00', to: '08:00'}",
    "quiet_hours",
    "quiet_hours.from: "
)]
#[case::an_unknown_kind_of_value(
    "{value: number}",
    "{value: numeral}",
    "numeral",
    "trigger.expects.value: unknown variant `numeral`"
)]
#[case::a_field_twice("ttl: 24h", "ttl: 24h\nttl: 2h", "ttl: 2h", "ttl: is given twice")]
#[case::a_field_without_a_name_twice(
    "ttl: 24h",
    "ttl: 24h\n\"\": 1\n\"\": 2",
    "\"\": 2",
    "use_case: is given twice"
)]
#[case::a_feature_twice(
    "filter:\n",
    "  orders: {op: count, event: x, within: 1h}\nfilter:\n",
    "event: x",
    "features.orders: is given twice"
)]
#[case::an_anchor("ttl: 24h", "ttl: &long 24h", "ttl:", "ttl: must be written out")]
#[case::two_documents("ttl: 24h", "ttl: 24h\n---\nid: x", "---", "use_case: must be one document")]
#[case::no_yaml("ttl: 24h", "ttl: [24h", "action:", "use_case: is not YAML")]
#[case::a_cycle_of_features(
    "filter:\n",
    "  a: {op: ratio, of: b, to: orders}\n  b: {op: ratio, of: a, to: orders}\nfilter:\n",
    "a: {op: ratio",
    "features.a"
)]
#[case::a_ratio_of_nothing(
    "filter:\n",
    "  a: {op: ratio, of: nothing, to: orders}\nfilter:\n",
    "a: {op: ratio",
    "features.a.of: "
)]
#[case::an_events_condition_that_does_not_parse(
    "within: 1h}",
    "within: 1h, where: 'event.data.'}",
    "where:",
    "features.orders.where: is not a CEL expression: at character 12"
)]
#[case::an_events_condition_on_the_profile(
    "within: 1h}",
    "within: 1h, where: profile.traits.vip}",
    "where:",
    "features.orders.where: `profile` is unknown; there are event, trigger, settings"
)]
fn is_refused(#[case] old: &str, #[case] new: &str, #[case] on: &str, #[case] says: &str) {
    let said = refused(old, new, on);
    assert!(said.starts_with(says), "{said}");
}

/// Each field of a feature, where it does not belong or is missing.
#[rstest]
#[case::no_type("{op: count, within: 1h}", "features.f.event: is missing")]
#[case::no_window("{op: count, event: x}", "features.f.within: is missing")]
#[case::a_short_window("{op: count, event: x, within: 59s}", "from 1m to 400d, or `lifetime`")]
#[case::a_long_window("{op: count, event: x, within: 401d}", "features.f.within")]
#[case::no_field("{op: mean, event: x, within: 1h}", "features.f.of: is missing")]
#[case::a_field_of_a_count("{op: count, of: v, event: x, within: 1h}", "features.f.of: is not for")]
#[case::a_field_of_since("{op: since, of: v, event: x, within: 1h}", "features.f.of: is not for")]
#[case::a_unit("{op: count, event: x, within: 1h, in: days}", "features.f.in: is not for `count`")]
#[case::no_unit("{op: since, event: x, within: 1h, in: weeks}", "unknown variant `weeks`")]
#[case::a_divisor(
    "{op: sum, of: v, to: orders, event: x, within: 1h}",
    "features.f.to: is not for"
)]
#[case::nothing_divided("{op: ratio, to: orders}", "features.f.of: is missing")]
#[case::no_divisor("{op: ratio, of: orders}", "features.f.to: is missing")]
#[case::an_unknown_feature(
    "{op: ratio, of: orders, to: g}",
    "features.f.to: `g` is not declared under `features`"
)]
#[case::of_itself("{op: ratio, of: orders, to: f}", "features.f: is computed from itself: f")]
#[case::a_window_of_a_ratio(
    "{op: ratio, of: orders, to: orders, within: 1h}",
    "features.f.within: is not for `ratio`"
)]
#[case::a_type_of_a_ratio("{op: ratio, of: a, to: b, event: x}", "features.f.event: is not for")]
#[case::an_exclusive_ratio(
    "{op: ratio, of: orders, to: orders, exclusive: true}",
    "features.f.exclusive: is not for `ratio`"
)]
#[case::a_where_of_a_ratio(
    "{op: ratio, of: orders, to: orders, where: 'true'}",
    "features.f.where: is not for `ratio`"
)]
#[case::a_where_that_does_not_parse(
    "{op: count, event: x, within: 1h, where: 'event.'}",
    "features.f.where: is not a CEL"
)]
#[case::a_where_on_the_profile(
    "{op: count, event: x, within: 1h, where: profile.vip}",
    "features.f.where: `profile` is unknown; there are event, trigger, settings"
)]
#[case::a_where_on_no_attribute(
    "{op: count, event: x, within: 1h, where: event.ok}",
    "features.f.where: an event has type, subject, time and data, not `ok`"
)]
#[case::a_where_on_all_of_data(
    "{op: count, event: x, within: 1h, where: event.data == trigger.data}",
    "features.f.where: must name the fields"
)]
fn a_feature_is_refused(#[case] feature: &str, #[case] says: &str) {
    let said =
        refusal(&amended("abandoned-cart", "features:\n", &format!("features:\n  f: {feature}\n")));
    assert!(said.contains(says), "{said}");
}

#[test]
fn features_in_a_circle_are_refused() {
    let circle =
        "features:\n  a: {op: ratio, of: b, to: orders}\n  b: {op: ratio, of: orders, to: a}\n";
    let said = refusal(&amended("abandoned-cart", "features:\n", circle));
    assert_eq!(said, "line 14: features.a: is computed from itself: a, b");
}

#[test]
fn quiet_hours_are_not_for_alerts() {
    let text = amended(
        "suspicious-activity",
        "ttl: 24h",
        "ttl: 24h\nquiet_hours: {from: '21:00', to: '08:00'}",
    );
    assert!(refusal(&text).contains(": quiet_hours: are not for"));
}

#[test]
fn the_filter_of_an_absence_has_its_own_number() {
    let text = amended("abandoned-cart", "  delay: 1h", "  absence: {event: x, within: 1h}");
    let text = text.replace("features.orders == 0", "features.oders == 0");
    let said = refusal(&text);
    assert!(said.contains(": filter[0].when: `features.oders`"), "{said}");
}

#[test]
fn text_that_is_no_document() {
    for text in ["", "- 1", "5", "id: [", "\u{0}", "{\"id\": \"x\"}", "? [a]\n: 1"] {
        let said = refusal(text);
        assert!(said.starts_with("line 1: use_case: ") || said.starts_with("line 2: "), "{said}");
    }
}

/// A few lines of aliases stand for gigabytes of text, and brackets for a deep stack.
#[test]
fn text_that_would_grow_is_refused() {
    let bomb: String =
        (1..30).map(|n| format!("a{n}: &a{n} [*a{}, *a{}]\n", n - 1, n - 1)).collect();
    let said = refusal(&format!("a0: &a0 x\n{bomb}"));
    assert!(said.starts_with("line 1: a0: must be written out"), "{said}");
    for deep in ["[".repeat(100_000), "{a: ".repeat(30_000), "- ".repeat(60_000)] {
        let said = refusal(&format!("id: x\nname:\n  {deep}"));
        assert!(said.contains("nested more than") || said.contains("recursion limit"), "{said}");
    }
}

#[test]
fn json_is_read_with_its_lines_too() {
    let document = |name: &str| {
        format!(
            "{{\n\t\"id\": \"x\", \"version\": 1,\n\t\"name\": \"{name}\",\n\t\"purpose\": \
             \"marketing\",\n\t\"trigger\": {{\"event\": \"x\", \"when\": \"event.data.\"}},\n\t\
             \"score\": {{\"kind\": \"expression\"}}, \"ttl\": \"1h\",\n\t\"action\": \
             {{\"channel\": \"sms\", \"text\": \"x\"}}\n}}"
        )
    };
    let said = refusal(&document("x"));
    assert!(said.starts_with("line 5: trigger.when: is not a CEL"), "{said}");
    let text = document(r"\ud83d\ude00 \\ud83d\/ \u00e9").replace("event.data.", "event.data.x");
    assert_eq!(UseCase::parse(&text).unwrap().document.name, r"😀 \ud83d/ é");
}

#[test]
fn an_expression_is_of_bounded_length() {
    let long = format!("when: {}", ["event.data.value > 50"; 60].join(" && "));
    let said = refused("when: event.data.value > 50", &long, "when: event");
    assert!(said.starts_with("trigger.when: must be at most 1000"), "{said}");
}

/// Nesting as deep as the length allows is taken or refused, but ends, on the small stack of a thread
/// of tokio or of a test.
#[test]
fn deep_nesting_ends() {
    let parse = || {
        for (open, close) in [
            ("(", ")"),
            ("[", "]"),
            ("{1: ", "}"),
            ("-(", ")"),
            ("size(", ")"),
            ("true ? 1 : ", ""),
            ("1 in ", ""),
            ("!", ""),
            ("-", ""),
            ("1 + ", ""),
            ("1 == ", ""),
            ("true && ", ""),
            ("", ".size()"),
            ("", ".a"),
            ("", "[0]"),
            ("", ".map(x, x)"),
            ("[1].map(x, ", ")"),
        ] {
            let levels = 990 / (open.len() + close.len());
            let deep = format!("{}1{}", open.repeat(levels), close.repeat(levels));
            let _ = UseCase::parse(&amended(
                "abandoned-cart",
                "when: event.data.value > 50",
                &format!("when: '{deep}'"),
            ));
        }
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    thread.spawn(parse).unwrap().join().unwrap();
}

#[test]
fn a_function_that_is_not_there_is_refused() {
    for call in ["nope(event.data.value)", "event.data.value.nope()"] {
        let when = format!("when: {call}");
        let said = refused("when: event.data.value > 50", &when, "nope");
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
