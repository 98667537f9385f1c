//! Builds segments of documents.

use ceap_kernel::Fault;
use tantivy::{Index, SingleSegmentIndexWriter, TantivyDocument};

use crate::{
    Shape,
    segment::{Packed, Shelf, pack},
};

fn wrong(error: tantivy::TantivyError) -> Fault {
    Fault::Internal(format!("a segment could not be built: {error}"))
}

/// A segment that is being built.
struct Building {
    shelf: Shelf,
    writer: SingleSegmentIndexWriter,
}

impl Building {
    fn start(shape: &Shape, memory: usize) -> Result<Self, Fault> {
        let shelf = Shelf::default();
        let index = Index::builder()
            .schema(shape.schema.clone())
            .settings(Shape::settings())
            .tokenizers(shape.tokenizers.clone());
        let writer = index.single_segment_index_writer(shelf.clone(), memory).map_err(wrong)?;
        Ok(Self { shelf, writer })
    }

    fn finish(self, shape: &Shape) -> Result<Option<Packed>, Fault> {
        self.writer.finalize().map_err(wrong)?;
        pack(&self.shelf, shape)
    }
}

/// Builds segments of documents and their keys: one, unless it would take more memory than it may.
pub fn build(
    shape: &Shape,
    memory: usize,
    documents: Vec<(String, TantivyDocument)>,
) -> Result<Vec<Packed>, Fault> {
    let mut packed = Vec::new();
    let mut building: Option<Building> = None;
    for (key, mut document) in documents {
        document.add_text(shape.key, key);
        let mut current = match building.take() {
            Some(building) => building,
            None => Building::start(shape, memory)?,
        };
        current.writer.add_document(document).map_err(wrong)?;
        if current.writer.mem_usage() > memory {
            packed.extend(current.finish(shape)?);
        } else {
            building = Some(current);
        }
    }
    if let Some(last) = building {
        packed.extend(last.finish(shape)?);
    }
    Ok(packed)
}
