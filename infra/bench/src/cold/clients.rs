//! Which clients of AWS a function builds: those of what its policies allow, for nothing more is allowed than is done.

use crate::templates::FunctionOf;
use anyhow::{Result, bail};
use std::collections::BTreeSet;

/// Services by the names of their actions, and by those of the features of `ceap-aws` that hold their clients.
const CLIENTS: [(&str, &str); 14] = [
    ("athena", "athena"),
    ("dynamodb", "dynamodb"),
    ("events", "eventbridge"),
    ("execute-api", "apigateway"),
    ("kinesis", "kinesis"),
    ("kms", "kms"),
    ("s3", "s3"),
    ("scheduler", "scheduler"),
    ("secretsmanager", "secretsmanager"),
    ("ses", "sesv2"),
    ("sms-voice", "eum"),
    ("sns", "sns"),
    ("sqs", "sqs"),
    ("states", "sfn"),
];

/// Services that are allowed for what others do with them: Athena reads the catalogue, Scheduler takes a role on.
const OTHERS: [&str; 4] = ["glue", "iam", "logs", "sts"];

/// What Lambda itself does to bring a function its events, with the function's role.
const POLLS: [&str; 9] = [
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "sqs:DeleteMessage",
    "sqs:ReceiveMessage",
];

/// The clients of a function, by their features.
///
/// # Errors
/// When a policy allows something of a service that is not known here.
pub fn of(function: &FunctionOf) -> Result<BTreeSet<&'static str>> {
    let mut found = BTreeSet::new();
    for action in function.actions.iter().filter(|it| !POLLS.contains(&it.as_str())) {
        let service = action.split(':').next().unwrap_or_default();
        match CLIENTS.iter().find(|(name, _)| *name == service) {
            Some((_, client)) => drop(found.insert(*client)),
            None if OTHERS.contains(&service) => {}
            None => bail!("{}: no client is known of {action}", function.name),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::templates::Templates;
    use std::path::Path;

    #[test]
    fn every_function_has_the_clients_of_what_it_may_do() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let functions = Templates::read(&root).unwrap().functions().unwrap();
        let of = |name: &str| -> Vec<&str> {
            let function = functions.iter().find(|it| it.name == name).unwrap();
            of(function).unwrap().into_iter().collect()
        };
        assert_eq!(of("ingest-lake"), Vec::<&str>::new());
        assert_eq!(of("ingest-http"), ["dynamodb", "kinesis"]);
        assert_eq!(of("helpdesk-fields"), ["dynamodb"]);
        assert!(of("deliver-email").contains(&"sesv2"), "{:?}", of("deliver-email"));
        for function in &functions {
            super::of(function).unwrap();
        }
    }
}
