//! Licence expressions (SPDX specification 2.3, annex D), as crates write them: `MIT OR Apache-2.0`, and the older
//! `MIT/Apache-2.0`.

/// Whether an expression can be met by licences that `may` be.
pub fn allows(expression: &str, may: &mut impl FnMut(&str) -> bool) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { words: &words, may };
    let met = reader.any();
    met == Some(true) && reader.words.is_empty()
}

struct Reader<'a, F> {
    words: &'a [&'a str],
    may: &'a mut F,
}

impl<'a, F: FnMut(&str) -> bool> Reader<'a, F> {
    fn next(&mut self) -> Option<&'a str> {
        let (word, rest) = self.words.split_first()?;
        self.words = rest;
        Some(word)
    }

    fn follows(&mut self, word: &str) -> bool {
        let follows = self.words.first() == Some(&word);
        if follows {
            self.next();
        }
        follows
    }

    /// `OR` binds least.
    fn any(&mut self) -> Option<bool> {
        let mut met = self.all()?;
        while self.follows("OR") {
            met |= self.all()?;
        }
        Some(met)
    }

    fn all(&mut self) -> Option<bool> {
        let mut met = self.one()?;
        while self.follows("AND") {
            met &= self.one()?;
        }
        Some(met)
    }

    /// A licence, perhaps `WITH` an exception, or what stands in parentheses; none where it is neither.
    fn one(&mut self) -> Option<bool> {
        let word = self.next()?;
        if word == "(" {
            let met = self.any()?;
            return self.follows(")").then_some(met);
        }
        if matches!(word, ")" | "AND" | "OR" | "WITH") {
            return None;
        }
        if self.follows("WITH") {
            let exception = self.next()?;
            return Some((self.may)(&format!("{word} WITH {exception}")));
        }
        Some((self.may)(word))
    }
}

#[cfg(test)]
mod tests {
    use super::allows;

    #[test]
    fn an_expression_is_met_by_what_may_be() {
        let mut may = |one: &str| ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].contains(&one);
        for (expression, met) in [
            ("MIT", true),
            ("GPL-3.0", false),
            ("GPL-3.0 OR MIT", true),
            ("GPL-3.0/MIT", true),
            ("Unlicense / MIT", true),
            ("MIT AND GPL-3.0", false),
            ("MIT AND ISC", true),
            ("GPL-3.0 OR MIT AND ISC", true),
            ("(GPL-3.0 OR MIT) AND ISC", true),
            ("(GPL-3.0 OR MIT) AND GPL-2.0", false),
            ("Apache-2.0 WITH LLVM-exception OR GPL-3.0", true),
            ("Apache-2.0", false),
            ("MIT OR", false),
            ("(MIT", false),
            ("MIT)", false),
            ("", false),
        ] {
            assert_eq!(allows(expression, &mut may), met, "{expression}");
        }
    }
}
