//! Whatever is written, merged and collected, in whatever order: the index holds what a map would.

use std::time::Duration;

use ceap_search::Policy;
use proptest::prelude::*;

use crate::world::{Model, Short, World, change};

#[derive(Debug, Clone)]
enum Step {
    Apply(Vec<(u8, Option<u64>)>),
    /// The last batch again, as a stream tells it that has lost the answer.
    Again,
    Merge,
    Collect,
}

fn step() -> impl Strategy<Value = Step> {
    let changes =
        prop::collection::vec((0_u8..12, prop::option::weighted(0.7, 0_u64..1_000)), 1..6);
    prop_oneof![
        6 => changes.prop_map(Step::Apply),
        1 => Just(Step::Again),
        3 => Just(Step::Merge),
        1 => Just(Step::Collect),
    ]
}

async fn run(steps: Vec<Step>) {
    let world = World::new();
    let (writer, searcher) = (world.writer(), world.searcher());
    let policy = Policy { fanout: 2, ..Policy::default() };
    let mut model = Model::new();
    let (mut position, mut last) = (1, None);
    for step in steps {
        match step {
            Step::Apply(changes) => {
                let keyed: Vec<(String, Option<u64>)> =
                    changes.iter().map(|(key, number)| (format!("k{key}"), *number)).collect();
                let short: Vec<Short> = keyed.iter().map(|(key, n)| (key.as_str(), *n)).collect();
                let batch = world.batch("shard", position, &short);
                writer.apply(&batch).await.unwrap();
                change(&mut model, &short);
                position += short.len() as u64;
                last = Some(batch);
            }
            Step::Again => {
                if let Some(batch) = &last {
                    assert_eq!(writer.apply(batch).await.unwrap().generation, None);
                }
            }
            Step::Merge => drop(writer.merge(&policy).await.unwrap()),
            Step::Collect => {
                world.later(Duration::from_hours(2));
                writer.collect().await.unwrap();
            }
        }
        world.check(&searcher, &model).await;
    }
    world.check(&world.searcher(), &model).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn an_index_holds_what_a_map_would(steps in prop::collection::vec(step(), 1..16)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(steps));
    }
}
