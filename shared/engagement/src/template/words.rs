//! The words of an output or a tag.

/// A word of an output or a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// `a.b["c"][d]`: the part that is fixed (`a.b.c`), and the paths inside the brackets.
    Path(Vec<String>, Vec<Word>),
    /// A quoted text.
    Text(String),
    /// A number or another literal.
    Literal,
    /// Any other sign.
    Sign(char),
}

impl Word {
    /// The word itself, when it is one name.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Path(path, inner) if inner.is_empty() => match path.as_slice() {
                [name] => Some(name),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn is(&self, sign: char) -> bool {
        *self == Self::Sign(sign)
    }
}

/// The words between an output's or a tag's braces. The grammar is the engine's (`grammar.pest`);
/// the text is known to follow it.
pub(super) fn words(inner: &str) -> Vec<Word> {
    let mut rest = Chars { rest: inner };
    std::iter::from_fn(|| rest.word()).collect()
}

struct Chars<'a> {
    rest: &'a str,
}

impl Chars<'_> {
    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next()?;
        self.rest = chars.as_str();
        Some(c)
    }

    fn take(&mut self, accept: impl Fn(char) -> bool) -> String {
        let end = self.rest.find(|c| !accept(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken.to_owned()
    }

    fn starts(&self, accept: impl Fn(char) -> bool) -> bool {
        self.rest.starts_with(accept)
    }

    fn word(&mut self) -> Option<Word> {
        self.take(char::is_whitespace);
        let c = self.rest.chars().next()?;
        let after = self.rest.chars().nth(1);
        if c == '"' || c == '\'' {
            self.next();
            let text = self.take(|next| next != c);
            self.next();
            return Some(Word::Text(text));
        }
        let signed = "+-".contains(c) && after.is_some_and(|c| c.is_ascii_digit());
        if c.is_ascii_digit() || signed {
            self.next();
            self.take(|c| c.is_ascii_digit());
            let fraction = self.rest.strip_prefix('.');
            if fraction.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
                self.next();
                self.take(|c| c.is_ascii_digit());
            }
            return Some(Word::Literal);
        }
        if identifier(c) {
            return Some(self.path());
        }
        self.next().map(Word::Sign)
    }

    fn path(&mut self) -> Word {
        let (mut path, mut inner, mut fixed) = (vec![self.take(identifier)], Vec::new(), true);
        loop {
            let dotted =
                self.rest.strip_prefix('.').is_some_and(|rest| rest.starts_with(identifier));
            let segment = if dotted {
                self.next();
                Some(self.take(identifier))
            } else if self.starts(|c| c == '[') {
                self.next();
                let index = self.word();
                self.take(|c| c != ']');
                self.next();
                match index {
                    Some(Word::Text(text)) => Some(text),
                    Some(word) => {
                        inner.push(word);
                        None
                    }
                    None => None,
                }
            } else {
                break;
            };
            fixed &= segment.is_some();
            path.extend(segment.filter(|_| fixed));
        }
        const LITERALS: [&str; 6] = ["true", "false", "nil", "null", "empty", "blank"];
        match path.as_slice() {
            [name] if LITERALS.contains(&name.as_str()) => Word::Literal,
            _ => Word::Path(path, inner),
        }
    }
}

fn identifier(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(path: &[&str]) -> Word {
        Word::Path(path.iter().map(|it| (*it).to_owned()).collect(), Vec::new())
    }

    #[test]
    fn words_follow_the_grammar() {
        let found = words(r#"for x in (1..a.b) limit: -2 | f: "q}}", k: a["b"][c.d].e, 1.5, nil"#);
        let index = Word::Path(vec!["a".into(), "b".into()], vec![path(&["c", "d"])]);
        let expected = [
            path(&["for"]),
            path(&["x"]),
            path(&["in"]),
            Word::Sign('('),
            Word::Literal,
            Word::Sign('.'),
            Word::Sign('.'),
            path(&["a", "b"]),
            Word::Sign(')'),
            path(&["limit"]),
            Word::Sign(':'),
            Word::Literal,
            Word::Sign('|'),
            path(&["f"]),
            Word::Sign(':'),
            Word::Text("q}}".into()),
            Word::Sign(','),
            path(&["k"]),
            Word::Sign(':'),
            index,
            Word::Sign(','),
            Word::Literal,
            Word::Sign(','),
            Word::Literal,
        ];
        assert_eq!(found, expected);
    }
}
