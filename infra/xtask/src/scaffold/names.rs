//! One name in the spellings that code and templates need.

/// A name and its spellings.
pub struct Names {
    /// `web-push`
    pub kebab: String,
    /// `web_push`
    pub snake: String,
    /// `WebPush`
    pub pascal: String,
}

/// Words that Rust keeps for itself; a module of that name does not compile.
const RESERVED: [&str; 44] = [
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern",
    "false", "fn", "for", "gen", "if", "impl", "in", "let", "lib", "loop", "main", "match", "mod",
    "move", "mut", "pub", "ref", "return", "self", "static", "struct", "super", "test", "trait",
    "true", "try", "type", "unsafe", "use", "where", "while", "yield", "demo",
];

/// Checks a name from the command line.
pub fn kebab_case(text: &str) -> Result<String, String> {
    let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let good = text.len() <= 32
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.split('-').all(|word| !word.is_empty() && word.chars().all(lower));
    if !good {
        return Err("use kebab-case, at most 32 characters, like `web-push`".into());
    }
    if RESERVED.contains(&text) {
        return Err("this word is taken by Rust or by this repository: choose another".into());
    }
    Ok(text.to_owned())
}

impl Names {
    /// The spellings of a name that `kebab_case` took.
    pub fn new(kebab: &str) -> Self {
        let pascal = kebab.split('-').map(|word| {
            let mut chars = word.chars();
            chars
                .next()
                .map(|first| first.to_ascii_uppercase())
                .into_iter()
                .chain(chars)
                .collect::<String>()
        });
        Self { kebab: kebab.to_owned(), snake: kebab.replace('-', "_"), pascal: pascal.collect() }
    }

    /// Fills a template of this folder.
    pub fn fill(&self, template: &str) -> String {
        template
            .replace("<<kebab>>", &self.kebab)
            .replace("<<snake>>", &self.snake)
            .replace("<<Pascal>>", &self.pascal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kebab_case() {
        assert!(kebab_case("web-push").is_ok());
        for bad in ["", "WebPush", "web_push", "-web", "web--push", "web-", "1web", "wéb", "match"]
        {
            assert!(kebab_case(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_has_three_spellings() {
        let names = Names::new("web-push");
        assert_eq!(names.fill("<<kebab>> <<snake>> <<Pascal>>"), "web-push web_push WebPush");
    }
}
