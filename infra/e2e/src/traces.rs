//! Looks for somebody in everything that the local AWS keeps: every item of every table, every object of every bucket,
//! every message of every queue, every log, every execution, and what providers took. Objects and values are looked at as
//! they are and as what they say: unpacked, decoded, row by row.

use crate::aws::{self, ENDPOINT};
use crate::http;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use bytes::Bytes;
use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::io::Read;

/// How deep something may be packed in something else.
const DEPTH: usize = 4;

/// What somebody is known by, in all forms in which it may be kept.
#[derive(Debug, Clone)]
pub struct Traces {
    /// Whatever its case.
    any_case: Vec<String>,
    /// As it is: base64 tells letters apart.
    exact: Vec<String>,
    /// As they were given.
    known: Vec<String>,
    /// The tenants of the test: what stands under the name of another test's is not looked at. That keys begin with their
    /// tenant is held by the stores' contracts.
    within: Vec<String>,
}

/// What the names of tests' tenants begin with.
const TEST: &str = "e2e-";

/// What `infra/local/deploy.py` uploads functions and templates to: gigabytes of code, where no function may write.
const ARTIFACTS: &str = "ceap-local-artifacts";

impl Traces {
    /// Of these names, addresses and numbers; `digests` are texts of which the platform keeps digests as keys, each in its
    /// parts.
    #[must_use]
    pub fn of(known: &[&str], digests: &[&[&str]]) -> Self {
        let mut any_case = BTreeSet::new();
        let mut exact = BTreeSet::new();
        for one in known {
            any_case.insert(one.to_lowercase());
            any_case.insert(http::segment(one).to_lowercase());
            any_case.insert(hex(&Sha256::digest(one.as_bytes())));
            any_case.insert(hex(&Sha256::digest(one.to_lowercase().as_bytes())));
            any_case.insert(digest(&[one]));
            exact.extend(encoded(one));
        }
        any_case.extend(digests.iter().map(|parts| digest(parts)));
        Self {
            any_case: any_case.into_iter().collect(),
            exact: exact.into_iter().collect(),
            known: known.iter().map(|it| (*it).to_owned()).collect(),
            within: Vec::new(),
        }
    }

    /// The same without what stands under the names of other tests' tenants than these, which may be very much.
    #[must_use]
    pub fn within(self, tenants: &[&str]) -> Self {
        Self { within: tenants.iter().map(|it| (*it).to_owned()).collect(), ..self }
    }

    /// Whether a place is another test's.
    fn passes(&self, place: &str) -> bool {
        let own = || self.within.iter().any(|it| place.contains(it.as_str()));
        !self.within.is_empty() && place.contains(TEST) && !own()
    }

    /// Every place that has any of it: `table Profiles acme#ada PROFILE: ada`.
    #[must_use]
    pub fn everywhere(&self) -> Vec<String> {
        let mut found = self.in_tables();
        found.extend(self.in_buckets());
        found.extend(self.in_queues());
        found.extend(self.in_executions());
        found.extend(self.in_logs());
        found.extend(self.with_providers());
        found
    }

    /// Items of all tables.
    #[must_use]
    pub fn in_tables(&self) -> Vec<String> {
        let listed = aws::call("dynamodb", "DynamoDB_20120810.ListTables", &json!({"Limit": 100}));
        let names = listed["TableNames"].as_array().unwrap();
        assert!(names.len() < 100, "more tables than are looked at");
        let mut found = Vec::new();
        for name in names.iter().map(|it| it.as_str().unwrap()) {
            for item in aws::all_items(name) {
                let text = |key: &str| item[key]["S"].as_str().unwrap_or_default().to_owned();
                let place = format!("table {name} {} {}", text("pk"), text("sk"));
                if self.passes(&place) {
                    continue;
                }
                let plain = item.to_string();
                let hit = self.first(plain.as_bytes(), DEPTH);
                let hit = hit.or_else(|| binaries(&item).find_map(|it| self.first(&it, DEPTH)));
                found.extend(hit.map(|it| format!("{place}: {it}")));
            }
        }
        found
    }

    /// Objects of all buckets that functions keep something in, and their names.
    #[must_use]
    pub fn in_buckets(&self) -> Vec<String> {
        let kept = aws::buckets().into_iter().filter(|bucket| bucket != ARTIFACTS);
        kept.flat_map(|bucket| self.in_bucket(&bucket)).collect()
    }

    /// Objects of a bucket, and their names.
    #[must_use]
    pub fn in_bucket(&self, bucket: &str) -> Vec<String> {
        let mut found = Vec::new();
        for key in aws::keys(bucket).into_iter().filter(|key| !self.passes(key)) {
            let bytes = aws::object(bucket, &key).unwrap_or_default();
            let hit = self.first(key.as_bytes(), 0).or_else(|| self.first(&bytes, DEPTH));
            let hit = hit.or_else(|| key.ends_with(".seg").then(|| self.endings(&bytes))?);
            found.extend(hit.map(|it| format!("bucket {bucket} {key}: {it}")));
        }
        found
    }

    /// Messages of all queues, those too that somebody has in hand.
    #[must_use]
    pub fn in_queues(&self) -> Vec<String> {
        let answer = http::call("GET", &format!("{ENDPOINT}/_ministack/sqs/messages"), &[], &[]);
        assert_eq!(answer.status, 200, "{answer}");
        let mut found = Vec::new();
        let regions = answer.json()["messages"].as_object().unwrap().clone();
        for queues in regions.values().flat_map(|it| it.as_object().unwrap().values()) {
            for (queue, messages) in queues.as_object().unwrap() {
                let hit = self.first(messages.to_string().as_bytes(), DEPTH);
                found.extend(hit.map(|it| format!("queue {queue}: {it}")));
            }
        }
        found
    }

    /// What executions of Standard workflows were begun with, and told.
    #[must_use]
    pub fn in_executions(&self) -> Vec<String> {
        let states = |operation: &str, body: &Value| {
            aws::call("states", &format!("AWSStepFunctions.{operation}"), body)
        };
        let mut found = Vec::new();
        let machines = states("ListStateMachines", &json!({}));
        let standard = |it: &&Value| it["type"] != "EXPRESS";
        for machine in machines["stateMachines"].as_array().unwrap().iter().filter(standard) {
            let asked = json!({"stateMachineArn": machine["stateMachineArn"], "maxResults": 1000});
            let listed = states("ListExecutions", &asked);
            for execution in listed["executions"].as_array().unwrap() {
                let arn = execution["executionArn"].as_str().unwrap();
                let whole = states("DescribeExecution", &json!({"executionArn": arn}));
                let hit = self.first(whole.to_string().as_bytes(), DEPTH);
                found.extend(hit.map(|it| format!("execution {arn}: {it}")));
            }
        }
        found
    }

    /// Lines of all logs.
    #[must_use]
    pub fn in_logs(&self) -> Vec<String> {
        let logs = |operation: &str, body: &Value| {
            aws::call("logs", &format!("Logs_20140328.{operation}"), body)
        };
        let mut found = Vec::new();
        let (mut groups, mut next) = (Vec::new(), Value::Null);
        loop {
            let mut asked = json!({"limit": 50});
            if next.is_string() {
                asked["nextToken"] = next;
            }
            let page = logs("DescribeLogGroups", &asked);
            groups.extend(page["logGroups"].as_array().unwrap().iter().cloned());
            next = page["nextToken"].clone();
            if !next.is_string() {
                break;
            }
        }
        for group in groups.iter().map(|it| it["logGroupName"].as_str().unwrap()) {
            for known in &self.known {
                let asked = json!({"logGroupName": group, "filterPattern": format!("\"{known}\""), "limit": 1});
                let lines = logs("FilterLogEvents", &asked);
                let line = lines["events"][0]["message"].as_str();
                found.extend(line.map(|line| format!("log {group}: {known} in {line}")));
            }
        }
        found
    }

    /// What the local SES and SNS took: what was delivered is with who delivers it.
    #[must_use]
    pub fn with_providers(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (path, key) in [("ses/messages", "messages"), ("sns/sms-messages", "sms_messages")] {
            let answer = http::call("GET", &format!("{ENDPOINT}/_ministack/{path}"), &[], &[]);
            assert_eq!(answer.status, 200, "{path}: {answer}");
            let lists = answer.json()[key].as_object().unwrap().clone();
            for message in lists.values().flat_map(|list| list.as_array().unwrap()) {
                let hit = self.first(message.to_string().as_bytes(), DEPTH);
                found.extend(
                    hit.map(|it| format!("provider {path} {}: {it}", message["MessageId"])),
                );
            }
        }
        found
    }

    /// The first form of it that these bytes have, as they are or unpacked.
    fn first(&self, bytes: &[u8], depth: usize) -> Option<String> {
        // A letter for each byte, whatever it is.
        let text: String = bytes.iter().copied().map(char::from).collect();
        let lower = String::from_utf8_lossy(bytes).to_lowercase();
        let any_case = self.any_case.iter().find(|it| lower.contains(it.as_str()));
        let hit = any_case.or_else(|| self.exact.iter().find(|it| text.contains(it.as_str())));
        hit.cloned().or_else(|| {
            let depth = depth.checked_sub(1)?;
            unpacked(bytes).into_iter().find_map(|inner| self.first(&inner, depth))
        })
    }

    /// A dictionary keeps a word without what it begins with like the one before it: so its ending is looked for.
    fn endings(&self, bytes: &[u8]) -> Option<String> {
        let text = String::from_utf8_lossy(bytes).to_lowercase();
        let ending = |it: &String| {
            let it = it.to_lowercase();
            let half: String = it.chars().skip(it.chars().count() / 2).collect();
            (half.len() >= 8 && text.contains(&half)).then_some(half)
        };
        self.known.iter().find_map(ending)
    }
}

/// A text in base64, wherever in the whole it begins.
fn encoded(text: &str) -> Vec<String> {
    let at = |before: usize| {
        let whole = [vec![b'"'; before], text.as_bytes().to_vec()].concat();
        let coded = STANDARD_NO_PAD.encode(&whole);
        // What its first and last letters are depends on what stands beside it.
        let first = [0, 2, 3][before];
        let last = whole.len() / 3 * 4;
        coded[first..last].to_owned()
    };
    let coded = (0..3).map(at);
    coded.filter(|it| it.len() >= 8).collect()
}

/// What the platform keeps of texts in place of them: see `shared/kernel/src/digest.rs`.
fn digest(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hex(&hasher.finalize()[..16])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// Binary values of an item, at any depth.
fn binaries(value: &Value) -> Box<dyn Iterator<Item = Vec<u8>> + '_> {
    match value {
        Value::Object(all) => Box::new(all.iter().flat_map(|(key, value)| {
            let own = value.as_str().filter(|_| key == "B").and_then(|it| STANDARD.decode(it).ok());
            own.into_iter().chain(binaries(value))
        })),
        Value::Array(all) => Box::new(all.iter().flat_map(binaries)),
        _ => Box::new(std::iter::empty()),
    }
}

/// What may be packed in these bytes.
fn unpacked(bytes: &[u8]) -> Vec<Vec<u8>> {
    fn read(mut from: impl Read) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        // What a broken end leaves of it is looked at too.
        let whole = from.read_to_end(&mut out);
        (whole.is_ok() || !out.is_empty()).then_some(out)
    }
    let mut inner = Vec::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        inner.extend(read(GzDecoder::new(bytes)));
    } else if bytes.starts_with(b"PAR1") {
        inner.extend(rows(bytes));
    } else if !bytes.is_empty() && std::str::from_utf8(bytes).is_err() {
        inner.extend(read(ZlibDecoder::new(bytes)));
        inner.extend(read(DeflateDecoder::new(bytes)));
    }
    inner
}

/// The rows of a Parquet file as text.
fn rows(bytes: &[u8]) -> Option<Vec<u8>> {
    let reader = SerializedFileReader::new(Bytes::copy_from_slice(bytes)).ok()?;
    let rows = reader.get_row_iter(None).ok()?;
    let mut text = String::new();
    for row in rows {
        writeln!(text, "{}", row.ok()?).ok()?;
    }
    Some(text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder};
    use std::io::Write as _;

    fn ada() -> Traces {
        Traces::of(&["Ada-Lovelace", "ada@acme.example"], &[&["use_case", "x", "Ada-Lovelace"]])
    }

    fn sees(bytes: &[u8]) -> bool {
        ada().first(bytes, DEPTH).is_some()
    }

    #[test]
    fn it_is_seen_in_every_form() {
        assert!(sees(b"about ADA-LOVELACE."));
        assert!(sees(b"?q=ada%40acme.example&x"));
        for before in ["", "a", "ab", "abc"] {
            let whole = format!("{before}ada@acme.example, she said");
            assert!(sees(STANDARD.encode(whole).as_bytes()), "{before}");
        }
        assert!(sees(hex(&Sha256::digest("ada@acme.example")).as_bytes()));
        assert!(sees(digest(&["use_case", "x", "Ada-Lovelace"]).to_uppercase().as_bytes()));
        assert!(!sees(b"ada and lovelace at acme.example"));
    }

    #[test]
    fn it_is_seen_in_what_is_packed() {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(b"xxxxxxxxxxxxxxxxxxxx Ada-Lovelace xxxxxxxxxxxxxxxxxxxx").unwrap();
        let packed = packed.finish().unwrap();
        assert!(sees(&packed));
        let mut deflated = DeflateEncoder::new(Vec::new(), Compression::best());
        deflated.write_all(&packed).unwrap();
        let deflated = deflated.finish().unwrap();
        assert!(sees(&deflated));
        let item = json!({"pk": {"S": "x"}, "features": {"B": STANDARD.encode(&deflated)}});
        assert_eq!(binaries(&item).collect::<Vec<_>>(), [deflated]);
    }

    #[test]
    fn what_a_dictionary_leaves_of_it_is_seen() {
        assert!(ada().endings(b"\x04\x07acme.example").is_some());
        assert!(ada().endings(b"\x04\x07example").is_none());
    }
}
