//! XGBoost's JSON format, from version 1.6 on (doc/model.schema, src/tree/tree_model.cc).

use crate::encode::{Categories, Encoder};
use crate::link::Link;
use crate::trees::{Child, Forest, Missing, Split, Sum, Test, Trees};
use crate::{checked, fault};
use ceap_engagement::model::{Description, Input, Kind, Takes};
use ceap_kernel::Fault;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Above it a number is no category (src/common/categorical.h).
const MAX_CATEGORY: u32 = 1 << 24;

#[derive(Deserialize)]
struct File {
    learner: Learner,
}

#[derive(Deserialize)]
struct Learner {
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default)]
    feature_names: Vec<String>,
    #[serde(default)]
    feature_types: Vec<String>,
    gradient_booster: Booster,
    learner_model_param: Param,
    objective: Objective,
}

#[derive(Deserialize)]
struct Objective {
    name: String,
}

/// XGBoost writes parameters as text.
#[derive(Deserialize)]
struct Param {
    base_score: String,
    #[serde(default)]
    num_class: String,
    num_feature: String,
    #[serde(default)]
    num_target: String,
}

#[derive(Deserialize)]
struct Booster {
    name: String,
    model: Option<Model>,
}

#[derive(Deserialize)]
struct Model {
    trees: Vec<Tree>,
    #[serde(default)]
    cats: Cats,
}

#[derive(Deserialize, Default)]
struct Cats {
    #[serde(default)]
    enc: Vec<Known>,
}

/// The categories of one feature: texts as UTF-8 with offsets, or numbers.
#[derive(Deserialize)]
struct Known {
    #[serde(default)]
    offsets: Option<Vec<usize>>,
    #[serde(default)]
    values: Vec<f64>,
}

#[derive(Deserialize)]
struct Tree {
    left_children: Vec<i64>,
    right_children: Vec<i64>,
    split_indices: Vec<usize>,
    split_conditions: Vec<f32>,
    #[serde(deserialize_with = "flags")]
    default_left: Vec<bool>,
    #[serde(default)]
    sum_hessian: Vec<f64>,
    #[serde(default)]
    split_type: Vec<u8>,
    #[serde(default)]
    categories: Vec<u32>,
    #[serde(default)]
    categories_nodes: Vec<usize>,
    #[serde(default)]
    categories_segments: Vec<usize>,
    #[serde(default)]
    categories_sizes: Vec<usize>,
}

/// Truth values, which newer versions write as 0 and 1.
fn flags<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<bool>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Flag {
        Truth(bool),
        Number(u8),
    }
    let flags = Vec::<Flag>::deserialize(deserializer)?;
    let truth = |flag| match flag {
        Flag::Truth(truth) => truth,
        Flag::Number(number) => number != 0,
    };
    Ok(flags.into_iter().map(truth).collect())
}

/// Reads a model as `Booster.save_model("….json")` writes it.
pub(crate) fn read(file: &[u8]) -> Result<Trees, Fault> {
    let File { learner } = serde_json::from_slice(file)
        .map_err(|error| fault(format!("is not a model in XGBoost's JSON: {error}")))?;
    let model = match (learner.gradient_booster.name.as_str(), learner.gradient_booster.model) {
        ("gbtree", Some(model)) => model,
        (name, _) => {
            return Err(fault(format!(
                "has the booster `{name}`; only gbtree can be expressed here"
            )));
        }
    };
    let param = &learner.learner_model_param;
    if !matches!(param.num_class.as_str(), "" | "0" | "1")
        || !matches!(param.num_target.as_str(), "" | "1")
    {
        return Err(fault("has several classes or targets; only one score is possible"));
    }
    let best = learner.attributes.get("best_iteration").and_then(|best| best.parse::<usize>().ok());
    if best.is_some_and(|best| best.saturating_add(1) < model.trees.len()) {
        let message = "stopped early and holds trees after its best one: save `model[:best + 1]`";
        return Err(fault(message));
    }
    let (link, margin) = link(&learner.objective.name, &param.base_score)?;
    let count =
        param.num_feature.parse().map_err(|_| fault("has a `num_feature` that is no number"))?;
    let mut forest = Forest::default();
    let mut asked = BTreeSet::new();
    for tree in &model.trees {
        add(&mut forest, tree, count, &mut asked)?;
    }
    let (inputs, encoders) =
        inputs(count, &learner.feature_names, &learner.feature_types, &model.cats.enc, &asked)?;
    let description =
        Description { kind: Kind::Trees, format: "xgboost".to_owned(), inputs: checked(inputs)? };
    Ok(Trees { description, encoders, forest, sum: Sum::Single { margin }, link })
}

/// How the objective turns a margin into a prediction, and the margin of `base_score`, which is kept
/// as a prediction: `5E-1`, and from version 3.1 on `[5E-1]`.
fn link(objective: &str, base: &str) -> Result<(Link, f32), Fault> {
    let base: f32 = base
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .map_err(|_| fault("has a `base_score` that is not one number"))?;
    let (link, margin) = match objective {
        "binary:logistic" | "reg:logistic" => (Link::Sigmoid(1.0), -(1.0 / base - 1.0).ln()),
        "reg:squarederror"
        | "reg:squaredlogerror"
        | "reg:pseudohubererror"
        | "reg:absoluteerror" => (Link::Identity, base),
        other => {
            return Err(fault(format!(
                "has the objective `{other}`; binary:logistic, reg:logistic and reg:squarederror \
                 give scores here"
            )));
        }
    };
    let outside = || fault("has a `base_score` outside of what its objective predicts");
    margin.is_finite().then_some((link, margin)).ok_or_else(outside)
}

/// Adds one tree, and to `asked` the features that it asks for categories.
fn add(
    forest: &mut Forest,
    tree: &Tree,
    inputs: usize,
    asked: &mut BTreeSet<usize>,
) -> Result<(), Fault> {
    let nodes = tree.left_children.len();
    let lengths = [
        tree.right_children.len(),
        tree.split_indices.len(),
        tree.split_conditions.len(),
        tree.default_left.len(),
    ];
    if nodes == 0 || lengths.iter().any(|length| *length != nodes) {
        return Err(fault("has a tree that lacks nodes, or whose leaves hold several values"));
    }
    let sets = sets(forest, tree)?;
    let covers = &tree.sum_hessian;
    let child = |at: i64| {
        let nowhere = || fault("has a split that leads nowhere");
        let node = usize::try_from(at).map_err(|_| nowhere())?;
        match tree.left_children.get(node).ok_or_else(nowhere)? {
            // A leaf's value stands where a split's threshold does.
            -1 => {
                let value = tree.split_conditions.get(node).copied().unwrap_or(f32::NAN);
                Ok(Child::Leaf(f64::from(value), covers.get(node).copied().unwrap_or(1.0)))
            }
            _ => Ok(Child::Split(node)),
        }
    };
    let mut splits = Vec::with_capacity(nodes);
    let children = tree.left_children.iter().zip(&tree.right_children);
    let asks = tree.split_indices.iter().zip(&tree.split_conditions).zip(&tree.default_left);
    for (node, ((left, right), ((feature, threshold), default_left))) in
        children.zip(asks).enumerate()
    {
        if *left == -1 {
            // Nothing leads to it as a split.
            let end = Child::Leaf(0.0, 0.0);
            let test = Test::AtMost(0.0, Missing::Never);
            splits.push(Split { feature: 0, test, missing_left: false, left: end, right: end });
            continue;
        }
        let (left, right) = (child(*left)?, child(*right)?);
        splits.push(if tree.split_type.get(node) == Some(&1) {
            let set = sets.get(&node).copied();
            let set = set.ok_or_else(|| fault("has a split by no categories"))?;
            asked.insert(*feature);
            // What is in the set goes right.
            let (test, missing_left) = (Test::In(set), !default_left);
            Split { feature: *feature, test, missing_left, left: right, right: left }
        } else {
            // Below the threshold is at most the number before it.
            let test = Test::AtMost(f64::from(below(*threshold)), Missing::Nan);
            Split { feature: *feature, test, missing_left: *default_left, left, right }
        });
    }
    forest.add(&splits, child(0)?, inputs)
}

/// The greatest number below; what is no number stays so.
fn below(threshold: f32) -> f32 {
    if threshold.is_finite() { threshold.next_down() } else { f32::NAN }
}

/// The sets of categories, by their nodes.
fn sets(forest: &mut Forest, tree: &Tree) -> Result<BTreeMap<usize, u32>, Fault> {
    let torn = || fault("has categories whose bounds are wrong");
    let nodes = tree.categories_nodes.len();
    if tree.categories_segments.len() != nodes || tree.categories_sizes.len() != nodes {
        return Err(torn());
    }
    let bounds = tree.categories_segments.iter().zip(&tree.categories_sizes);
    let sets = tree.categories_nodes.iter().zip(bounds).map(|(node, (start, size))| {
        let end = start.checked_add(*size).ok_or_else(torn)?;
        let members = tree.categories.get(*start..end).ok_or_else(torn)?;
        if members.iter().any(|member| *member >= MAX_CATEGORY) {
            return Err(fault("has a category beyond 2^24"));
        }
        Ok((*node, forest.members(members)?))
    });
    sets.collect()
}

/// The inputs, and how their values become numbers.
fn inputs(
    count: usize,
    names: &[String],
    types: &[String],
    known: &[Known],
    asked: &BTreeSet<usize>,
) -> Result<(Vec<Input>, Vec<Encoder>), Fault> {
    let fits = |length: usize| length == 0 || length == count;
    if !fits(names.len()) || !fits(types.len()) || !fits(known.len()) || count > crate::MAX_INPUTS {
        return Err(fault("must name all of its features, at most 1000, or none"));
    }
    let mut inputs = Vec::with_capacity(count);
    let mut encoders = Vec::with_capacity(count);
    for n in 0..count {
        // Without names, XGBoost counts.
        let name = names.get(n).cloned().unwrap_or_else(|| format!("f{n}"));
        let category = types.get(n).is_some_and(|it| it == "c") || asked.contains(&n);
        let categories = known.get(n).map(names_of).transpose()?.filter(|names| !names.is_empty());
        let takes = match (category, &categories) {
            (true, Some(_)) => Takes::Category,
            (true, None) => Takes::Code,
            (false, _) => Takes::Number,
        };
        let categories = categories.filter(|_| category);
        // XGBoost refuses a category that it was not trained on.
        encoders.push(
            categories.as_deref().map_or(Encoder::Number, |known| {
                Encoder::Categories(Categories::new(known, false))
            }),
        );
        inputs.push(Input { name, takes, missing: true, categories });
    }
    Ok((inputs, encoders))
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn names_of(known: &Known) -> Result<Vec<Value>, Fault> {
    let Some(offsets) = &known.offsets else {
        return Ok(known.values.iter().map(|number| Value::from(*number)).collect());
    };
    // Bytes are written as signed numbers.
    let bytes: Vec<u8> = known.values.iter().map(|byte| *byte as i64 as u8).collect();
    let names = offsets.iter().zip(offsets.iter().skip(1)).map(|(start, end)| {
        let name = bytes.get(*start..*end).and_then(|name| std::str::from_utf8(name).ok());
        name.map(Value::from).ok_or_else(|| fault("has categories that are not text in UTF-8"))
    });
    names.collect()
}
