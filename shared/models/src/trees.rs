//! Gradient-boosted trees of whatever library, as one flat list of nodes.

use crate::encode::Encoder;
use crate::fault;
use crate::link::Link;
use ceap_engagement::model::{Cell, Description, Input, Model};
use ceap_kernel::Fault;
use std::collections::HashSet;

/// LightGBM's kZeroThreshold: what counts as 0 (include/LightGBM/meta.h).
const ZERO: f64 = 1e-35;

/// When a number is missing at a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Never: NaN counts as 0.
    Never,
    /// When it is 0, or NaN.
    Zero,
    /// When it is NaN.
    Nan,
}

/// What a split asks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Test {
    /// Left if the number is at most this.
    AtMost(f64, Missing),
    /// Left if the category is in the set of this number; NaN is missing.
    In(u32),
}

/// Where a split leads: a split of the same tree, or a leaf.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Child {
    Split(usize),
    /// Its value, and how many rows, or how much weight, came there at training.
    Leaf(f64, f64),
}

/// A split as its format describes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Split {
    pub feature: usize,
    pub test: Test,
    pub missing_left: bool,
    pub left: Child,
    pub right: Child,
}

/// A node of the walk. Its children are nodes, or from `FIRST_LEAF` on leaves.
#[derive(Debug, Clone, Copy)]
struct Node {
    test: Test,
    feature: u32,
    missing_left: bool,
    left: u32,
    right: u32,
}

const FIRST_LEAF: u32 = 1 << 31;

impl Default for Node {
    fn default() -> Self {
        let (left, right) = (FIRST_LEAF, FIRST_LEAF);
        let test = Test::AtMost(0.0, Missing::Never);
        Self { test, feature: 0, missing_left: false, left, right }
    }
}

/// A sum of trees.
#[derive(Debug, Default)]
pub(crate) struct Forest {
    nodes: Vec<Node>,
    leaves: Vec<f64>,
    /// The mean of the leaves below each node, weighted as at training.
    means: Vec<f64>,
    /// The weight of each node and of each leaf.
    node_covers: Vec<f64>,
    leaf_covers: Vec<f64>,
    /// Where each tree starts.
    roots: Vec<u32>,
    /// Sets of categories as bits: where each begins and ends.
    words: Vec<u32>,
    sets: Vec<(usize, usize)>,
    /// The sets whose words are no bits but the members themselves, in order.
    sorted: HashSet<u32>,
}

impl Forest {
    /// Adds a set of categories, and gives its number: bit n of the words, lowest first, is category n.
    pub fn set(&mut self, words: &[u32]) -> Result<u32, Fault> {
        let number = u32::try_from(self.sets.len()).map_err(|_| fault("has too many splits"))?;
        let start = self.words.len();
        self.words.extend_from_slice(words);
        self.sets.push((start, self.words.len()));
        Ok(number)
    }

    /// Adds a set of categories by its members, as bits where that is shorter.
    pub fn members(&mut self, members: &[u32]) -> Result<u32, Fault> {
        let most = members.iter().max().map_or(0, |most| most / 32);
        let length = usize::try_from(most).unwrap_or(usize::MAX).saturating_add(1);
        if length > members.len().max(8) {
            let mut sorted = members.to_vec();
            sorted.sort_unstable();
            let number = self.set(&sorted)?;
            self.sorted.insert(number);
            return Ok(number);
        }
        let mut words = vec![0_u32; length];
        for member in members {
            let word = usize::try_from(member / 32).ok().and_then(|at| words.get_mut(at));
            if let Some(word) = word {
                *word |= 1 << (member % 32);
            }
        }
        self.set(&words)
    }

    /// Adds the tree of the splits that are reachable from `root`.
    ///
    /// # Errors
    /// `Invalid` when they are no tree, name no input, or a number is none.
    pub fn add(&mut self, splits: &[Split], root: Child, inputs: usize) -> Result<(), Fault> {
        let torn = || fault("has a tree whose branches join, or lead nowhere");
        let first = self.nodes.len();
        let top = self.place(root)?;
        self.roots.push(top);
        // Splits whose place is taken, and whose children have none yet.
        let mut open = vec![(root, top)];
        let mut seen = vec![false; splits.len()];
        while let Some((child, place)) = open.pop() {
            let Child::Split(number) = child else { continue };
            let split = splits.get(number).ok_or_else(torn)?;
            let unseen = seen.get_mut(number).filter(|seen| !**seen).ok_or_else(torn)?;
            *unseen = true;
            if split.feature >= inputs {
                return Err(fault("has a split on an input that there is not"));
            }
            if matches!(split.test, Test::AtMost(threshold, _) if !threshold.is_finite()) {
                return Err(fault("has a threshold that is no number"));
            }
            let (left, right) = (self.place(split.left)?, self.place(split.right)?);
            open.extend([(split.left, left), (split.right, right)]);
            let feature = u32::try_from(split.feature).map_err(|_| torn())?;
            let node = usize::try_from(place).ok().and_then(|at| self.nodes.get_mut(at));
            let (test, missing_left) = (split.test, split.missing_left);
            *node.ok_or_else(torn)? = Node { test, feature, missing_left, left, right };
        }
        // A node has its place before those below it have theirs.
        for at in (first..self.nodes.len()).rev() {
            let Some(node) = self.nodes.get(at).copied() else { continue };
            let (left, right) = (self.below(node.left), self.below(node.right));
            let cover = left.1 + right.1;
            let mean = if cover > 0.0 {
                (left.0 * left.1 + right.0 * right.1) / cover
            } else {
                f64::midpoint(left.0, right.0)
            };
            if let (Some(mine), Some(weight)) =
                (self.means.get_mut(at), self.node_covers.get_mut(at))
            {
                (*mine, *weight) = (mean, cover);
            }
        }
        Ok(())
    }

    fn place(&mut self, child: Child) -> Result<u32, Fault> {
        let many = || fault("has too many nodes");
        let (place, first) = match child {
            Child::Split(_) => {
                self.nodes.push(Node::default());
                self.means.push(0.0);
                self.node_covers.push(0.0);
                (self.nodes.len(), 0)
            }
            Child::Leaf(value, cover) if value.is_finite() && cover.is_finite() => {
                self.leaves.push(value);
                self.leaf_covers.push(cover.max(0.0));
                (self.leaves.len(), FIRST_LEAF)
            }
            Child::Leaf(..) => return Err(fault("has a leaf that is no number")),
        };
        let place = u32::try_from(place.saturating_sub(1)).map_err(|_| many())?;
        if place >= FIRST_LEAF { Err(many()) } else { Ok(place | first) }
    }

    /// Mean and weight of what is below.
    fn below(&self, child: u32) -> (f64, f64) {
        let of = |values: &[f64], covers: &[f64], at: usize| {
            (values.get(at).copied().unwrap_or(0.0), covers.get(at).copied().unwrap_or(0.0))
        };
        let at = usize::try_from(child & !FIRST_LEAF).unwrap_or(usize::MAX);
        if child < FIRST_LEAF {
            of(&self.means, &self.node_covers, at)
        } else {
            of(&self.leaves, &self.leaf_covers, at)
        }
    }

    /// How many trees.
    pub fn len(&self) -> usize {
        self.roots.len()
    }

    #[inline]
    fn node(&self, place: u32) -> Option<&Node> {
        // A leaf's place is beyond all nodes.
        usize::try_from(place).ok().and_then(|at| self.nodes.get(at))
    }

    #[inline]
    fn next(&self, node: &Node, row: &[f64]) -> u32 {
        let number = usize::try_from(node.feature).ok().and_then(|at| row.get(at));
        let number = number.copied().unwrap_or(f64::NAN);
        let left = match node.test {
            Test::AtMost(threshold, missing) => {
                let (absent, number) = match missing {
                    Missing::Nan => (number.is_nan(), number),
                    Missing::Never if number.is_nan() => (false, 0.0),
                    Missing::Never => (false, number),
                    Missing::Zero => (number.is_nan() || number.abs() <= ZERO, number),
                };
                if absent { node.missing_left } else { number <= threshold }
            }
            Test::In(_) if number.is_nan() => node.missing_left,
            Test::In(set) => self.contains(set, number),
        };
        if left { node.left } else { node.right }
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn contains(&self, set: u32, number: f64) -> bool {
        // Both libraries cut off what is behind the point; below 0 and beyond 2³¹ is no category.
        if !(number > -1.0 && number < f64::from(i32::MAX)) {
            return false;
        }
        let category = number as usize;
        let words = usize::try_from(set).ok().and_then(|at| self.sets.get(at));
        let words = words.and_then(|(start, end)| self.words.get(*start..*end)).unwrap_or_default();
        if !self.sorted.is_empty() && self.sorted.contains(&set) {
            let category = u32::try_from(category).unwrap_or(u32::MAX);
            return words.binary_search(&category).is_ok();
        }
        let bit = u32::try_from(category % 32).unwrap_or(0);
        words.get(category / 32).is_some_and(|word| (word >> bit) & 1 == 1)
    }

    /// The leaf of one tree.
    #[inline]
    fn leaf(&self, root: u32, row: &[f64]) -> f64 {
        let mut place = root;
        while let Some(node) = self.node(place) {
            place = self.next(node, row);
        }
        let leaf = usize::try_from(place & !FIRST_LEAF).ok().and_then(|at| self.leaves.get(at));
        leaf.copied().unwrap_or(0.0)
    }

    /// What each input adds along the ways that a row takes: the change of the mean at each split,
    /// by the input that it asks (Saabas, 2014: "Interpreting random forests").
    fn ways(&self, row: &[f64]) -> Vec<f64> {
        let mut parts = vec![0.0; row.len()];
        for root in &self.roots {
            let mut place = *root;
            while let Some(node) = self.node(place) {
                let next = self.next(node, row);
                let part = usize::try_from(node.feature).ok().and_then(|at| parts.get_mut(at));
                if let Some(part) = part {
                    *part += self.below(next).0 - self.below(place).0;
                }
                place = next;
            }
        }
        parts
    }
}

/// How the leaves of a row are added up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Sum {
    /// In double precision, from 0: LightGBM. Its random forests take the mean.
    Double { mean: bool },
    /// In single precision, from a margin: XGBoost.
    Single { margin: f32 },
}

/// A model of trees, ready to score.
#[derive(Debug)]
pub(crate) struct Trees {
    pub description: Description,
    pub encoders: Vec<Encoder>,
    pub forest: Forest,
    pub sum: Sum,
    pub link: Link,
}

impl Trees {
    fn numbers(&self, row: &[Cell]) -> Result<Vec<f64>, Fault> {
        let inputs = &self.description.inputs;
        if row.len() != inputs.len() {
            return Err(Fault::Internal("a row has not the model's width".to_owned()));
        }
        let cells = inputs.iter().zip(&self.encoders).zip(row);
        let number = |((input, encoder), cell): ((&Input, &Encoder), &Cell)| {
            encoder.encode(&input.name, cell).map(|number| self.sum.rounded(number))
        };
        cells.map(number).collect()
    }
}

impl Sum {
    /// A number with the precision that it is compared in.
    #[allow(clippy::cast_possible_truncation)]
    fn rounded(self, number: f64) -> f64 {
        match self {
            Self::Double { .. } => number,
            Self::Single { .. } => f64::from(number as f32),
        }
    }
}

impl Model for Trees {
    fn description(&self) -> &Description {
        &self.description
    }

    /// Tree by tree, so that each stays in the processor's cache for all rows.
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
    fn score(&self, rows: &[Vec<Cell>]) -> Vec<Result<f64, Fault>> {
        let rows: Vec<Result<Vec<f64>, Fault>> = rows.iter().map(|row| self.numbers(row)).collect();
        let start = match self.sum {
            Sum::Double { .. } => 0.0,
            Sum::Single { margin } => f64::from(margin),
        };
        let mut sums = vec![start; rows.len()];
        for root in &self.forest.roots {
            for (row, sum) in rows.iter().zip(&mut sums) {
                if let Ok(row) = row {
                    *sum = self.sum.rounded(*sum + self.forest.leaf(*root, row));
                }
            }
        }
        let count = self.forest.len().max(1) as f64;
        let scored = |(row, sum): (Result<Vec<f64>, Fault>, f64)| {
            let mean = self.sum == Sum::Double { mean: true };
            row.map(|_| self.link.score(if mean { sum / count } else { sum }))
        };
        rows.into_iter().zip(sums).map(scored).collect()
    }

    fn contributions(&self, row: &[Cell], _: &[Cell]) -> Result<Vec<f64>, Fault> {
        Ok(self.forest.ways(&self.numbers(row)?))
    }
}
