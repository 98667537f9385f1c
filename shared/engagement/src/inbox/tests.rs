use super::*;
use proptest::prelude::*;
use rstest::rstest;

fn message(label: &str) -> MessageId {
    MessageId::requested(&TenantId::new("acme").unwrap(), label)
}

#[rstest]
#[case(None, None, None, Ok((false, PAGE)))]
#[case(Some("true"), None, Some("50"), Ok((true, 50)))]
#[case(Some("false"), None, Some("1"), Ok((false, 1)))]
#[case(Some("yes"), None, None, Err("unread: must be true or false"))]
#[case(None, None, Some("0"), Err("limit: must be"))]
#[case(None, None, Some("51"), Err("limit: must be"))]
#[case(None, None, Some("-1"), Err("limit: must be"))]
#[case(None, Some(""), None, Err("cursor: must be"))]
#[case(None, Some("acme#UNREAD#u2"), None, Err("cursor: must be"))]
#[case(None, Some("019A00000000ffffffffffffffffffffffffffffffff"), None, Err("cursor: must be"))]
fn queries(
    #[case] unread: Option<&str>,
    #[case] cursor: Option<&str>,
    #[case] limit: Option<&str>,
    #[case] expected: Result<(bool, usize), &str>,
) {
    match (Wanted::parse(unread, cursor, limit), expected) {
        (Ok(wanted), Ok(expected)) => assert_eq!((wanted.unread, wanted.limit), expected),
        (Err(fault), Err(rule)) => assert!(fault.to_string().starts_with(rule), "{fault}"),
        (got, _) => panic!("{got:?}"),
    }
}

proptest! {
    #[test]
    fn ids_sort_by_time_and_read_as_they_are_written(a in 0_i64..1 << 47, b in 0_i64..1 << 47) {
        let of = |millis| NotificationId::of(Timestamp::from_millisecond(millis).unwrap(), &message("m"));
        prop_assert_eq!(of(a).cmp(&of(b)), a.cmp(&b));
        prop_assert_eq!(NotificationId::parse("id", of(a).as_str()).unwrap(), of(a));
        prop_assert!(of(a).as_str().ends_with(message("m").as_str()));
    }

    #[test]
    fn whatever_is_sent_as_an_id_is_refused_or_safe(text in ".{0,60}") {
        if let Ok(id) = NotificationId::parse("id", &text) {
            prop_assert!(id.as_str().len() == 44 && id.as_str().bytes().all(|b| b.is_ascii_hexdigit()));
        }
    }
}
