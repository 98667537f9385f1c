use super::infer::Shape;
use super::*;
use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

fn document(schema: Value, compatibility: Compatibility) -> SchemaDocument {
    let schema = schema.as_object().unwrap().clone();
    SchemaDocument { schema, mode: Mode::Reject, compatibility }
}

fn change(compatibility: Compatibility, old: Value, new: Value) -> Result<(), String> {
    let (old, new) = (document(old, compatibility), document(new, Compatibility::None));
    check(&new, Some(&old)).map_err(|fault| fault.to_string())
}

fn order() -> Value {
    json!({"type": "object", "required": ["value"], "properties": {
        "value": {"type": "number", "minimum": 0},
        "currency": {"enum": ["CHF", "EUR"]},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}, "maxItems": 10}},
        "$defs": {"line": {"type": "object", "properties": {"sku": {"type": "string", "maxLength": 20}}}}})
}

fn with(place: &str, value: Value) -> Value {
    let mut schema = order();
    *schema.pointer_mut(place).unwrap() = value;
    schema
}

#[rstest]
// Reading by the new one what was written by the old one.
#[case("/properties/value", json!({"type": "number", "minimum": -5}), true, false)]
#[case("/properties/value", json!({"type": "number", "minimum": 5}), false, true)]
#[case("/properties/value", json!({"type": "integer", "minimum": 0}), false, true)]
#[case("/properties/value", json!({"type": ["number", "null"], "minimum": 0}), true, false)]
#[case("/properties/value", json!({"type": "string"}), false, false)]
#[case("/properties/currency", json!({"enum": ["CHF", "EUR", "USD"]}), true, false)]
#[case("/properties/currency", json!({"type": "string"}), true, false)]
#[case("/properties/currency", json!({"enum": ["CHF"]}), false, true)]
#[case("/required", json!([]), true, false)]
#[case("/required", json!(["value", "currency"]), false, true)]
#[case("/$defs/line/properties/sku/maxLength", json!(30), true, false)]
#[case("/properties/lines/maxItems", json!(5), false, true)]
#[case("/properties", json!({"value": {"type": "number", "minimum": 0}}), true, true)]
#[case("/properties/value", json!({"type": "number", "minimum": 0, "title": "Paid"}), true, true)]
fn changes_are_told_apart(
    #[case] place: &str,
    #[case] value: Value,
    #[case] backward: bool,
    #[case] forward: bool,
) {
    let new = with(place, value);
    let is = |compatibility| change(compatibility, order(), new.clone());
    assert_eq!(is(Compatibility::Backward).is_ok(), backward, "{:?}", is(Compatibility::Backward));
    assert_eq!(is(Compatibility::Forward).is_ok(), forward, "{:?}", is(Compatibility::Forward));
    assert_eq!(is(Compatibility::Full).is_ok(), backward && forward);
    assert_eq!(is(Compatibility::None), Ok(()));
}

#[test]
fn an_optional_property_may_be_added_and_what_breaks_is_named() {
    let mut new = order();
    new["properties"]["coupon"] = json!({"type": "string"});
    assert_eq!(change(Compatibility::Full, order(), new), Ok(()));
    let refused =
        change(Compatibility::Backward, order(), with("/required", json!(["value", "lines"])));
    let said =
        "schema: is not backward compatible with the version before: `data.lines` is required";
    assert_eq!(refused, Err(said.to_owned()));
}

#[rstest]
#[case(json!({"type": "string"}), "schema.type: must be object")]
#[case(json!({"type": "object", "properties": {"a": {"type": "text"}}}), "schema.properties.a.type")]
#[case(json!({"properties": {"a": {"$ref": "https://example.com/a.json"}}}), "schema: $ref")]
#[case(json!({"properties": {"a": {"$ref": "#/$defs/b"}}}), "schema: $ref")]
#[case(json!({"properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}}),
       "schema: is too large or leads round in a circle")]
#[case(json!({"properties": {"a": {"pattern": "(a"}}}), "schema.properties.a.pattern")]
#[case(json!({"$dynamicRef": "#x"}), "schema: must not use `$dynamicRef`")]
fn what_is_no_schema_is_refused(#[case] schema: Value, #[case] said: &str) {
    let refused = check(&document(schema, Compatibility::None), None).unwrap_err().to_string();
    assert!(refused.starts_with(said), "{refused}");
}

#[test]
fn an_event_is_judged_and_the_field_is_named() {
    let kind = "order_placed".to_owned();
    let document = document(order(), Compatibility::Backward);
    let updated_at = Timestamp::UNIX_EPOCH;
    let compiled = Compiled::of(&EventSchema { kind, version: 3, updated_at, document }).unwrap();
    let check = |data: Value| compiled.check(data.as_object().unwrap());
    assert_eq!(check(json!({"value": 5, "lines": [{"sku": "a"}]})), Ok(()));
    let refused = check(json!({"value": 5, "lines": [{"sku": 7}]})).unwrap_err().to_string();
    assert!(refused.starts_with("data.lines.0.sku: 7 is not of type"), "{refused}");
    assert!(refused.ends_with("(version 3 of its schema)"), "{refused}");
    assert!(check(json!({})).unwrap_err().to_string().contains("\"value\" is a required property"));
}

/// Values under three names, of any sort.
fn data() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-20_i64..20).prop_map(Value::from),
        (-20_i32..20).prop_map(|n| json!(f64::from(n) / 4.0)),
        "[ab]{0,4}".prop_map(Value::from),
    ];
    let value = prop_oneof![
        leaf.clone(),
        proptest::collection::vec(leaf.clone(), 0..4).prop_map(Value::from),
        proptest::collection::btree_map("[ab]", leaf, 0..3).prop_map(|it| json!(it)),
    ];
    proptest::collection::btree_map("[abc]", value, 0..4).prop_map(|it| json!(it))
}

/// Schemas that say something of such values.
fn schemas() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({})),
        Just(json!({"type": "integer"})),
        (-9_i64..9).prop_map(|n| json!({"type": "number", "minimum": n})),
        (-9_i64..9).prop_map(|n| json!({"type": ["integer", "string"], "exclusiveMaximum": n})),
        (0_u64..4).prop_map(|n| json!({"type": "string", "maxLength": n})),
        (0_u64..3).prop_map(|n| json!({"type": ["string", "null"], "minLength": n})),
        proptest::collection::vec(-3_i64..3, 1..4).prop_map(|it| json!({"enum": it})),
        Just(json!({"type": "boolean"})),
    ];
    let value = prop_oneof![
        leaf.clone(),
        (leaf.clone(), 0_u64..4)
            .prop_map(|(it, n)| json!({"type": "array", "items": it, "maxItems": n})),
        (leaf.clone(), leaf.clone()).prop_map(|(a, b)| json!({"anyOf": [a, b]})),
        (leaf.clone(), leaf.clone()).prop_map(|(a, b)| json!({"allOf": [a, b]})),
        (leaf.clone(), any::<bool>()).prop_map(|(it, closed)| {
            json!({"type": "object", "properties": {"a": it}, "additionalProperties": !closed})
        }),
    ];
    let all = proptest::collection::btree_map("[abc]", value, 3);
    let required = proptest::collection::btree_set("[abc]", 0..2);
    (all, required).prop_map(
        |(all, required)| json!({"type": "object", "properties": all, "required": required}),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    /// What is said to be compatible is.
    #[test]
    fn what_was_right_is_right(old in schemas(), new in schemas(), data in proptest::collection::vec(data(), 40)) {
        if contained(&old, &new).is_ok() {
            let (old, new) = (compile(&old).unwrap(), compile(&new).unwrap());
            for data in data.iter().filter(|data| old.is_valid(data)) {
                prop_assert!(new.is_valid(data), "{data}");
            }
        }
        prop_assert!(contained(&old, &old).is_ok());
    }

    #[test]
    fn what_was_seen_meets_what_is_inferred(all in proptest::collection::vec(data(), 1..30)) {
        let mut shape = Shape::default();
        all.iter().for_each(|data| shape.object(data.as_object().unwrap()));
        let schema = shape.schema();
        let validator = compile(&schema).unwrap();
        for data in &all {
            prop_assert!(validator.is_valid(data), "{data} {schema}");
        }
    }
}

#[test]
fn an_inferred_schema_tells_what_was_always_there() {
    let mut shape = Shape::default();
    for data in [
        json!({"id": 1, "at": "2026-11-21T12:00:00Z", "tags": ["a", 1]}),
        json!({"id": 2.5, "at": "2026-11-21T12:00:00Z", "who": {"name": "x"}}),
    ] {
        shape.object(data.as_object().unwrap());
    }
    assert_eq!(
        shape.schema(),
        json!({"type": "object", "required": ["at", "id"], "properties": {
            "id": {"type": "number"},
            "at": {"type": "string", "format": "date-time"},
            "tags": {"type": "array", "items": {"type": ["integer", "string"]}},
            "who": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}}})
    );
}
