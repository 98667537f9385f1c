//! Secrets on the local stack: kept encrypted, found, bound to tenant and name, forgotten.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod local;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use ceap_aws::dynamodb::{self, SecretStore, Table};
use ceap_engagement::secret::{Secret, SecretKeeper, Secrets};
use ceap_kernel::Fault;
use ceap_testkit::builders::fresh_tenant;

struct Stores {
    config: SdkConfig,
    client: dynamodb::Client,
    table: String,
    key: String,
}

impl Stores {
    async fn new(config: SdkConfig) -> Self {
        let made = aws_sdk_kms::Client::new(&config).create_key().send().await.unwrap();
        let key = made.key_metadata.unwrap().arn.unwrap();
        let client = dynamodb::client(&config);
        Self { config, client, table: local::output("/tables/platform"), key }
    }

    /// A store that remembers nothing yet, as in another environment.
    fn fresh(&self) -> SecretStore {
        SecretStore::new(&self.config, Table::new(&self.client, &self.table), &self.key)
    }
}

#[test]
fn a_secret_is_kept_encrypted_found_and_forgotten() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let stores = Stores::new(config).await;
        let (tenant, other) = (fresh_tenant("secrets"), fresh_tenant("others"));
        let (first, second) = (Secret::new("whsec_first"), Secret::new("whsec_second"));
        let store = stores.fresh();
        assert!(matches!(store.get(&tenant, "a").await, Err(Fault::NotFound(_))));
        store.keep(&tenant, "a", &first).await.unwrap();
        assert_eq!(store.get(&tenant, "a").await, Ok(first.clone()));
        assert!(matches!(store.get(&tenant, "b").await, Err(Fault::NotFound(_))));
        assert!(matches!(store.get(&other, "a").await, Err(Fault::NotFound(_))));
        stores.fresh().keep(&tenant, "a", &second).await.unwrap();
        // One who knows the old one uses it for up to a minute.
        assert_eq!(store.get(&tenant, "a").await, Ok(first));
        assert_eq!(stores.fresh().get(&tenant, "a").await, Ok(second));
        stores.fresh().forget(&tenant, "a").await.unwrap();
        stores.fresh().forget(&tenant, "a").await.unwrap();
        assert!(matches!(stores.fresh().get(&tenant, "a").await, Err(Fault::NotFound(_))));
    });
}

#[test]
fn an_item_copied_elsewhere_does_not_decrypt() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let stores = Stores::new(config).await;
        let (tenant, thief) = (fresh_tenant("secrets"), fresh_tenant("thief"));
        stores.fresh().keep(&tenant, "a", &Secret::new("whsec_first")).await.unwrap();
        let key = |tenant: &str, name: &str| {
            [("pk", format!("{tenant}#SECRETS")), ("sk", name.to_owned())]
                .map(|(k, v)| (k.to_owned(), AttributeValue::S(v)))
        };
        let found = stores.client.get_item().table_name(&stores.table);
        let found = found.set_key(Some(key(tenant.as_str(), "a").into())).send().await.unwrap();
        let item = found.item.unwrap();
        assert!(!format!("{item:?}").contains("whsec_first"));
        for (tenant, name) in [(&tenant, "b"), (&thief, "a")] {
            let mut copy = item.clone();
            copy.extend(key(tenant.as_str(), name));
            let put = stores.client.put_item().table_name(&stores.table);
            put.set_item(Some(copy)).send().await.unwrap();
            let got = stores.fresh().get(tenant, name).await;
            assert!(
                matches!(&got, Err(Fault::Internal(why)) if why.contains("Decrypt")),
                "{got:?}"
            );
        }
        for (tenant, name) in [(&tenant, "a"), (&tenant, "b"), (&thief, "a")] {
            stores.fresh().forget(tenant, name).await.unwrap();
        }
    });
}
