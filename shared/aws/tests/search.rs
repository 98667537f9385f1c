//! Search indexes and their leases on the local S3 and DynamoDB.
#![allow(clippy::unwrap_used)]

mod local;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use ceap_aws::dynamodb::{self, Leases, Table};
use ceap_aws::search_bucket::SearchBucket;
use ceap_testkit::contracts;

#[test]
fn blobs() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let client = aws_sdk_s3::Client::new(&config);
        let name = local::unique("search");
        client.create_bucket().bucket(&name).send().await.unwrap();
        contracts::blobs(&SearchBucket::new(&config, &name)).await;
    });
}

#[test]
fn leases() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let client = dynamodb::client(&config);
        let name = local::unique("leases");
        let key = |name: &str, kind| {
            KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
        };
        let text = |name: &str| {
            let of = AttributeDefinition::builder().attribute_name(name);
            of.attribute_type(ScalarAttributeType::S).build().unwrap()
        };
        let make = client.create_table().table_name(&name);
        let make = make.billing_mode(BillingMode::PayPerRequest);
        let make = make.key_schema(key("pk", KeyType::Hash)).key_schema(key("sk", KeyType::Range));
        let make = make.attribute_definitions(text("pk")).attribute_definitions(text("sk"));
        make.send().await.unwrap();
        contracts::leases(&Leases::new(Table::new(&client, &name))).await;
        client.delete_table().table_name(&name).send().await.unwrap();
    });
}
