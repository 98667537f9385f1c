//! Real data that lies beside the checkout and is not part of it.

use crate::builders::{at, subject};
use ceap_engagement::event::Event;
use serde_json::json;
use std::path::{Path, PathBuf};

/// The file `name` of the shared data: below `$CEAP_SHARED_DATA`, or else below `shared/data`
/// beside the checkout that `manifest_dir` (`CARGO_MANIFEST_DIR`) is in. None, with a word about
/// it, when it is not there.
#[must_use]
pub fn shared(manifest_dir: &str, name: &str) -> Option<PathBuf> {
    let named = std::env::var_os("CEAP_SHARED_DATA").map(PathBuf::from);
    let found = match named {
        Some(folder) => Some(folder.join(name)).filter(|file| file.is_file()),
        None => Path::new(manifest_dir)
            .ancestors()
            .map(|folder| folder.join("shared/data").join(name))
            .find(|file| file.is_file()),
    };
    if found.is_none() {
        eprintln!("skipped: {name} is not there (set CEAP_SHARED_DATA to its folder)");
    }
    found
}

/// The fields of one line of CSV (RFC 4180, without line breaks in fields).
#[must_use]
pub fn csv_fields(line: &str) -> Vec<String> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    fields.push(field);
    fields
}

/// The `login_failed` events of the SSH log, one for each "Failed password" line: source address,
/// `MMM dd` and time of day as the log writes them, and the line's number.
#[must_use]
pub fn failed_passwords(csv: &str) -> Vec<(String, String, String)> {
    csv.lines()
        .map(csv_fields)
        .filter(|row| row.len() >= 7 && row[6].contains("Failed password"))
        .map(|row| {
            let (_, rest) = row[6].split_once(" from ").unwrap();
            let address = rest.split_whitespace().next().unwrap();
            let time = format!("2017-12-{:0>2}T{}Z", row[2], row[3]);
            (address.to_owned(), time, row[0].clone())
        })
        .collect()
}

/// A row of CDNOW's purchases: its line, the customer, the day as the file writes it, and the amount.
#[derive(Debug)]
pub struct Purchase {
    /// From 1.
    pub line: usize,
    /// By number.
    pub customer: String,
    /// As `19970112`.
    pub day: String,
    /// In dollars.
    pub amount: f64,
}

/// CDNOW's purchases; none, with a word about it, when the file is not there.
#[must_use]
pub fn cdnow(manifest_dir: &str) -> Option<Vec<Purchase>> {
    let text = std::fs::read_to_string(shared(manifest_dir, "cdnow/CDNOW_master.txt")?).unwrap();
    let purchases = text.lines().enumerate().filter_map(|(line, text)| {
        let mut words = text.split_whitespace();
        let customer = words.next().filter(|it| it.bytes().all(|byte| byte.is_ascii_digit()))?;
        let day = words.next()?.to_owned();
        let amount = words.nth(1)?.parse().ok()?;
        Some(Purchase { line: line + 1, customer: customer.to_owned(), day, amount })
    });
    let purchases: Vec<Purchase> = purchases.collect();
    assert_eq!(purchases.len(), 69_659, "as the data's README says");
    Some(purchases)
}

impl Purchase {
    /// As a source would have sent it: the line number is its id, for some rows repeat others exactly.
    #[must_use]
    pub fn event(&self) -> Event {
        let (year, rest) = self.day.split_at(4);
        let (month, day) = rest.split_at(2);
        Event {
            id: self.line.to_string(),
            source: "cdnow".to_owned(),
            kind: "purchase".to_owned(),
            subject: subject(&self.customer),
            time: at(&format!("{year}-{month}-{day}T00:00:00Z")),
            data: json!({"amount": self.amount}).as_object().unwrap().clone(),
        }
    }
}
