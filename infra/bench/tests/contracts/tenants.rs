//! Tenants side by side: what one does is nothing to the others, and keys say whose they are.

use super::Played;
use ceap_kernel::TenantId;
use futures::join;
use serde_json::Value;
use std::collections::BTreeMap;

/// All tables of `infra/data.yaml`.
const TABLES: [&str; 5] =
    ["ProfilesTable", "EngagementTable", "PlatformTable", "QuarantineTable", "HelpdeskTable"];

/// What items are found by, and begin with their tenant. (A provider knows no tenants: by its id of a message,
/// `provider_key`, whoever looks is told whose it is.)
const KEYS: [&str; 5] = ["pk", "shard", "subject_key", "use_case_key", "score_key"];

/// What belongs to nobody alone: `ARCHITECTURE.md`, Tenants.
const NOBODYS: [&str; 4] = ["*#RATE#", "*#SENDER#", "*#SIGN-IN#", "*#CONNECTION#"];

/// What items there are: table, key, and all of it.
type Dump = BTreeMap<(&'static str, String, String), String>;

/// Runs a suite for one tenant, and then for two others at the same time. Suites make their own tenants, all whose names
/// begin with `t-`; every other id is the same each time.
pub async fn run(aws: &Played, suite: impl AsyncFn(Played)) {
    suite(aws.clone()).await;
    let first = dump(aws);
    join!(Box::pin(suite(aws.clone())), Box::pin(suite(aws.clone())));
    let all = dump(aws);
    for (place, item) in &first {
        let same = all.get(place) == Some(item);
        assert!(same || is_nobodys(&place.1), "another tenant changed {place:?}");
    }
}

fn dump(aws: &Played) -> Dump {
    let mut dump = Dump::new();
    for table in TABLES {
        for item in aws.aws.items(table) {
            let text = |name: &str| item.get(name)?.get("S").and_then(Value::as_str);
            for key in KEYS.iter().filter_map(|name| text(name)) {
                assert!(is_apart(key) || is_nobodys(key), "{table}: `{key}` is nobody's");
            }
            let [pk, sk] = ["pk", "sk"].map(|name| text(name).unwrap().to_owned());
            dump.insert((table, pk, sk), Value::Object(item).to_string());
        }
    }
    dump
}

/// Whether a key is its tenant, or goes on behind it with what no tenant's name has.
fn is_apart(key: &str) -> bool {
    let tenant = key.split(['#', '/']).next().unwrap_or_default();
    tenant.starts_with("t-") && TenantId::new(tenant).is_ok()
}

/// Nobody's, or (in quarantine) of a tenant that nobody knows.
fn is_nobodys(key: &str) -> bool {
    key == "-" || NOBODYS.iter().any(|begins| key.starts_with(begins))
}
