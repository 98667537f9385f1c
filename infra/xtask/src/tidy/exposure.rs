//! What holds data is encrypted, restorable and not public, and who may call a function is named.

use ceap_stacks::{Resource, Template, many, target};
use serde_json::{Value, json};

use super::Finding;
use super::house::House;

/// What a resource of a kind must say, where, and why.
struct Must {
    kind: &'static str,
    path: &'static str,
    says: Says,
    why: &'static str,
}

enum Says {
    /// Exactly this.
    This(bool),
    /// Something.
    Anything,
    /// Nothing.
    Nothing,
}

const fn must(kind: &'static str, path: &'static str, says: Says, why: &'static str) -> Must {
    Must { kind, path, says, why }
}

const BUCKET: &str = "AWS::S3::Bucket";
const TABLE: &str = "AWS::DynamoDB::Table";

const RULES: [Must; 15] = [
    must(BUCKET, "/BucketEncryption", Says::Anything, "is not encrypted by a key that is named"),
    must(
        BUCKET,
        "/PublicAccessBlockConfiguration/BlockPublicAcls",
        Says::This(true),
        "could be made public",
    ),
    must(
        BUCKET,
        "/PublicAccessBlockConfiguration/BlockPublicPolicy",
        Says::This(true),
        "could be made public",
    ),
    must(
        BUCKET,
        "/PublicAccessBlockConfiguration/IgnorePublicAcls",
        Says::This(true),
        "could be made public",
    ),
    must(
        BUCKET,
        "/PublicAccessBlockConfiguration/RestrictPublicBuckets",
        Says::This(true),
        "could be made public",
    ),
    must(
        BUCKET,
        "/LifecycleConfiguration",
        Says::Anything,
        "keeps all for ever: at least parts of uploads must go",
    ),
    must(
        TABLE,
        "/SSESpecification/SSEEnabled",
        Says::This(true),
        "is encrypted by AWS's own key alone",
    ),
    must(
        TABLE,
        "/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled",
        Says::This(true),
        "could not be restored",
    ),
    must("AWS::SQS::Queue", "/SqsManagedSseEnabled", Says::This(true), "is not encrypted"),
    must("AWS::Kinesis::Stream", "/StreamEncryption/KeyId", Says::Anything, "is not encrypted"),
    must("AWS::KMS::Key", "/EnableKeyRotation", Says::This(true), "keeps its key for ever"),
    must(
        "AWS::Athena::WorkGroup",
        "/WorkGroupConfiguration/ResultConfiguration/EncryptionConfiguration",
        Says::Anything,
        "writes results in the clear",
    ),
    must("AWS::Logs::LogGroup", "/RetentionInDays", Says::Anything, "keeps logs for ever"),
    must(
        "AWS::Serverless::Function",
        "/FunctionUrlConfig",
        Says::Nothing,
        "has an address of its own, past the API",
    ),
    must("AWS::Lambda::Permission", "/SourceArn", Says::Anything, "lets anybody's service call it"),
];

/// Checks every resource of every template.
pub fn check(house: &House) -> Vec<Finding> {
    house.templates.iter().flat_map(in_template).collect()
}

fn in_template(template: &Template) -> Vec<Finding> {
    let found = |text| Finding::new(&template.file, text);
    template.resources().flat_map(|it| exposed(template, &it)).map(found).collect()
}

fn exposed(template: &Template, resource: &Resource<'_>) -> Vec<String> {
    let id = resource.id;
    let rules = RULES.iter().filter(|it| it.kind == resource.kind && !it.holds(resource));
    let mut found: Vec<String> =
        rules.map(|it| format!("{id}: {} ({})", it.why, it.path)).collect();
    if resource.kind == BUCKET && !only_over_tls(template, id) {
        let why = "takes requests in the clear: deny them in its policy (aws:SecureTransport)";
        found.push(format!("{id}: {why}"));
    }
    if open_to_all(resource.properties) {
        found.push(format!("{id}: allows something to everybody: name who (Principal)"));
    }
    found
}

impl Must {
    fn holds(&self, resource: &Resource<'_>) -> bool {
        let said = resource.properties.pointer(self.path);
        match self.says {
            Says::This(value) => said == Some(&Value::Bool(value)),
            Says::Anything => said.is_some(),
            Says::Nothing => said.is_none(),
        }
    }
}

fn only_over_tls(template: &Template, bucket: &str) -> bool {
    let of_it =
        |policy: &Resource<'_>| policy.properties.get("Bucket").and_then(target) == Some(bucket);
    template.of_kind("AWS::S3::BucketPolicy").filter(of_it).any(|policy| {
        many(policy.properties.pointer("/PolicyDocument/Statement")).into_iter().any(|statement| {
            let insecure = statement.pointer("/Condition/Bool/aws:SecureTransport");
            statement.get("Effect") == Some(&json!("Deny"))
                && insecure
                    .is_some_and(|it| matches!(it.as_str(), Some("false")) || *it == json!(false))
        })
    })
}

/// Whether a statement somewhere within allows anybody: `Principal: "*"`, with no condition that names who.
fn open_to_all(value: &Value) -> bool {
    let everybody = |principal: &Value| {
        principal.as_str() == Some("*")
            || many(principal.get("AWS")).into_iter().any(|it| it.as_str() == Some("*"))
    };
    match value {
        Value::Object(all) => {
            let allows = all.get("Effect") == Some(&json!("Allow"));
            let open =
                all.get("Principal").is_some_and(everybody) && !all.contains_key("Condition");
            (allows && open) || all.values().any(open_to_all)
        }
        Value::Array(all) => all.iter().any(open_to_all),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(text: &str) -> Vec<String> {
        in_template(&Template::parse("t.yaml", text).unwrap())
            .into_iter()
            .map(|it| it.text)
            .collect()
    }

    const BUCKETS: &str = "
Resources:
  Files:
    Type: AWS::S3::Bucket
    Properties:
      BucketEncryption: {a: b}
      LifecycleConfiguration: {a: b}
      PublicAccessBlockConfiguration:
        {BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true}
  FilesPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Files
      PolicyDocument:
        Statement:
          - {Effect: Deny, Principal: '*', Action: 's3:*', Resource: x, Condition: {Bool: {'aws:SecureTransport': 'false'}}}
";

    #[test]
    fn a_bucket_that_is_closed_is_fine_and_each_opening_is_found() {
        assert_eq!(broken(BUCKETS), Vec::<String>::new());
        for (closed, open) in [
            ("BucketEncryption: {a: b}", "X: 1"),
            ("BlockPublicPolicy: true", "BlockPublicPolicy: false"),
            ("'false'", "'true'"),
            ("LifecycleConfiguration: {a: b}", "X: 1"),
        ] {
            assert_eq!(broken(&BUCKETS.replace(closed, open)).len(), 1, "{open}");
        }
        let allowed = BUCKETS.replace("Effect: Deny", "Effect: Allow");
        assert_eq!(broken(&allowed).len(), 1, "no longer denied in the clear");
        let everybody = "Resources:\n  P:\n    Type: AWS::SQS::QueuePolicy\n    Properties: {S: [{Effect: Allow, Principal: {AWS: '*'}}]}";
        assert_eq!(broken(everybody).len(), 1);
    }
}
