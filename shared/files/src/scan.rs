//! Into which parts a file is divided. Text that is not packed is read once for that, row by row but not
//! into them: where a row of CSV ends depends on the quotes before it, and lines are counted, so that what
//! is bad can be named by its line whichever part it is in. Row groups of Parquet are listed in the file.

use crate::cut::Cutter;
use crate::parquet;
use crate::text::Text;
use ceap_engagement::source::object::{Object, ObjectFiles, Part, Plan, Shape, Start};
use ceap_kernel::Fault;

/// Rows between two looks at the clock.
const ROWS: u32 = 100_000;

/// Finds more parts of a plan, each of at least `size` bytes, until it is whole or `late` says that time
/// is up. A plan has its first start already.
///
/// # Errors
/// `Invalid` when the file can't be read; `NotFound` when it is no longer there; `Unavailable` or
/// `Throttled`.
pub async fn scan(
    files: &impl ObjectFiles,
    object: &Object,
    plan: &mut Plan,
    size: u64,
    late: impl Fn() -> bool,
) -> Result<(), Fault> {
    if plan.layout.shape == Shape::Parquet {
        by_groups(&parquet::groups(files, object).await?, plan, size);
        return Ok(());
    }
    let whole = matches!(plan.layout.shape, Shape::Array | Shape::Objects);
    let cutter = Cutter::new(&plan.layout.shape).filter(|_| !whole && plan.layout.is_seekable());
    let (Some(mut cutter), Some(last)) = (cutter, plan.starts.last().copied()) else {
        plan.whole = true;
        return Ok(());
    };
    if object.size.saturating_sub(last.at) <= size {
        plan.whole = true;
        return Ok(());
    }
    let (part, mut begin) = (Part { from: last, to: None }, last.at);
    let mut text = Text::open(files, object, &plan.layout, &part, last).await?;
    let mut rows = 0_u32;
    while text.skip(&mut cutter).await?.is_some() {
        let place = text.place();
        if place.at.saturating_sub(begin) >= size && place.at < object.size {
            plan.starts.push(place);
            begin = place.at;
            // What is left is one part.
            if object.size.saturating_sub(begin) <= size {
                break;
            }
        }
        rows = rows.saturating_add(1);
        if rows.is_multiple_of(ROWS) && late() && begin > last.at {
            return Ok(());
        }
    }
    plan.whole = true;
    Ok(())
}

fn by_groups(groups: &[(u64, u64)], plan: &mut Plan, size: u64) {
    let (mut row, mut bytes) = (0_u64, 0_u64);
    plan.starts = vec![Start { at: 0, line: 1 }];
    for (rows, of) in groups {
        if bytes >= size && row > 0 {
            plan.starts.push(Start { at: row, line: row.saturating_add(1) });
            bytes = 0;
        }
        row = row.saturating_add(*rows);
        bytes = bytes.saturating_add(*of);
    }
    plan.whole = true;
}
