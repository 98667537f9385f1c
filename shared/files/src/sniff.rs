//! How a file is written: as its document says, its name, and its first bytes.

use crate::bytes::Counter;
use crate::cut::{Csv, Cut, Filled};
use crate::text::{Text, decoder};
use crate::{MAX_ROW, broken};
use ceap_engagement::source::files::{Encoding, FilesDocument, Format, names};
use ceap_engagement::source::object::{
    Compression, Head, Layout, Object, ObjectFiles, Shape, Start,
};
use ceap_kernel::Fault;

/// Bytes that a first look takes; of text, as much as a row may have.
const MAGIC: u64 = 4;

/// How `object` is written, and where its first row is.
///
/// # Errors
/// `Invalid` when it is not written as its document or its name says; `NotFound` when it is no longer
/// there; `Unavailable` or `Throttled`.
pub async fn sniff(
    files: &impl ObjectFiles,
    object: &Object,
    head: &Head,
    document: &FilesDocument,
) -> Result<(Layout, Start), Fault> {
    let magic = files.read(&object.key, &object.etag, 0, MAGIC.min(object.size)).await?;
    let compression = compression(&object.key, head, &magic)?;
    let format = match document.format {
        Format::Auto if compression == Compression::Plain && magic == b"PAR1" => Format::Parquet,
        Format::Auto => by_name(&object.key),
        said => said,
    };
    if format == Format::Parquet {
        if compression != Compression::Plain || magic != b"PAR1" {
            return Err(broken("is no Parquet: it does not begin with PAR1"));
        }
        let (encoding, shape) = (Encoding::Utf8, Shape::Parquet);
        return Ok((Layout { compression, encoding, shape }, Start { at: 0, line: 1 }));
    }
    let (encoding, mark) = match (document.encoding, beginning(files, object, compression).await?) {
        (Encoding::Auto | Encoding::Utf8, (first, _)) if first.starts_with(b"\xef\xbb\xbf") => {
            (Encoding::Utf8, 3)
        }
        (Encoding::Auto, (first, _)) if first.starts_with(b"\xff\xfe") => (Encoding::Utf16Le, 0),
        (Encoding::Auto, (first, _)) if first.starts_with(b"\xfe\xff") => (Encoding::Utf16Be, 0),
        (Encoding::Auto | Encoding::Utf8, _) => (Encoding::Utf8, 0),
        (said, _) => (said, 0),
    };
    let layout = |shape| Layout { compression, encoding, shape };
    let begin = Start { at: mark, line: 1 };
    let (text, whole) = text(files, object, &layout(Shape::Jsonl), begin).await?;
    if text.contains(&0) {
        return Err(broken("is no text; if it is UTF-16 without a byte order mark, say so"));
    }
    let (shape, used) = match format {
        Format::Jsonl => (Shape::Jsonl, 0),
        Format::Json => json(&text),
        Format::Csv => csv(&text, whole, object, document)?,
        Format::Auto | Format::Parquet => match by_text(&text) {
            Format::Json => json(&text),
            Format::Jsonl => (Shape::Jsonl, 0),
            _ => csv(&text, whole, object, document)?,
        },
    };
    let lines = memchr::memchr_iter(b'\n', text.get(..used).unwrap_or_default()).count();
    let start =
        Start { at: mark.saturating_add(used as u64), line: 1_u64.saturating_add(lines as u64) };
    Ok((layout(shape), start))
}

/// The bytes say what they are packed with. A name, or a `Content-Encoding`, that says otherwise speaks of
/// a file that did not arrive as it was.
fn compression(key: &str, head: &Head, magic: &[u8]) -> Result<Compression, Fault> {
    let found = match magic {
        [0x1f, 0x8b, ..] => Compression::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd] => Compression::Zstd,
        _ => Compression::Plain,
    };
    let key = key.to_ascii_lowercase();
    let said = head.content_encoding.as_deref().unwrap_or_default().to_ascii_lowercase();
    let says = |name: &str, suffix: &str| {
        key.ends_with(suffix) || said.split(',').any(|it| it.trim() == name)
    };
    let wrong = match found {
        Compression::Plain if says("gzip", ".gz") => Some("gzip"),
        Compression::Plain if says("zstd", ".zst") => Some("zstd"),
        _ => None,
    };
    match wrong {
        Some(kind) => Err(broken(format!(
            "should be {kind}, as its name or Content-Encoding says, and is not"
        ))),
        None => Ok(found),
    }
}

fn by_name(key: &str) -> Format {
    let name = key.to_ascii_lowercase();
    let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
    match name.rsplit('.').next() {
        Some("csv" | "tsv") => Format::Csv,
        Some("json") => Format::Json,
        Some("jsonl" | "ndjson") => Format::Jsonl,
        Some("parquet") => Format::Parquet,
        _ => Format::Auto,
    }
}

/// What begins with a bracket is JSON; an object that is closed on its line is a line of several.
fn by_text(text: &[u8]) -> Format {
    let text = text.trim_ascii_start();
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    match text.first() {
        Some(b'[') => Format::Json,
        Some(b'{') if line.trim_ascii_end().ends_with(b"}") => Format::Jsonl,
        Some(b'{') => Format::Json,
        _ => Format::Csv,
    }
}

/// The shape of JSON, and where its first value may be.
fn json(text: &[u8]) -> (Shape, usize) {
    let blank = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    match text.get(blank) {
        Some(b'[') => (Shape::Array, blank.saturating_add(1)),
        _ => (Shape::Objects, blank),
    }
}

fn csv(
    text: &[u8],
    whole: bool,
    object: &Object,
    document: &FilesDocument,
) -> Result<(Shape, usize), Fault> {
    let said = document.delimiter.and_then(|it| u8::try_from(it).ok());
    let delimiter = said.unwrap_or_else(|| delimiter(text, &object.key));
    let mut reader = Csv::new(delimiter, None);
    let blank = text.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let rest = text.get(blank..).unwrap_or_default();
    let filled = if whole { Filled::End } else { Filled::Full };
    let (used, first) = match reader.cut(rest, filled) {
        Cut::Row(used) => (used, reader.texts()?),
        Cut::End => (0, Vec::new()),
        _ => return Err(broken("has no first row that can be read")),
    };
    let numbered = |(at, name): (usize, &String)| match (document.header, name.trim()) {
        (true, name) if !name.is_empty() => name.to_owned(),
        _ => format!("c{}", at.saturating_add(1)),
    };
    let columns = match &document.columns {
        Some(columns) => columns.clone(),
        None => first.iter().enumerate().map(numbered).collect(),
    };
    if !first.is_empty() {
        names("header", &columns)?;
    }
    let used = if document.header { blank.saturating_add(used) } else { blank };
    Ok((Shape::Csv { delimiter, columns }, used))
}

/// What the first line has most of, outside quotes.
fn delimiter(text: &[u8], key: &str) -> u8 {
    let name = key.to_ascii_lowercase();
    if name.contains(".tsv") {
        return b'\t';
    }
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for byte in text {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            byte if !quoted => {
                for (delimiter, count) in &mut counts {
                    *count = count.saturating_add(usize::from(delimiter == byte));
                }
            }
            _ => {}
        }
    }
    // The first of those that are there equally often.
    let most = counts.iter().rev().max_by_key(|(_, count)| *count);
    most.map_or(b',', |(delimiter, _)| *delimiter)
}

/// The first bytes, unpacked but not decoded; and whether these are all.
async fn beginning(
    files: &impl ObjectFiles,
    object: &Object,
    compression: Compression,
) -> Result<(Vec<u8>, bool), Fault> {
    let range = (0, object.size.min(64 * 1024));
    let input = crate::bytes::open(files, object, compression, range, Counter::default());
    collect(Text::new(input, None, Counter::default()), MAGIC as usize).await
}

/// The first text, from `begin` on; and whether that is all.
async fn text(
    files: &impl ObjectFiles,
    object: &Object,
    layout: &Layout,
    begin: Start,
) -> Result<(Vec<u8>, bool), Fault> {
    let range = (0, object.size);
    let input = crate::bytes::open(files, object, layout.compression, range, Counter::default());
    let text = Text::new(input, decoder(layout.encoding), Counter::default());
    let (mut text, whole) = collect(text, MAX_ROW).await?;
    let mark = usize::try_from(begin.at).unwrap_or_default();
    text.drain(..mark.min(text.len()));
    Ok((text, whole))
}

/// At least `enough` bytes of text, and whether these are all. What breaks off has a beginning, too.
async fn collect(mut text: Text<'_>, enough: usize) -> Result<(Vec<u8>, bool), Fault> {
    while text.window().len() < enough {
        match text.fill().await {
            Ok(true) => {}
            Ok(false) => return Ok((text.window().to_vec(), true)),
            Err(Fault::Invalid { .. }) if !text.window().is_empty() => {
                return Ok((text.window().to_vec(), true));
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok((text.window().to_vec(), false))
}
