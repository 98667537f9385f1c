//! The words of DynamoDB's expressions.

use super::Refusal;

/// One word or sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A keyword, a function's name, an attribute's name, or the place in a list.
    Word(String),
    /// `#name`.
    Name(String),
    /// `:value`.
    Value(String),
    /// `(`, `<=`, `+` and their like.
    Sign(&'static str),
}

/// The longest first, so that `<=` is not read as `<`.
const SIGNS: [&str; 14] = ["<>", "<=", ">=", "=", "<", ">", "(", ")", ",", ".", "[", "]", "+", "-"];

/// The words of an expression.
///
/// # Errors
/// `ValidationException` at a character that no expression has.
pub fn tokens(expression: &str) -> Result<Vec<Token>, Refusal> {
    let mut left = expression.trim_start();
    let mut tokens = Vec::new();
    while let Some(first) = left.chars().next() {
        let token = if let Some(sign) = SIGNS.iter().find(|sign| left.starts_with(**sign)) {
            left = left.strip_prefix(*sign).unwrap_or_default();
            Token::Sign(sign)
        } else {
            let marked = matches!(first, '#' | ':');
            let rest = if marked { left.strip_prefix(first).unwrap_or_default() } else { left };
            let end = rest.find(|it: char| !it.is_ascii_alphanumeric() && it != '_');
            let (word, after) =
                rest.split_at_checked(end.unwrap_or(rest.len())).unwrap_or_default();
            if word.is_empty() {
                return Err(Refusal::invalid(format!("{first} in `{expression}`")));
            }
            left = after;
            match first {
                '#' => Token::Name(format!("#{word}")),
                ':' => Token::Value(format!(":{word}")),
                _ => Token::Word(word.to_owned()),
            }
        };
        tokens.push(token);
        left = left.trim_start();
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_signs_and_placeholders() {
        let word = |text: &str| Token::Word(text.to_owned());
        let found = tokens("a.#b <> :c AND (d[0]<=:e)").unwrap();
        let expected = [
            word("a"),
            Token::Sign("."),
            Token::Name("#b".to_owned()),
            Token::Sign("<>"),
            Token::Value(":c".to_owned()),
            word("AND"),
            Token::Sign("("),
            word("d"),
            Token::Sign("["),
            word("0"),
            Token::Sign("]"),
            Token::Sign("<="),
            Token::Value(":e".to_owned()),
            Token::Sign(")"),
        ];
        assert_eq!(found, expected);
        assert!(tokens("a ? b").is_err());
    }
}
