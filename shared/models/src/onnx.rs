//! ONNX, run by tract: optimised once, one row at a time.

mod ops;

use crate::{checked, fault};
use ceap_engagement::model::{Cell, Description, Input, Kind, Model, Takes};
use ceap_kernel::Fault;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use tract_onnx::data_resolver::ModelDataResolver;
use tract_onnx::pb::{ModelProto, ValueInfoProto, tensor_proto::DataType, type_proto};
use tract_onnx::prelude::*;

/// Operators that run as long as they like, or never the same way twice.
const REFUSED: [&str; 8] = [
    "Loop",
    "Scan",
    "If",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
    "Multinomial",
];

/// Inputs that contributions are computed for: each costs another run.
const MAX_EXPLAINED: usize = 64;

/// A tensor that the model takes, and its columns.
#[derive(Debug, Clone)]
struct Taken {
    name: String,
    kind: DatumType,
    columns: usize,
    /// Whether it has no axis for rows.
    flat: bool,
}

/// A model in ONNX, ready to score.
#[derive(Debug)]
struct Onnx {
    description: Description,
    taken: Vec<Taken>,
    plan: Arc<TypedRunnableModel>,
}

/// Reads a model.
pub(crate) fn read(file: &[u8]) -> Result<impl Model + 'static, Fault> {
    // tract is for models that their owners trust.
    let read = catch_unwind(AssertUnwindSafe(|| Onnx::read(file)));
    read.unwrap_or_else(|_| {
        Err(fault("is neither LightGBM, XGBoost nor ONNX that can be run here"))
    })
}

/// No file but the model's own is read, whatever the model names.
struct NoOtherFile;

impl ModelDataResolver for NoOtherFile {
    fn read_bytes_from_path(
        &self,
        _: &mut Vec<u8>,
        _: &Path,
        _: usize,
        _: Option<usize>,
    ) -> TractResult<()> {
        Err(TractError::msg("its data must be in the model's own file"))
    }
}

impl Onnx {
    fn read(file: &[u8]) -> Result<Self, Fault> {
        let unreadable =
            |error: TractError| fault(format!("can't be run as ONNX: {:#}", shortened(&error)));
        let mut onnx = tract_onnx::onnx();
        onnx.provider = Arc::new(NoOtherFile);
        ops::register(&mut onnx.op_register);
        let proto = onnx.proto_model_for_read(&mut &*file).map_err(unreadable)?;
        let taken = taken(&proto)?;
        let output = output(&proto)?;
        let mut model = onnx.model_for_proto_model(&proto).map_err(unreadable)?;
        let names: Vec<&str> = taken.iter().map(|it| it.name.as_str()).collect();
        model = model.with_input_names(names).map_err(unreadable)?;
        model = model.with_outputs_by_name([output]).map_err(unreadable)?;
        for (n, it) in taken.iter().enumerate() {
            let fact = InferenceFact::dt_shape(it.kind, it.shape());
            model = model.with_input_fact(n, fact).map_err(unreadable)?;
        }
        let plan = model.into_optimized().and_then(|it| it.into_runnable()).map_err(unreadable)?;
        let description =
            Description { kind: Kind::Onnx, format: "onnx".to_owned(), inputs: Vec::new() };
        let mut onnx = Self { description, taken, plan };
        onnx.description.inputs = checked(onnx.inputs())?;
        onnx.try_out()?;
        Ok(onnx)
    }

    /// One input for each tensor of one column; for each column of a wider one, its number with it.
    fn inputs(&self) -> Vec<Input> {
        let each = self.taken.iter().flat_map(|it| {
            let takes = if it.kind == String::datum_type() { Takes::Text } else { Takes::Number };
            (0..it.columns).map(move |column| {
                let name = match it.columns {
                    1 => it.name.clone(),
                    _ => format!("{}[{column}]", it.name),
                };
                Input { name, takes, missing: false, categories: None }
            })
        });
        each.collect()
    }

    /// Runs it on zeros, which must give a score; and learns which inputs may be missing: those
    /// that it still gives a score without.
    fn try_out(&mut self) -> Result<(), Fault> {
        let inputs = &self.description.inputs;
        let zero = |input: &Input| match input.takes {
            Takes::Text => Cell::Text(String::new()),
            Takes::Number | Takes::Category | Takes::Code => Cell::Number(0.0),
        };
        let zeros: Vec<Cell> = inputs.iter().map(zero).collect();
        let texts = inputs.iter().any(|input| input.takes == Takes::Text);
        match self.run(&zeros) {
            Ok(score) if score.is_finite() => {}
            // It may know no empty text.
            _ if texts => return Ok(()),
            Ok(_) => return Err(fault("gives no number on zeros")),
            Err(error) => return Err(fault(format!("can't be run on zeros: {error}"))),
        }
        let may_miss = |n: usize| {
            let mut row = zeros.clone();
            if let Some(cell) = row.get_mut(n).filter(|cell| matches!(cell, Cell::Number(_))) {
                *cell = Cell::Missing;
                return self.run(&row).is_ok_and(f64::is_finite);
            }
            false
        };
        let missing: Vec<bool> = (0..inputs.len()).map(may_miss).collect();
        for (input, missing) in self.description.inputs.iter_mut().zip(missing) {
            input.missing = missing;
        }
        Ok(())
    }

    fn run(&self, row: &[Cell]) -> Result<f64, Fault> {
        let run = catch_unwind(AssertUnwindSafe(|| self.run_or_panic(row)));
        run.unwrap_or_else(|_| Err(Fault::invalid("score", "the model fails on these facts")))
    }

    fn run_or_panic(&self, row: &[Cell]) -> Result<f64, Fault> {
        let mut rest = row;
        let mut tensors = TVec::new();
        for taken in &self.taken {
            let short = || Fault::Internal("a row has not the model's width".to_owned());
            let (cells, others) = rest.split_at_checked(taken.columns).ok_or_else(short)?;
            tensors.push(taken.tensor(cells)?.into_tvalue());
            rest = others;
        }
        // What it says may quote the values.
        let failed = |_| Fault::invalid("score", "the model fails on these facts");
        let outputs = self.plan.run(tensors).map_err(failed)?;
        let output = outputs.first().and_then(|it| it.cast_to::<f64>().ok());
        let numbers = output.as_ref().and_then(|it| it.to_plain_array_view::<f64>().ok());
        let numbers: Vec<f64> = numbers.map(|it| it.iter().copied().collect()).unwrap_or_default();
        match numbers.as_slice() {
            // Of two classes, the second is the one that is scored.
            [score] | [_, score] => Ok(*score),
            _ => Err(Fault::invalid("model", "has several classes; only one score is possible")),
        }
    }
}

impl Taken {
    fn shape(&self) -> TVec<usize> {
        if self.flat { tvec![self.columns] } else { tvec![1, self.columns] }
    }

    #[allow(clippy::cast_possible_truncation)]
    fn tensor(&self, cells: &[Cell]) -> Result<Tensor, Fault> {
        let unfit = || Fault::invalid(format!("score.inputs.{}", self.name), "must be of its type");
        let lost = |_| Fault::Internal("a tensor could not be made".to_owned());
        let tensor = if self.kind == String::datum_type() {
            let text = |cell: &Cell| match cell {
                Cell::Text(text) => Ok(text.clone()),
                Cell::Number(_) | Cell::Missing => Err(unfit()),
            };
            tensor1(&cells.iter().map(text).collect::<Result<Vec<String>, Fault>>()?)
        } else {
            let number = |cell: &Cell| match cell {
                Cell::Number(number) => Ok(*number),
                Cell::Missing if self.kind.is_float() => Ok(f64::NAN),
                Cell::Text(_) | Cell::Missing => Err(unfit()),
            };
            let numbers: Vec<f64> = cells.iter().map(number).collect::<Result<_, Fault>>()?;
            tensor1(&numbers).cast_to_dt(self.kind).map_err(lost)?.into_owned()
        };
        tensor.into_shape(&self.shape()).map_err(lost)
    }
}

impl Model for Onnx {
    fn description(&self) -> &Description {
        &self.description
    }

    fn score(&self, rows: &[Vec<Cell>]) -> Vec<Result<f64, Fault>> {
        rows.iter().map(|row| self.run(row)).collect()
    }

    /// What the score loses when an input is as if absent (occlusion).
    fn contributions(&self, row: &[Cell], base: &[Cell]) -> Result<Vec<f64>, Fault> {
        if row.len() > MAX_EXPLAINED {
            return Ok(vec![0.0; row.len()]);
        }
        let score = self.run(row)?;
        let without = |(n, (cell, base)): (usize, (&Cell, &Cell))| {
            if cell == base {
                return Ok(0.0);
            }
            let mut row = row.to_vec();
            if let Some(cell) = row.get_mut(n) {
                *cell = base.clone();
            }
            Ok(score - self.run(&row)?)
        };
        row.iter().zip(base).enumerate().map(without).collect()
    }
}

/// The tensors that it takes, as it declares them.
fn taken(proto: &ModelProto) -> Result<Vec<Taken>, Fault> {
    let graph = proto.graph.as_ref().ok_or_else(|| fault("has no graph"))?;
    if let Some(node) = graph.node.iter().find(|node| REFUSED.contains(&node.op_type.as_str())) {
        return Err(fault(format!("has the operator {}, which is not run here", node.op_type)));
    }
    let constant = |name: &str| graph.initializer.iter().any(|it| it.name == name);
    graph.input.iter().filter(|input| !constant(&input.name)).map(taken_by).collect()
}

fn taken_by(input: &ValueInfoProto) -> Result<Taken, Fault> {
    let rule = || {
        let name = &input.name;
        fault(format!("must take rows of numbers or text in `{name}`: [N, columns], or [N]"))
    };
    let (kind, shape) = tensor_of(input).ok_or_else(rule)?;
    let kind = match kind {
        DataType::Float => f32::datum_type(),
        DataType::Double => f64::datum_type(),
        DataType::Int32 => i32::datum_type(),
        DataType::Int64 => i64::datum_type(),
        DataType::Bool => bool::datum_type(),
        DataType::String => String::datum_type(),
        _ => return Err(rule()),
    };
    let (columns, flat) = match shape.as_slice() {
        [_] => (1, true),
        [_, Some(columns)] => (usize::try_from(*columns).map_err(|_| rule())?, false),
        _ => return Err(rule()),
    };
    if columns == 0 || columns > crate::MAX_INPUTS {
        return Err(rule());
    }
    Ok(Taken { name: input.name.clone(), kind, columns, flat })
}

/// Type and dimensions, where known.
fn tensor_of(value: &ValueInfoProto) -> Option<(DataType, Vec<Option<i64>>)> {
    use tract_onnx::pb::tensor_shape_proto::dimension::Value;
    let type_proto::Value::TensorType(tensor) = value.r#type.as_ref()?.value.as_ref()?;
    let kind = DataType::try_from(tensor.elem_type).ok()?;
    let dimensions = tensor.shape.as_ref()?.dim.iter().map(|dimension| match dimension.value {
        Some(Value::DimValue(value)) => Some(value),
        Some(Value::DimParam(_)) | None => None,
    });
    Some((kind, dimensions.collect()))
}

/// The output that is the score: the first of numbers.
fn output(proto: &ModelProto) -> Result<&str, Fault> {
    let outputs = proto.graph.iter().flat_map(|graph| &graph.output);
    let is_score = |output: &&ValueInfoProto| {
        tensor_of(output)
            .is_some_and(|(kind, _)| matches!(kind, DataType::Float | DataType::Double))
    };
    let message = "has no output of numbers; for scikit-learn, export it with \
         options={\"zipmap\": False}";
    let mut scores = outputs.filter(is_score);
    scores.next().map(|output| output.name.as_str()).ok_or_else(|| fault(message))
}

/// The first line of what tract says, at a length that fits an answer.
fn shortened(error: &TractError) -> String {
    let text = format!("{error:#}");
    text.lines().next().unwrap_or_default().chars().take(300).collect()
}
