//! The published schema is that of the code, takes what the platform takes, and refuses what it
//! refuses for its form.

use ceap_engagement::use_case::{catalogue, schema};
use ceap_testkit::builders::amended;
use jsonschema::Validator;
use rstest::rstest;
use serde_json::Value;

const PUBLISHED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/use-case.schema.json");

fn validator() -> Validator {
    jsonschema::draft202012::new(&schema::schema()).unwrap()
}

fn refusals(text: &str) -> Vec<String> {
    let document: Value = serde_yaml_ng::from_str(text).unwrap();
    validator().iter_errors(&document).map(|error| error.to_string()).collect()
}

#[test]
fn the_published_schema_is_that_of_the_code() {
    let text = format!("{}\n", serde_json::to_string_pretty(&schema::schema()).unwrap());
    if std::env::var_os("CEAP_BLESS").is_some() {
        std::fs::write(PUBLISHED, &text).unwrap();
    }
    let published = std::fs::read_to_string(PUBLISHED).unwrap_or_default();
    assert!(
        published == text,
        "docs/src/use-case.schema.json is not what the code says: set CEAP_BLESS=1"
    );
    assert!(jsonschema::draft202012::meta::is_valid(&schema::schema()));
}

#[test]
fn it_takes_the_catalogue() {
    for (id, text) in catalogue::CATALOGUE {
        assert_eq!(refusals(text), [] as [&str; 0], "{id}");
    }
}

/// Whatever the manual shows as a whole document.
#[test]
fn it_takes_the_manuals_documents() {
    let manual = include_str!("../../../../docs/src/use-cases.md");
    let blocks = manual.split("```yaml\n").skip(1).filter_map(|block| block.split("```").next());
    let whole: Vec<&str> = blocks.filter(|block| block.starts_with("id: ")).collect();
    assert!(!whole.is_empty());
    for text in whole {
        assert_eq!(refusals(text), [] as [&str; 0], "{text}");
    }
}

#[rstest]
#[case::an_id_that_is_none("id: abandoned-cart", "id: Abandoned Cart")]
#[case::no_version("version: 1\n", "")]
#[case::version_0("version: 1\n", "version: 0\n")]
#[case::an_unknown_field("ttl: 24h", "ttl: 24h\nfoo: 1")]
#[case::an_unknown_field_inside("  delay: 1h", "  dely: 1h")]
#[case::an_unknown_field_of_a_model("weight: 0.001", "weight: 0.001, wieght: 1")]
#[case::an_unknown_purpose("purpose: marketing", "purpose: fun")]
#[case::a_bad_duration("ttl: 24h", "ttl: 1 day")]
#[case::a_window_that_is_a_number("within: 1h", "within: 90")]
#[case::an_unknown_op("op: count", "op: median")]
#[case::an_unknown_model("kind: expression", "kind: oracle")]
#[case::a_weight_that_is_text("weight: 0.001", "weight: heavy")]
#[case::a_holdout_of_everyone_twice("ttl: 24h", "ttl: 24h\nholdout_percent: 200")]
#[case::half_quiet_hours("ttl: 24h", "ttl: 24h\nquiet_hours: {from: '21:00'}")]
#[case::a_time_that_is_none("ttl: 24h", "ttl: 24h\nquiet_hours: {from: '25:00', to: '08:00'}")]
#[case::an_unknown_kind_of_value("{value: number}", "{value: numeral}")]
#[case::a_list_that_is_a_number("filter:", "filter: 5\nkey:")]
fn it_refuses(#[case] old: &str, #[case] new: &str) {
    let text = amended("abandoned-cart", old, new);
    assert_ne!(refusals(&text), [] as [&str; 0], "this was taken:\n{text}");
}

/// Every field says what it is for.
#[test]
fn every_field_is_described() {
    let schema = schema::schema();
    let definitions = schema["$defs"].as_object().unwrap().values();
    for object in definitions.chain([&schema]) {
        for (name, field) in object["properties"].as_object().into_iter().flatten() {
            assert!(field.get("description").is_some(), "{name} of {}", object["description"]);
        }
    }
}
