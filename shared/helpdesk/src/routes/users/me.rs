//! Who asks.

use crate::api::{Answer, Call, Refused};
use crate::routes::Shown;
use crate::user::User;
use ceap_kernel::digest;
use serde_json::{Value, json};

/// Whoever is not known is anonymous, which is no mistake here: Zendesk answers so whatever a request shows
/// ([show self](https://developer.zendesk.com/api-reference/ticketing/users/users/#show-self)).
pub(super) fn anonymous() -> Answer {
    Answer::ok(json!({"user": {
        "id": null,
        "url": null,
        "name": "Anonymous user",
        "email": "invalid@example.com",
        "created_at": null,
        "updated_at": null,
        "time_zone": "Eastern Time (US & Canada)",
        "iana_time_zone": "America/New_York",
        "phone": null,
        "shared_phone_number": null,
        "photo": null,
        "locale_id": 1,
        "locale": "en-US",
        "organization_id": null,
        "role": "end-user",
        "verified": false,
        "authenticity_token": null,
    }}))
}

/// Who asks, and the token that Zendesk's pages send along. Nothing here asks for it: no cookie lets a request in.
pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    let user = call.get::<User>(call.actor()?.id().get()).await?;
    let mut shown = user.shown(call);
    if let Value::Object(shown) = &mut shown {
        let token = digest(&["authenticity", call.tenant.as_str(), &user.id.to_string()]);
        shown.insert("authenticity_token".to_owned(), json!(token));
    }
    Ok(Answer::ok(json!({"user": shown})))
}
