//! Real data that lies beside the checkout and is not part of it.

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
