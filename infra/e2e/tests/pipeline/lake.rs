//! Everything accepted is in the lake, by tenant and day, and one subject can be taken out of it.

use ceap_e2e::lake::{ask, literal};
use ceap_e2e::{PATIENCE, Tenant, event, stack, until};
use serde_json::{Value, json};

/// 1997-01-01, long before there was a platform.
const THEN: i64 = 852_076_800;
const SUBJECTS: usize = 20;

fn purchases(n: usize) -> Vec<Value> {
    let one = |n: usize| {
        let time = THEN + i64::try_from(n).unwrap() * 3600;
        let subject = format!("c'{}", n % SUBJECTS);
        event(
            "purchase",
            &subject,
            &format!("line-{n}"),
            time,
            &json!({"dollars": n, "note": "ü,\"\n"}),
        )
    };
    (0..n).map(one).collect()
}

/// Rows, events and subjects of a tenant.
fn counts(tenant: &str) -> [usize; 3] {
    let counted =
        "SELECT count(*), count(DISTINCT id), count(DISTINCT subject) FROM events WHERE tenant = ?";
    let rows = ask(counted, &[&literal(tenant)]);
    std::array::from_fn(|column| rows[0][column].parse().unwrap())
}

#[test]
fn keeps_everything_and_forgets_one_subject() {
    let Some(_stack) = stack() else { return };
    let (mine, yours) = (Tenant::new("lake"), Tenant::new("other-lake"));
    let all = purchases(300);
    mine.send(&all);
    mine.send(&all[..50]);
    yours.send(&all[..40]);
    until("all that was sent in the lake", PATIENCE, || {
        (counts(&mine.name)[0] >= 350 && counts(&yours.name)[0] >= 40).then_some(())
    });
    assert_eq!(counts(&mine.name), [350, 300, SUBJECTS], "copies stay, and are told by their ids");
    assert_eq!(counts(&yours.name), [40, 40, SUBJECTS]);

    let tenant = literal(&mine.name);
    let row = ask(
        r#"SELECT subject, source, "type", "time", data FROM events WHERE tenant = ? AND id = ? AND "time" < CAST(? AS timestamp(6))"#,
        &[&tenant, "'line-73'", "'1997-01-04 01:00:01.000000'"],
    );
    let data: Value = serde_json::from_str(&row[0][4]).unwrap();
    assert_eq!(row[0][..4], ["c'13", "/e2e", "purchase", "1997-01-04 01:00:00"]);
    assert_eq!(data, json!({"dollars": 73, "note": "ü,\"\n"}));

    let erase = "DELETE FROM events WHERE tenant = ? AND subject = ?";
    let _ = ask(erase, &[&tenant, &literal("c'13")]);
    assert_eq!(counts(&mine.name), [333, 285, SUBJECTS - 1]);
    assert_eq!(counts(&yours.name), [40, 40, SUBJECTS], "nobody else's");
    let left = "SELECT count(*) FROM events WHERE tenant = ? AND subject = ?";
    assert_eq!(ask(left, &[&tenant, &literal("c'13")]), [["0"]]);
}
