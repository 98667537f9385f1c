//! What a change makes of a person, or why it cannot be.

use super::asked::{Edit, NewIdentity};
use super::{organization, role};
use crate::access::Face;
use crate::account::Group;
use crate::api::{Call, Refused};
use crate::field::{UserField, profile};
use crate::ids::{AttachmentId, IdentityId};
use crate::refusal::Refusal;
use crate::user::{Identity, MOST_IDENTITIES, Means, Photo, User, canonical, email, phone};
use crate::{locale, tag, time_zone};

/// Characters of a name or an external id.
const MAX_NAME: usize = 255;

/// What a change makes of somebody.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// Them, as they are then.
    pub user: User,
    /// The addresses that they are asked to show to be theirs.
    pub invited: Vec<IdentityId>,
}

/// How somebody comes to be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// They are added.
    Added,
    /// They were to be added, but are known already.
    Known,
    /// They are changed.
    Changed,
}

/// Does `edit` to `user`.
///
/// # Errors
/// Why it cannot be, by field; 403 for what who asks may not.
pub(super) async fn apply(
    call: &Call<'_>,
    user: User,
    edit: &Edit,
    how: How,
) -> Result<Draft, Refused> {
    let mut refusal = Refusal::default();
    let before = user.clone();
    let mut draft = Draft { user, invited: Vec::new() };
    describe(call, &mut draft.user, edit, &mut refusal)?;
    fields(call, &mut draft.user, edit, &mut refusal).await?;
    role::apply(call, &mut draft.user, edit, &mut refusal)?;
    addresses(call, &mut draft, edit, how, &mut refusal)?;
    telephone(call, &mut draft, edit, &mut refusal).await?;
    let named = edit.organization_name();
    let organization = organization::asked(call, edit.organization_id, named, &mut refusal).await?;
    match organization {
        Some(id) => organization::join(call, &mut draft.user, id)?,
        None => {
            let shown = draft.user.verified() && !before.verified();
            if how == How::Added || how == How::Changed && shown {
                organization::join_by_domain(call, &mut draft.user).await?;
            }
        }
    }
    if let Some(Some(group)) = edit.default_group_id
        && call.account.find::<Group>(group.get())?.is_none()
    {
        refusal.add("default_group_id", "Default group: is invalid", Some("InvalidValue"));
    }
    if draft.user.identities.len() > MOST_IDENTITIES {
        let text = format!("Identities: accepts at most {MOST_IDENTITIES}");
        refusal.add("identities", text, Some("TooManyValues"));
    }
    role::permitted(call, (how != How::Added).then_some(&before), &draft.user, &mut refusal)?;
    let mut draft = refusal.against(draft)?;
    if draft.user != before {
        draft.user.updated_at = call.at;
    }
    Ok(draft)
}

fn describe(
    call: &Call<'_>,
    user: &mut User,
    edit: &Edit,
    refusal: &mut Refusal,
) -> Result<(), Refused> {
    if let Some(name) = &edit.name {
        user.name = name.clone().unwrap_or_default();
    }
    if user.name.is_empty() {
        let text = "Name: is too short (minimum is 1 characters)";
        refusal.add("name", text, Some("ValueTooShort"));
    }
    if user.name.chars().count() > MAX_NAME {
        let text = format!("Name: is too long (maximum is {MAX_NAME} characters)");
        refusal.add("name", text, Some("ValueTooLong"));
    }
    set(&mut user.external_id, edit.external_id.as_ref());
    if user.external_id.as_ref().is_some_and(|id| id.chars().count() > MAX_NAME) {
        let text = format!("External: is too long (maximum is {MAX_NAME} characters)");
        refusal.add("external_id", text, Some("ValueTooLong"));
    }
    set(&mut user.alias, edit.alias.as_ref());
    set(&mut user.signature, edit.signature.as_ref());
    set(&mut user.details, edit.details.as_ref());
    set(&mut user.notes, edit.notes.as_ref());
    place(call, user, edit, refusal)?;
    if let Some(tags) = &edit.tags {
        user.tags = tag::normal(tags);
    }
    match &edit.remote_photo_url {
        None => {}
        Some(None) => user.photo = None,
        Some(Some(url)) if user.photo.as_ref().is_some_and(|photo| photo.url == *url) => {}
        Some(Some(url)) if Photo::valid(url) => {
            user.photo = Some(Photo { id: AttachmentId::fresh(call)?, url: url.clone() });
        }
        Some(Some(_)) => {
            let text = "Remote photo url: is not a valid URL";
            refusal.add("remote_photo_url", text, Some("InvalidValue"));
        }
    }
    Ok(())
}

/// Values of the account's own fields; what they refer to must be there.
async fn fields(
    call: &Call<'_>,
    user: &mut User,
    edit: &Edit,
    refusal: &mut Refusal,
) -> Result<(), Refused> {
    let Some(given) = &edit.user_fields else { return Ok(()) };
    let all = call.account.all::<UserField>()?;
    match profile::given(&all, &user.user_fields, given) {
        Ok(fields) => user.user_fields = fields,
        Err(refused) => refusal.extend(refused),
    }
    let references = profile::references(&all, &user.user_fields);
    call.fetch(references.iter().map(|(key, _)| key.clone())).await?;
    for (key, reason) in references {
        if call.item(&key).await?.is_none() {
            refusal.push("base", reason);
        }
    }
    Ok(())
}

fn set<T: Clone>(field: &mut Option<T>, asked: Option<&Option<T>>) {
    if let Some(value) = asked {
        field.clone_from(value);
    }
}

/// Where they are: language and time zone. Whose are taken away have the account's.
fn place(
    call: &Call<'_>,
    user: &mut User,
    edit: &Edit,
    refusal: &mut Refusal,
) -> Result<(), Refused> {
    let settings = call.account.settings()?;
    let numbered = |id: &String| id.parse().ok().and_then(locale::numbered);
    // The tag goes before the number.
    let locale = match (&edit.locale, &edit.locale_id) {
        (Some(tag), _) => tag.as_ref().map(|tag| locale::tagged(tag)),
        (None, Some(id)) => id.as_ref().map(numbered),
        (None, None) => None,
    };
    let given = edit.locale.is_some() || edit.locale_id.is_some();
    match locale {
        Some(Some(locale)) => locale.tag.clone_into(&mut user.locale),
        Some(None) => refusal.add("locale", "Locale: is invalid", Some("InvalidValue")),
        None if given => user.locale = settings.locale,
        None => {}
    }
    match &edit.time_zone {
        None => {}
        Some(None) => user.time_zone = settings.time_zone,
        Some(Some(name)) => match time_zone::known(name) {
            Some(name) => name.clone_into(&mut user.time_zone),
            None => refusal.add("time_zone", "Time zone: is invalid", Some("InvalidValue")),
        },
    }
    Ok(())
}

/// Their addresses and accounts. One that is given to who has others already is one more
/// ([specifying email and verified attributes](https://developer.zendesk.com/api-reference/ticketing/users/users/#specifying-email-and-verified-attributes)).
fn addresses(
    call: &Call<'_>,
    draft: &mut Draft,
    edit: &Edit,
    how: How,
    refusal: &mut Refusal,
) -> Result<(), Refused> {
    if let Some(Some(value)) = &edit.email {
        let asked = NewIdentity {
            means: Some(Some(Means::Email.name().to_owned())),
            value: Some(Some(value.clone())),
            verified: edit.verified,
            skip_verify_email: edit.skip_verify_email,
            ..NewIdentity::default()
        };
        identify(call, draft, &asked, refusal)?;
    }
    for identity in edit.identities.iter().flatten().filter(|_| how != How::Changed) {
        let asked = NewIdentity {
            skip_verify_email: identity.skip_verify_email.or(edit.skip_verify_email),
            ..identity.clone()
        };
        identify(call, draft, &asked, refusal)?;
    }
    if let (None, Some(verified)) = (&edit.email, edit.verified) {
        let primary = |it: &&mut Identity| it.means == Means::Email && it.primary;
        if let Some(identity) = draft.user.identities.iter_mut().find(primary) {
            verify(call, identity, verified);
        }
    }
    Ok(())
}

/// Whether they have shown that it is theirs, from now on.
pub(super) fn verify(call: &Call<'_>, identity: &mut Identity, verified: bool) {
    if identity.verified != verified {
        identity.verified = verified;
        identity.updated_at = call.at;
    }
}

/// One more address, number or account, unless it is theirs already.
pub(super) fn identify(
    call: &Call<'_>,
    draft: &mut Draft,
    asked: &NewIdentity,
    refusal: &mut Refusal,
) -> Result<Option<IdentityId>, Refused> {
    let named = asked.means.as_ref().and_then(Option::as_deref);
    let Some(means) = named.and_then(Means::named) else {
        refusal.add("type", "Type: is invalid", Some("InvalidValue"));
        return Ok(None);
    };
    let value = asked.value.as_ref().and_then(Option::as_deref).unwrap_or_default();
    let Some(value) = valid(means, value, refusal) else { return Ok(None) };
    let canonical = means.canonical(&value);
    let same = |it: &&mut Identity| it.means == means && it.means.canonical(&it.value) == canonical;
    if let Some(known) = draft.user.identities.iter_mut().find(same) {
        if let Some(verified) = asked.verified {
            verify(call, known, verified);
        }
        return Ok(Some(known.id));
    }
    let id = IdentityId::fresh(call)?;
    let verified = asked.verified.unwrap_or(false)
        || asked.verification_method.as_ref().and_then(Option::as_deref) == Some("low");
    draft.user.add(Identity {
        id,
        created_at: call.at,
        updated_at: call.at,
        means,
        value,
        verified,
        primary: asked.primary.unwrap_or(false),
    });
    if means == Means::Email && !verified && asked.skip_verify_email != Some(true) {
        draft.invited.push(id);
    }
    Ok(Some(id))
}

/// The value as it is kept.
pub(super) fn valid(means: Means, value: &str, refusal: &mut Refusal) -> Option<String> {
    if value.is_empty() {
        refusal.add("value", "Value: cannot be blank", Some("BlankValue"));
        return None;
    }
    match means {
        Means::Email => {
            let address = canonical(value);
            if !email::valid(&address) {
                let text = format!("Email: {value} is not properly formatted");
                refusal.add("email", text, Some("InvalidFormat"));
                return None;
            }
            Some(address)
        }
        Means::PhoneNumber if !phone::international(value) => {
            let text = format!("Value: {value} is not properly formatted");
            refusal.add("value", text, Some("InvalidFormat"));
            None
        }
        Means::Twitter => Some(value.trim_start_matches('@').to_owned()),
        Means::PhoneNumber
        | Means::Facebook
        | Means::Google
        | Means::AgentForwarding
        | Means::Sdk
        | Means::Messaging
        | Means::AnyChannel
        | Means::Foreign => Some(value.to_owned()),
    }
}

/// Their telephone number. One that nobody else is known by is a direct line, by which they are known from then on
/// ([updating a user's phone number](https://developer.zendesk.com/api-reference/ticketing/users/users/#updating-a-users-phone-number)).
async fn telephone(
    call: &Call<'_>,
    draft: &mut Draft,
    edit: &Edit,
    refusal: &mut Refusal,
) -> Result<(), Refused> {
    let user = &mut draft.user;
    let number = match &edit.phone {
        None if edit.shared_phone_number.is_some() => user.phone.clone(),
        None => return Ok(()),
        Some(None) => {
            if let Some(id) = direct(user, user.phone.as_deref().unwrap_or_default()) {
                user.drop_identity(id);
            }
            user.phone = None;
            return Ok(());
        }
        Some(Some(number)) => Some(number.clone()),
    };
    let Some(number) = number else { return Ok(()) };
    let known = direct(user, &number);
    if edit.shared_phone_number == Some(true) {
        known.into_iter().for_each(|id| user.drop_identity(id));
        user.phone = Some(number);
        return Ok(());
    }
    if known.is_some() {
        user.phone = Some(number);
        return Ok(());
    }
    let canonical = phone::canonical(&number);
    let taken = call.lookup::<Face>(Means::PhoneNumber.as_str(), &canonical).await?;
    let free = taken.is_none_or(|face| face.id == user.id) && phone::international(&number);
    let has_line = user.shares_phone() == Some(false);
    if !free && (has_line || edit.shared_phone_number == Some(false)) {
        let text = format!("Phone: {number} cannot be a direct line");
        refusal.add("phone", text, Some("DuplicateValue"));
    }
    if free {
        user.add(Identity {
            id: IdentityId::fresh(call)?,
            created_at: call.at,
            updated_at: call.at,
            means: Means::PhoneNumber,
            value: number.clone(),
            verified: false,
            primary: false,
        });
    }
    // Who has a direct line has another one then.
    if !has_line {
        user.phone = Some(number);
    }
    Ok(())
}

/// Under which id they are known by a telephone number.
fn direct(user: &User, number: &str) -> Option<IdentityId> {
    let number = phone::canonical(number);
    let same =
        |it: &&Identity| it.means == Means::PhoneNumber && phone::canonical(&it.value) == number;
    user.identities.iter().find(same).map(|it| it.id)
}
