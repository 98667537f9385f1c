//! A subject's feature item. It is our own writing, but years old: what is damaged must be said to be, and no more.

use crate::promise::chosen;
use ceap_engagement::series::Series;
use ceap_kernel::Fault;

/// What was read is written so that it is read as the same.
pub fn run(data: &[u8]) {
    let (length, rest) = chosen(data);
    let (owed, series) = rest.split_at_checked(length).unwrap_or((&[], rest));
    match Series::decode(series, owed) {
        Ok(series) => {
            let written = series.encode().unwrap();
            let again = Series::decode(&written.series, &written.owed).unwrap();
            assert_eq!(again.encode().unwrap(), written);
        }
        Err(Fault::Internal(why)) => assert!(!why.is_empty()),
        Err(Fault::Invalid { .. }) => {}
        Err(other) => panic!("{other:?}"),
    }
}
