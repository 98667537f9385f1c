//! HTML that cannot be broken out of: markup is written in this code, and all else is escaped.

/// HTML under construction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Html(String);

impl Html {
    /// Adds markup. Only what stands in this code can be.
    #[must_use]
    pub fn raw(mut self, markup: &'static str) -> Self {
        self.0.push_str(markup);
        self
    }

    /// Adds text, as text or as an attribute's value in double quotes (OWASP, "Cross Site Scripting
    /// Prevention", rules 1 and 2). Control characters and marks that turn the direction of what
    /// follows are left out.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
                c if c.is_control() && c != '\n' => {}
                c => self.0.push(c),
            }
        }
        self
    }

    /// Adds what was built apart.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.0.push_str(&other.0);
        self
    }

    /// Adds one piece for each of `items`.
    #[must_use]
    pub fn each<T>(self, items: impl IntoIterator<Item = T>, piece: impl Fn(T) -> Self) -> Self {
        items.into_iter().fold(self, |html, item| html.with(piece(item)))
    }

    /// The text of the page.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_stays_text() {
        let html = Html::default().raw("<p title=\"").text("\"><script>'&\u{202e}\u{0}").raw("\">");
        assert_eq!(html.into_string(), "<p title=\"&quot;&gt;&lt;script&gt;&#39;&amp;\">");
    }

    proptest! {
        #[test]
        fn no_text_holds_markup(text in any::<String>()) {
            let html = Html::default().text(&text).into_string();
            prop_assert!(!html.contains(['<', '>', '"', '\'']));
        }
    }
}
