//! Which schedule counts, by example, and that lists find the same tickets by it.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

use super::*;
use crate::schedule::tests::schedule;
use crate::search::document::{Beside, ticket as document};
use crate::search::fixtures::{at, ticket};
use proptest::prelude::*;
use serde_json::json;

/// The first, 1, is nobody's; 2 is group 10's and brand 30's, 3 is group 11's and brand 31's.
fn several() -> Schedules {
    let one = |id: u64, zone: &str, group: u64, brand: u64| Schedule {
        id: RecordId::new(id).unwrap(),
        created_at: at(&format!("2026-01-0{id}T00:00:00Z")),
        group_ids: GroupId::new(group).into_iter().collect(),
        brand_ids: BrandId::new(brand).into_iter().collect(),
        ..schedule(zone, "mon-fri 9:00-17:00", "")
    };
    let all = [
        one(3, "Europe/Berlin", 11, 31),
        one(1, "Etc/UTC", 0, 0),
        one(2, "America/New_York", 10, 30),
    ];
    Schedules::new(&all).unwrap()
}

fn of(set: Option<u64>, group: Option<u64>, brand: Option<u64>) -> Ticket {
    ticket(json!({"schedule_id": set, "group_id": group, "brand_id": brand}))
}

#[test]
fn what_a_trigger_set_goes_before_the_group_and_that_before_the_brand() {
    for (set, group, brand, expected) in [
        (None, None, None, 1),
        (None, Some(99), Some(99), 1),
        (None, None, Some(31), 3),
        (None, Some(99), Some(30), 2),
        (None, Some(10), Some(31), 2),
        (Some(3), Some(10), Some(30), 3),
        (Some(1), Some(10), None, 1),
        // It is gone.
        (Some(7), Some(11), Some(30), 3),
        (Some(7), None, None, 1),
    ] {
        let id = several().id(&of(set, group, brand)).map(RecordId::get);
        assert_eq!(id, Some(expected), "{set:?} {group:?} {brand:?}");
    }
    assert_eq!(Schedules::default().id(&of(Some(1), None, None)), None);
}

/// Clocks change on 2026-03-08 in New York, and on 2026-03-29 in Berlin.
#[test]
fn two_brands_in_two_zones_count_over_a_change_of_clocks() {
    for (brand, from, to, hours) in [
        (30, "2026-03-06T14:00:00Z", "2026-03-09T21:00:00Z", 16),
        (31, "2026-03-06T08:00:00Z", "2026-03-09T16:00:00Z", 16),
        (30, "2026-03-06T21:00:00Z", "2026-03-09T14:00:00Z", 2),
        (31, "2026-03-06T21:00:00Z", "2026-03-09T14:00:00Z", 6),
        (30, "2026-03-27T20:00:00Z", "2026-03-30T14:00:00Z", 2),
        (31, "2026-03-27T15:00:00Z", "2026-03-30T08:00:00Z", 2),
        (31, "2026-03-27T20:00:00Z", "2026-03-30T14:00:00Z", 7),
    ] {
        let several = several();
        let counted = several.hours(&of(None, None, Some(brand))).unwrap();
        assert_eq!(counted.between(at(from), at(to)), hours * 3_600, "{brand}: {from} to {to}");
    }
}

proptest! {
    #[test]
    fn lists_find_a_ticket_by_the_schedule_that_counts_for_it(
        set in prop::option::of(1_u64..5),
        group in prop::option::of(9_u64..13),
        brand in prop::option::of(29_u64..33),
    ) {
        let (several, ticket) = (several(), of(set, group, brand));
        let document = document(&ticket, &[], &Beside::default());
        let shares = several.shares();
        let found: Vec<usize> =
            (0..shares.len()).filter(|it| shares[*it].0.holds(&document)).collect();
        let expected = several.id(&ticket).map(|id| id.get() as usize - 1);
        prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
    }
}
