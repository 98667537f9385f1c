//! Regular expressions in conditions: literals, compiled with their condition.

use cel::common::types::{CelBool, CelString, STRING_TYPE, Type};
use cel::common::value::{CowVal, StaticVal, Val};
use cel::{DeclarationError, Env, ExecutionError};
use regex::{Regex, RegexBuilder};
use std::any::Any;

/// The function that matches a text.
pub const MATCHES: &str = "matches";

const TYPE: Type = Type::new_unspecified_type("ceap.pattern");
static PATTERN: Type = TYPE;

/// A compiled regular expression, which stands where its literal stood.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// What the names of patterns begin with; their number follows. Nobody can write such a name.
    pub const NAME: &str = "@pattern";

    /// Compiles `source`, which may take `bytes` of memory.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn compile(source: &str, bytes: usize) -> Result<Self, String> {
        RegexBuilder::new(&ascii(source)).size_limit(bytes).build().map(Self).map_err(|error| {
            match error {
                regex::Error::CompiledTooBig(_) => "is too large a regular expression".to_owned(),
                // The parser draws the place below the pattern; the last line says what is wrong.
                error => {
                    let text = error.to_string();
                    let what =
                        text.lines().last().unwrap_or_default().trim_start_matches("error: ");
                    format!("is not a regular expression: {what}")
                }
            }
        })
    }
}

/// The pattern with Perl's classes as RE2 has them, and so CEL: of ASCII. (Those of all of Unicode
/// are `\pL` and the like; they are hundreds of times as large.)
fn ascii(source: &str) -> String {
    let mut plain = String::with_capacity(source.len());
    let mut characters = source.chars();
    while let Some(character) = characters.next() {
        let escaped = if character == '\\' { characters.next() } else { None };
        match escaped {
            Some('d') => plain.push_str("[0-9]"),
            Some('D') => plain.push_str("[^0-9]"),
            Some('w') => plain.push_str("[0-9A-Za-z_]"),
            Some('W') => plain.push_str("[^0-9A-Za-z_]"),
            Some('s') => plain.push_str(r"[\t\n\f\r ]"),
            Some('S') => plain.push_str(r"[^\t\n\f\r ]"),
            other => {
                plain.push(character);
                plain.extend(other);
            }
        }
    }
    plain
}

impl Val for Pattern {
    fn get_type(&self) -> &Type {
        &PATTERN
    }

    fn cel_type() -> &'static Type {
        &PATTERN
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Pattern {}

/// Lets `matches` take compiled patterns.
///
/// # Errors
/// When CEL declares the same already.
pub fn declare(env: &mut Env) -> Result<(), DeclarationError> {
    env.add_overload(MATCHES, "matches_pattern", vec![STRING_TYPE, TYPE], matches)?;
    let id = "string_matches_pattern";
    env.add_member_overload(MATCHES, id, STRING_TYPE, vec![TYPE], matches)
}

fn matches<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    match args.as_slice() {
        [text, pattern] => match (text.downcast_ref(), pattern.downcast_ref()) {
            (Some::<&CelString<'_>>(text), Some(Pattern(regex))) => {
                Ok(CowVal::owned(CelBool::from(regex.is_match(text.inner()))))
            }
            _ => Err(ExecutionError::MissingArgumentOrTarget),
        },
        _ => Err(ExecutionError::MissingArgumentOrTarget),
    }
}
