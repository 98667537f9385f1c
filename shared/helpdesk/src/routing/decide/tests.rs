//! Decisions by example, and against a reference that looks at everything again for each ticket.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

use super::*;
use crate::routing::{Strategy, order};
use crate::ticket::Priority;
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use rstest::rstest;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn group(id: u64) -> GroupId {
    GroupId::new(id).unwrap()
}

fn skill(id: u64) -> RecordId {
    RecordId::new(id).unwrap()
}

/// A ticket by email for group 1, with what the order is made of.
fn ticket(id: u64, priority: Option<Priority>, breach: Option<i64>, since: i64) -> Waiting {
    let order = order(priority, breach.map(at), at(since));
    Waiting {
        place: Place { queue: i64::MAX, order, id: TicketId::new(id).unwrap() },
        channel: Channel::Email,
        skills: BTreeSet::new(),
        since: at(since),
        group: Some(group(1)),
        queue: None,
        tiers: vec![[group(1)].into()],
    }
}

/// An agent of group 1 with so much of so much to do.
fn agent(id: u64, load: u32, most: u32, turn: u64) -> Free {
    Free {
        id: UserId::new(id).unwrap(),
        groups: [group(1)].into(),
        skills: BTreeSet::new(),
        room: [(Channel::Email, Room { load, most })].into(),
        turn,
    }
}

const NOW: i64 = 100_000;

fn way(strategy: Strategy, minutes: Option<u32>) -> Way {
    Way { strategy, skills_timeout_minutes: minutes, now: at(NOW) }
}

fn decided(waiting: &[Waiting], agents: &[Free], way: Way) -> Vec<(u64, u64)> {
    let given = decide(waiting, &mut agents.to_vec(), way);
    given.iter().map(|it| (it.ticket.get(), it.agent.get())).collect()
}

#[test]
fn the_most_urgent_comes_first_then_what_is_promised_soonest_then_what_waits_longest() {
    let waiting = [
        ticket(1, None, None, 10),
        ticket(2, Some(Priority::Low), Some(1), 20),
        ticket(3, Some(Priority::Urgent), None, 90),
        ticket(4, Some(Priority::High), Some(700), 50),
        ticket(5, Some(Priority::High), Some(600), 60),
        ticket(6, Some(Priority::High), None, 30),
        ticket(7, Some(Priority::High), None, 20),
        Waiting {
            place: Place { queue: 1, ..ticket(8, None, None, 99).place },
            ..ticket(8, None, None, 99)
        },
    ];
    let one = [agent(1, 0, 8, 0)];
    let order: Vec<u64> =
        decided(&waiting, &one, way(Strategy::RoundRobin, None)).iter().map(|it| it.0).collect();
    assert_eq!(order, [8, 3, 5, 4, 7, 6, 2, 1]);
}

#[rstest]
#[case::whose_turn_it_is(Strategy::RoundRobin, &[2, 3, 1, 2, 3])]
#[case::who_uses_least_of_what_they_may(Strategy::LeastLoaded, &[3, 3, 2, 3, 2])]
fn who_is_given_one_ticket_after_the_other(#[case] strategy: Strategy, #[case] expected: &[u64]) {
    // Of ten: 1 has five, 2 has three; 3 has none of five.
    let agents = [agent(1, 5, 10, 9), agent(2, 3, 10, 3), agent(3, 0, 5, 4)];
    let waiting: Vec<Waiting> = (1..=5).map(|id| ticket(id, None, None, 10)).collect();
    let given: Vec<u64> =
        decided(&waiting, &agents, way(strategy, None)).iter().map(|it| it.1).collect();
    assert_eq!(given, expected);
}

#[rstest]
#[case::nobody_has_it_who_has_room(None, 1_000, None)]
#[case::not_yet(Some(10), NOW - 599, None)]
#[case::who_has_most_of_them(Some(10), NOW - 600, Some(2))]
fn skills_are_waited_for(
    #[case] minutes: Option<u32>,
    #[case] since: i64,
    #[case] who: Option<u64>,
) {
    let wants = Waiting { skills: [skill(1), skill(2)].into(), ..ticket(1, None, None, since) };
    let some = Free { skills: [skill(1)].into(), ..agent(2, 4, 5, 0) };
    let full = Free { skills: [skill(1), skill(2)].into(), ..agent(3, 5, 5, 0) };
    let agents = [agent(1, 0, 5, 0), some, full];
    let given = decided(&[wants], &agents, way(Strategy::SkillsFirst, minutes));
    assert_eq!(given.first().map(|it| it.1), who);
}

#[test]
fn secondary_groups_take_what_primary_ones_have_no_room_for() {
    let queued = |id| Waiting {
        tiers: vec![[group(1)].into(), [group(2)].into()],
        ..ticket(id, None, None, 10)
    };
    let second = Free { groups: [group(2), group(3)].into(), ..agent(2, 0, 9, 0) };
    let given = decide(
        &[queued(1), queued(2)],
        &mut [agent(1, 4, 5, 0), second],
        way(Strategy::LeastLoaded, None),
    );
    let given: Vec<_> = given.iter().map(|it| (it.agent.get(), it.group.get())).collect();
    assert_eq!(given, [(1, 1), (2, 2)]);
}

prop_compose! {
    fn any_ticket()(
        id in 1_u64..1_000,
        priority in option::of(prop::sample::select(Priority::ALL)),
        breach in option::of(0_i64..50),
        since in 90_000_i64..100_000,
        queue in 1_i64..4,
        channel in prop::sample::select(&Channel::ALL[..]),
        skills in btree_set(1_u64..4, 0..3),
        tiers in vec(btree_set(1_u64..5, 0..3), 1..3),
        of in option::of(1_u64..5),
    ) -> Waiting {
        let mut ticket = ticket(id, priority, breach, since);
        ticket.place.queue = queue;
        Waiting {
            channel,
            skills: skills.into_iter().map(skill).collect(),
            group: of.map(group),
            tiers: tiers.into_iter().map(|it| it.into_iter().map(group).collect()).collect(),
            ..ticket
        }
    }
}

prop_compose! {
    fn any_agent()(
        groups in btree_set(1_u64..5, 0..3),
        skills in btree_set(1_u64..4, 0..4),
        rooms in vec((0_u32..4, 0_u32..4), 3),
        turn in 0_u64..4,
    ) -> Free {
        let room = Channel::ALL.into_iter().zip(rooms);
        Free {
            groups: groups.into_iter().map(group).collect(),
            skills: skills.into_iter().map(skill).collect(),
            room: room.map(|(channel, (load, most))| (channel, Room { load, most })).collect(),
            ..agent(1, 0, 0, turn)
        }
    }
}

/// The same, without a thought: all agents are looked at for each ticket, and each is compared with the best so far, one
/// reason after the other.
fn reference(waiting: &[Waiting], agents: &[Free], way: Way) -> Vec<(TicketId, UserId)> {
    let mut left: Vec<&Waiting> = waiting.iter().collect();
    let mut agents = agents.to_vec();
    let mut given = Vec::new();
    while !left.is_empty() {
        let mut first = 0;
        for index in 1..left.len() {
            if left[index].place < left[first].place {
                first = index;
            }
        }
        let ticket = left.remove(first);
        let overdue = way
            .skills_timeout_minutes
            .is_some_and(|it| way.now.as_second() - ticket.since.as_second() >= i64::from(it) * 60);
        let by_skill = way.strategy == Strategy::SkillsFirst;
        let missing = |it: &Free| {
            if by_skill {
                ticket.skills.iter().filter(|id| !it.skills.contains(id)).count()
            } else {
                0
            }
        };
        let tier = |it: &Free| {
            ticket.tiers.iter().position(|all| all.iter().any(|of| it.groups.contains(of)))
        };
        let mut best: Option<usize> = None;
        for (index, it) in agents.iter().enumerate() {
            let room = it.room[&ticket.channel];
            if room.load >= room.most || tier(it).is_none() || (missing(it) > 0 && !overdue) {
                continue;
            }
            let better = best.is_none_or(|best| {
                let other = &agents[best];
                let than = other.room[&ticket.channel];
                if missing(it) != missing(other) {
                    return missing(it) < missing(other);
                }
                if tier(it) != tier(other) {
                    return tier(it) < tier(other);
                }
                let (own, theirs) = (room.load * than.most, than.load * room.most);
                if way.strategy != Strategy::RoundRobin && own != theirs {
                    return own < theirs;
                }
                (it.turn, it.id) < (other.turn, other.id)
            });
            if better {
                best = Some(index);
            }
        }
        if let Some(index) = best {
            let turn = agents.iter().map(|it| it.turn).max().unwrap() + 1;
            agents[index].turn = turn;
            agents[index].room.get_mut(&ticket.channel).unwrap().load += 1;
            given.push((ticket.place.id, agents[index].id));
        }
    }
    given
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn it_is_what_the_reference_says_and_keeps_its_promises(
        waiting in vec(any_ticket(), 0..12),
        agents in vec(any_agent(), 0..6),
        strategy in prop::sample::select(&[Strategy::RoundRobin, Strategy::LeastLoaded, Strategy::SkillsFirst][..]),
        minutes in option::of(0_u32..180),
    ) {
        let mut waiting = waiting;
        waiting.sort_by_key(|it| it.place.id);
        waiting.dedup_by_key(|it| it.place.id);
        let agents: Vec<Free> = (1..).zip(agents).map(|(id, it)| Free { id: UserId::new(id).unwrap(), ..it }).collect();
        let way = way(strategy, minutes);
        let mut after = agents.clone();
        let given = decide(&waiting, &mut after, way);
        let pairs: Vec<_> = given.iter().map(|it| (it.ticket, it.agent)).collect();
        prop_assert_eq!(&pairs, &reference(&waiting, &agents, way));
        let tickets: BTreeSet<TicketId> = given.iter().map(|it| it.ticket).collect();
        prop_assert_eq!(tickets.len(), given.len(), "a ticket twice");
        for (before, after) in agents.iter().zip(&after) {
            for (channel, room) in &after.room {
                let taken = given.iter().filter(|it| it.agent == after.id).filter(|it| {
                    waiting.iter().any(|ticket| ticket.place.id == it.ticket && ticket.channel == *channel)
                });
                prop_assert_eq!(room.load, before.room[channel].load + u32::try_from(taken.count()).unwrap());
                prop_assert!(room.load <= room.most.max(before.room[channel].load), "over capacity");
            }
        }
        for it in &given {
            let ticket = waiting.iter().find(|ticket| ticket.place.id == it.ticket).unwrap();
            let agent = agents.iter().find(|agent| agent.id == it.agent).unwrap();
            prop_assert!(agent.groups.contains(&it.group));
            prop_assert!(ticket.tiers.iter().any(|all| all.contains(&it.group)));
            let waits = NOW - ticket.since.as_second();
            let held = minutes.is_none_or(|it| waits < i64::from(it) * 60);
            if strategy == Strategy::SkillsFirst && held {
                prop_assert!(ticket.skills.is_subset(&agent.skills), "a skill that is not held");
            }
        }
    }
}
