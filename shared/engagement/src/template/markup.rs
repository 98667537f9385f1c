//! The tokenizer of HTML (§13.2.5), as far as it decides where a value may stand.

/// Where an output stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    /// Between tags.
    Text,
    /// In a quoted attribute.
    Attribute,
    /// In an attribute that is a URL, quoted by this.
    Url(char),
}

/// Attributes that are URLs (HTML, "Attributes" index: every one of type URL; SVG's `xlink:href`).
const URLS: [&str; 21] = [
    "action",
    "background",
    "cite",
    "classid",
    "codebase",
    "data",
    "dynsrc",
    "formaction",
    "href",
    "icon",
    "longdesc",
    "lowsrc",
    "manifest",
    "o:href",
    "poster",
    "profile",
    "src",
    "usemap",
    "url",
    "xlink:href",
    "xml:base",
];

/// Attributes that hold several URLs, or a document.
const NEVER: [&str; 5] = ["srcdoc", "srcset", "imagesrcset", "ping", "archive"];

/// Elements that load or redirect by what their attributes say.
const LOADERS: [&str; 10] =
    ["applet", "base", "embed", "frame", "iframe", "link", "meta", "object", "param", "script"];

/// Elements whose content is no markup (HTML §13.2.6, raw text).
const RAW: [&str; 8] =
    ["iframe", "noembed", "noframes", "noscript", "plaintext", "script", "style", "xmp"];

/// What the scan is in the middle of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Place {
    #[default]
    Text,
    TagOpen,
    EndTagOpen,
    TagName,
    BeforeAttribute,
    AttributeName,
    AfterAttribute,
    /// Where branches meet in a tag that one of them wrote more of; true after a blank.
    Joint(bool),
    BeforeValue,
    Value(Option<char>),
    /// Where it depends on the branch what the text means.
    Torn,
    /// After `<!`, until it shows of which kind it is.
    Declaration,
    Comment,
    /// Until `>`.
    Bogus,
    /// Until its end tag; true where values are read as text (`title`, `textarea`).
    Raw(bool),
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct State {
    pub(super) place: Place,
    /// The element of the tag, or whose content it is.
    element: String,
    closing: bool,
    empty: bool,
    attribute: String,
    /// What of an end was seen: of `-->`, or of `</style`.
    seen: String,
    /// How deep in `svg` and `math`, which have rules of their own.
    pub(super) foreign: usize,
}

impl State {
    pub(super) fn feed(&mut self, c: char) {
        let c = c.to_ascii_lowercase();
        let blank = c.is_ascii_whitespace();
        match self.place {
            Place::Text if c == '<' => self.place = Place::TagOpen,
            Place::Text => {}
            Place::TagOpen | Place::EndTagOpen => self.open(c),
            Place::TagName => match c {
                '>' => self.close(),
                '/' => self.next(true),
                _ if blank => self.next(false),
                c => self.element.push(c),
            },
            Place::Joint(after) => match c {
                '>' => self.close(),
                '/' => self.empty = true,
                _ if blank => self.place = Place::Joint(true),
                c if after && c != '=' => self.name(c),
                _ => self.place = Place::Torn,
            },
            Place::Torn => {}
            Place::BeforeAttribute | Place::AfterAttribute => match c {
                '>' => self.close(),
                '/' => self.next(true),
                '=' if self.place == Place::AfterAttribute => self.place = Place::BeforeValue,
                _ if blank => {}
                c => self.name(c),
            },
            Place::AttributeName => match c {
                '>' => self.close(),
                '/' => self.next(true),
                '=' => self.place = Place::BeforeValue,
                _ if blank => self.place = Place::AfterAttribute,
                c => self.attribute.push(c),
            },
            Place::BeforeValue => match c {
                '>' => self.close(),
                '"' | '\'' => self.place = Place::Value(Some(c)),
                _ if blank => {}
                _ => self.place = Place::Value(None),
            },
            Place::Value(Some(quote)) if c == quote => self.next(false),
            Place::Value(None) if c == '>' => self.close(),
            Place::Value(None) if blank => self.next(false),
            Place::Value(_) => {}
            Place::Declaration => self.declaration(c),
            Place::Bogus if c == '>' => self.text(),
            Place::Bogus => {}
            Place::Comment => {
                self.seen.push(c);
                if self.seen.ends_with("-->") || self.seen.ends_with("--!>") {
                    self.text();
                } else if c != '-' && c != '!' {
                    self.seen.clear();
                }
            }
            Place::Raw(_) => self.raw(c),
        }
    }

    /// At the start of an attribute's name.
    fn name(&mut self, c: char) {
        (self.place, self.empty) = (Place::AttributeName, false);
        self.attribute = c.to_string();
    }

    /// Behind an attribute.
    fn next(&mut self, empty: bool) {
        (self.place, self.empty) = (Place::BeforeAttribute, empty);
        self.attribute.clear();
    }

    /// Where a template stands that comes from here or from `other`.
    pub(super) fn join(self, other: Self) -> Option<Self> {
        if self == other {
            return Some(self);
        }
        let within = |it: &Self| {
            matches!(
                it.place,
                Place::TagName
                    | Place::BeforeAttribute
                    | Place::AttributeName
                    | Place::AfterAttribute
                    | Place::Joint(_)
                    | Place::Value(None)
            )
        };
        let same = (&self.element, self.closing, self.foreign)
            == (&other.element, other.closing, other.foreign);
        (same && within(&self) && within(&other)).then(|| Self {
            place: Place::Joint(false),
            attribute: String::new(),
            empty: false,
            ..self
        })
    }

    fn text(&mut self) {
        *self = Self { foreign: self.foreign, ..Self::default() };
    }

    fn open(&mut self, c: char) {
        let closing = self.place == Place::EndTagOpen;
        match c {
            c if c.is_ascii_alphabetic() => {
                self.text();
                (self.place, self.closing, self.element) = (Place::TagName, closing, c.to_string());
            }
            '/' if !closing => self.place = Place::EndTagOpen,
            '!' if !closing => self.place = Place::Declaration,
            '>' if closing => self.text(),
            '?' => self.place = Place::Bogus,
            '<' if !closing => {}
            _ if closing => self.place = Place::Bogus,
            _ => self.text(),
        }
    }

    fn declaration(&mut self, c: char) {
        self.seen.push(c);
        if self.seen == "--[if" {
            self.place = Place::Bogus;
        } else if "--[if".starts_with(&self.seen) {
        } else if let Some(rest) = self.seen.strip_prefix("--") {
            let rest = rest.to_owned();
            (self.place, self.seen) = (Place::Comment, "--".to_owned());
            rest.chars().for_each(|c| self.feed(c));
        } else if c == '>' {
            self.text();
        } else {
            self.place = Place::Bogus;
        }
    }

    /// At the `>` of a tag.
    fn close(&mut self) {
        let foreign = self.element == "svg" || self.element == "math";
        if foreign && self.closing {
            self.foreign = self.foreign.saturating_sub(1);
        } else if foreign && !self.empty {
            self.foreign = self.foreign.saturating_add(1);
        }
        let element = std::mem::take(&mut self.element);
        let closing = self.closing;
        self.text();
        let values = element == "title" || element == "textarea";
        if !closing && (values || RAW.contains(&element.as_str())) {
            (self.place, self.element) = (Place::Raw(values && self.foreign == 0), element);
        }
    }

    fn raw(&mut self, c: char) {
        let end = format!("</{}", self.element);
        if self.seen == end && (c.is_ascii_whitespace() || c == '/' || c == '>') {
            let element = std::mem::take(&mut self.element);
            self.text();
            (self.place, self.closing, self.element) = (Place::TagName, true, element);
            self.feed(c);
            return;
        }
        self.seen.push(c);
        if !end.starts_with(&self.seen) {
            self.seen = if c == '<' { "<".to_owned() } else { String::new() };
        }
    }

    pub(super) fn output(&self, number: bool, captured: bool) -> Result<Context, String> {
        if self.foreign > 0 {
            return Err("no value may stand in `svg` or `math`".to_owned());
        }
        match self.place {
            Place::Text => Ok(Context::Text),
            Place::Raw(true) if self.seen.is_empty() && captured => Ok(Context::Attribute),
            Place::Raw(true) if self.seen.is_empty() => Ok(Context::Text),
            Place::Value(Some(quote)) => self.attribute(quote, number),
            Place::Value(None) | Place::BeforeValue => Err(format!(
                "a value may stand in an attribute only in quotes: {}=\"{{{{ … }}}}\"",
                self.attribute
            )),
            _ => Err(format!(
                "no value may stand inside {}; choose between fixed texts with {{% if %}}",
                self.what()
            )),
        }
    }

    fn attribute(&self, quote: char, number: bool) -> Result<Context, String> {
        let (element, attribute) = (self.element.as_str(), self.attribute.as_str());
        if LOADERS.contains(&element) {
            return Err(format!("no value may stand in an attribute of `{element}`"));
        }
        if attribute.starts_with("on") || NEVER.contains(&attribute) {
            return Err(format!("no value may stand in the attribute `{attribute}`"));
        }
        if attribute == "style" && !number {
            return Err("in `style` a value must be a number, as {{ x | round }}; \
                        choose between fixed styles with {% if %}"
                .to_owned());
        }
        Ok(if URLS.contains(&attribute) { Context::Url(quote) } else { Context::Attribute })
    }

    pub(super) fn what(&self) -> String {
        match self.place {
            Place::Text => "the text".to_owned(),
            Place::TagOpen | Place::EndTagOpen | Place::TagName => "the name of a tag".to_owned(),
            Place::BeforeAttribute
            | Place::AttributeName
            | Place::AfterAttribute
            | Place::Joint(_)
            | Place::Torn => {
                format!("the tag `{}` outside of quotes", self.element)
            }
            Place::BeforeValue | Place::Value(_) => format!("the attribute `{}`", self.attribute),
            Place::Declaration | Place::Comment | Place::Bogus => "a comment".to_owned(),
            Place::Raw(_) => format!("`{}`", self.element),
        }
    }
}
