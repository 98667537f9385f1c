#![allow(clippy::arithmetic_side_effects)]

use super::*;
use serde_json::json;

fn judge(source: &str, event: Value) -> Result<bool, Fault> {
    let facts = Facts { event: &event, ..Facts::default() };
    Expression::compile("when", source)?.holds(&facts)
}

#[test]
fn numbers_compare_across_kinds() {
    assert!(judge("event.data.value > 50", json!({"data": {"value": 50.5}})).unwrap());
    assert!(!judge("event.data.value > 50.0", json!({"data": {"value": 50}})).unwrap());
}

#[test]
fn what_is_absent_does_not_hold() {
    assert!(!judge("event.data.value > 50", json!({"data": {}})).unwrap());
    assert!(!judge("has(event.data.value)", json!({"data": {}})).unwrap());
}

#[test]
fn text_where_a_number_belongs_is_an_error_without_the_text() {
    let fault = judge("event.data.value > 50", json!({"data": {"value": "secret"}})).unwrap_err();
    assert!(fault.to_string().contains("event.data.value > 50"), "{fault}");
    assert!(!fault.to_string().contains("secret"), "{fault}");
}

#[test]
fn mistakes_are_found_when_it_is_saved() {
    assert!(judge("event.data.", json!({})).is_err());
    assert!(judge("evnt.x == 1", json!({})).is_err());
    assert!(judge("nope(event.x)", json!({})).is_err());
    assert!(judge("event.x.nope() == 1", json!({})).is_err());
}

#[test]
fn the_functions_of_cel_are_known() {
    for known in [
        "size(event.x) > 0 && event.x.size() > 0",
        "event.x.startsWith('a') || event.x.endsWith('a') || event.x.contains('a')",
        "event.x.matches('^a') || matches(event.x, '^a')",
        "int(event.x) > 0 || double(event.x) > 0.0 || string(event.x) == '' || bool(event.x)",
        "event.x.all(y, y > 1) || event.x.exists(y, y > 1) || has(event.x)",
        "event.x in [1, 2] && event.x[0] == 1 && (event.x ? 1 : 2) == 1 && !(-event.x > 1)",
    ] {
        let compiled = Expression::compile("when", known);
        assert!(compiled.is_ok(), "{known}: {compiled:?}");
    }
}

#[test]
fn a_place_has_its_own_names() {
    let history = json!({"count": 2});
    let facts = Facts { history: &history, ..Facts::default() };
    let seen = Expression::compile_with("when", "history.count > 1", names::FILTER).unwrap();
    assert!(seen.holds(&facts).unwrap());
    let unseen = Expression::compile("when", "history.count > 1").unwrap_err();
    assert!(unseen.to_string().contains("`history` is unknown"), "{unseen}");
}

#[test]
fn names_the_paths_it_needs() {
    let it =
        Expression::compile("f", "event.data.a.b > 1 && size(event.data.c) > 0 || has(event.id)");
    let paths: Vec<String> = it.unwrap().paths("event").iter().map(|p| p.join(".")).collect();
    assert_eq!(paths, ["data.a.b", "data.c", "id"]);
}

fn compiled(source: &str) -> Expression {
    Expression::compile("filter[0].when", source).unwrap_or_else(|fault| panic!("{fault}"))
}

fn refusal(source: &str) -> String {
    match Expression::compile("filter[0].when", source) {
        Ok(_) => panic!("this was taken: {source}"),
        Err(fault) => fault.to_string(),
    }
}

fn value(source: &str, event: Value) -> Option<Value> {
    let facts = Facts { event: &event, ..Facts::default() };
    compiled(source).value(&facts).unwrap_or_else(|fault| panic!("{source}: {fault}"))
}

#[test]
fn arithmetic_does_not_ask_how_a_number_was_written() {
    let event =
        json!({"data": {"whole": 301, "half": 0.5, "none": 0, "id": 9_007_199_254_740_993_i64}});
    for (source, expected) in [
        ("event.data.whole + 1", json!(302)),
        ("1 + event.data.whole", json!(302)),
        ("event.data.whole * 0.5", json!(150.5)),
        ("event.data.whole / 2", json!(150.5)),
        ("event.data.whole - event.data.half", json!(300.5)),
        ("event.data.none - event.data.whole", json!(-301)),
        ("-event.data.whole", json!(-301)),
        ("event.data.whole % 2 == 1", json!(true)),
        ("size('abc') + event.data.whole", json!(304)),
        ("7 / 2", json!(3)),
        ("'a' + 'b'", json!("ab")),
        ("size([1] + [event.data.whole]) == 2", json!(true)),
        ("[10, 20][event.data.none]", json!(10)),
        ("event.data.id", json!(9_007_199_254_740_993_i64)),
        ("event.data.id == 9007199254740993", json!(true)),
        ("string(event.data.whole) + '/' + string(event.data.half)", json!("301/0.5")),
        ("event.data.whole in [300, 301]", json!(true)),
        ("[1, 2].map(x, x + event.data.half)", json!([1.5, 2.5])),
        ("[1, 2, 3].exists_one(x, x == 2)", json!(true)),
    ] {
        assert_eq!(value(source, event.clone()), Some(expected), "{source}");
    }
    assert_eq!(value("event.data.whole / event.data.none", event.clone()), None);
    assert_eq!(value("event.data.whole % event.data.none", event.clone()), None);
    assert_eq!(value("1 / 0", event), None);
}

#[test]
fn a_key_keeps_its_digits() {
    let facts = json!({"data": {"id": 42, "large": u64::MAX, "text": "a"}});
    let facts = Facts { event: &facts, ..Facts::default() };
    let text = |source| compiled(source).text(&facts).unwrap();
    assert_eq!(text("event.data.id"), "42");
    assert_eq!(text("event.data.large"), u64::MAX.to_string());
    assert_eq!(text("event.data.text + string(event.data.id)"), "a42");
    assert_eq!(text("event.data.absent"), "");
}

#[test]
fn whatever_is_named_is_bound_however_it_is_named() {
    let event = json!({"type": "t", "data": {
        "a": {"b": {"c": 1}}, "with-dash": 2, "items": [{"sku": "x", "n": 1}, {"sku": "y", "n": 2}],
        "nil": null, "which": "a"}});
    for (source, expected) in [
        ("event.data.a.b.c == 1 && event.data.a == {'b': {'c': 1}}", json!(true)),
        ("event.data['with-dash'] == 2", json!(true)),
        ("event['data'].a['b'].c == 1", json!(true)),
        ("event.data[event.data.which].b.c == 1", json!(true)),
        ("'a' in event.data && size(event.data.a) == 1", json!(true)),
        ("event.data.items[1].sku", json!("y")),
        ("event.data.items.filter(i, i.n > 1).map(i, i.sku)", json!(["y"])),
        ("event.data.items.exists(i, i.sku == 'x' && event.type == 't')", json!(true)),
        ("event.data.a.all(k, k == 'b')", json!(true)),
        ("has(event.data.items) && has(event.data.a.b) && !has(event.data.a.z)", json!(true)),
        ("has(event.data['a'].b)", json!(true)),
        ("event.data.nil == null", json!(true)),
        ("event == event", json!(true)),
        ("event.data.a", json!({"b": {"c": 1}})),
    ] {
        assert_eq!(value(source, event.clone()), Some(expected), "{source}");
    }
    for absent in [
        "event.data.z.y == 1",
        "!has(event.data.z.y)",
        "event.data.items[7].sku == 'x'",
        "event.data['z'] == 1",
        "event.data.items.all(i, i.z == 1)",
        "event.data.nil",
    ] {
        assert_eq!(value(absent, event.clone()), None, "{absent}");
    }
    let fault = judge("event.type.x == 1", event.clone()).unwrap_err();
    assert!(fault.to_string().contains("no matching overload"), "{fault}");
    let paths = |source| compiled(source).paths("event").into_iter().collect::<Vec<_>>();
    assert_eq!(paths("event.data['with-dash'] == 2"), [["data", "with-dash"]]);
}

#[test]
fn a_mistake_has_its_place() {
    for (source, place) in [
        ("event.data.value >", "filter[0].when: is not a CEL expression: at character 19: "),
        ("event.data.value = 1", "filter[0].when: is not a CEL expression: at character 18: "),
        (
            "event.x == 1 && evnt.x == 1",
            "`evnt` is unknown; there are event, features, profile, settings, at character 17",
        ),
        ("event.x == 1 && nope(event.x)", "there is no function `nope`, at character 21"),
        ("1 == 1 &&\n 2 ==", "at 2:6 of it: "),
    ] {
        let said = refusal(source);
        assert!(said.contains(place), "{said}");
        assert!(!said.contains('\n'), "{said}");
    }
}

#[test]
fn what_could_run_away_is_refused() {
    for (source, why) in [
        ("event.data.a.all(x, event.data.b.all(y, x == y))", "inside another's body"),
        ("event.data.a.map(x, x.filter(y, y > 1))", "inside another's body"),
        ("event.data.a.filter(x, x > 1).map(x, x + 1).map(x, x + 1)", "at most two macros"),
        ("event.data.a.matches(event.data.b)", "must be a literal"),
        ("event.data.a.matches('a' + 'b')", "must be a literal"),
        ("event.data.a.matches('(a')", "`(a` is not a regular expression: unclosed group"),
        ("event.data.a.matches('(?:a{1000}){1000}')", "too large a regular expression"),
        ("event.data.a.matches('[\\\\w]{1000}')", "too large a regular expression"),
        ("event.all(event, true)", "`event` is taken"),
        ("Point{x: 1} == 1", "no messages here"),
    ] {
        let said = refusal(source);
        assert!(said.contains(why), "{source}: {said}");
    }
    let deep = format!("event.data.a{}", ".size()".repeat(60));
    assert!(refusal(&deep).contains("operations deep"));
    compiled("event.data.items.filter(x, x.n > 1).exists(x, x.sku.matches('^[A-Z]{2}-[0-9]+$'))");
}

#[test]
fn what_it_iterates_over_is_bounded() {
    let any = compiled("event.data.items.exists(x, x == -1)");
    let judge = |items: usize| {
        let event = json!({"data": {"items": vec![0; items]}});
        any.holds(&Facts { event: &event, ..Facts::default() })
    };
    assert_eq!(judge(1_000), Ok(false));
    assert!(judge(1_001).unwrap_err().to_string().contains("more than 1,000 elements"));
    // Without a loop the same list may be as long as it likes.
    let event = json!({"data": {"items": vec![0; 5_000]}});
    let facts = Facts { event: &event, ..Facts::default() };
    assert_eq!(compiled("size(event.data.items) == 5000").holds(&facts), Ok(true));
    // A text that is searched again for each element.
    let event = json!({"data": {"items": vec!["z"; 1_000], "text": "y".repeat(30_000)}});
    let facts = Facts { event: &event, ..Facts::default() };
    let search = "event.data.items.exists(x, event.data.text.contains(x) || event.data.text == x)";
    let refused = compiled(search).holds(&facts).unwrap_err();
    assert!(refused.to_string().contains("too much for each element"), "{refused}");
}

#[test]
fn patterns_match() {
    let event =
        json!({"data": {"sku": "AB-12", "mail": "ada.l@example.com", "name": "Jörg", "n": 1}});
    for (source, expected) in [
        ("event.data.sku.matches('^[A-Z]{2}-[0-9]+$')", true),
        ("matches(event.data.sku, '^x') || event.data.sku.matches('B')", true),
        (r"event.data.mail.matches('^[\\w.+-]+@[\\w-]+(\\.[\\w-]+)+$')", true),
        (r"event.data.name.matches('^\\w+$')", false),
        (r"event.data.name.matches('^\\pL+$')", true),
        (r"event.data.name.matches('^J\\Wrg$')", true),
        (r"matches('a\\b 1', '^a\\\\b\\s\\d$')", true),
        ("['a', 'b'].all(x, x.matches('a'))", false),
    ] {
        assert_eq!(judge(source, event.clone()), Ok(expected), "{source}");
    }
    assert!(judge("event.data.n.matches('1')", event).is_err());
}
