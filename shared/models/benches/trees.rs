//! Rows a second of 200 trees over 30 features, on one core: `cargo bench -p ceap-models`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use ceap_engagement::model::{Cell, Model};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use std::fmt::Write;
use std::sync::Arc;

const TREES: usize = 200;
const FEATURES: usize = 30;
const LEAVES: usize = 63;
const ROWS: usize = 1_000;

fn main() {
    divan::main();
}

/// Marsaglia's xorshift64: the same numbers in every run.
struct Luck(u64);

impl Luck {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn unit(&mut self) -> f64 {
        f64::from(u32::try_from(self.below(1 << 30)).unwrap()) / f64::from(1_u32 << 30)
    }
}

/// A tree in LightGBM's text, grown as LightGBM grows: leaf by leaf, each time a leaf of chance.
fn tree(luck: &mut Luck, number: usize) -> String {
    let (mut left, mut right): (Vec<i64>, Vec<i64>) = (vec![-1], vec![-2]);
    for leaf in 2..LEAVES {
        let split = i64::try_from(left.len()).unwrap();
        let grown = !i64::try_from(luck.below(leaf)).unwrap();
        let slot = left.iter_mut().chain(&mut right).find(|child| **child == grown).unwrap();
        *slot = split;
        left.push(grown);
        right.push(!i64::try_from(leaf).unwrap());
    }
    let list = |make: &mut dyn FnMut() -> String, count: usize| {
        (0..count).map(|_| make()).collect::<Vec<_>>().join(" ")
    };
    let splits = LEAVES - 1;
    let of = |children: &[i64]| children.iter().map(i64::to_string).collect::<Vec<_>>().join(" ");
    let mut text = String::new();
    writeln!(text, "Tree={number}\nnum_leaves={LEAVES}\nnum_cat=0").unwrap();
    writeln!(text, "split_feature={}", list(&mut || luck.below(FEATURES).to_string(), splits))
        .unwrap();
    writeln!(text, "threshold={}", list(&mut || luck.unit().to_string(), splits)).unwrap();
    writeln!(text, "decision_type={}", list(&mut || "10".to_owned(), splits)).unwrap();
    writeln!(text, "left_child={}\nright_child={}", of(&left), of(&right)).unwrap();
    writeln!(text, "leaf_value={}", list(&mut || (luck.unit() - 0.5).to_string(), LEAVES)).unwrap();
    writeln!(text, "leaf_count={}", list(&mut || "10".to_owned(), LEAVES)).unwrap();
    writeln!(text, "is_linear=0\nshrinkage=1\n\n").unwrap();
    text
}

fn model() -> Arc<dyn Model> {
    let mut luck = Luck(88_172_645_463_325_252);
    let names: Vec<String> = (0..FEATURES).map(|n| format!("f{n}")).collect();
    let mut text = format!(
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nobjective=binary sigmoid:1\n\
         feature_names={}\nfeature_infos={}\n\n",
        names.join(" "),
        vec!["[0:1]"; FEATURES].join(" ")
    );
    text.extend((0..TREES).map(|number| tree(&mut luck, number)));
    text.push_str("end of trees\n");
    ceap_models::read(text.as_bytes()).unwrap()
}

/// Every tenth value is missing.
fn rows() -> Vec<Vec<Cell>> {
    let mut luck = Luck(362_436_069);
    let mut cell = || match luck.below(10) {
        0 => Cell::Missing,
        _ => Cell::Number(luck.unit()),
    };
    (0..ROWS).map(|_| (0..FEATURES).map(|_| cell()).collect()).collect()
}

/// A thousand rows at once, from cells to scores.
#[divan::bench(threads = 1)]
fn score(bencher: Bencher<'_, '_>) {
    let (model, rows) = (model(), rows());
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| black_box(model.score(black_box(&rows))));
}

/// One row after the other, each with what raised it.
#[divan::bench(threads = 1)]
fn explained(bencher: Bencher<'_, '_>) {
    let (model, rows) = (model(), rows());
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        for row in black_box(&rows) {
            black_box(model.score(std::slice::from_ref(row)));
            black_box(model.contributions(row, row)).unwrap();
        }
    });
}
