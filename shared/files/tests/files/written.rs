//! The same rows in every format.

use flate2::Compression;
use flate2::write::GzEncoder;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde_json::{Map, Value};
use std::io::Write;
use std::sync::Arc;

/// Rows as text, by column; some columns are numbers where a format has them.
pub struct Sheet {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
    pub numbers: Vec<&'static str>,
}

impl Sheet {
    /// Reads CSV without line breaks in fields.
    pub fn read(csv: &str, numbers: &[&'static str]) -> Self {
        let mut lines = csv.lines().map(ceap_testkit::data::csv_fields);
        let columns = lines.next().unwrap();
        Self { columns, rows: lines.collect(), numbers: numbers.to_vec() }
    }

    pub fn csv(&self, delimiter: &str, end: &str) -> String {
        let quote = |field: &String| format!("\"{}\"", field.replace('"', "\"\""));
        let line = |row: &Vec<String>| {
            let fields: Vec<String> = row.iter().map(quote).collect();
            fields.join(delimiter) + end
        };
        std::iter::once(&self.columns).chain(&self.rows).map(line).collect()
    }

    fn objects(&self) -> Vec<Value> {
        let value = |name: &String, field: &String| match self.numbers.contains(&name.as_str()) {
            true => field.parse::<f64>().unwrap().into(),
            false => Value::from(field.as_str()),
        };
        let row = |row: &Vec<String>| {
            let fields = self.columns.iter().zip(row);
            fields.map(|(name, field)| (name.clone(), value(name, field))).collect::<Map<_, _>>()
        };
        self.rows.iter().map(|it| Value::Object(row(it))).collect()
    }

    pub fn jsonl(&self) -> String {
        self.objects().iter().map(|row| format!("{row}\n")).collect()
    }

    pub fn array(&self) -> String {
        serde_json::to_string_pretty(&self.objects()).unwrap()
    }

    /// With row groups of `group` rows.
    pub fn parquet(&self, group: usize) -> Vec<u8> {
        let is_number = |name: &String| self.numbers.contains(&name.as_str());
        let field = |name: &String| match is_number(name) {
            true => format!("required double {name};"),
            false => format!("optional binary {name} (UTF8);"),
        };
        let fields: String = self.columns.iter().map(field).collect();
        let schema = Arc::new(parse_message_type(&format!("message row {{ {fields} }}")).unwrap());
        let properties = WriterProperties::builder()
            .set_compression(parquet::basic::Compression::SNAPPY)
            .set_data_page_row_count_limit(500)
            .set_write_batch_size(100)
            .build();
        let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
        for rows in self.rows.chunks(group) {
            let mut written = file.next_row_group().unwrap();
            for column in 0..self.columns.len() {
                let mut writer = written.next_column().unwrap().unwrap();
                let values = rows.iter().map(|row| row[column].as_str());
                match writer.untyped() {
                    ColumnWriter::DoubleColumnWriter(it) => {
                        let values: Vec<f64> = values.map(|it| it.parse().unwrap()).collect();
                        it.write_batch(&values, None, None).unwrap();
                    }
                    ColumnWriter::ByteArrayColumnWriter(it) => {
                        let values: Vec<ByteArray> = values.map(ByteArray::from).collect();
                        it.write_batch(&values, Some(&vec![1; values.len()]), None).unwrap();
                    }
                    _ => panic!("neither number nor text"),
                }
                writer.close().unwrap();
            }
            written.close().unwrap();
        }
        file.into_inner().unwrap()
    }
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

pub fn utf16(text: &str, little: bool) -> Vec<u8> {
    let bytes = |unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() };
    "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(bytes).collect()
}
