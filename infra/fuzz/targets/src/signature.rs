//! Requests that are signed as AWS's SDKs sign them: anybody may send one.

use crate::promise::{halves, noon, text};
use ceap_aws::sigv4::{Authorization, Refused, Signed};

/// A request in lines: method, path and query, then its headers; behind a zero byte its body. Who lacks the secret signs
/// nothing, and is told why in words.
pub fn run(data: &[u8]) {
    let (head, body) = halves(data);
    let head = text(head);
    let mut lines = head.lines();
    let mut first = lines.next().unwrap_or_default().splitn(3, ' ');
    let mut word = || first.next().unwrap_or_default();
    let (method, path, query) = (word(), word(), word());
    let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
    let request = Signed { method, path, query, headers: &headers, body, at: noon() };
    let outcome = Authorization::of(&request)
        .and_then(|signed| signed.verify(&request, "mobiletargeting", "nobody knows this secret"));
    match outcome {
        Ok(()) => panic!("{head:?} is believed"),
        Err(Refused::Missing) => {}
        Err(Refused::Incomplete(why) | Refused::Wrong(why)) => assert!(!why.is_empty()),
    }
}
