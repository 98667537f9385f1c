//! A table: its items in the order of their keys, and what its indexes hold of them.

use super::item::{Item, size};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use serde_yaml_ng::Value as Yaml;
use std::collections::BTreeMap;

/// A global secondary index.
#[derive(Debug, Clone)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// The attribute that it is partitioned by.
    pub hash: String,
    /// The one that it is sorted by.
    pub range: Option<String>,
    projection: Projection,
}

#[derive(Debug, Clone)]
enum Projection {
    All,
    Keys,
    Include(Vec<String>),
}

impl Index {
    /// What the index holds of an item: nothing, unless it has the index's keys.
    #[must_use]
    pub fn entry(&self, item: &Item) -> Option<Item> {
        let keys = [Some(&self.hash), self.range.as_ref()];
        if !keys.iter().flatten().all(|name| item.contains_key(*name)) {
            return None;
        }
        let included = |name: &String| match &self.projection {
            Projection::All => true,
            Projection::Keys => false,
            Projection::Include(names) => names.contains(name),
        };
        let held = |name: &String| {
            name == "pk" || name == "sk" || keys.contains(&Some(name)) || included(name)
        };
        let fields = item.iter().filter(|(name, _)| held(name));
        Some(fields.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// The write units of a change: none where the entry stays as it is; where its keys change, it is deleted and
    /// written anew
    /// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes>).
    fn units(&self, before: Option<&Item>, after: Option<&Item>) -> u64 {
        let entry = |item: Option<&Item>| item.and_then(|item| self.entry(item));
        match (entry(before), entry(after)) {
            (None, None) => 0,
            (Some(one), None) | (None, Some(one)) => write_units(size(&one)),
            (Some(before), Some(after)) if before == after => 0,
            (Some(before), Some(after)) => {
                let place = |entry: &Item, name: &String| entry.get(name).cloned();
                let range = |entry: &Item| self.range.as_ref().and_then(|it| place(entry, it));
                let same = place(&before, &self.hash) == place(&after, &self.hash)
                    && range(&before) == range(&after);
                let (before, after) = (size(&before), size(&after));
                if same {
                    write_units(before.max(after))
                } else {
                    write_units(before).saturating_add(write_units(after))
                }
            }
        }
    }
}

/// Write units of an item of this many bytes: one for each KB begun.
#[must_use]
pub fn write_units(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(1024).max(1)).unwrap_or(u64::MAX)
}

/// Read units of this many bytes: one for each 4 KB begun, half of that if it may be a moment old.
#[must_use]
pub fn read_units(bytes: usize, consistent: bool) -> f64 {
    let whole = u32::try_from(bytes.div_ceil(4096).max(1)).unwrap_or(u32::MAX);
    f64::from(whole) * if consistent { 1.0 } else { 0.5 }
}

/// A table with `pk` and `sk`, as all of ours are.
#[derive(Debug, Clone, Default)]
pub struct Table {
    items: BTreeMap<String, BTreeMap<String, Item>>,
    /// Its indexes.
    pub indexes: Vec<Index>,
}

impl Table {
    /// An empty table as a resource of `infra/data.yaml` says.
    ///
    /// # Errors
    /// When the resource has other keys, or what DynamoDB has not.
    pub fn of(resource: &Yaml) -> Result<Self> {
        let properties = resource.get("Properties").context("no properties")?;
        if keys(properties)? != ("pk".to_owned(), Some("sk".to_owned())) {
            bail!("the keys are not pk and sk");
        }
        let indexes = properties.get("GlobalSecondaryIndexes").and_then(Yaml::as_sequence);
        let indexes = indexes.into_iter().flatten().map(index).collect::<Result<_>>()?;
        Ok(Self { items: BTreeMap::new(), indexes })
    }

    /// The item of a key.
    #[must_use]
    pub fn get(&self, pk: &str, sk: &str) -> Option<&Item> {
        self.items.get(pk)?.get(sk)
    }

    /// Items of one partition in the order of their sort keys.
    pub fn partition(&self, pk: &str) -> impl Iterator<Item = &Item> {
        self.items.get(pk).into_iter().flat_map(BTreeMap::values)
    }

    /// All items.
    pub fn all(&self) -> impl Iterator<Item = &Item> {
        self.items.values().flat_map(BTreeMap::values)
    }

    /// Puts `after` in the place of what is there, or nothing; the write units of the indexes.
    pub fn replace(&mut self, pk: &str, sk: &str, after: Option<Item>) -> u64 {
        let before = self.get(pk, sk);
        let units = self.indexes.iter().map(|it| it.units(before, after.as_ref())).sum();
        match after {
            Some(item) => {
                self.items.entry(pk.to_owned()).or_default().insert(sk.to_owned(), item);
            }
            None => {
                if let Some(partition) = self.items.get_mut(pk) {
                    partition.remove(sk);
                }
            }
        }
        units
    }
}

fn keys(of: &Yaml) -> Result<(String, Option<String>)> {
    let schema = of.get("KeySchema").and_then(Yaml::as_sequence).context("no KeySchema")?;
    let named = |kind: &str| {
        let of_kind =
            schema.iter().find(|it| it.get("KeyType").and_then(Yaml::as_str) == Some(kind));
        of_kind?.get("AttributeName")?.as_str().map(str::to_owned)
    };
    Ok((named("HASH").context("no HASH key")?, named("RANGE")))
}

fn index(of: &Yaml) -> Result<Index> {
    let name = of.get("IndexName").and_then(Yaml::as_str).context("no IndexName")?.to_owned();
    let (hash, range) = keys(of)?;
    let projection = of.get("Projection").context("no Projection")?;
    let projection = match projection.get("ProjectionType").and_then(Yaml::as_str) {
        Some("ALL") => Projection::All,
        Some("KEYS_ONLY") => Projection::Keys,
        Some("INCLUDE") => {
            let names = projection.get("NonKeyAttributes").and_then(Yaml::as_sequence);
            let names = names.into_iter().flatten().filter_map(Yaml::as_str);
            Projection::Include(names.map(str::to_owned).collect())
        }
        other => bail!("projection {other:?}"),
    };
    Ok(Index { name, hash, range, projection })
}

/// The text of a key's attribute.
#[must_use]
pub fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.get("S").and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const RESOURCE: &str = "
Properties:
  KeySchema:
    - { AttributeName: pk, KeyType: HASH }
    - { AttributeName: sk, KeyType: RANGE }
  GlobalSecondaryIndexes:
    - IndexName: by-score
      KeySchema:
        - { AttributeName: place, KeyType: HASH }
        - { AttributeName: rank, KeyType: RANGE }
      Projection: { ProjectionType: INCLUDE, NonKeyAttributes: [until] }
";

    fn item(rank: &str, more: &str) -> Item {
        let item = json!({
            "pk": {"S": "t"}, "sk": {"S": "1"}, "place": {"S": "p"}, "rank": {"S": rank},
            "until": {"N": "5"}, "more": {"S": more},
        });
        item.as_object().unwrap().clone()
    }

    #[test]
    fn an_index_costs_what_changes_in_it() {
        let mut table = Table::of(&serde_yaml_ng::from_str(RESOURCE).unwrap()).unwrap();
        assert_eq!(table.replace("t", "1", Some(item("a", "x"))), 1);
        assert_eq!(table.replace("t", "1", Some(item("a", "y"))), 0);
        assert_eq!(table.replace("t", "1", Some(item("b", "y"))), 2);
        let mut bare = item("b", "y");
        bare.shift_remove("rank");
        assert_eq!(table.replace("t", "1", Some(bare)), 1);
        assert_eq!(table.replace("t", "1", None), 0);
    }

    #[test]
    fn units_are_of_a_kilobyte_written_and_four_read() {
        assert_eq!([0, 1024, 1025].map(write_units), [1, 1, 2]);
        assert_eq!([0, 4096, 4097].map(|bytes| read_units(bytes, true)), [1.0, 1.0, 2.0]);
        assert_eq!(read_units(5000, false), 1.0);
    }
}
