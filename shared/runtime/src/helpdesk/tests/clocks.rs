//! Clocks that are wound by what an account is set up with.

use super::*;
use ceap_helpdesk::automation::{Clockwork, Duty};
use ceap_helpdesk::routes::RULES;

/// What was wound.
#[derive(Clone, Default)]
pub(super) struct Wound(Arc<Mutex<Vec<(TenantId, Duty)>>>);

impl Clockwork for Wound {
    fn wind<'a>(&'a self, tenant: &'a TenantId, duty: Duty) -> Soon<'a, Result<(), Fault>> {
        self.0.lock().unwrap().push((tenant.clone(), duty));
        Box::pin(async { Ok(()) })
    }
}

/// Does not go.
struct Broken;

impl Clockwork for Broken {
    fn wind<'a>(&'a self, _: &'a TenantId, _: Duty) -> Soon<'a, Result<(), Fault>> {
        nothing()
    }
}

async fn automation(office: &Office, title: &str, hours: u8, active: bool) {
    let mut add = event("POST", "/api/v2/automations", "", &[]);
    let automation = json!({"automation": {"title": title, "active": active,
        "conditions": {"all": [{"field": "status", "operator": "is", "value": "pending"},
            {"field": "PENDING", "operator": "greater_than", "value": hours.to_string()}], "any": []},
        "actions": [{"field": "status", "value": "solved"}]}});
    add["body"] = automation.to_string().into();
    let added = told(office, &RULES, add).await;
    assert_eq!(added["statusCode"], 201, "{added}");
}

#[tokio::test]
async fn a_clock_is_wound_by_what_is_kept_also_where_it_was_put_back() {
    let hands = Hands::default();
    let store = Memory::new(Arc::new(hands.clone()));
    let (office, around) = office_of(store.clone(), hands.clone());
    automation(&office, "Not yet", 3, false).await;
    let herald = herald((&store, hands), &Ears::default(), &around);
    let wound = Wound::default();
    let herald = Herald { clockwork: Box::new(wound.clone()), ..herald };
    herald.take(serde_json::from_value(changes(&store)).unwrap()).await;
    assert_eq!(wound.0.lock().unwrap()[..], [], "nothing is due");

    automation(&office, "Nobody answers", 4, true).await;
    automation(&office, "Nor here", 5, true).await;
    let mut add = event("POST", "/api/v2/slas/policies", "", &[]);
    add["body"] = json!({"sla_policy": {"title": "Gold", "filter": {"all": [], "any": []},
        "policy_metrics": [{"priority": "normal", "metric": "first_reply_time", "target": 60,
            "business_hours": false}]}})
    .to_string()
    .into();
    let added = told(&office, &RULES, add).await;
    assert_eq!(added["statusCode"], 201, "{added}");
    let mut changes = changes(&store);
    let each = [(tenant("acme"), Duty::Automations), (tenant("acme"), Duty::Promises)];
    for _ in 0..2 {
        herald.take(serde_json::from_value(changes.clone()).unwrap()).await;
        assert_eq!(std::mem::take(&mut *wound.0.lock().unwrap()), each, "once in a batch");
        for record in changes["Records"].as_array_mut().unwrap() {
            record["dynamodb"]["NewImage"][ceap_engagement::backup::MARK] = json!({"BOOL": true});
        }
    }

    let broken = Herald { clockwork: Box::new(Broken), ..herald };
    let taken = broken.take(serde_json::from_value(changes.clone()).unwrap()).await;
    assert_ne!(taken, Answer::default(), "it comes again until it is wound");
    for record in changes["Records"].as_array_mut().unwrap() {
        record["eventName"] = json!("REMOVE");
    }
    let taken = broken.take(serde_json::from_value(changes).unwrap()).await;
    assert_eq!(taken, Answer::default());
}
