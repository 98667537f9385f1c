//! Text read through a window.

use crate::MAX_ROW;
use crate::bytes::{Counter, Stream, fault};
use crate::cut::{Cut, Cutter, Filled};
use crate::rows::Found;
use ceap_engagement::source::files::Encoding;
use ceap_engagement::source::object::{Layout, Object, ObjectFiles, Part, Start};
use ceap_kernel::Fault;
use encoding_rs::{
    Decoder, ISO_8859_15, UTF_16BE, UTF_16LE, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252,
};
use serde_json::Value;
use tokio::io::AsyncReadExt;

/// Bytes that are read at once.
const STEP: usize = 256 * 1024;

/// Bytes of a row that is none, as it is shown.
const SHOWN: usize = 4 * 1024;

/// Makes UTF-8 of an encoding; none for UTF-8 itself. A byte order mark is left out.
pub fn decoder(encoding: Encoding) -> Option<Decoder> {
    let encoding = match encoding {
        Encoding::Auto | Encoding::Utf8 => return None,
        Encoding::Utf16Le => UTF_16LE,
        Encoding::Utf16Be => UTF_16BE,
        Encoding::Windows1252 => WINDOWS_1252,
        Encoding::Windows1250 => WINDOWS_1250,
        Encoding::Windows1251 => WINDOWS_1251,
        Encoding::Iso885915 => ISO_8859_15,
    };
    Some(encoding.new_decoder_with_bom_removal())
}

/// Text, and how far it was read.
pub struct Text<'a> {
    input: Stream<'a>,
    decoder: Option<Decoder>,
    /// What is looked at: `window[begin..]`, which stands at `at` and on `line`.
    window: Vec<u8>,
    begin: usize,
    at: u64,
    line: u64,
    ended: bool,
    raw: Vec<u8>,
    /// Bytes of the object that were read for it.
    pub counter: Counter,
}

impl<'a> Text<'a> {
    /// The text of a part, from `from` on.
    ///
    /// # Errors
    /// `Invalid` when there is no text that far; `Unavailable`, `Throttled` or `NotFound`.
    pub async fn open(
        files: &'a impl ObjectFiles,
        object: &'a Object,
        layout: &Layout,
        part: &Part,
        from: Start,
    ) -> Result<Self, Fault> {
        let counter = Counter::default();
        let seekable = layout.is_seekable();
        let begin = if seekable { from.at } else { 0 };
        let end = part.to.filter(|_| seekable).unwrap_or(object.size);
        let range = (begin, end);
        let input = crate::bytes::open(files, object, layout.compression, range, counter.clone());
        let mut text = Self::new(input, decoder(layout.encoding), counter);
        text.at = begin;
        while text.at < from.at {
            if !text.fill().await? {
                return Err(crate::broken("is shorter than it was"));
            }
            let rest = usize::try_from(from.at.saturating_sub(text.at)).unwrap_or(usize::MAX);
            text.use_up(rest.min(text.window().len()));
        }
        text.line = from.line;
        Ok(text)
    }

    /// Text as it comes.
    pub fn new(input: Stream<'a>, decoder: Option<Decoder>, counter: Counter) -> Self {
        let (window, raw) = (Vec::with_capacity(MAX_ROW), Vec::new());
        Self { input, decoder, window, begin: 0, at: 0, line: 1, ended: false, raw, counter }
    }

    /// What is looked at.
    pub fn window(&self) -> &[u8] {
        self.window.get(self.begin..).unwrap_or_default()
    }

    /// Where the window begins.
    pub fn place(&self) -> Start {
        Start { at: self.at, line: self.line }
    }

    /// Reads more; `false` when there is none.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn fill(&mut self) -> Result<bool, Fault> {
        if self.ended {
            return Ok(false);
        }
        self.window.drain(..self.begin);
        self.begin = 0;
        let target = if self.decoder.is_some() { &mut self.raw } else { &mut self.window };
        target.reserve(STEP);
        let mut limited = (&mut self.input).take(STEP as u64);
        let read = limited.read_buf(target).await.map_err(|error| fault(&error))?;
        self.ended = read == 0;
        if let Some(decoder) = &mut self.decoder {
            let most = decoder.max_utf8_buffer_length(self.raw.len()).unwrap_or_default();
            let mut decoded = String::with_capacity(most);
            // It holds whatever it can become.
            let _ = decoder.decode_to_string(&self.raw, &mut decoded, self.ended);
            self.raw.clear();
            self.window.extend_from_slice(decoded.as_bytes());
        }
        Ok(!self.ended || !self.window().is_empty())
    }

    /// Goes on `bytes` further.
    pub fn use_up(&mut self, bytes: usize) {
        let used = self.window().get(..bytes).unwrap_or_default();
        let lines = memchr::memchr_iter(b'\n', used).count();
        self.line = self.line.saturating_add(lines as u64);
        self.at = self.at.saturating_add(bytes as u64);
        self.begin = self.begin.saturating_add(bytes).min(self.window.len());
    }

    fn filled(&self) -> Filled {
        match self.window().len() {
            _ if self.ended => Filled::End,
            length if length > MAX_ROW => Filled::Full,
            _ => Filled::Partly,
        }
    }

    /// The next row, if there is one.
    ///
    /// # Errors
    /// `Invalid` when nothing after it can be read; `Unavailable`, `Throttled` or `NotFound`.
    pub async fn next(&mut self, cutter: &mut Cutter) -> Result<Option<Found>, Fault> {
        self.row(cutter, |cutter, row| cutter.value(row).map_err(|fault| (fault, shown(row)))).await
    }

    /// The next row, which is not looked into, if there is one.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub async fn skip(&mut self, cutter: &mut Cutter) -> Result<Option<Found>, Fault> {
        self.row(cutter, |_, _| Ok(Value::Null)).await
    }

    async fn row(
        &mut self,
        cutter: &mut Cutter,
        value: impl Fn(&mut Cutter, &[u8]) -> Result<Value, (Fault, Value)>,
    ) -> Result<Option<Found>, Fault> {
        loop {
            let start = self.place();
            let window = self.window.get(self.begin..).unwrap_or_default();
            let first = |used: usize| window.get(..used).unwrap_or(window);
            let (used, row) = match cutter.cut(window, self.filled())? {
                Cut::End => return Ok(None),
                Cut::More => {
                    self.fill().await?;
                    continue;
                }
                Cut::Blank(used) => {
                    self.use_up(used);
                    continue;
                }
                Cut::Row(used) => (used, value(cutter, first(used))),
                Cut::Bad(used, fault) => (used, Err((fault, shown(first(used))))),
                Cut::Long => {
                    let message = format!("is a line of more than {MAX_ROW} bytes");
                    let row = Err((Fault::invalid("row", message), shown(window)));
                    self.skip_line().await?;
                    return Ok(Some(Found { start, row }));
                }
            };
            self.use_up(used);
            return Ok(Some(Found { start, row }));
        }
    }

    async fn skip_line(&mut self) -> Result<(), Fault> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', self.window()) {
                self.use_up(end.saturating_add(1));
                return Ok(());
            }
            self.use_up(self.window().len());
            if !self.fill().await? {
                return Ok(());
            }
        }
    }
}

/// A row as people see it in quarantine: its beginning, if it is long.
fn shown(row: &[u8]) -> Value {
    let row = row.strip_suffix(b"\n").unwrap_or(row);
    let row = row.strip_suffix(b"\r").unwrap_or(row);
    Value::from(String::from_utf8_lossy(row.get(..SHOWN).unwrap_or(row)))
}
