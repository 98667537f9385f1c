//! The policies are what their schema says, and name every action.

use super::*;
use cedar_policy::{Schema, ValidationMode, Validator};

const SCHEMA: &str = include_str!("../../../../../infra/policies/helpdesk.cedarschema");

#[test]
fn the_policies_speak_of_what_there_is() {
    let (schema, _) = Schema::from_cedarschema_str(SCHEMA).unwrap();
    let policies = PARSED.as_ref().unwrap().clone();
    let result = Validator::new(schema).validate(&policies, ValidationMode::Strict);
    let errors: Vec<String> = result.validation_errors().map(ToString::to_string).collect();
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn the_schema_has_every_action_and_no_other() {
    let (schema, _) = Schema::from_cedarschema_str(SCHEMA).unwrap();
    let mut there: Vec<String> =
        schema.actions().map(|it| it.id().unescaped().to_owned()).collect();
    let mut named: Vec<String> = Action::ALL.iter().map(|it| it.as_str().to_owned()).collect();
    there.sort();
    named.sort();
    assert_eq!(there, named);
}
