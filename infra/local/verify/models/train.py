"""Trains models on four fifths of real rows, and predicts the fifth that they have not seen.

    train.py FOLDER TELCO.csv SHOPPERS.csv

For each case, FOLDER gets `<case>.model`, and `<case>.jsonl`: a line for each row that was held out, with
its values (without those that are missing) and the prediction in Python. Seeds are fixed.
"""

import json
import sys
import warnings
from pathlib import Path

import lightgbm
import numpy
import pandas
import xgboost
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

warnings.filterwarnings("ignore")
SEED = 20260101
folder = Path(sys.argv[1])


def telco():
    """Churn: text categories; values of some columns go missing in every twentieth row."""
    rows = pandas.read_csv(sys.argv[2])
    rows["TotalCharges"] = pandas.to_numeric(rows["TotalCharges"], errors="coerce")
    label = (rows.pop("Churn") == "Yes").astype(int)
    rows = rows.drop(columns="customerID")
    random = numpy.random.default_rng(SEED)
    for column in ["tenure", "MonthlyCharges", "Contract", "PaymentMethod", "Partner"]:
        rows[column] = rows[column].mask(random.random(len(rows)) < 0.05)
    return rows, label


def shoppers():
    """Purchases: numbers with many zeros, categories that are numbers, truth values."""
    rows = pandas.read_csv(sys.argv[3])
    label = rows.pop("Revenue").astype(int)
    rows["Weekend"] = rows["Weekend"].astype(bool)
    random = numpy.random.default_rng(SEED)
    rows["PageValues"] = rows["PageValues"].mask(random.random(len(rows)) < 0.1)
    return rows, label


def fifth(rows):
    """Which rows are held out."""
    return numpy.arange(len(rows)) % 5 == 0


def categories(rows, columns, known=None):
    """The columns as categories, those of `known` where it is given; others are missing then."""
    rows = rows.copy()
    for column in columns:
        of = None if known is None else known[column].cat.categories
        rows[column] = pandas.Categorical(rows[column], categories=of)
    return rows


def texts(rows):
    return [c for c in rows.columns if not pandas.api.types.is_numeric_dtype(rows[c])]


def write(case, rows, predicted):
    """The values as an event would bring them."""
    with open(folder / f"{case}.jsonl", "w") as lines:
        for row, score in zip(rows.astype(object).to_dict("records"), predicted, strict=True):
            there = {k: v for k, v in row.items() if not pandas.isna(v)}
            there = {k: v.item() if hasattr(v, "item") else v for k, v in there.items()}
            lines.write(json.dumps({"values": there, "score": float(score)}) + "\n")


def with_lightgbm(case, rows, label, columns, trees=60, **params):
    held = fifth(rows)
    train = categories(rows[~held], columns)
    # One held-out row in fifty has a category that nobody has seen.
    raw = rows[held].copy()
    for column in columns:
        if column in texts(rows):
            raw.iloc[::50, raw.columns.get_loc(column)] = "never seen"
    seen = categories(raw, columns, train)
    params = {"objective": "binary", "seed": SEED, "deterministic": True, "verbose": -1} | params
    model = lightgbm.train(params, lightgbm.Dataset(train, label[~held]), trees)
    model.save_model(folder / f"{case}.model")
    write(case, raw, model.predict(seen))


def with_xgboost(case, rows, label, columns, trees=60, **params):
    held = fifth(rows)
    rows = categories(rows, columns)
    params = {"objective": "binary:logistic", "seed": SEED, "max_depth": 6} | params
    model = xgboost.train(
        params, xgboost.DMatrix(rows[~held], label[~held], enable_categorical=True), trees
    )
    model.save_model(folder / f"{case}.json")
    (folder / f"{case}.json").rename(folder / f"{case}.model")
    write(case, rows[held], model.predict(xgboost.DMatrix(rows[held], enable_categorical=True)))


def with_xgboost_by_codes(case, rows, label, columns):
    """The model knows categories by number only; the document names them, in alphabetical order."""
    held = fifth(rows)
    coded = rows.copy()
    for column in columns:
        codes = pandas.Categorical(rows[column]).codes
        coded[column] = numpy.where(codes < 0, numpy.nan, codes)
    names, kinds = list(rows.columns), ["c" if c in columns else "float" for c in rows.columns]

    def matrix(part, label=None):
        return xgboost.DMatrix(
            part.to_numpy(dtype=float), label, feature_names=names, feature_types=kinds,
            enable_categorical=True,
        )

    params = {"objective": "binary:logistic", "seed": SEED, "max_cat_to_onehot": 2}
    model = xgboost.train(params, matrix(coded[~held], label[~held]), 40)
    model.save_model(folder / f"{case}.json")
    (folder / f"{case}.json").rename(folder / f"{case}.model")
    write(case, rows[held], model.predict(matrix(coded[held])))


def with_onnx(case, rows, label):
    held = fifth(rows)
    words = texts(rows)
    numbers = [column for column in rows.columns if column not in words]
    rows = rows.copy()
    # In single precision, as ONNX gets them.
    rows[numbers] = rows[numbers].astype(numpy.float32)
    # scikit-learn's exporter has no way for missing text.
    rows[words] = rows[words].fillna("missing")
    steps = [("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numbers)]
    if words:
        steps.append(("words", OneHotEncoder(handle_unknown="ignore"), words))
    model = make_pipeline(ColumnTransformer(steps), LogisticRegression(max_iter=2000))
    model.fit(rows[~held], label[~held])
    types = [
        (c, StringTensorType([None, 1]) if c in words else FloatTensorType([None, 1]))
        for c in rows.columns
    ]
    exported = to_onnx(model, initial_types=types, options={"zipmap": False})
    (folder / f"{case}.model").write_bytes(exported.SerializeToString())
    write(case, rows[held], model.predict_proba(rows[held])[:, 1])


def main():
    folder.mkdir(parents=True, exist_ok=True)
    rows, label = telco()
    columns = texts(rows)
    with_lightgbm("telco-lightgbm", rows, label, columns)
    with_xgboost("telco-xgboost", rows, label, columns)
    with_onnx("telco-onnx", rows, label)
    few = rows[:1500], label[:1500], columns
    with_lightgbm("telco-lightgbm-forest", *few, 20, boosting="rf", bagging_freq=1, bagging_fraction=0.6)
    with_lightgbm("telco-lightgbm-dart", *few, 20, boosting="dart", objective="cross_entropy")
    with_lightgbm("telco-lightgbm-regression", *few, 20, objective="regression", reg_sqrt=True)
    with_lightgbm("telco-lightgbm-steep", *few, 20, sigmoid=0.7, max_cat_to_onehot=1, min_data_per_group=5)
    with_xgboost("telco-xgboost-forest", *few, 5, num_parallel_tree=4, subsample=0.7)
    with_xgboost("telco-xgboost-regression", *few, 20, objective="reg:squarederror", base_score=0.3)

    rows, label = shoppers()
    columns = [*texts(rows), "OperatingSystems", "Browser", "Region", "TrafficType"]
    with_lightgbm("shoppers-lightgbm", rows, label, columns)
    with_xgboost("shoppers-xgboost", rows, label, columns)
    with_xgboost_by_codes("shoppers-xgboost-codes", rows, label, ["Month", "VisitorType"])
    with_onnx("shoppers-onnx", rows.drop(columns=["Month", "VisitorType", "Weekend"]), label)
    few = rows[:2000], label[:2000], columns
    with_lightgbm("shoppers-lightgbm-zero", *few, 20, zero_as_missing=True)


main()
