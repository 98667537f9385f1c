//! Least privilege: what is allowed is named.

use ceap_stacks::many;
use serde_json::Value;

use super::{Finding, house::House};

/// Actions for which AWS knows no resource, with the reason. Nothing else may have the resource `*`.
const NO_RESOURCE: [(&str, &str); 4] = [
    ("sns:Publish", "a text's phone number has no ARN"),
    ("logs:*LogDeliver*", "Step Functions' log delivery is set per account"),
    ("logs:*ResourcePolic*", "as log delivery"),
    ("logs:DescribeLogGroups", "as log delivery"),
];

/// Checks every `Allow` statement of every template.
pub fn check(house: &House) -> Vec<Finding> {
    let mut findings = Vec::new();
    for template in &house.templates {
        for resource in template.resources() {
            let mut statements = Vec::new();
            collect(resource.properties, &mut statements);
            if !MAKE_CREDENTIALS.contains(&resource.id) && opens_doors(&statements) {
                let text = format!(
                    "{}: may write credentials: name the LeadingKeys that it writes, or deny those of {DOORS}",
                    resource.id
                );
                findings.push(Finding::new(&template.file, text));
            }
            for text in statements.into_iter().flat_map(broken) {
                findings.push(Finding::new(&template.file, format!("{}: {text}", resource.id)));
            }
        }
    }
    findings
}

/// All policy statements inside a value, wherever CloudFormation and SAM put them.
fn collect<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    if value.get("Effect").is_some() && (value.get("Action").or(value.get("NotAction"))).is_some() {
        found.push(value);
        return;
    }
    match value {
        Value::Array(all) => all.iter().for_each(|one| collect(one, found)),
        Value::Object(all) => all.values().for_each(|one| collect(one, found)),
        _ => {}
    }
}

/// The one function that makes credentials, and the one that puts back those that there were.
const MAKE_CREDENTIALS: [&str; 2] = ["TenantsFunction", "TenantRestoreFunction"];

/// Where credentials are.
const DOORS: &str = "*#KEYS";

/// Whether these statements let their function write any item of the table that holds credentials.
fn opens_doors(statements: &[&Value]) -> bool {
    let says = |statement: &Value, effect: &str| {
        statement.get("Effect").and_then(Value::as_str) == Some(effect)
    };
    let writes = |statement: &Value| {
        let actions = many(statement.get("Action"));
        let write = |it: &str| {
            ["Put", "Update", "BatchWrite"]
                .iter()
                .any(|verb| it.starts_with(&format!("dynamodb:{verb}")))
        };
        actions.into_iter().filter_map(Value::as_str).any(write)
    };
    let keys =
        |statement: &Value| statement.get("Condition").map(Value::to_string).unwrap_or_default();
    let of_it = |statement: &Value| {
        many(statement.get("Resource")).iter().any(|it| it.to_string().contains("PlatformTable"))
    };
    let open = statements.iter().any(|it| {
        says(it, "Allow") && writes(it) && of_it(it) && !keys(it).contains("LeadingKeys")
    });
    let denied =
        statements.iter().any(|it| says(it, "Deny") && writes(it) && keys(it).contains(DOORS));
    open && !denied
}

fn broken(statement: &Value) -> Vec<String> {
    if statement.get("Effect").and_then(Value::as_str) == Some("Deny") {
        return Vec::new();
    }
    let mut texts = Vec::new();
    if statement.get("NotAction").is_some() || statement.get("NotResource").is_some() {
        texts.push(
            "NotAction and NotResource allow what nobody named: list what is needed".to_owned(),
        );
    }
    let actions: Vec<&str> =
        many(statement.get("Action")).into_iter().filter_map(Value::as_str).collect();
    for action in actions.iter().filter(|action| action.contains('*')) {
        texts.push(format!("action {action}: list the actions by name"));
    }
    let everything =
        many(statement.get("Resource")).into_iter().any(|resource| resource.as_str() == Some("*"));
    for action in actions.iter().filter(|action| everything && !excepted(action)) {
        texts.push(format!("{action} on every resource: name its ARN, or add the action to NO_RESOURCE in xtask's tidy/policies.rs with the reason"));
    }
    texts
}

fn excepted(action: &str) -> bool {
    NO_RESOURCE.iter().any(|(pattern, _)| {
        let mut rest = action;
        let mut parts = pattern.split('*');
        let starts = parts.next().and_then(|first| rest.strip_prefix(first));
        let Some(after) = starts else { return false };
        rest = after;
        if !pattern.contains('*') {
            return rest.is_empty();
        }
        parts.all(|part| match rest.split_once(part) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn stars_are_refused_and_exceptions_are_named() {
        let statement = |action: &str, resource: &str| json!({"Effect": "Allow", "Action": action, "Resource": resource});
        assert_eq!(broken(&statement("sns:Publish", "*")), Vec::<String>::new());
        assert_eq!(broken(&statement("logs:ListLogDeliveries", "*")), Vec::<String>::new());
        assert_eq!(broken(&statement("logs:CreateLogDelivery", "*")), Vec::<String>::new());
        assert_eq!(
            broken(&statement("sqs:SendMessage", "arn:aws:sqs:r:1:a-*")),
            Vec::<String>::new()
        );
        assert_eq!(broken(&statement("sqs:SendMessage", "*")).len(), 1);
        assert_eq!(broken(&statement("sns:PublishBatch", "*")).len(), 1);
        assert_eq!(broken(&statement("dynamodb:Get*", "arn:x")).len(), 1);
        assert!(broken(&json!({"Effect": "Deny", "Action": "s3:*", "Resource": "*"})).is_empty());
    }

    #[test]
    fn whoever_writes_beside_credentials_is_kept_from_them() {
        let table = json!({"Fn::Sub": "arn:x:table/${PlatformTable}"});
        let allow = json!({"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": table});
        assert!(opens_doors(&[&allow]));
        let deny = json!({"Effect": "Deny", "Action": ["dynamodb:PutItem"], "Resource": table,
            "Condition": {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": ["*#KEYS"]}}});
        assert!(!opens_doors(&[&allow, &deny]));
        let mut named = allow.clone();
        named["Condition"] =
            json!({"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["*#RUNS"]}});
        assert!(!opens_doors(&[&named]));
        let mut other = allow;
        other["Resource"] = json!("arn:x:table/other");
        assert!(!opens_doors(&[&other]));
    }

    #[test]
    fn statements_are_found_at_any_depth() {
        let policies = json!({"Policies": [{"PolicyName": "a", "PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "*"}}}]});
        let mut found = Vec::new();
        collect(&policies, &mut found);
        assert_eq!(found.len(), 1);
    }
}
