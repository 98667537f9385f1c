//! Uploads line by line: NDJSON, or CSV (RFC 4180) whose first line names the columns. A line that
//! is wrong is named and left out; the others go on.

use ceap_kernel::Fault;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// A line of an upload.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Which, counted from 1; of CSV, the first is the names of the columns.
    pub number: usize,
    /// Its fields, or what is wrong with it. Of CSV, every field is text and an empty one is none.
    pub fields: Result<Map<String, Value>, Fault>,
}

/// What became of an upload.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Imported {
    /// Lines taken.
    pub accepted: usize,
    /// Lines left out.
    pub refused: Vec<Refused>,
}

/// A line left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "LineRefused")]
pub struct Refused {
    /// Which, counted from 1.
    pub line: usize,
    /// The field.
    pub field: String,
    /// What is wrong with it, and the remedy.
    pub message: String,
}

/// Some lines of a download, and where it goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exported {
    /// NDJSON.
    pub body: String,
    /// The `cursor` of the next page; none after the last.
    pub next: Option<String>,
}

impl Imported {
    /// Notes what became of one line, and hands on what it held.
    pub fn note<T>(&mut self, line: usize, read: Result<T, Fault>) -> Option<T> {
        match read {
            Ok(value) => {
                self.accepted = self.accepted.saturating_add(1);
                Some(value)
            }
            Err(fault) => {
                let (field, message) = match fault {
                    Fault::Invalid { field, message, .. } => (field, message),
                    other => ("line".to_owned(), other.public()),
                };
                self.refused.push(Refused { line, field, message });
                None
            }
        }
    }
}

impl Exported {
    /// Adds a line.
    ///
    /// # Errors
    /// `Internal` when it cannot be written.
    pub fn push(&mut self, line: &impl Serialize) -> Result<(), Fault> {
        let json =
            serde_json::to_string(line).map_err(|error| Fault::Internal(error.to_string()))?;
        self.body.push_str(&json);
        self.body.push('\n');
        Ok(())
    }
}

/// Reads an upload of at most `most` lines, whose fields are among `columns`. It is CSV where
/// `content_type` says so (RFC 7111), else NDJSON; empty lines are none.
///
/// # Errors
/// `Invalid` when nothing of it can be taken: it has too many lines, or unknown columns.
pub fn read(
    content_type: &str,
    body: &[u8],
    columns: &[&str],
    most: usize,
) -> Result<Vec<Line>, Fault> {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut lines =
        if kind.eq_ignore_ascii_case("text/csv") { csv(body, columns)? } else { ndjson(body) };
    if lines.len() > most {
        let message = format!("has {} lines; send at most {most} at once", lines.len());
        return Err(Fault::invalid("body", message));
    }
    for line in &mut lines {
        let unknown = line.fields.as_ref().ok().and_then(|fields| {
            fields.keys().find(|name| !columns.contains(&name.as_str())).cloned()
        });
        if let Some(name) = unknown {
            line.fields = Err(unexpected(&name, columns));
        }
    }
    Ok(lines)
}

fn unexpected(name: &str, columns: &[&str]) -> Fault {
    Fault::invalid(name, format!("is unknown; there are {}", columns.join(", ")))
}

fn ndjson(body: &[u8]) -> Vec<Line> {
    let lines = body.split(|byte| *byte == b'\n').zip(1_usize..);
    let filled = lines.filter(|(line, _)| !line.iter().all(u8::is_ascii_whitespace));
    filled
        .map(|(line, number)| {
            let fields = serde_json::from_slice(line)
                .map_err(|error| Fault::invalid("line", format!("must be a JSON object: {error}")));
            Line { number, fields }
        })
        .collect()
}

/// A record of CSV, and at which line it begins.
struct Record {
    line: usize,
    fields: Vec<String>,
    bad: Option<&'static str>,
}

impl Record {
    const fn at(line: usize) -> Self {
        Self { line, fields: Vec::new(), bad: None }
    }
}

fn csv(body: &[u8], columns: &[&str]) -> Result<Vec<Line>, Fault> {
    let text = String::from_utf8_lossy(body);
    let mut records = records(&text).into_iter();
    let Some(head) = records.next() else { return Ok(Vec::new()) };
    let names: Vec<String> = head.fields.iter().map(|name| name.trim().to_owned()).collect();
    for (n, name) in names.iter().enumerate() {
        if !columns.contains(&name.as_str()) {
            return Err(unexpected(name, columns).within("columns"));
        }
        if names.iter().skip(n.saturating_add(1)).any(|other| other == name) {
            return Err(Fault::invalid(format!("columns.{name}"), "stands twice; remove one"));
        }
    }
    Ok(records.map(|record| Line { number: record.line, fields: fields(&names, record) }).collect())
}

fn fields(names: &[String], record: Record) -> Result<Map<String, Value>, Fault> {
    if let Some(bad) = record.bad {
        return Err(Fault::invalid("line", bad));
    }
    if record.fields.len() != names.len() {
        let message =
            format!("has {} fields; the columns are {}", record.fields.len(), names.len());
        return Err(Fault::invalid("line", message));
    }
    let mut fields = Map::new();
    for (name, value) in names.iter().zip(record.fields) {
        if value.contains(char::REPLACEMENT_CHARACTER) {
            return Err(Fault::invalid(name, "lost letters on its way (U+FFFD); send UTF-8"));
        }
        if !value.is_empty() {
            fields.insert(name.clone(), Value::from(value));
        }
    }
    Ok(fields)
}

#[derive(PartialEq)]
enum State {
    Start,
    Plain,
    Quoted,
    Closed,
}

fn records(text: &str) -> Vec<Record> {
    let (mut records, mut record, mut field) = (Vec::new(), Record::at(1), String::new());
    let (mut state, mut line) = (State::Start, 1_usize);
    let mut end = |record: &mut Record, field: &mut String, line: usize| {
        let mut done = std::mem::replace(record, Record::at(line));
        done.fields.push(std::mem::take(field));
        if done.bad.is_some() || done.fields.iter().any(|field| !field.is_empty()) {
            records.push(done);
        }
    };
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        if c == '\n' {
            line = line.saturating_add(1);
        }
        match (&state, c) {
            (State::Quoted, '"') if letters.next_if_eq(&'"').is_some() => field.push('"'),
            (State::Quoted, '"') => state = State::Closed,
            (State::Quoted, c) => field.push(c),
            (State::Start, '"') => state = State::Quoted,
            (_, ',') => {
                record.fields.push(std::mem::take(&mut field));
                state = State::Start;
            }
            (_, '\r') if letters.peek() == Some(&'\n') => {}
            (_, '\n') => {
                end(&mut record, &mut field, line);
                state = State::Start;
            }
            (State::Closed, _) => record.bad = Some("has letters after a quoted field"),
            (_, c) => {
                field.push(c);
                state = State::Plain;
            }
        }
    }
    if state == State::Quoted {
        record.bad = Some("has a quote that is not closed; what follows it was not read");
    }
    end(&mut record, &mut field, line);
    records
}

/// The text of a field.
///
/// # Errors
/// `Invalid` when there is none, or it is no text.
pub fn required<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<&'a str, Fault> {
    optional(fields, name)?.ok_or_else(|| Fault::invalid(name, "is missing; it is required"))
}

/// The text of a field, if there is one.
///
/// # Errors
/// `Invalid` when it is no text.
pub fn optional<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Fault> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Fault::invalid(name, "must be text")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn csv_lines(text: &str) -> Vec<(usize, Result<Value, String>)> {
        let lines = read("text/csv; charset=utf-8", text.as_bytes(), &["a", "b"], 100).unwrap();
        let told = |it: Line| it.fields.map(Value::from).map_err(|fault| fault.to_string());
        lines.into_iter().map(|it| (it.number, told(it))).collect()
    }

    #[test]
    fn csv_as_spreadsheets_write_it() {
        let text = "\u{feff}a,b\r\n1,\"x, \"\"y\"\"\"\r\n\r\n2,\"two\nlines\"\r\n3,\r\n4\r\n5,\"x\"y\r\n6,z";
        let lines = csv_lines(text);
        assert_eq!(lines[0], (2, Ok(json!({"a": "1", "b": "x, \"y\""}))));
        assert_eq!(lines[1], (4, Ok(json!({"a": "2", "b": "two\nlines"}))));
        assert_eq!(lines[2], (6, Ok(json!({"a": "3"}))));
        assert_eq!(lines[3], (7, Err("line: has 1 fields; the columns are 2".to_owned())));
        assert_eq!(lines[4], (8, Err("line: has letters after a quoted field".to_owned())));
        assert_eq!(lines[5], (9, Ok(json!({"a": "6", "b": "z"}))));
        let open = csv_lines("a,b\n1,\"x\n2,y\n");
        assert!(open[0].1.as_ref().unwrap_err().contains("not closed"), "{open:?}");
    }

    #[test]
    fn what_nothing_can_be_taken_of_is_refused() {
        let fails = |kind: &str, body: &str| {
            read(kind, body.as_bytes(), &["a", "b"], 2).unwrap_err().to_string()
        };
        assert_eq!(fails("text/csv", "a,x\n1,2"), "columns.x: is unknown; there are a, b");
        assert_eq!(fails("text/csv", "a,a\n1,2"), "columns.a: stands twice; remove one");
        assert_eq!(fails("", "{}\n{}\n{}"), "body: has 3 lines; send at most 2 at once");
        assert!(read("text/csv", b"", &["a"], 2).unwrap().is_empty());
    }

    #[test]
    fn bad_lines_in_the_middle_are_named() {
        let body = b"{\"a\": 1}\n\n[]\n{\"c\": 1}\n\xff\n{\"a\": \"x\"}";
        let mut imported = Imported::default();
        let lines = read("application/x-ndjson", body, &["a", "b"], 100).unwrap();
        let read = |line: Line| {
            let fields = line.fields.and_then(|it| required(&it, "a").map(str::to_owned));
            imported.note(line.number, fields)
        };
        let taken: Vec<String> = lines.into_iter().filter_map(read).collect();
        assert_eq!(taken, ["x"]);
        let told: Vec<(usize, &str)> =
            imported.refused.iter().map(|it| (it.line, it.field.as_str())).collect();
        assert_eq!(told, [(1, "a"), (3, "line"), (4, "c"), (5, "line")]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(csv in any::<bool>(), body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(if csv { "text/csv" } else { "" }, &body, &["a"], 50);
        }

        #[test]
        fn any_fields_come_back(rows in prop::collection::vec(("[a-z\",\r\n]{1,9}", "[ -~]{1,9}"), 0..9)) {
            let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
            let mut text = "a,b\n".to_owned();
            for (a, b) in &rows {
                text += &format!("{},{}\r\n", quoted(a), quoted(b));
            }
            let read: Vec<Value> = csv_lines(&text).into_iter().map(|it| it.1.unwrap()).collect();
            let expected: Vec<Value> = rows.iter().map(|(a, b)| json!({"a": a, "b": b})).collect();
            prop_assert_eq!(read, expected);
        }
    }
}
