//! What an account has set up for its tickets: fields, forms, brands and statuses.

use super::tickets::Asked;
use crate::api::{Call, Refused};
use crate::ticket::Ticket;

/// Holds what is asked of a ticket to what the account has set up.
///
/// # Errors
/// 422 that names the fields.
pub fn check(
    _call: &Call<'_>,
    _before: Option<&Ticket>,
    _asked: &mut Asked,
) -> Result<(), Refused> {
    Ok(())
}
