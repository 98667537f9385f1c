//! What an export is made of: the walks through tables and buckets, and the parts that they wrote.

use super::{SEGMENTS, Step, Table};
use ceap_kernel::{Fault, TenantId, Timestamp};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write};

/// The version of the archive's form. One that is older can be read; one that is newer is refused.
pub const SCHEMA: u32 = 1;

/// Bytes of lines, before they are packed, that a part is closed at.
pub(super) const PART: usize = 8 << 20;

/// More than any part unpacks to: a part is closed at [`PART`] and a page, and a page is a MB of DynamoDB's own bytes,
/// of which binary ones grow by a third.
const LARGEST: u64 = 64 << 20;

/// What is walked through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Of {
    /// A table.
    Table(Table),
    /// A bucket, by its name in archives.
    Bucket(String),
}

impl Of {
    /// Its name in archives.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Table(table) => table.name(),
            Self::Bucket(name) => name,
        }
    }
}

/// A file of an export: lines of JSON, packed with gzip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its name below the export's.
    pub name: String,
    /// Lines.
    pub lines: u64,
    /// Bytes, packed.
    pub bytes: u64,
    /// SHA-256 of them, in hexadecimal digits.
    pub sha256: String,
}

/// A way through one segment of a table, or through a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// Of what.
    #[serde(flatten)]
    pub of: Of,
    /// Which segment; 0 for a bucket.
    #[serde(default)]
    pub segment: u32,
    /// Where it goes on; none at its beginning and its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Value>,
    /// Whether it is at its end.
    #[serde(default)]
    pub done: bool,
    /// What it wrote.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

impl Walk {
    fn new(of: Of, segment: u32) -> Self {
        Self { of, segment, next: None, done: false, parts: Vec::new() }
    }
}

/// Walks through all tables and these buckets, in the order in which they are put back.
pub(super) fn walks<'a>(buckets: impl Iterator<Item = &'a str>) -> Vec<Walk> {
    let of = |table| (0..SEGMENTS).map(move |segment| Walk::new(Of::Table(table), segment));
    let [before @ .., platform] = Table::ALL;
    let mut walks: Vec<Walk> = before.into_iter().flat_map(of).collect();
    walks.extend(buckets.map(|name| Walk::new(Of::Bucket(name.to_owned()), 0)));
    walks.extend(of(platform));
    walks
}

/// An export: as long as it is under way how far it is, then what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA`] of who wrote it.
    pub schema: u32,
    /// Whose.
    pub tenant: TenantId,
    /// Its name.
    pub export: String,
    /// Whether of tables that were restored beside those that serve.
    #[serde(default)]
    pub restored_tables: bool,
    /// When it began. What was written later may be in it or not.
    pub began: Timestamp,
    /// When it was finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
    /// Lines by table and bucket.
    #[serde(default)]
    pub totals: BTreeMap<String, u64>,
    /// The ways through it.
    pub walks: Vec<Walk>,
}

impl Manifest {
    pub(super) fn new(asked: &Step, began: Timestamp, walks: Vec<Walk>) -> Result<Self, Fault> {
        Ok(Self {
            schema: SCHEMA,
            tenant: asked.tenant.clone(),
            export: asked.name()?.to_owned(),
            restored_tables: asked.restored_tables,
            began,
            finished: None,
            totals: BTreeMap::new(),
            walks,
        })
    }

    /// Adds up what the walks wrote.
    pub(super) fn sum_up(&mut self) {
        self.totals.clear();
        for walk in &self.walks {
            let lines = walk.parts.iter().map(|part| part.lines).sum();
            let total = self.totals.entry(walk.of.name().to_owned()).or_default();
            *total = total.saturating_add(lines);
        }
    }

    /// Lines of tables, and of buckets.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        let (mut items, mut objects) = (0_u64, 0_u64);
        for walk in &self.walks {
            let lines = walk.parts.iter().map(|part| part.lines).sum();
            match walk.of {
                Of::Table(_) => items = items.saturating_add(lines),
                Of::Bucket(_) => objects = objects.saturating_add(lines),
            }
        }
        (items, objects)
    }

    /// Every part, with what it is of, in the order in which they are put back.
    pub(super) fn parts(&self) -> impl Iterator<Item = (&Of, &Part)> {
        self.walks.iter().flat_map(|walk| walk.parts.iter().map(move |part| (&walk.of, part)))
    }
}

/// Lines that become a part. The same lines become the same bytes.
#[derive(Debug, Default)]
pub(super) struct Lines {
    text: String,
    count: u64,
}

impl Lines {
    pub(super) fn push(&mut self, line: &impl Serialize) -> Result<(), Fault> {
        self.text.push_str(&json(line)?);
        self.text.push('\n');
        self.count = self.count.saturating_add(1);
        Ok(())
    }

    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The part, and its bytes.
    pub(super) fn packed(&self, name: String) -> Result<(Part, Vec<u8>), Fault> {
        let broken = |error: std::io::Error| Fault::Internal(format!("packing: {error}"));
        let mut packer = GzEncoder::new(Vec::new(), Compression::default());
        packer.write_all(self.text.as_bytes()).map_err(broken)?;
        let bytes = packer.finish().map_err(broken)?;
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok((Part { name, lines: self.count, bytes: size, sha256: sha256(&bytes) }, bytes))
    }
}

/// The lines of a part, which have to be those that were written.
pub(super) fn unpacked<T: DeserializeOwned>(part: &Part, bytes: &[u8]) -> Result<Vec<T>, Fault> {
    let broken = |what: &str| Fault::invalid("export", format!("{} {what}", part.name));
    if sha256(bytes) != part.sha256 {
        return Err(broken("is not what the manifest says"));
    }
    let mut text = String::new();
    let mut unpacker = GzDecoder::new(bytes).take(LARGEST);
    unpacker.read_to_string(&mut text).map_err(|_| broken("cannot be unpacked"))?;
    let lines = text.lines().map(serde_json::from_str).collect::<Result<Vec<T>, _>>();
    let lines = lines.map_err(|_| broken("has a line that cannot be read"))?;
    if u64::try_from(lines.len()) != Ok(part.lines) {
        return Err(broken("has not as many lines as the manifest says"));
    }
    Ok(lines)
}

pub(super) fn json(value: &impl Serialize) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::Internal(format!("unwritable: {error}")))
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lines_come_back_and_others_are_refused() {
        let mut lines = Lines::default();
        for n in 0..3 {
            lines.push(&json!({"Item": {"pk": {"S": format!("acme#{n}")}}})).unwrap();
        }
        let (part, bytes) = lines.packed("data/x".to_owned()).unwrap();
        assert_eq!(lines.packed("data/x".to_owned()).unwrap(), (part.clone(), bytes.clone()));
        let read: Vec<Value> = unpacked(&part, &bytes).unwrap();
        assert_eq!(read.len(), 3);
        assert_eq!(read[2]["Item"]["pk"]["S"], "acme#2");
        let mut other = bytes.clone();
        other[12] ^= 1;
        assert!(matches!(unpacked::<Value>(&part, &other), Err(Fault::Invalid { .. })));
        let fewer = Part { lines: 2, ..part };
        assert!(matches!(unpacked::<Value>(&fewer, &bytes), Err(Fault::Invalid { .. })));
    }

    #[test]
    fn the_platform_comes_last() {
        let walks = walks(["files"].into_iter());
        let names: Vec<&str> = walks.iter().map(|walk| walk.of.name()).collect();
        assert_eq!(names.last(), Some(&"platform"));
        let before = names.iter().position(|name| *name == "platform").unwrap();
        assert!(names[..before].contains(&"files") && names[..before].contains(&"helpdesk"));
        assert_eq!(names.iter().filter(|name| **name == "platform").count(), 8);
    }

    #[test]
    fn a_manifest_of_a_newer_version_is_read_as_far_as_it_is_known() {
        let text = json!({"schema": 1, "tenant": "acme", "export": "x", "began": "2026-11-22T12:00:00Z",
            "newer": true, "walks": [{"table": "profiles", "segment": 3, "done": true, "newer": 1,
            "parts": [{"name": "data/x", "lines": 2, "bytes": 9, "sha256": "00"}]},
            {"bucket": "files", "done": true}]});
        let manifest: Manifest = serde_json::from_value(text).unwrap();
        assert_eq!(manifest.walks[0].of, Of::Table(Table::Profiles));
        assert_eq!(manifest.walks[1].of, Of::Bucket("files".to_owned()));
        assert_eq!(manifest.counts(), (2, 0));
    }
}
