//! What one recipient's message says, on the recipient's channel.

use super::fields::Fields;
use super::variables::Variables;
use super::{MessageRequest, Recipient, TemplateChoice, Values};
use ceap_engagement::endpoint::{ChannelType, Endpoint};
use ceap_engagement::template::TextsDocument;
use ceap_engagement::use_case::{Purpose, Settings};
use ceap_engagement::window::Span;
use ceap_kernel::Fault;
use serde_json::{Map, Value};

/// A message, as the platform's own API asks for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Composed {
    /// Why it is sent.
    pub purpose: Purpose,
    /// A stored template, in place of `content`.
    pub template: Option<String>,
    /// What it says.
    pub content: Option<TextsDocument>,
    /// What its texts name.
    pub data: Map<String, Value>,
    /// How long it is worth sending.
    pub expires_in: Option<Span>,
}

/// Writes the messages of one request.
#[derive(Debug, Clone, Copy)]
pub struct Composer<'a> {
    /// The request.
    pub request: &'a MessageRequest,
    /// The tenant's settings.
    pub settings: &'a Settings,
}

/// What a message says before its variables have values.
#[derive(Debug, Default)]
struct Draft<'a> {
    title: Option<&'a str>,
    body: Option<&'a str>,
    html: Option<&'a str>,
    link: Option<&'a str>,
    substitutions: Values,
    promotional: bool,
    expires_in: Option<Span>,
}

/// The kinds of messages that there are, each with its own fields and template.
#[derive(Debug, Clone, Copy)]
enum Family {
    Email,
    Sms,
    Voice,
    Push(&'static str),
}

impl Family {
    fn of(kind: ChannelType) -> Result<Self, Fault> {
        match kind {
            ChannelType::Email => Ok(Self::Email),
            ChannelType::Sms => Ok(Self::Sms),
            ChannelType::Voice => Ok(Self::Voice),
            ChannelType::Gcm => Ok(Self::Push("GCMMessage")),
            ChannelType::Apns | ChannelType::ApnsSandbox => Ok(Self::Push("APNSMessage")),
            other => {
                Err(ceap_engagement::endpoint::told::address_on(other, "").err().unwrap_or_else(
                    || Fault::invalid("ChannelType", "is none that messages are sent on"),
                ))
            }
        }
    }

    const fn template(self) -> &'static str {
        match self {
            Self::Email => "EmailTemplate",
            Self::Sms => "SMSTemplate",
            Self::Voice => "VoiceTemplate",
            Self::Push(_) => "PushTemplate",
        }
    }
}

impl<'a> Composer<'a> {
    /// The message to `recipient` on a channel of `kind`, at `endpoint` where it is one's.
    ///
    /// # Errors
    /// `Invalid`, naming what cannot be done, and what to do instead.
    pub fn compose(
        &self,
        kind: ChannelType,
        recipient: &'a Recipient,
        endpoint: Option<&Endpoint>,
    ) -> Result<Composed, Fault> {
        let family = Family::of(kind)?;
        let context = [&self.request.context, &recipient.context];
        if context.into_iter().flatten().any(|it| !it.is_empty()) {
            let rule = "is not attached to messages here; leave it out";
            return Err(Fault::invalid("Context", rule));
        }
        if recipient.raw_content.as_deref().is_some_and(|raw| !raw.is_empty()) {
            let rule =
                "is not taken: messages are made of a title, a body and a link; leave it out";
            return Err(Fault::invalid("RawContent", rule));
        }
        let mut draft = self.draft(family)?;
        draft.substitutions.extend(recipient.substitutions.clone().unwrap_or_default());
        if let Some(body) = recipient.body_override.as_deref().filter(|it| !it.is_empty()) {
            (draft.body, draft.html) = (Some(body), None);
        }
        let title = recipient.title_override.as_deref().filter(|it| !it.is_empty());
        draft.title = title.or(draft.title);
        let purpose = if draft.promotional { Purpose::Marketing } else { Purpose::Transactional };
        match self.template(family)? {
            Some(name) => templated(name, draft, purpose),
            None => written(family, draft, purpose, endpoint),
        }
    }

    fn message(&self, name: &'static str) -> Option<Fields<'a>> {
        let all = self.request.message_configuration.as_ref()?;
        Some(Fields::new(name, all.get(name)?.as_ref()?))
    }

    fn template(&self, family: Family) -> Result<Option<&'a str>, Fault> {
        let all = self.request.template_configuration.as_ref();
        let chosen = all.and_then(|all| all.get(family.template())?.as_ref());
        let Some(TemplateChoice { name, version }) = chosen else { return Ok(None) };
        let version = version.as_deref().filter(|it| !matches!(*it, "" | "latest"));
        if version.is_some() {
            let rule = "is not taken: the newest version of a template is the one that is sent; leave it out";
            return Err(Fault::invalid(format!("{}.Version", family.template()), rule));
        }
        Ok(name.as_deref().filter(|it| !it.is_empty()))
    }

    /// What is said on the channel itself, else by default.
    fn draft(&self, family: Family) -> Result<Draft<'a>, Fault> {
        let mut draft = Draft::default();
        if let Some(mut all) = self.message("DefaultMessage") {
            draft.body = all.text("Body")?;
            draft.substitutions = all.values("Substitutions")?;
            all.end()?;
        }
        match family {
            Family::Email => self.email(&mut draft)?,
            Family::Sms => self.sms(&mut draft)?,
            Family::Voice => self.voice(&mut draft)?,
            Family::Push(own) => {
                for name in ["DefaultPushNotificationMessage", own] {
                    self.push(name, &mut draft)?;
                }
            }
        }
        Ok(draft)
    }

    fn email(&self, draft: &mut Draft<'a>) -> Result<(), Fault> {
        let Some(mut email) = self.message("EmailMessage") else { return Ok(()) };
        let sender = Some(self.settings.from_address.as_str());
        email.sender("FromAddress", "settings.from_address", sender)?;
        if let Some(simple) = email.object("SimpleEmail")? {
            let mut simple = Fields::new("EmailMessage.SimpleEmail", simple);
            draft.title = simple.part("Subject")?;
            draft.html = simple.part("HtmlPart")?;
            draft.body = simple.part("TextPart")?.or(draft.body);
            simple.end()?;
        }
        draft.body = email.text("Body")?.or(draft.body);
        draft.substitutions.extend(email.values("Substitutions")?);
        email.end()
    }

    fn sms(&self, draft: &mut Draft<'a>) -> Result<(), Fault> {
        let Some(mut sms) = self.message("SMSMessage") else { return Ok(()) };
        let sender = self.settings.sms_origination.as_deref();
        sms.sender("OriginationNumber", "settings.sms_origination", sender)?;
        sms.sender("SenderId", "settings.sms_origination", sender)?;
        draft.body = sms.text("Body")?.or(draft.body);
        draft.promotional = sms.text("MessageType")? == Some("PROMOTIONAL");
        draft.substitutions.extend(sms.values("Substitutions")?);
        sms.end()
    }

    fn voice(&self, draft: &mut Draft<'a>) -> Result<(), Fault> {
        let Some(mut voice) = self.message("VoiceMessage") else { return Ok(()) };
        let sender = self.settings.voice_origination.as_deref();
        voice.sender("OriginationNumber", "settings.voice_origination", sender)?;
        draft.body = voice.text("Body")?.or(draft.body);
        draft.substitutions.extend(voice.values("Substitutions")?);
        voice.end()
    }

    fn push(&self, name: &'static str, draft: &mut Draft<'a>) -> Result<(), Fault> {
        let Some(mut push) = self.message(name) else { return Ok(()) };
        draft.title = push.text("Title")?.or(draft.title);
        draft.body = push.text("Body")?.or(draft.body);
        let (action, url) = (push.text("Action")?, push.text("Url")?);
        if matches!(action, None | Some("URL" | "DEEP_LINK")) {
            draft.link = url.or(draft.link);
        }
        if name != "DefaultPushNotificationMessage"
            && let Some(seconds) = push.number("TimeToLive")?
        {
            let span = Span::try_from(format!("{seconds}s"));
            let rule = "must be at least a second; leave it out for a day";
            let field = format!("{name}.TimeToLive");
            draft.expires_in = Some(span.map_err(|_| Fault::invalid(field, rule))?);
        }
        draft.substitutions.extend(push.values("Substitutions")?);
        push.end()
    }
}

/// A template of the platform's own, in which a substitution is `{{ data.name }}`.
fn templated(name: &str, draft: Draft<'_>, purpose: Purpose) -> Result<Composed, Fault> {
    let texts = [draft.title, draft.body, draft.html, draft.link];
    if texts.into_iter().any(|text| text.is_some()) {
        let rule = "says what the message says, or its texts do: give one of them";
        return Err(Fault::invalid("TemplateConfiguration", rule));
    }
    let data = Variables::all(&draft.substitutions);
    let expires_in = draft.expires_in;
    Ok(Composed { purpose, template: Some(name.to_owned()), content: None, data, expires_in })
}

fn written(
    family: Family,
    draft: Draft<'_>,
    purpose: Purpose,
    endpoint: Option<&Endpoint>,
) -> Result<Composed, Fault> {
    let mut variables = Variables::of(endpoint);
    variables.substitute(&draft.substitutions);
    let mut template = |field: &str, text: Option<&str>| {
        text.map(|text| variables.template(field, text)).transpose()
    };
    let missing = || {
        let rule = "holds no text for this channel; give one, or a DefaultMessage";
        Fault::invalid("MessageConfiguration", rule)
    };
    let text = template("Body", draft.body)?;
    let html = template("HtmlPart", draft.html)?;
    let subject = template("Title", draft.title)?;
    let link = template("Url", draft.link)?;
    if matches!(family, Family::Email) && text.is_none() && html.is_some() {
        let rule = "is missing beside HtmlPart; every email has a text";
        return Err(Fault::invalid("EmailMessage.SimpleEmail.TextPart", rule));
    }
    let text = Some(text.ok_or_else(missing)?);
    let content = TextsDocument { subject, text, html, link, ..TextsDocument::default() };
    let (data, expires_in) = (variables.data, draft.expires_in);
    Ok(Composed { purpose, template: None, content: Some(content), data, expires_in })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    fn settings() -> Settings {
        serde_json::from_value(json!({
            "from_address": "Shop <no-reply@example.com>", "sms_origination": "+15555550100",
        }))
        .unwrap()
    }

    fn compose(request: Value, recipient: Value) -> Result<Composed, Fault> {
        let request: MessageRequest = serde_json::from_value(request).unwrap();
        let recipient: Recipient = serde_json::from_value(recipient).unwrap();
        let composer = Composer { request: &request, settings: &settings() };
        composer.compose(recipient.channel_type.unwrap(), &recipient, None)
    }

    fn said(of: &Composed) -> Value {
        serde_json::to_value(&of.content).unwrap()
    }

    #[test]
    fn an_email_says_what_its_parts_say() {
        let request = json!({"MessageConfiguration": {
            "DefaultMessage": {"Body": "unused", "Substitutions": {"name": ["you"]}},
            "EmailMessage": {
                "FromAddress": "no-reply@example.com", "ReplyToAddresses": [], "RawEmail": null,
                "SimpleEmail": {"Subject": {"Charset": "UTF-8", "Data": "Hi {{name}}"},
                                "HtmlPart": {"Data": "<b>{{name}}</b>"}, "TextPart": {"Data": "Hello"}},
                "Substitutions": {"name": ["all"]},
            },
        }});
        let composed =
            compose(request, json!({"ChannelType": "EMAIL", "Substitutions": {"name": ["Ada"]}}))
                .unwrap();
        let texts =
            json!({"subject": "Hi {{ data.v0 }}", "text": "Hello", "html": "<b>{{ data.v0 }}</b>"});
        assert_eq!(said(&composed), texts);
        assert_eq!(composed.data, *json!({"v0": "Ada"}).as_object().unwrap());
        assert_eq!(composed.purpose, Purpose::Transactional);
    }

    #[test]
    fn the_channels_own_words_outweigh_the_default_and_the_recipients_both() {
        let request = json!({"MessageConfiguration": {
            "DefaultMessage": {"Body": "all"},
            "SMSMessage": {"Body": "texts", "MessageType": "PROMOTIONAL", "OriginationNumber": "+15555550100"},
            "DefaultPushNotificationMessage": {"Title": "T", "Action": "OPEN_APP", "SilentPush": false},
            "GCMMessage": {"Body": "android", "Url": "https://x.ch", "Action": "URL", "TimeToLive": 60},
        }});
        let text = |kind: &str| compose(request.clone(), json!({"ChannelType": kind}));
        let sms = text("SMS").unwrap();
        assert_eq!((said(&sms), sms.purpose), (json!({"text": "texts"}), Purpose::Marketing));
        let android = text("GCM").unwrap();
        assert_eq!(
            said(&android),
            json!({"subject": "T", "text": "android", "link": "https://x.ch"})
        );
        assert_eq!(serde_json::to_value(android.expires_in).unwrap(), "1m");
        assert_eq!(said(&text("APNS").unwrap()), json!({"subject": "T", "text": "all"}));
        assert_eq!(said(&text("VOICE").unwrap()), json!({"text": "all"}));
        let own = json!({"ChannelType": "SMS", "BodyOverride": "you", "TitleOverride": "Y"});
        assert_eq!(said(&compose(request, own).unwrap()), json!({"subject": "Y", "text": "you"}));
    }

    #[test]
    fn a_template_of_the_platforms_own_is_filled_with_substitutions() {
        let request = json!({
            "MessageConfiguration": {"SMSMessage": {"MessageType": "TRANSACTIONAL",
                                                     "Substitutions": {"a": ["1"], "b": ["2", "3"]}}},
            "TemplateConfiguration": {"SMSTemplate": {"Name": "code", "Version": "latest"}, "EmailTemplate": null},
        });
        let composed = compose(request, json!({"ChannelType": "SMS"})).unwrap();
        assert_eq!((composed.template.as_deref(), &composed.content), (Some("code"), &None));
        assert_eq!(composed.data, *json!({"a": "1", "b": "2, 3"}).as_object().unwrap());
    }

    #[rstest]
    #[case(json!({"MessageConfiguration": {}}), json!({"ChannelType": "SMS"}), "MessageConfiguration: holds no text")]
    #[case(json!({"MessageConfiguration": {"EmailMessage": {"RawEmail": {"Data": "x"}}}}), json!({"ChannelType": "EMAIL"}),
           "EmailMessage.RawEmail: is not sent")]
    #[case(json!({"MessageConfiguration": {"EmailMessage": {"ReplyToAddresses": ["a@b.ch"]}}}), json!({"ChannelType": "EMAIL"}),
           "EmailMessage.ReplyToAddresses: is not sent")]
    #[case(json!({"MessageConfiguration": {"EmailMessage": {"FromAddress": "other@example.com"}}}), json!({"ChannelType": "EMAIL"}),
           "EmailMessage.FromAddress: is not the tenant's sender")]
    #[case(json!({"MessageConfiguration": {"EmailMessage": {"SimpleEmail": {"HtmlPart": {"Data": "x"}}}}}),
           json!({"ChannelType": "EMAIL"}), "EmailMessage.SimpleEmail.TextPart: is missing")]
    #[case(json!({"MessageConfiguration": {"EmailMessage": {"SimpleEmail": {"Headers": [{"Name": "X"}]}}}}),
           json!({"ChannelType": "EMAIL"}), "EmailMessage.SimpleEmail.Headers: is not sent")]
    #[case(json!({"MessageConfiguration": {"SMSMessage": {"Keyword": "k", "Body": "x"}}}), json!({"ChannelType": "SMS"}),
           "SMSMessage.Keyword: is not sent")]
    #[case(json!({"MessageConfiguration": {"VoiceMessage": {"VoiceId": "Vicki"}}}), json!({"ChannelType": "VOICE"}),
           "VoiceMessage.VoiceId: is not sent")]
    #[case(json!({"MessageConfiguration": {"APNSMessage": {"Badge": 1}}}), json!({"ChannelType": "APNS"}),
           "APNSMessage.Badge: is not sent")]
    #[case(json!({"MessageConfiguration": {"GCMMessage": {"TimeToLive": 0, "Body": "x"}}}), json!({"ChannelType": "GCM"}),
           "GCMMessage.TimeToLive: must be")]
    #[case(json!({"MessageConfiguration": {"DefaultMessage": {"Body": "x"}}}), json!({"ChannelType": "ADM"}),
           "ChannelType: is none")]
    #[case(json!({"MessageConfiguration": {"DefaultMessage": {"Body": "x"}}, "Context": {"a": "b"}}),
           json!({"ChannelType": "SMS"}), "Context: is not attached")]
    #[case(json!({"MessageConfiguration": {"DefaultMessage": {"Body": "x"}}}),
           json!({"ChannelType": "SMS", "RawContent": "{}"}), "RawContent: is not taken")]
    #[case(json!({"MessageConfiguration": {"DefaultMessage": {"Body": "{{x}}"}}}), json!({"ChannelType": "SMS"}),
           "Body: names {{x}}")]
    #[case(json!({"TemplateConfiguration": {"SMSTemplate": {"Name": "code", "Version": "3"}}}),
           json!({"ChannelType": "SMS"}), "SMSTemplate.Version: is not taken")]
    #[case(json!({"TemplateConfiguration": {"SMSTemplate": {"Name": "code"}}}),
           json!({"ChannelType": "SMS", "BodyOverride": "x"}), "TemplateConfiguration: says what")]
    fn what_can_not_be_done_is_refused_by_name(
        #[case] request: Value,
        #[case] recipient: Value,
        #[case] says: &str,
    ) {
        let refused = compose(request, recipient).unwrap_err().to_string();
        assert!(refused.starts_with(says), "{refused}");
    }

    #[test]
    fn a_request_names_somebody_and_not_too_many() {
        let request = |count: usize| {
            let all: Map<String, Value> = (0..count).map(|n| (n.to_string(), json!({}))).collect();
            super::super::read(json!({"Endpoints": all}).to_string().as_bytes())
        };
        assert!(request(1).is_ok() && request(100).is_ok());
        assert!(request(0).is_err() && request(101).is_err());
    }
}
