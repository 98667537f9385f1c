//! Search on the running stack: fresh right after a write, from the index later, and the same from one that was built anew.

use super::helpdesk::{call, get};
use ceap_e2e::tenant::Tenant;
use ceap_e2e::{PATIENCE, aws, root, stack, until};
use serde_json::{Value, json};
use std::process::Command;

fn found(tenant: &Tenant, query: &str) -> Vec<u64> {
    let answer =
        get(tenant, &format!("search.json?query={query}&sort_by=created_at&sort_order=asc"));
    let results = answer["results"].as_array().unwrap();
    assert_eq!(answer["count"], results.len(), "{answer}");
    results.iter().map(|it| it["id"].as_u64().unwrap()).collect()
}

fn opened(tenant: &Tenant, subject: &str, words: &str) -> u64 {
    let ticket = json!({"ticket": {"subject": subject, "comment": {"body": words}}});
    let made = call(tenant, "POST", "tickets.json", &ticket);
    assert_eq!(made.status, 201, "{made}");
    made.json()["ticket"]["id"].as_u64().unwrap()
}

#[test]
fn what_was_written_is_found_at_once_later_and_in_an_index_that_is_built_anew() {
    let Some(_stack) = stack() else { return };
    let (tenant, other) = (Tenant::new("search"), Tenant::new("search-other"));
    let fire = opened(&tenant, "My printer", "It stands in flames");
    let lost = opened(&tenant, "Lost parcels", "Three of them");
    let theirs = opened(&other, "My printer", "It is theirs");
    let all = json!([
        {"field": "status", "operator": "less_than", "value": "closed"},
        {"field": "description_includes_word", "operator": "includes", "value": "printer"},
    ]);
    let view = json!({"view": {"title": "Printers", "all": all}});
    let view = call(&tenant, "POST", "views.json", &view);
    assert_eq!(view.status, 201, "{view}");
    let view = view.json()["view"]["id"].as_u64().unwrap();
    let shown = |path: &str| get(&tenant, &format!("views/{view}/{path}"));
    let check = |moment: &str| {
        assert_eq!(found(&tenant, "type:ticket+flame"), [fire], "{moment}");
        assert_eq!(found(&tenant, "parcel*"), [lost], "{moment}");
        assert_eq!(found(&tenant, "type:ticket"), [fire, lost], "{moment}");
        assert_eq!(found(&other, "printer"), [theirs], "{moment}");
        assert_eq!(shown("count.json")["view_count"]["value"], 1, "{moment}");
        assert_eq!(shown("tickets.json")["tickets"][0]["id"], fire, "{moment}");
    };
    check("right after the write");

    let (bucket, pointer) =
        (aws::output("/search_bucket"), format!("{}/search/current.json", tenant.name));
    until("the index to be built", PATIENCE, || {
        let pointer: Value = serde_json::from_slice(&aws::object(&bucket, &pointer)?).unwrap();
        pointer["current"].is_object().then_some(())
    });
    check("from the index");
    let change = json!({"ticket": {"subject": "My scanner", "status": "pending"}});
    let changed = call(&tenant, "PUT", &format!("tickets/{fire}.json"), &change);
    assert_eq!(changed.status, 200, "{changed}");
    assert_eq!(found(&tenant, "printer"), [] as [u64; 0], "what changed is found as it is");
    assert_eq!(found(&tenant, "scanner+status:pending"), [fire]);
    assert_eq!(shown("count.json")["view_count"]["value"], 0);
    let back = json!({"ticket": {"subject": "My printer"}});
    assert_eq!(call(&tenant, "PUT", &format!("tickets/{fire}.json"), &back).status, 200);

    let reindex = Command::new("cargo")
        .args(["xtask", "reindex", "--tenant", &tenant.name])
        .current_dir(root())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&reindex.stdout).into_owned();
    assert!(reindex.status.success(), "{told}{}", String::from_utf8_lossy(&reindex.stderr));
    let told = told.lines().find_map(|line| line.strip_prefix("done: ")).unwrap().to_owned();
    let told: Value = serde_json::from_str(&told).unwrap();
    assert!(told["documents"].as_u64().unwrap() >= 3, "two tickets and who asks: {told}");
    check("from the index that was built anew");
}
