//! Operators of ONNX's `ai.onnx.ml` that scikit-learn's pipelines are exported with and tract lacks:
//! Imputer, Scaler and OneHotEncoder (github.com/onnx/onnx/blob/main/docs/Operators-ml.md).

use tract_onnx::model::{OnnxOpRegister, ParsingContext};
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::{as_op, op_as_typed_op, op_out_of_plan};
use tract_onnx::tract_core::ops::cast::cast;
use tract_onnx::tract_hir::internal::*;

/// Adds them to what tract knows.
pub(super) fn register(ops: &mut OnnxOpRegister) {
    ops.insert("Imputer", imputer);
    ops.insert("Scaler", scaler);
    ops.insert("OneHotEncoder", one_hot_encoder);
}

/// One of the operators, with its attributes as tensors.
#[derive(Debug, Clone, Hash, PartialEq, Eq)]
enum Ml {
    /// Puts `fill`, by column or the same for all, where the input is `replaced`.
    Impute { fill: Arc<Tensor>, replaced: Arc<Tensor> },
    /// (x − offset) × scale, by column or the same for all.
    Scale { offset: Arc<Tensor>, scale: Arc<Tensor> },
    /// A 1 at the category's place of a new last axis; none where it is unknown, if `zeros`.
    OneHot { categories: Arc<Tensor>, zeros: bool },
}

type Built = TractResult<(Box<dyn InferenceOp>, Vec<String>)>;

fn floats(node: &NodeProto, name: &str) -> TractResult<Arc<Tensor>> {
    let floats: Option<Vec<f32>> = node.get_attr_opt_vec(name)?;
    floats.map(|floats| rctensor1(&floats)).with_context(|| format!("{name} is missing"))
}

fn imputer(_: &ParsingContext, node: &NodeProto) -> Built {
    let replaced: Option<f32> = node.get_attr_opt("replaced_value_float")?;
    let replaced = rctensor0(replaced.unwrap_or(f32::NAN));
    Ok((expand(Ml::Impute { fill: floats(node, "imputed_value_floats")?, replaced }), vec![]))
}

fn scaler(_: &ParsingContext, node: &NodeProto) -> Built {
    let (offset, scale) = (floats(node, "offset")?, floats(node, "scale")?);
    Ok((expand(Ml::Scale { offset, scale }), vec![]))
}

fn one_hot_encoder(_: &ParsingContext, node: &NodeProto) -> Built {
    let texts: Option<Vec<String>> = node.get_attr_opt_vec("cats_strings")?;
    let numbers: Option<Vec<i64>> = node.get_attr_opt_vec("cats_int64s")?;
    let categories = match (texts.filter(|it| !it.is_empty()), numbers) {
        (Some(texts), _) => rctensor1(&texts),
        (None, Some(numbers)) => rctensor1(&numbers),
        (None, None) => bail!("neither cats_strings nor cats_int64s is there"),
    };
    let zeros: Option<i64> = node.get_attr_opt("zeros")?;
    Ok((expand(Ml::OneHot { categories, zeros: zeros.unwrap_or(1) != 0 }), vec![]))
}

impl Expansion for Ml {
    fn name(&self) -> StaticName {
        "Ml".into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        let ([input], [output]) = (inputs, outputs) else { bail!("takes one tensor, gives one") };
        s.equals(&output.datum_type, f32::datum_type())?;
        match self {
            Self::OneHot { categories, .. } => {
                let places = categories.len();
                s.given(&input.shape, move |s, mut shape| {
                    shape.push(places.into());
                    s.equals(&output.shape, shape)
                })
            }
            Self::Impute { .. } | Self::Scale { .. } => s.equals(&input.shape, &output.shape),
        }
    }

    fn wire(
        &self,
        prefix: &str,
        model: &mut TypedModel,
        inputs: &[OutletId],
    ) -> TractResult<TVec<OutletId>> {
        let wanted = match self {
            Self::OneHot { categories, .. } => categories.datum_type(),
            Self::Impute { .. } | Self::Scale { .. } => f32::datum_type(),
        };
        let cast = model.wire_node(format!("{prefix}.cast"), cast(wanted), inputs)?;
        model.wire_node(prefix, self.clone(), &cast)
    }
}

impl Op for Ml {
    fn name(&self) -> StaticName {
        "Ml".into()
    }

    op_as_typed_op!();
}

impl EvalOp for Ml {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let input = inputs.first().context("takes one tensor")?;
        let output = match self {
            Self::Impute { fill, replaced } => {
                let replaced = replaced.try_as_plain_ram()?.to_scalar::<f32>()?;
                let is_replaced = |x: f32| x == *replaced || (x.is_nan() && replaced.is_nan());
                by_column(input, &[fill], |x, with| match with {
                    [fill] if is_replaced(x) => *fill,
                    _ => x,
                })?
            }
            Self::Scale { offset, scale } => by_column(input, &[offset, scale], |x, with| {
                if let [offset, scale] = with { (x - offset) * scale } else { x }
            })?,
            Self::OneHot { categories, zeros } if categories.datum_type() == i64::datum_type() => {
                one_hot::<i64>(input, categories, *zeros)?
            }
            Self::OneHot { categories, zeros } => one_hot::<String>(input, categories, *zeros)?,
        };
        Ok(tvec!(output.into_tvalue()))
    }
}

impl TypedOp for Ml {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let input = inputs.first().context("takes one tensor")?;
        let mut shape = input.shape.to_tvec();
        if let Self::OneHot { categories, .. } = self {
            shape.push(categories.len().into());
        }
        Ok(tvec!(f32::datum_type().fact(shape)))
    }

    as_op!();
}

/// Each number with those of its column.
fn by_column(
    input: &Tensor,
    with: &[&Arc<Tensor>],
    change: impl Fn(f32, &[f32]) -> f32,
) -> TractResult<Tensor> {
    let numbers = input.try_as_plain_ram()?.as_slice::<f32>()?;
    let columns = input.shape().last().copied().unwrap_or(1).max(1);
    let mut sources = Vec::with_capacity(with.len());
    for source in with {
        let source = source.try_as_plain_ram()?.as_slice::<f32>()?;
        ensure!(matches!(source.len(), 1) || source.len() == columns, "has other columns");
        sources.push(source);
    }
    let changed = numbers.iter().enumerate().map(|(n, x)| {
        let column = n.checked_rem(columns).unwrap_or(0);
        let pick = |source: &&[f32]| source.get(column).or(source.first()).copied().unwrap_or(0.0);
        change(*x, &sources.iter().map(pick).collect::<TVec<f32>>())
    });
    tensor1(&changed.collect::<Vec<f32>>()).into_shape(input.shape())
}

fn one_hot<T: Datum + PartialEq>(
    input: &Tensor,
    categories: &Tensor,
    zeros: bool,
) -> TractResult<Tensor> {
    let values = input.try_as_plain_ram()?.as_slice::<T>()?;
    let categories = categories.try_as_plain_ram()?.as_slice::<T>()?;
    let mut places = Vec::with_capacity(values.len().saturating_mul(categories.len()));
    for value in values {
        ensure!(
            zeros || categories.contains(value),
            "a category that the model was not trained on"
        );
        places.extend(categories.iter().map(|category| f32::from(u8::from(category == value))));
    }
    let mut shape: TVec<usize> = input.shape().into();
    shape.push(categories.len());
    tensor1(&places).into_shape(&shape)
}
