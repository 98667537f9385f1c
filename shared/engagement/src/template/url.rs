//! Which addresses a value may choose.
//!
//! An output inside a URL attribute is marked while it is rendered; afterwards the whole attribute
//! is judged as a browser reads it (WHATWG URL §4.4: control characters and blanks fall away, the
//! scheme ends at the first colon before `/`, `?` or `#`). Judging the result, and not each value,
//! catches a scheme that several values make up together.

/// Before an output in a double-quoted and in a single-quoted attribute. Plane 16 of Unicode is for
/// private use: no text holds them, and [`super::escape`] takes them out of values.
pub(super) const MARKS: [char; 2] = [DOUBLE, SINGLE];
pub(super) const DOUBLE: char = '\u{10FFFD}';
pub(super) const SINGLE: char = '\u{10FFFC}';

/// What a value may choose. `cid` is a part of the same mail (RFC 2392).
const ALLOWED: [&str; 6] = ["http", "https", "mailto", "tel", "sms", "cid"];

/// What runs or reads something on the recipient's side; not with an output at all, though the
/// template itself names it.
const DANGEROUS: [&str; 14] = [
    "javascript",
    "vbscript",
    "livescript",
    "mocha",
    "data",
    "file",
    "about",
    "blob",
    "filesystem",
    "jar",
    "mhtml",
    "ms-its",
    "view-source",
    "resource",
];

const RULE: &str = "a value chose its scheme, which must be http, https, mailto, tel, sms or cid; \
                    write the start of the address in the template itself";

/// `html` without its marks, when every attribute that has one is an address that may be shown.
pub(super) fn settle(html: &str) -> Result<String, String> {
    for (at, mark) in html.char_indices().filter(|(_, c)| MARKS.contains(c)) {
        let quote = if mark == DOUBLE { '"' } else { '\'' };
        let (before, after) = html.split_at_checked(at).unwrap_or_default();
        let (head, start) = before.rsplit_once(quote).unwrap_or_default();
        let end = after.split(quote).next().unwrap_or_default();
        if !allowed(&format!("{start}{end}")) {
            let name = head.trim_end().trim_end_matches('=').trim_end();
            let name = name.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != ':' && c != '-');
            return Err(format!("the attribute `{}`: {RULE}", name.take(1).collect::<String>()));
        }
    }
    Ok(html.replace(MARKS, ""))
}

/// `address` without its marks, when it may be opened. It is not HTML.
pub(super) fn settle_plain(address: &str) -> Result<String, String> {
    if allowed(address) { Ok(address.replace(MARKS, "")) } else { Err(RULE.to_owned()) }
}

fn allowed(marked: &str) -> bool {
    let read: String =
        decode(marked).chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect();
    let head = read.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let Some((scheme, _)) = head.split_once(':') else {
        return true;
    };
    let chosen = scheme.contains(MARKS);
    let scheme = scheme.replace(MARKS, "").to_ascii_lowercase();
    !DANGEROUS.contains(&scheme.as_str()) && (!chosen || ALLOWED.contains(&scheme.as_str()))
}

/// Character references as far as they can matter to a scheme: numbers, our own five, and those of
/// the colon and the blanks that a browser takes out. Another one before a colon is no letter of a
/// scheme that is allowed.
fn decode(text: &str) -> String {
    const NAMED: [(&str, &str); 10] = [
        ("amp;", "&"),
        ("lt;", "<"),
        ("gt;", ">"),
        ("quot;", "\""),
        ("colon;", ":"),
        ("Tab;", "\t"),
        ("NewLine;", "\n"),
        ("sol;", "/"),
        ("num;", "#"),
        ("quest;", "?"),
    ];
    let (mut decoded, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once('&') {
        decoded.push_str(before);
        let named = NAMED.iter().find_map(|(name, c)| Some((*c, after.strip_prefix(name)?)));
        let (c, after) = match (named, after.strip_prefix('#')) {
            (Some((c, after)), _) => (c.to_owned(), after),
            (None, Some(number)) => numeric(number).unwrap_or(("&".to_owned(), after)),
            (None, None) => ("&".to_owned(), after),
        };
        decoded.push_str(&c);
        rest = after;
    }
    decoded.push_str(rest);
    decoded
}

/// The semicolon may lack (HTML §13.2.5.80).
fn numeric(text: &str) -> Option<(String, &str)> {
    let (digits, radix) = match text.strip_prefix(['x', 'X']) {
        Some(hex) => (hex, 16),
        None => (text, 10),
    };
    let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    let (number, rest) = digits.split_at_checked(end)?;
    let c = char::from_u32(u32::from_str_radix(number, radix).ok()?)?;
    Some((c.to_string(), rest.strip_prefix(';').unwrap_or(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("|https://x.ch/a?b=c:d", true)]
    #[case("|/a:b", true)]
    #[case("|#a:b", true)]
    #[case("|?a:b", true)]
    #[case("|page", true)]
    #[case("", true)]
    #[case("|HTTPS://x.ch", true)]
    #[case("|mailto:a@b.ch", true)]
    #[case("|cid:logo", true)]
    #[case("http|s://x.ch", true)]
    #[case("shop://order/|7", true)]
    #[case("https://x.ch/|javascript:x", true)]
    #[case("shop|://order", false)]
    #[case("|javascript:alert(1)", false)]
    #[case("|JaVaScRiPt:alert(1)", false)]
    #[case("| \u{1}java\tscr\nipt:alert(1)", false)]
    #[case("|java&#115;cript:alert(1)", false)]
    #[case("|java&#x73cript:alert(1)", false)]
    #[case("|javascript&colon;alert(1)", false)]
    #[case("|java&Tab;script&#58;alert(1)", false)]
    #[case("java|script:alert(1)", false)]
    #[case("javascript:|alert(1)", false)]
    #[case("data:text/html,|x", false)]
    #[case("|data:text/html,x", false)]
    #[case("|vbscript:x", false)]
    #[case("|:x", false)]
    fn schemes(#[case] address: &str, #[case] good: bool) {
        assert_eq!(allowed(&address.replace('|', &DOUBLE.to_string())), good, "{address}");
    }

    #[test]
    fn only_marked_attributes_are_judged_and_named() {
        let html = format!("<a href=\"javascript:x\">it's</a><a HREF = \"{DOUBLE}/a\">b</a>");
        assert_eq!(settle(&html).unwrap(), html.replace(DOUBLE, ""));
        let html = format!("<img alt=\"'\" src='{SINGLE}data:x'>");
        assert!(settle(&html).unwrap_err().starts_with("the attribute `src`"));
    }
}
