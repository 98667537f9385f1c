//! Files that are wrong, by accident or on purpose, are refused: no panic, no endless walk.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use ceap_engagement::model::{Cell, Takes};
use ceap_models::read;
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

const LIGHTGBM: &str = "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\n\
    objective=binary sigmoid:1\nfeature_names=a b\nfeature_infos=[0:9] 0:1:2\n\n\
    Tree=0\nnum_leaves=3\nnum_cat=1\nsplit_feature=0 1\nthreshold=2.5 0\ndecision_type=10 1\n\
    left_child=1 -1\nright_child=-2 -3\nleaf_value=0.5 -0.25 1\nleaf_count=10 20 30\n\
    cat_boundaries=0 1\ncat_threshold=6\nis_linear=0\n\n\nend of trees\n\n\
    pandas_categorical:[[\"x\", \"y\", \"z\"]]\n";

fn xgboost() -> Value {
    json!({"learner": {
        "attributes": {}, "feature_names": ["a", "b"], "feature_types": ["float", "c"],
        "gradient_booster": {"name": "gbtree", "model": {"trees": [{
            "left_children": [1, 3, -1, -1, -1], "right_children": [2, 4, -1, -1, -1],
            "split_indices": [0, 1, 0, 0, 0], "split_conditions": [2.5, 0.0, -0.25, 0.5, 1.0],
            "default_left": [1, 0, 0, 0, 0], "sum_hessian": [60, 40, 20, 10, 30],
            "split_type": [0, 1, 0, 0, 0], "categories": [1, 2], "categories_nodes": [1],
            "categories_segments": [0], "categories_sizes": [2]}]}},
        "learner_model_param": {"base_score": "5E-1", "num_class": "0", "num_feature": "2",
            "num_target": "1"},
        "objective": {"name": "binary:logistic"}}, "version": [2, 1, 0]})
}

fn sigmoid(sum: f64) -> f64 {
    1.0 / (1.0 + (-sum).exp())
}

/// By hand: a ≤ 2.5, or missing, asks for b; otherwise −0.25.
#[test]
fn a_small_tree_of_each_format_is_walked() {
    let lightgbm = read(LIGHTGBM.as_bytes()).unwrap();
    let xgboost = read(xgboost().to_string().as_bytes()).unwrap();
    assert_eq!(lightgbm.description().inputs[1].takes, Takes::Category);
    assert_eq!(xgboost.description().inputs[1].takes, Takes::Code);
    let text = |text: &str| Cell::Text(text.to_owned());
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-7, "{a} {b}");
    let of = |row: [Cell; 2]| lightgbm.score(&[row.to_vec()]).remove(0).unwrap();
    close(of([Cell::Number(3.0), text("x")]), sigmoid(-0.25));
    close(of([Cell::Number(2.5), text("y")]), sigmoid(0.5));
    close(of([Cell::Missing, text("z")]), sigmoid(0.5));
    close(of([Cell::Number(0.0), text("x")]), sigmoid(1.0));
    close(of([Cell::Number(0.0), text("unseen")]), sigmoid(1.0));
    let of = |row: [Cell; 2]| xgboost.score(&[row.to_vec()]).remove(0).unwrap();
    close(of([Cell::Number(2.5), Cell::Number(0.0)]), sigmoid(-0.25));
    close(of([Cell::Number(2.4), Cell::Number(0.0)]), sigmoid(0.5));
    close(of([Cell::Missing, Cell::Number(2.0)]), sigmoid(1.0));
    close(of([Cell::Missing, Cell::Number(99.0)]), sigmoid(0.5));
    close(of([Cell::Missing, Cell::Number(-1.0)]), sigmoid(0.5));
    close(of([Cell::Missing, Cell::Missing]), sigmoid(1.0));
}

/// The mean is (0.5 × 10 − 0.25 × 20 + 1 × 30) / 60 above, and 35 / 40 where b is asked.
#[test]
fn contributions_are_the_steps_of_the_mean() {
    let model = read(LIGHTGBM.as_bytes()).unwrap();
    let row = [Cell::Number(1.0), Cell::Text("x".to_owned())];
    let parts = model.contributions(&row, &row).unwrap();
    assert!((parts[0] - (35.0 / 40.0 - 0.5)).abs() < 1e-12, "{parts:?}");
    assert!((parts[1] - (1.0 - 35.0 / 40.0)).abs() < 1e-12, "{parts:?}");
}

#[rstest]
#[case::an_old_version("version=v4", "version=v2", "model version v3 or v4")]
#[case::classes("num_class=1", "num_class=3", "several classes")]
#[case::a_ranking(
    "objective=binary sigmoid:1",
    "objective=lambdarank",
    "the objective `lambdarank`"
)]
#[case::counts("objective=binary sigmoid:1", "objective=poisson", "the objective `poisson`")]
#[case::no_objective("objective=binary sigmoid:1\n", "", "an objective of its own")]
#[case::a_cycle("left_child=1 -1", "left_child=1 0", "branches join")]
#[case::a_split_twice("right_child=-2 -3", "right_child=1 -3", "branches join")]
#[case::a_split_nowhere("left_child=1 -1", "left_child=7 -1", "lead nowhere")]
#[case::a_leaf_nowhere("left_child=1 -1", "left_child=1 -9", "leads nowhere")]
#[case::an_unknown_input("split_feature=0 1", "split_feature=0 2", "an input that there is not")]
#[case::a_nan("threshold=2.5 0", "threshold=nan 0", "a threshold that is no number")]
#[case::an_infinite_leaf("leaf_value=0.5", "leaf_value=inf", "a leaf that is no number")]
#[case::no_such_set("threshold=2.5 0", "threshold=2.5 1", "by no categories")]
#[case::torn_sets("cat_boundaries=0 1", "cat_boundaries=0 999999999999", "bounds are wrong")]
#[case::backward_sets("cat_boundaries=0 1", "cat_boundaries=1 0", "bounds are wrong")]
#[case::a_huge_count("num_leaves=3", "num_leaves=99999999999999999", "lacks leaves")]
#[case::a_count_that_is_none("num_leaves=3", "num_leaves=-3", "`num_leaves`")]
#[case::too_few("decision_type=10 1", "decision_type=10", "lacks splits")]
#[case::linear_trees("is_linear=0", "is_linear=1", "linear trees")]
#[case::an_end_too_early("end of trees", "", "ends before")]
#[case::other_categories("[[\"x\"", "[[\"w\"], [\"x\"", "all its categorical columns or of none")]
#[case::a_name_twice("feature_names=a b", "feature_names=a a", "two inputs of the name `a`")]
#[case::no_name("feature_names=a b", "feature_names= b", "not 1 to 200 bytes")]
fn a_lightgbm_file_that_is_wrong(#[case] old: &str, #[case] new: &str, #[case] says: &str) {
    assert!(LIGHTGBM.contains(old), "{old}");
    let fault = read(LIGHTGBM.replace(old, new).as_bytes()).unwrap_err().to_string();
    assert!(fault.starts_with("model: ") && fault.contains(says), "{fault}");
}

#[rstest]
#[case::a_ranking("/learner/objective/name", json!("rank:ndcg"), "the objective `rank:ndcg`")]
#[case::margins("/learner/objective/name", json!("binary:logitraw"), "the objective")]
#[case::dart("/learner/gradient_booster/name", json!("dart"), "the booster `dart`")]
#[case::linear("/learner/gradient_booster/name", json!("gblinear"), "the booster `gblinear`")]
#[case::classes("/learner/learner_model_param/num_class", json!("3"), "several classes")]
#[case::targets("/learner/learner_model_param/num_target", json!("2"), "several classes or targets")]
#[case::two_bases("/learner/learner_model_param/base_score", json!("[1E-1,2E-1]"), "base_score")]
#[case::no_probability("/learner/learner_model_param/base_score", json!("5"), "base_score")]
#[case::many_inputs("/learner/learner_model_param/num_feature", json!("99999999999"), "must name all")]
#[case::a_cycle("/learner/gradient_booster/model/trees/0/left_children/1", json!(0), "branches join")]
#[case::a_split_nowhere("/learner/gradient_booster/model/trees/0/left_children/0", json!(77), "leads nowhere")]
#[case::a_split_before("/learner/gradient_booster/model/trees/0/right_children/0", json!(-7), "leads nowhere")]
#[case::an_unknown_input("/learner/gradient_booster/model/trees/0/split_indices/0", json!(9), "an input that")]
#[case::too_few("/learner/gradient_booster/model/trees/0/default_left", json!([1]), "lacks nodes")]
#[case::no_nodes("/learner/gradient_booster/model/trees/0/left_children", json!([]), "lacks nodes")]
#[case::a_far_category("/learner/gradient_booster/model/trees/0/categories/0", json!(4_000_000_000_u64), "beyond 2^24")]
#[case::torn_sets("/learner/gradient_booster/model/trees/0/categories_sizes/0", json!(usize::MAX), "bounds are wrong")]
#[case::no_set("/learner/gradient_booster/model/trees/0/categories_nodes/0", json!(3), "by no categories")]
#[case::early("/learner/attributes", json!({"best_iteration": "0"}), "")]
#[case::a_wrong_type("/learner/gradient_booster/model/trees", json!("none"), "XGBoost's JSON")]
fn an_xgboost_file_that_is_wrong(#[case] at: &str, #[case] value: Value, #[case] says: &str) {
    let mut file = xgboost();
    *file.pointer_mut(at).unwrap() = value;
    match read(file.to_string().as_bytes()) {
        // The one tree is the best one.
        Ok(_) => assert!(says.is_empty(), "{at}"),
        Err(fault) => {
            let fault = fault.to_string();
            assert!(!says.is_empty() && fault.contains(says), "{fault}");
        }
    }
}

#[test]
fn a_category_that_xgboost_was_not_trained_on_is_refused() {
    let mut file = xgboost();
    let enc = json!({"enc": [{"offsets": [], "values": []}, {"offsets": [0, 1, 3, 4], "values": [120, -61, -68, 122]}]});
    file["learner"]["gradient_booster"]["model"]["cats"] = enc;
    let model = read(file.to_string().as_bytes()).unwrap();
    assert_eq!(
        model.description().inputs[1].categories,
        Some(vec![json!("x"), json!("ü"), json!("z")])
    );
    let of =
        |name: &str| model.score(&[vec![Cell::Missing, Cell::Text(name.to_owned())]]).remove(0);
    assert!((of("ü").unwrap() - sigmoid(1.0)).abs() < 1e-7);
    assert!(of("y").unwrap_err().to_string().contains("not trained on"));
}

#[test]
fn a_deep_tree_is_walked_and_deep_json_is_refused() {
    let splits = 200_000;
    let of = |item: fn(usize) -> String, count: usize| {
        (0..count).map(item).collect::<Vec<_>>().join(" ")
    };
    let tree = format!(
        "Tree=0\nnum_leaves={}\nsplit_feature={}\nthreshold={}\ndecision_type={}\nleft_child={} -1\n\
         right_child={}\nleaf_value={}\n\n\nend of trees",
        splits + 1,
        of(|_| "0".to_owned(), splits),
        of(|_| "1".to_owned(), splits),
        of(|_| "2".to_owned(), splits),
        of(|n| (n + 1).to_string(), splits - 1),
        of(|n| format!("-{}", n + 2), splits),
        of(|_| "0.5".to_owned(), splits + 1),
    );
    let start = LIGHTGBM.find("Tree=0").unwrap();
    let head = LIGHTGBM.split_at(start).0.replace(" 0:1:2", " [0:1]");
    let model = read(format!("{head}{tree}").as_bytes()).unwrap();
    let score = model.score(&[vec![Cell::Number(0.0), Cell::Missing]]).remove(0).unwrap();
    assert!((score - sigmoid(0.5)).abs() < 1e-12);
    let deep = format!("{{\"learner\":{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(read(deep.as_bytes()).is_err());
}

#[test]
fn what_is_no_model_is_refused() {
    for file in [
        &b""[..],
        b"{",
        b"{}",
        b"{L",
        b"tree\n",
        b"tree",
        b"\xff\xfe\x00",
        b"PK\x03\x04",
        b"\x08\x07",
    ] {
        let fault = read(file).unwrap_err().to_string();
        assert!(fault.starts_with("model: "), "{fault}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever a few bytes become, reading and scoring end.
    #[test]
    fn changed_files_end(
        which in any::<bool>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_usize), 1..6),
    ) {
        let mut file = if which { LIGHTGBM.as_bytes().to_vec() } else { xgboost().to_string().into_bytes() };
        for (at, byte, how) in changes {
            let at = at.index(file.len());
            match how {
                0 => file[at] = byte,
                1 => file[at] = b"0123456789-[]{},. \n"[usize::from(byte) % 19],
                _ => drop(file.remove(at)),
            }
        }
        if let Ok(model) = read(&file) {
            let width = model.description().inputs.len();
            let row: Vec<Cell> = (0..width).map(|_| Cell::Number(1.0)).collect();
            let _ = model.score(&[row.clone(), vec![Cell::Missing; width]]);
            let _ = model.contributions(&row, &row);
        }
    }
}
