//! Links and headings of Markdown, as far as this repository writes it: `[text](target)` and `# Heading`, neither in code.

use std::collections::BTreeSet;

/// The targets of all links and images.
pub fn links(text: &str) -> Vec<String> {
    let text = without_spans(&without_blocks(text));
    let mut found = Vec::new();
    let mut rest = text.as_str();
    while let Some((_, after)) = rest.split_once("](") {
        let Some((target, behind)) = after.split_once(')') else { break };
        // A title may stand behind it.
        let target = target.split_whitespace().next().unwrap_or_default();
        found.push(target.trim_matches(['<', '>']).to_owned());
        rest = behind;
    }
    found
}

/// What links to headings end with, as mdBook and GitHub make it of them.
pub fn anchors(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in without_blocks(text).lines() {
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let name = slug(&shown(title.trim()));
        let numbered = (1..).map(|nth| format!("{name}-{nth}"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|it| !found.contains(it));
        found.extend(free);
    }
    found
}

fn slug(title: &str) -> String {
    let kept = title.chars().filter_map(|sign| match sign {
        sign if sign.is_alphanumeric() || matches!(sign, '_' | '-') => {
            Some(sign.to_ascii_lowercase())
        }
        sign if sign.is_whitespace() => Some('-'),
        _ => None,
    });
    kept.collect()
}

/// A title without the targets of its links.
fn shown(title: &str) -> String {
    let mut shown = String::new();
    let mut rest = title;
    while let Some((before, after)) = rest.split_once("](") {
        shown.push_str(before);
        rest = after.split_once(')').map_or("", |(_, behind)| behind);
    }
    shown.push_str(rest);
    shown
}

/// The text without what stands between fences.
fn without_blocks(text: &str) -> String {
    let mut fence: Option<&str> = None;
    let mut kept = String::new();
    for line in text.lines() {
        let begins = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| begins.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (Some(_), _) => {}
            (None, None) => {
                kept.push_str(line);
                kept.push('\n');
            }
        }
    }
    kept
}

/// The text without code within it: what stands between as many backticks as it began with, in one paragraph.
fn without_spans(text: &str) -> String {
    text.split("\n\n").map(of_paragraph).collect::<Vec<_>>().join("\n\n")
}

fn of_paragraph(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.find('`').and_then(|at| rest.split_at_checked(at)) {
        kept.push_str(before);
        let behind = after.trim_start_matches('`');
        let marks = after.get(..after.len().saturating_sub(behind.len())).unwrap_or_default();
        rest = closed(behind, marks).unwrap_or(behind);
    }
    kept.push_str(rest);
    kept
}

/// What stands behind the next run of exactly these marks.
fn closed<'a>(text: &'a str, marks: &str) -> Option<&'a str> {
    let mut rest = text;
    loop {
        let (_, found) = rest.find('`').and_then(|at| rest.split_at_checked(at))?;
        let behind = found.trim_start_matches('`');
        if found.len().saturating_sub(behind.len()) == marks.len() {
            return Some(behind);
        }
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_but_in_code() {
        let text = "[a](b.md#c) ![i](i.png \"t\") `[x](no.md)` ``a ` [y](no.md)`` [z\nz](<d.md>)\n\n\
            ```sh\n[n](no.md)\n```\n\n~~~\n```\n[n](no.md)\n~~~\na ` b [last](e.md)";
        assert_eq!(links(text), ["b.md#c", "i.png", "d.md", "e.md"]);
    }

    #[test]
    fn headings_are_named_as_they_are_linked_to() {
        let text = "# A title\n## `code`, and *more*: 9. Tenant ↔ tenant\n## A title\n```\n# no\n```\n\
            #no\n### A [link](x.md) here\n## PUT /v1/{id}";
        let expected =
            ["a-title", "a-title-1", "code-and-more-9-tenant--tenant", "a-link-here", "put-v1id"];
        assert_eq!(anchors(text), expected.map(str::to_owned).into_iter().collect());
    }
}
