//! What is found by which query: the examples of Zendesk's references, and more.

use super::*;
use crate::search::fixtures::ticket_document;
use crate::search::query::world::World;
use rstest::rstest;
use serde_json::json;

fn found(world: &World, query: &str) -> Vec<String> {
    let query = Query::parse(query).unwrap();
    world.found(&query.resolve(world).unwrap().filter)
}

const TICKET: &[&str] = &["ticket233"];
const NONE: &[&str] = &[];

#[rstest]
// Words.
#[case("Please upgrade my account", TICKET)]
#[case("account please", TICKET)]
#[case("upgrad", TICKET)]
#[case("grade", NONE)]
#[case("\"Please upgrade my account\"", TICKET)]
#[case("\"upgrade please\"", NONE)]
#[case("\"accou\"", NONE)]
#[case("accounts", TICKET)]
#[case("difficult", TICKET)]
#[case("233", TICKET)]
#[case("#233", TICKET)]
#[case("\"233\"", NONE)]
#[case("mondocam.com", &["user1", "user2", "organization20"])]
#[case("type:user mondocam.com", &["user1", "user2"])]
#[case("type:user amy", &["user1"])]
#[case("amy -type:user", NONE)]
#[case("https://example.com/please", NONE)]
#[case("my:account", TICKET)]
#[case("?!", &["ticket233", "user1", "user2", "organization20", "group10"])]
// Types.
#[case("type:ticket", TICKET)]
#[case("type:user type:group", &["user1", "user2", "group10"])]
#[case("type:organization tags:premium", &["organization20"])]
#[case("type:group name:\"level 2\"", &["group10"])]
#[case("type:article", NONE)]
// Status, type, priority.
#[case("status:open", TICKET)]
#[case("status<solved", TICKET)]
#[case("status<=pending", TICKET)]
#[case("status>open", NONE)]
#[case("status:new status:open", TICKET)]
#[case("-status:new -status:solved -status:closed assignee:susan", TICKET)]
#[case("priority>normal", TICKET)]
#[case("priority>=urgent", NONE)]
#[case("priority:none", NONE)]
#[case("ticket_type:incident", TICKET)]
#[case("custom_status_id:2393906", TICKET)]
// People.
#[case("assignee:me", TICKET)]
#[case("requester:me", NONE)]
#[case("assignee:none", NONE)]
#[case("assignee:\"Susan Warren\"", TICKET)]
#[case("assignee:amy", NONE)]
#[case("assignee_id:2", TICKET)]
#[case("requester:amy@mondocam.com", TICKET)]
#[case("requester:+14154187501 status:open", TICKET)]
#[case("submitter:2", TICKET)]
#[case("commenter:\"amy\"", TICKET)]
#[case("cc:none", NONE)]
#[case("user:amy", &["user1"])]
#[case("user:\"amy moore\"", &["user1"])]
#[case("name:\"alex anderson\"", NONE)]
#[case("role:admin", &["user2"])]
#[case("role:end_user", &["user1"])]
#[case("email:amy@mondocam.com", &["user1"])]
#[case("email:\"none\"", NONE)]
#[case("email:amy*", NONE)]
#[case("phone:1-415-418-7502", &["user2"])]
#[case("notes:\"manager\" type:user", &["user1", "user2"])]
#[case("external_id:none type:user", &["user1", "user2"])]
#[case("is_verified:true", &["user2"])]
#[case("is_suspended:true", NONE)]
#[case("tags:premium tags:wholesale", &["user1", "user2", "organization20"])]
// Groups, organizations, brands, forms.
#[case("group:\"Level 2\"", &["ticket233", "user2"])]
#[case("type:ticket group:10", TICKET)]
#[case("group:\"Level 3\"", NONE)]
#[case("group:none", NONE)]
#[case("organization:mondocam", TICKET)]
#[case("organization:none", &["user1", "user2"])]
#[case("brand:\"banana republic\"", TICKET)]
#[case("form:\"Change Request\"", TICKET)]
#[case("form:legal", NONE)]
// Tags.
#[case("tags:important tags:silver", TICKET)]
#[case("tags:\"important urgent\"", TICKET)]
#[case("tags:\"important silver\"", NONE)]
#[case("tags:imp*", TICKET)]
#[case("status:open -tags:invoice", TICKET)]
#[case("status:open -tags:urgent", NONE)]
#[case("tags:none type:ticket", NONE)]
// Text.
#[case("subject:\"upgrade account\"", NONE)]
#[case("subject:\"upgrade my\"", TICKET)]
#[case("subject:upgrade*", TICKET)]
#[case("subject:upgr", NONE)]
#[case("subject:upgr*", TICKET)]
#[case("description:defective", TICKET)]
#[case("comment:\"fancy things here\"", TICKET)]
#[case("comment:difficult", TICKET)]
#[case("has_attachment:true", TICKET)]
#[case("has_attachment:false", NONE)]
#[case("attachment_name:image001.jpg", TICKET)]
#[case("attachment_name:secret.pdf", TICKET)]
// Ways, addresses.
#[case("via:mail", TICKET)]
#[case("via:\"web form\"", NONE)]
#[case("recipient:support@acme.example", TICKET)]
#[case("satisfaction:good", NONE)]
#[case("external_id:A-17", TICKET)]
#[case("external_id:A*", TICKET)]
// Times: who asks is 8 hours behind UTC.
#[case("type:ticket created:2026-11-20", TICKET)]
#[case("type:ticket created:11/20/2026", TICKET)]
#[case("type:ticket created>2026-11-20", NONE)]
#[case("type:ticket created>=2026-11-20", TICKET)]
#[case("type:ticket created<2026-11-20", NONE)]
#[case("type:ticket created<=2026-11-20", TICKET)]
#[case("type:ticket created>2026-11-19 created<2026-11-22", TICKET)]
#[case("type:ticket created>2026-11-20T02:00:00-08:00", NONE)]
#[case("type:ticket created>=2026-11-20T02:00:00-08:00", TICKET)]
#[case("type:ticket created<2026-11-20T10:00:01Z", TICKET)]
#[case("type:ticket created<2026-11-19T24:00:00Z", NONE)]
#[case("type:ticket created_at>2026-11-20T01:59:59", TICKET)]
#[case("updated>4hours type:ticket", TICKET)]
#[case("updated<4hours type:ticket", NONE)]
#[case("created<1day type:ticket", TICKET)]
#[case("created>1weeks type:ticket", TICKET)]
#[case("created<1year", &["group10", "organization20"])]
#[case("solved:2010-01-10", NONE)]
#[case("due_date>2010-01-10", NONE)]
#[case("due_date:none", TICKET)]
// The account's own fields.
#[case("custom_field_501:widget", TICKET)]
#[case("custom_field_501:\"red widget\"", TICKET)]
#[case("custom_field_501:wid*", TICKET)]
#[case("custom_field_501:*", TICKET)]
#[case("-custom_field_501:* type:ticket", NONE)]
#[case("custom_field_502:shoes", TICKET)]
#[case("custom_field_502:\"Running shoes\"", TICKET)]
#[case("custom_field_502:boots", NONE)]
#[case("custom_field_503:12", TICKET)]
#[case("custom_field_503>11.5 custom_field_503<=12", TICKET)]
#[case("custom_field_504>2026-11-29", TICKET)]
#[case("custom_field_504>2026-11-30", NONE)]
#[case("custom_field_505:checked", TICKET)]
#[case("custom_field_505:unchecked", NONE)]
#[case("custom_field_999:12", NONE)]
#[case("fieldvalue:12", TICKET)]
#[case("fieldvalue:\"red widget\"", TICKET)]
#[case("fieldvalue:\"Running shoes\"", TICKET)]
#[case("fieldvalue:boots", NONE)]
#[case("plan_type:shoes", &["organization20"])]
#[case("plan_type:none", NONE)]
#[case("num_agents>4 num_agents<10", &["user1", "user2"])]
#[case("num_agents:6", NONE)]
#[case("subscription_date<2013-06-23", &["user1", "user2"])]
#[case("subscription_date<2013-06-22", NONE)]
fn agents_find(#[case] query: &str, #[case] expected: &[&str]) {
    let (mut found, mut expected) = (found(&World::default(), query), expected.to_vec());
    found.sort();
    expected.sort_unstable();
    assert_eq!(found, expected, "{query}");
}

#[rstest]
#[case("defective", TICKET)]
#[case("difficult", NONE)]
#[case("comment:difficult", NONE)]
#[case("attachment_name:secret.pdf", NONE)]
#[case("commenter:3", NONE)]
#[case("urgent", NONE)]
#[case("tags:urgent", NONE)]
#[case("-tags:silver defective", TICKET)]
#[case("status:open", TICKET)]
#[case("fieldvalue:12", NONE)]
#[case("group:10", NONE)]
fn customers_find_what_is_shown_to_them(#[case] query: &str, #[case] expected: &[&str]) {
    let mut world = World::default();
    world.audience = Audience::EndUsers;
    assert_eq!(found(&world, query), expected, "{query}");
    world.all = vec![ticket_document(json!({"status": "hold"}))];
    assert_eq!(found(&world, "status:hold"), NONE);
    assert_eq!(found(&world, "status:open"), TICKET);
}

#[rstest]
#[case("a status:foo", 9)]
#[case("subject>foo", 8)]
#[case("created>yesterday", 8)]
#[case("created:4hours", 8)]
#[case("created:2026-13-01", 8)]
#[case("has_attachment:maybe", 15)]
#[case("type:thing", 5)]
#[case("custom_field_503:many", 17)]
#[case("custom_field_505:maybe", 17)]
#[case("sort:up", 5)]
#[case("order_by:colour", 9)]
#[case("role:king", 5)]
#[case("grüße status:foo", 13)]
fn an_error_points_at_its_place(#[case] query: &str, #[case] at: usize) {
    let error = Query::parse(query).unwrap().resolve(&World::default()).unwrap_err();
    assert_eq!(error.at, at, "{error}");
}

#[rstest]
#[case("status:new order_by:updated_at sort:asc", "updated", Order::Asc)]
#[case("order_by:created", "created", Order::Desc)]
#[case("order_by:commented sort:DESC", "commented", Order::Desc)]
#[case("order_by:priority order_by:status", "status", Order::Desc)]
#[case("status:new", "updated", Order::Desc)]
#[case("-a sort:asc", "updated", Order::Desc)]
fn a_query_may_say_its_order(#[case] query: &str, #[case] field: &str, #[case] order: Order) {
    let sought = Query::parse(query).unwrap().resolve(&World::default()).unwrap();
    assert_eq!(sought.sort, Sort::by_number(field, order));
}

#[rstest]
#[case("silver")]
#[case("silver sort:asc")]
#[case("silver upgrade order_by:relevance")]
fn what_is_called_so_comes_first_without_an_order(#[case] query: &str) {
    let sort = Query::parse(query).unwrap().resolve(&World::default()).unwrap().sort;
    let ticket = |id: u64, subject: &str, updated: &str| {
        ticket_document(json!({"id": id, "subject": subject, "updated_at": updated}))
    };
    let mut places = [
        ticket(1, "Gold", "2026-11-21T09:00:00Z"),
        ticket(2, "Gold", "2026-11-21T10:00:00Z"),
        ticket(3, "Silver upgrade", "2026-11-20T09:00:00Z"),
    ]
    .map(|it| sort.place(&it));
    places.sort_by(|a, b| sort.compare(a, b));
    assert_eq!(places.map(|it| it.id), [3, 2, 1]);
}

#[rstest]
#[case("a", &[Kind::Ticket, Kind::User, Kind::Organization, Kind::Group])]
#[case("a -type:ticket", &[Kind::Ticket, Kind::User, Kind::Organization, Kind::Group])]
#[case("type:USER a type:ticket", &[Kind::Ticket, Kind::User])]
#[case("type:article", &[])]
fn a_query_may_say_what_it_is_about(#[case] query: &str, #[case] expected: &[Kind]) {
    assert!(Query::parse(query).unwrap().kinds().iter().eq(expected));
}
