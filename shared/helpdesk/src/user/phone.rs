//! Telephone numbers
//! ([phone number](https://developer.zendesk.com/api-reference/ticketing/users/users/#phone-number)).

/// In the form in which they are compared: digits, after a plus if there is one.
#[must_use]
pub fn canonical(number: &str) -> String {
    let digits = number.chars().filter(char::is_ascii_digit);
    let plus = number.trim_start().starts_with('+').then_some('+');
    plus.into_iter().chain(digits).collect()
}

/// Whether it is an international number (E.164): a plus and at most 15 digits, the first of which is no zero.
#[must_use]
pub fn international(number: &str) -> bool {
    let written = |c: char| c.is_ascii_digit() || " +-.()/".contains(c);
    let canonical = canonical(number);
    number.chars().all(written)
        && canonical
            .strip_prefix('+')
            .is_some_and(|digits| (7..=15).contains(&digits.len()) && !digits.starts_with('0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("+15551234567", true)]
    #[case("+1 (555) 123-4567", true)]
    #[case("5551234567", false)]
    #[case("+0123456789", false)]
    #[case("+1555123456789012", false)]
    #[case("+1 555 CALLME12", false)]
    fn international_numbers_begin_with_a_country(#[case] number: &str, #[case] expected: bool) {
        assert_eq!(international(number), expected);
    }

    #[test]
    fn numbers_are_the_same_however_they_are_written() {
        assert_eq!(canonical(" +1 (555) 123-4567"), canonical("+15551234567"));
    }
}
