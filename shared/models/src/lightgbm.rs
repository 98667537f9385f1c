//! LightGBM's text format, versions 3 and 4 (src/boosting/gbdt_model_text.cpp, src/io/tree.cpp).

use crate::encode::{Categories, Encoder};
use crate::link::Link;
use crate::trees::{Child, Forest, Missing, Split, Sum, Test, Trees};
use crate::{checked, fault};
use ceap_engagement::model::{Description, Input, Kind, Takes};
use ceap_kernel::Fault;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::str::FromStr;

/// Bits of a `decision_type` (include/LightGBM/tree.h).
const CATEGORICAL: u8 = 1;
const DEFAULT_LEFT: u8 = 2;

/// The lines of one section: what is before and after each `=`.
type Section<'a> = HashMap<&'a str, &'a str>;

/// Reads a model as `Booster.save_model` writes it.
pub(crate) fn read(file: &[u8]) -> Result<Trees, Fault> {
    let text = std::str::from_utf8(file).map_err(|_| fault("is not text in UTF-8"))?;
    let mut lines = text.lines().map(str::trim_end);
    let header = section(&mut lines.by_ref().skip(1));
    if !matches!(header.get("version"), Some(&("v3" | "v4"))) {
        return Err(fault(
            "must be of LightGBM's model version v3 or v4: save it with LightGBM 3 or 4",
        ));
    }
    for one in ["num_class", "num_tree_per_iteration"] {
        if header.get(one) != Some(&"1") {
            return Err(fault("has several classes; only one score is possible"));
        }
    }
    let link = link(header.get("objective").copied())?;
    let names: Vec<&str> = need(&header, "feature_names")?.split(' ').collect();
    let mut forest = Forest::default();
    let mut rest = Rest::default();
    while let Some(line) = lines.next() {
        if line.starts_with("Tree=") {
            add(&mut forest, &section(&mut lines), names.len())?;
        } else {
            rest.line(line)?;
        }
    }
    if !rest.ended {
        return Err(fault("ends before `end of trees`"));
    }
    let infos: Vec<&str> = need(&header, "feature_infos")?.split(' ').collect();
    let (inputs, encoders) = inputs(&names, &infos, &rest)?;
    let description =
        Description { kind: Kind::Trees, format: "lightgbm".to_owned(), inputs: checked(inputs)? };
    let sum = Sum::Double { mean: header.contains_key("average_output") };
    Ok(Trees { description, encoders, forest, sum, link })
}

/// The lines until an empty one.
fn section<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Section<'a> {
    let lines = lines.take_while(|line| !line.is_empty());
    lines.map(|line| line.split_once('=').unwrap_or((line, ""))).collect()
}

fn need<'a>(section: &Section<'a>, key: &str) -> Result<&'a str, Fault> {
    section.get(key).copied().ok_or_else(|| fault(format!("has no `{key}` where one must be")))
}

fn numbers<T: FromStr>(section: &Section<'_>, key: &str) -> Result<Vec<T>, Fault> {
    let unreadable =
        |_| fault(format!("has something in `{key}` that is not a number of its kind"));
    let numbers = need(section, key)?.split_ascii_whitespace();
    numbers.map(|number| number.parse().map_err(unreadable)).collect()
}

/// What LightGBM's `ConvertOutput` does (src/objective/).
fn link(objective: Option<&str>) -> Result<Link, Fault> {
    let mut words = objective.unwrap_or_default().split(' ');
    let name = words.next().unwrap_or_default();
    let words: Vec<&str> = words.collect();
    match name {
        "binary" => {
            let steep = words.iter().find_map(|word| word.strip_prefix("sigmoid:"));
            let steep = steep.map_or(Ok(1.0), str::parse).ok().filter(|k: &f64| k.is_finite());
            steep.map(Link::Sigmoid).ok_or_else(|| fault("has a `sigmoid` that is no number"))
        }
        "cross_entropy" | "xentropy" => Ok(Link::Sigmoid(1.0)),
        "regression" | "regression_l1" | "huber" | "fair" | "quantile" | "mape" => {
            Ok(if words.contains(&"sqrt") { Link::Square } else { Link::Identity })
        }
        "" => Err(fault("was trained with an objective of its own, which its file does not hold")),
        other => Err(fault(format!(
            "has the objective `{other}`; binary, cross_entropy and regression give scores here"
        ))),
    }
}

/// Adds one tree.
fn add(forest: &mut Forest, tree: &Section<'_>, inputs: usize) -> Result<(), Fault> {
    if tree.get("is_linear").is_some_and(|linear| *linear != "0") {
        return Err(fault("has linear trees (`linear_tree`), which can't be expressed here"));
    }
    let leaves: Vec<f64> = numbers(tree, "leaf_value")?;
    let covers: Vec<f64> = numbers(tree, "leaf_count").unwrap_or_default();
    let cover = |leaf: usize| covers.get(leaf).copied().unwrap_or(1.0);
    let declared: usize = numbers(tree, "num_leaves")?.first().copied().unwrap_or_default();
    if leaves.len() != declared || declared == 0 {
        return Err(fault("has a tree that lacks leaves"));
    }
    if declared == 1 {
        let value = leaves.first().copied().unwrap_or_default();
        return forest.add(&[], Child::Leaf(value, cover(0)), inputs);
    }
    let child = |at: i64| match usize::try_from(at) {
        Ok(split) => Ok(Child::Split(split)),
        // A leaf's number is turned around, bit by bit.
        Err(_) => usize::try_from(!at)
            .ok()
            .and_then(|leaf| leaves.get(leaf).map(|value| Child::Leaf(*value, cover(leaf))))
            .ok_or_else(|| fault("has a split that leads nowhere")),
    };
    let features: Vec<usize> = numbers(tree, "split_feature")?;
    let thresholds: Vec<f64> = numbers(tree, "threshold")?;
    let decisions: Vec<u8> = numbers(tree, "decision_type")?;
    let lefts: Vec<i64> = numbers(tree, "left_child")?;
    let rights: Vec<i64> = numbers(tree, "right_child")?;
    let lengths = [thresholds.len(), decisions.len(), lefts.len(), rights.len()];
    let splits = declared.saturating_sub(1);
    if features.len() != splits || lengths.iter().any(|length| *length != splits) {
        return Err(fault("has a tree that lacks splits"));
    }
    let sets = sets(forest, tree)?;
    let rows =
        features.into_iter().zip(thresholds).zip(decisions).zip(lefts.into_iter().zip(rights));
    let splits = rows.map(|(((feature, threshold), decision), (left, right))| {
        let categorical = decision & CATEGORICAL != 0;
        let test = if categorical {
            Test::In(nth(&sets, threshold).ok_or_else(|| fault("has a split by no categories"))?)
        } else {
            Test::AtMost(threshold, missing(decision)?)
        };
        // A category that is missing goes right.
        let missing_left = !categorical && decision & DEFAULT_LEFT != 0;
        Ok(Split { feature, test, missing_left, left: child(left)?, right: child(right)? })
    });
    let splits: Vec<Split> = splits.collect::<Result<_, Fault>>()?;
    forest.add(&splits, Child::Split(0), inputs)
}

fn missing(decision: u8) -> Result<Missing, Fault> {
    match (decision >> 2) & 3 {
        0 => Ok(Missing::Never),
        1 => Ok(Missing::Zero),
        2 => Ok(Missing::Nan),
        _ => Err(fault("has a split with an unknown kind of missing values")),
    }
}

/// A categorical split's threshold is the number of its set.
fn nth(sets: &[u32], threshold: f64) -> Option<u32> {
    sets.iter().zip(0_u32..).find(|(_, n)| f64::from(*n) == threshold).map(|(set, _)| *set)
}

/// The tree's sets of categories, by their numbers in the forest.
fn sets(forest: &mut Forest, tree: &Section<'_>) -> Result<Vec<u32>, Fault> {
    if !tree.contains_key("cat_boundaries") {
        return Ok(Vec::new());
    }
    let boundaries: Vec<usize> = numbers(tree, "cat_boundaries")?;
    let words: Vec<u32> = numbers(tree, "cat_threshold")?;
    let ends = boundaries.iter().skip(1);
    let sets = boundaries.iter().zip(ends).map(|(start, end)| {
        let torn = || fault("has categories whose bounds are wrong");
        forest.set(words.get(*start..*end).ok_or_else(torn)?)
    });
    sets.collect()
}

/// What stands behind the trees.
#[derive(Default)]
struct Rest {
    ended: bool,
    /// The columns that were categories at training.
    categorical: Option<BTreeSet<usize>>,
    /// The categories of pandas' columns, in the columns' order.
    pandas: Vec<Vec<Value>>,
}

impl Rest {
    fn line(&mut self, line: &str) -> Result<(), Fault> {
        if line == "end of trees" {
            self.ended = true;
        } else if let Some(columns) = line.strip_prefix("[categorical_feature: ") {
            let columns = columns.trim_end_matches(']').split(',').filter(|it| !it.is_empty());
            self.categorical = columns.map(|column| column.parse().ok()).collect();
        } else if let Some(json) = line.strip_prefix("pandas_categorical:") {
            let unreadable = |_| fault("has a `pandas_categorical` that can't be read");
            let all: Option<_> = serde_json::from_str(json).map_err(unreadable)?;
            self.pandas = all.unwrap_or_default();
        }
        Ok(())
    }
}

/// The inputs, and how their values become numbers.
fn inputs(
    names: &[&str],
    infos: &[&str],
    rest: &Rest,
) -> Result<(Vec<Input>, Vec<Encoder>), Fault> {
    if infos.len() != names.len() {
        return Err(fault("must have as many `feature_infos` as `feature_names`"));
    }
    // Of a number, the range is told, of a category, its codes.
    let told = |info: &str| !info.starts_with('[') && info != "none";
    let is_category = |column: usize, info: &str| {
        rest.categorical.as_ref().map_or_else(|| told(info), |known| known.contains(&column))
    };
    let columns = infos.iter().enumerate().filter(|(n, info)| is_category(*n, info)).count();
    if !rest.pandas.is_empty() && rest.pandas.len() != columns {
        let message = "must name the categories of all its categorical columns or of none: train it \
             with unordered pandas categories only";
        return Err(fault(message));
    }
    let mut pandas = rest.pandas.iter();
    let mut encoders = Vec::with_capacity(names.len());
    let mut inputs = Vec::with_capacity(names.len());
    for (n, (name, info)) in names.iter().zip(infos).enumerate() {
        let category = is_category(n, info);
        let known = if category { pandas.next() } else { None };
        let takes = match (category, known) {
            (true, Some(_)) => Takes::Category,
            (true, None) => Takes::Code,
            (false, _) => Takes::Number,
        };
        let categories = known.cloned();
        inputs.push(Input { name: (*name).to_owned(), takes, missing: true, categories });
        encoders
            .push(known.map_or(Encoder::Number, |known| {
                Encoder::Categories(Categories::new(known, true))
            }));
    }
    Ok((inputs, encoders))
}
