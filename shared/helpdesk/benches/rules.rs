//! What rules add to an update of a ticket: none, and 100 triggers with 20 SLA policies, of which none or ten act.
//! `cargo bench -p ceap-helpdesk --bench rules`
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    missing_docs
)]

use ceap_helpdesk::access::credential::Platform;
use ceap_helpdesk::access::sign_in::Clients;
use ceap_helpdesk::account::Remembered;
use ceap_helpdesk::api::{self, Ask, Desk, Method};
use ceap_helpdesk::message::Nothing;
use ceap_helpdesk::routes;
use ceap_helpdesk::search::Recent;
use ceap_helpdesk::store::Soon;
use ceap_helpdesk::store::memory::Memory;
use ceap_kernel::access::{Credential, Principal, Role, SignInClient};
use ceap_kernel::{Clock, Fault, TenantId, Timestamp};
use divan::Bencher;
use serde_json::{Value, json};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::runtime::{Builder, Runtime};

fn main() {
    divan::main();
}

/// A second later whenever it is asked.
#[derive(Debug, Default)]
struct Seconds(AtomicI64);

impl Clock for Seconds {
    fn now(&self) -> Timestamp {
        let passed = self.0.fetch_add(1, Ordering::Relaxed);
        Timestamp::from_second(1_795_000_000 + passed).unwrap()
    }
}

struct Owner;

impl Platform for Owner {
    fn principal<'a>(
        &'a self,
        tenant: &'a TenantId,
        _: &'a str,
    ) -> Soon<'a, Result<Option<Principal>, Fault>> {
        let email = Some("owner@acme.example".to_owned());
        let principal =
            Principal { tenant: tenant.clone(), role: Role::Admin, email, source: None };
        Box::pin(async move { Ok(Some(principal)) })
    }

    fn client<'a>(&'a self, _: &'a str) -> Soon<'a, Result<Option<SignInClient>, Fault>> {
        Box::pin(async { Ok(None) })
    }
}

/// A helpdesk in memory, whose account is remembered as in a function that is warm.
struct World {
    store: Memory,
    accounts: Remembered,
    clients: Clients,
    recent: Recent,
    clock: Arc<Seconds>,
    count: Cell<u64>,
    runtime: Runtime,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(Seconds::default());
        Self {
            store: Memory::new(clock.clone()),
            accounts: Remembered::default(),
            clients: Clients::default(),
            recent: Recent::default(),
            clock,
            count: Cell::new(0),
            runtime: Builder::new_current_thread().build().unwrap(),
        }
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let tenant = TenantId::new("acme").unwrap();
        let bearer = format!("Bearer {}", Credential::generate(tenant, &[1; 32]).reveal());
        let ask = Ask {
            method: Method::named(method).unwrap(),
            base: "https://desk.example".to_owned(),
            raw_path: format!("/api/v2{path}"),
            query: Vec::new(),
            headers: vec![("authorization".to_owned(), bearer)],
            body: body.to_string().into_bytes(),
        };
        let random = || {
            self.count.set(self.count.get() + 1);
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(
                &self.count.get().wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes(),
            );
            bytes
        };
        let desk = Desk {
            store: &self.store,
            accounts: &self.accounts,
            platform: &Owner,
            sign_in: &Nothing,
            clients: &self.clients,
            ceiling: &ceap_helpdesk::api::NoCeiling,
            clock: &*self.clock,
            files: &Nothing,
            secrets: &Nothing,
            deliver: &Nothing,
            index: &Nothing,
            recent: &self.recent,
            connections: &Nothing,
            random: &random,
        };
        let told = self.runtime.block_on(api::answer(&desk, &routes::all(), &ask));
        assert!(told.status < 300, "{path}: {}", told.body);
        serde_json::from_str(&told.body).unwrap_or_default()
    }
}

/// So many triggers, of which some act on each update, and so many policies; the path of a ticket.
fn desk(triggers: usize, acting: usize, policies: usize) -> (World, String) {
    let world = World::new();
    // Without those that the account came with: what is measured is what is asked for.
    let came = world.ask("GET", "/triggers", &Value::Null);
    for trigger in came["triggers"].as_array().into_iter().flatten() {
        world.ask("DELETE", &format!("/triggers/{}", trigger["id"]), &Value::Null);
    }
    let one = |field: &str, operator: &str, value: &str| json!({"field": field, "operator": operator, "value": value});
    for at in 0..triggers {
        let word = if at < acting { "printer" } else { "elsewhere" };
        let all = json!([
            one("status", "less_than", "solved"),
            one("priority", "is_not", "urgent"),
            one("current_tags", "not_includes", "spam junk"),
            one("subject_includes_word", "includes", word)
        ]);
        let any = json!([one("type", "is", "incident"), one("role", "is", "admin")]);
        let actions = json!([{"field": "current_tags", "value": format!("t{at}")}]);
        let trigger =
            json!({"title": format!("t{at}"), "all": all, "any": any, "actions": actions});
        world.ask("POST", "/triggers", &json!({"trigger": trigger}));
    }
    for at in 0..policies {
        let tag = if at + 1 == policies { "vip".to_owned() } else { format!("never{at}") };
        let metric = |metric: &str| json!({"priority": "high", "metric": metric, "target": 240, "business_hours": true});
        let metrics = json!([
            metric("first_reply_time"),
            metric("agent_work_time"),
            metric("total_resolution_time")
        ]);
        let filter = json!({"all": [one("current_tags", "includes", &tag)], "any": []});
        let policy =
            json!({"title": format!("p{at}"), "filter": filter, "policy_metrics": metrics});
        world.ask("POST", "/slas/policies", &json!({"sla_policy": policy}));
    }
    let ticket = json!({"subject": "My printer burns", "priority": "high", "tags": ["vip"],
        "comment": {"body": "Smoke comes out of it since this morning."}});
    let made = world.ask("POST", "/tickets", &json!({"ticket": ticket}));
    let path = format!("/tickets/{}", made["ticket"]["id"]);
    (world, path)
}

/// An update: triggers, of them those that act, and policies.
#[divan::bench(args = [(0, 0, 0), (100, 0, 0), (0, 0, 20), (100, 0, 20), (100, 10, 20)])]
fn update(bencher: Bencher<'_, '_>, (triggers, acting, policies): (usize, usize, usize)) {
    let (world, path) = desk(triggers, acting, policies);
    let count = Cell::new(0);
    bencher.bench_local(|| {
        count.set(count.get() + 1);
        let change = json!({"external_id": count.get().to_string(), "tags": ["vip"]});
        world.ask("PUT", &path, &json!({"ticket": change}))
    });
}
