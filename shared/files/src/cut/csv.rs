//! CSV (RFC 4180): fields may hold line breaks where they are quoted. `csv_core` reads a row; what is said
//! here is what becomes of rows that are none.
//!
//! A quote that nobody closes would swallow the rest of the file. So a row that is none and has several
//! lines is taken for its first line alone, and reading goes on with the second: one row is lost, not all.

use super::{Cut, Filled, bad, too_long};
use crate::MAX_ROW;
use ceap_kernel::Fault;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use serde_json::{Map, Value};

#[derive(Debug)]
pub struct Csv {
    reader: Reader,
    /// None for a header: then any number of fields will do.
    columns: Option<Vec<String>>,
    /// The fields that were read last, one after the other, and where each ends.
    text: Vec<u8>,
    ends: Vec<usize>,
    fields: usize,
}

impl Csv {
    pub fn new(delimiter: u8, columns: Option<Vec<String>>) -> Self {
        let ends = columns.as_ref().map_or(64, Vec::len).saturating_add(1);
        Self {
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            columns,
            text: Vec::new(),
            ends: vec![0; ends],
            fields: 0,
        }
    }

    pub fn cut(&mut self, window: &[u8], filled: Filled) -> Cut {
        let blank = window.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        if blank > 0 {
            return Cut::Blank(blank);
        }
        if window.is_empty() {
            return if filled == Filled::End { Cut::End } else { Cut::More };
        }
        match self.read(window, filled) {
            Read::Row(used) if used > MAX_ROW => first_line(window, used, filled, too_long()),
            Read::Row(used) => match self.ragged() {
                Some(fault) => first_line(window, used, filled, fault),
                None => Cut::Row(used),
            },
            Read::Open if filled == Filled::Partly => Cut::More,
            Read::Open if window.len() > MAX_ROW => {
                first_line(window, window.len(), filled, too_long())
            }
            Read::Open => {
                let fault = bad("opens a quote that is never closed");
                first_line(window, window.len(), filled, fault)
            }
        }
    }

    fn read(&mut self, window: &[u8], filled: Filled) -> Read {
        self.reader.reset();
        // It only grows: to clear it for each row would cost more than to read the row.
        if self.text.len() < window.len() {
            self.text.resize(window.len(), 0);
        }
        let (mut used, mut written, mut fields) = (0_usize, 0_usize, 0_usize);
        let mut rest = window;
        loop {
            let text = self.text.get_mut(written..).unwrap_or_default();
            let ends = self.ends.get_mut(fields..).unwrap_or_default();
            let (result, read, wrote, ended) = self.reader.read_record(rest, text, ends);
            used = used.saturating_add(read);
            written = written.saturating_add(wrote);
            fields = fields.saturating_add(ended);
            rest = window.get(used..).unwrap_or_default();
            match result {
                ReadRecordResult::Record | ReadRecordResult::End => {
                    self.fields = fields;
                    return Read::Row(used.min(window.len()));
                }
                ReadRecordResult::OutputEndsFull => {
                    self.ends.resize(self.ends.len().saturating_mul(2), 0);
                }
                // Never: the text of a row's fields is no longer than the row.
                ReadRecordResult::OutputFull => return Read::Open,
                ReadRecordResult::InputEmpty if filled == Filled::End && used == window.len() => {
                    // A line's end is the end of a row, unless a quote is open.
                    self.ends.resize(self.ends.len().max(fields.saturating_add(1)), 0);
                    let ends = self.ends.get_mut(fields..).unwrap_or_default();
                    let spare = &mut [0];
                    let (result, _, _, ended) = self.reader.read_record(b"\n", spare, ends);
                    fields = fields.saturating_add(ended);
                    self.fields = fields;
                    return match result {
                        ReadRecordResult::Record => Read::Row(window.len()),
                        _ => Read::Open,
                    };
                }
                ReadRecordResult::InputEmpty => return Read::Open,
            }
        }
    }

    fn ragged(&self) -> Option<Fault> {
        let columns = self.columns.as_ref()?.len();
        let has = |fields: usize| match fields {
            1 => "1 field".to_owned(),
            n => format!("{n} fields"),
        };
        let message = || format!("has {}, not {columns} as the file has columns", has(self.fields));
        (self.fields != columns).then(|| bad(message()))
    }

    /// The fields that were read last.
    pub fn texts(&self) -> Result<Vec<String>, Fault> {
        let mut begin = 0_usize;
        let texts = self.ends.iter().take(self.fields).map(|end| {
            let field = self.text.get(begin..*end).unwrap_or_default();
            begin = *end;
            let text = std::str::from_utf8(field);
            text.map(str::to_owned).map_err(|_| bad("is no UTF-8; say the source's `encoding`"))
        });
        texts.collect()
    }

    pub fn value(&self) -> Result<Value, Fault> {
        let columns = self.columns.iter().flatten().cloned();
        let fields = columns.zip(self.texts()?.into_iter().map(Value::String));
        Ok(Value::Object(fields.collect::<Map<_, _>>()))
    }
}

/// What came of reading a row.
enum Read {
    /// It ends after so many bytes.
    Row(usize),
    /// It does not end in the window.
    Open,
}

/// Of what is no row, `used` bytes long, the first line.
fn first_line(window: &[u8], used: usize, filled: Filled, fault: Fault) -> Cut {
    let row = window.get(..used).unwrap_or(window);
    match memchr::memchr(b'\n', row) {
        Some(end) if end >= MAX_ROW => Cut::Bad(end.saturating_add(1), too_long()),
        Some(end) => Cut::Bad(end.saturating_add(1), fault),
        None if used == window.len() && filled == Filled::Full => Cut::Long,
        None => Cut::Bad(used, fault),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cuts(text: &str) -> Vec<String> {
        let mut csv = Csv::new(b',', Some(vec!["a".to_owned(), "b".to_owned()]));
        let (mut at, mut said) = (0_usize, Vec::new());
        loop {
            let window = &text.as_bytes()[at..];
            let (used, say) = match csv.cut(window, Filled::End) {
                Cut::Row(used) => (used, csv.value().unwrap().to_string()),
                Cut::Bad(used, fault) => (used, fault.to_string()),
                Cut::Blank(used) => (used, "-".to_owned()),
                Cut::End => return said,
                other => panic!("{other:?}"),
            };
            at = at.saturating_add(used);
            said.push(say);
        }
    }

    #[test]
    fn quotes_hold_delimiters_and_lines() {
        let row = r#"{"a":"x, \"y\"","b":"1\n2"}"#;
        assert_eq!(cuts("\"x, \"\"y\"\"\",\"1\n2\"\r\n1,2"), [row, "-", r#"{"a":"1","b":"2"}"#]);
    }

    #[test]
    fn a_row_that_is_none_costs_itself() {
        let ragged = "row: has 3 fields, not 2 as the file has columns";
        assert_eq!(cuts("1,2,3\n4,5\n"), [ragged, r#"{"a":"4","b":"5"}"#]);
        assert_eq!(cuts("1\n4,5\n")[0], "row: has 1 field, not 2 as the file has columns");
    }

    #[test]
    fn a_quote_that_is_never_closed_costs_its_line() {
        let open = "row: opens a quote that is never closed";
        let rows = [open, r#"{"a":"3","b":"4"}"#, r#"{"a":"5","b":"6"}"#];
        assert_eq!(cuts("1,\"2\n3,4\n5,6"), rows);
    }
}
