//! What to say of JSON that is not what it should be.

use ceap_kernel::Fault;
use serde_json::error::Category;

/// Says where and how, but not what: serde's own text quotes the value, which may be personal data,
/// and this one is logged.
pub fn unreadable(what: &str, error: &serde_json::Error) -> Fault {
    let how = match error.classify() {
        Category::Io | Category::Eof => "ends too early",
        Category::Syntax => "is not JSON",
        Category::Data => "has not the fields it should have",
    };
    let place = match (error.line(), error.column()) {
        (0, _) => String::new(),
        (line, column) => format!(" at line {line}, column {column}"),
    };
    Fault::invalid(what, format!("{how}{place}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_where_but_not_what() {
        let error = serde_json::from_str::<u8>("\"ada@example.com\"").unwrap_err();
        let fault = unreadable("record", &error).to_string();
        assert_eq!(fault, "record: has not the fields it should have at line 1, column 17");
    }
}
