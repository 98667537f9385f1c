//! Every operation of Pinpoint's model, and what stands in the place of those that are not done here.

/// One operation of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// Its name.
    pub name: &'static str,
    /// Its method.
    pub method: &'static str,
    /// Its path, with variables as `{application-id}`.
    pub path: &'static str,
    /// What to use instead; none for what is done here.
    pub instead: Option<&'static str>,
}

const fn of(name: &'static str, method: &'static str, path: &'static str) -> Operation {
    Operation { name, method, path, instead: None }
}

impl Operation {
    const fn or(self, instead: &'static str) -> Self {
        Self { instead: Some(instead), ..self }
    }

    fn fits(&self, path: &str) -> bool {
        let (mut asked, mut known) = (path.split('/'), self.path.split('/'));
        loop {
            match (known.next(), asked.next()) {
                (None, None) => return true,
                // A name with slashes in it, which come decoded.
                (Some("{resource-arn}"), Some(_)) => return true,
                (Some(known), Some(asked)) if known == asked => {}
                (Some(known), Some(asked)) if known.starts_with('{') && !asked.is_empty() => {}
                _ => return false,
            }
        }
    }
}

/// The operation that a request asks for.
#[must_use]
pub fn find(method: &str, path: &str) -> Option<&'static Operation> {
    // Names of applications and templates may be words of other paths: those come first.
    let variables = |it: &&Operation| it.path.matches('{').count();
    OPERATIONS.iter().filter(|it| it.method == method && it.fits(path)).min_by_key(variables)
}

const APPS: &str = "an application is a source: PUT /v1/sources/{id} with {\"from\": {\"pinpoint\": {}}} \
    makes one, GET /v1/sources lists them, DELETE /v1/sources/{id} takes one away";
const SETTINGS: &str = "quiet hours are a use case's `quiet_hours`, limits the tenant's `caps`: the function \
    `tenants` changes settings";
const CAMPAIGNS: &str = "a campaign is a use case: PUT /v1/use-cases/{id}, with a `schedule` for a whole \
    population or a `trigger` for an event; `mode: off` pauses it";
const JOURNEYS: &str = "a journey is one or several use cases, with a `delay`, a `filter` and `fallback` \
    channels: PUT /v1/use-cases/{id}";
const REPORTS: &str =
    "GET /v1/use-cases/{id}/report counts what a use case sent, and what that led to";
const RUNS: &str = "GET /v1/use-cases/{id}/runs tells what became of each run of a use case, GET \
    /v1/candidates whom it found";
const SEGMENTS: &str = "a segment is the `filter` of a use case, over features and the profile: PUT \
    /v1/use-cases/{id}";
const IMPORT: &str = "files become events from the drop bucket: PUT /v1/sources/{id} with {\"from\": \
    {\"files\": …}}; consents are imported by POST /v1/consents/import";
const EXPORT: &str = "the event lake holds every event, for Athena; GET /v1/consents/export and GET \
    /v1/suppressions/export list consents and suppressed addresses";
const TEMPLATES: &str = "templates are kept by PUT /v1/templates/{id}, listed by GET /v1/templates, and previewed \
    by POST /v1/templates/{id}/preview";
const INBOX: &str =
    "messages in an app are sent on the channel `in-app`, and read by GET /v1/inbox/{subject}";
const CHANNELS: &str = "channels are set up by the stack's parameters and the tenant's settings and secrets (the \
    manual's page Channels)";
const STREAM: &str = "every event is in the event lake and on the stack's Kinesis stream, without being asked \
    for";
const TAGS: &str = "resources are tagged by their stack: sam deploy --tags";
const RECOMMENDERS: &str =
    "recommendations come from PUT /v1/items and POST /v1/use-cases/{id}/affinity";
const PHONE: &str =
    "AWS End User Messaging validates numbers; a number here must be E.164, as +15555550123";
const OTP: &str = "make the code yourself, keep it in your own store, and send it by POST /v1/messages with \
    `purpose: transactional` and `expires_in`";
const ATTRIBUTES: &str = "UpdateEndpoint with an empty list takes an attribute off an endpoint; an event \
    profile_updated with null takes a trait off a profile";

/// Every operation, by name (`botocore/data/pinpoint/2016-12-01/service-2.json`).
pub const OPERATIONS: &[Operation] = &[
    of("CreateApp", "POST", "/v1/apps").or(APPS),
    of("CreateCampaign", "POST", "/v1/apps/{application-id}/campaigns").or(CAMPAIGNS),
    of("CreateEmailTemplate", "POST", "/v1/templates/{template-name}/email").or(TEMPLATES),
    of("CreateExportJob", "POST", "/v1/apps/{application-id}/jobs/export").or(EXPORT),
    of("CreateImportJob", "POST", "/v1/apps/{application-id}/jobs/import").or(IMPORT),
    of("CreateInAppTemplate", "POST", "/v1/templates/{template-name}/inapp").or(TEMPLATES),
    of("CreateJourney", "POST", "/v1/apps/{application-id}/journeys").or(JOURNEYS),
    of("CreatePushTemplate", "POST", "/v1/templates/{template-name}/push").or(TEMPLATES),
    of("CreateRecommenderConfiguration", "POST", "/v1/recommenders").or(RECOMMENDERS),
    of("CreateSegment", "POST", "/v1/apps/{application-id}/segments").or(SEGMENTS),
    of("CreateSmsTemplate", "POST", "/v1/templates/{template-name}/sms").or(TEMPLATES),
    of("CreateVoiceTemplate", "POST", "/v1/templates/{template-name}/voice").or(TEMPLATES),
    of("DeleteAdmChannel", "DELETE", "/v1/apps/{application-id}/channels/adm").or(CHANNELS),
    of("DeleteApnsChannel", "DELETE", "/v1/apps/{application-id}/channels/apns").or(CHANNELS),
    of("DeleteApnsSandboxChannel", "DELETE", "/v1/apps/{application-id}/channels/apns_sandbox").or(CHANNELS),
    of("DeleteApnsVoipChannel", "DELETE", "/v1/apps/{application-id}/channels/apns_voip").or(CHANNELS),
    of("DeleteApnsVoipSandboxChannel", "DELETE", "/v1/apps/{application-id}/channels/apns_voip_sandbox").or(CHANNELS),
    of("DeleteApp", "DELETE", "/v1/apps/{application-id}").or(APPS),
    of("DeleteBaiduChannel", "DELETE", "/v1/apps/{application-id}/channels/baidu").or(CHANNELS),
    of("DeleteCampaign", "DELETE", "/v1/apps/{application-id}/campaigns/{campaign-id}").or(CAMPAIGNS),
    of("DeleteEmailChannel", "DELETE", "/v1/apps/{application-id}/channels/email").or(CHANNELS),
    of("DeleteEmailTemplate", "DELETE", "/v1/templates/{template-name}/email").or(TEMPLATES),
    of("DeleteEndpoint", "DELETE", "/v1/apps/{application-id}/endpoints/{endpoint-id}"),
    of("DeleteEventStream", "DELETE", "/v1/apps/{application-id}/eventstream").or(STREAM),
    of("DeleteGcmChannel", "DELETE", "/v1/apps/{application-id}/channels/gcm").or(CHANNELS),
    of("DeleteInAppTemplate", "DELETE", "/v1/templates/{template-name}/inapp").or(TEMPLATES),
    of("DeleteJourney", "DELETE", "/v1/apps/{application-id}/journeys/{journey-id}").or(JOURNEYS),
    of("DeletePushTemplate", "DELETE", "/v1/templates/{template-name}/push").or(TEMPLATES),
    of("DeleteRecommenderConfiguration", "DELETE", "/v1/recommenders/{recommender-id}").or(RECOMMENDERS),
    of("DeleteSegment", "DELETE", "/v1/apps/{application-id}/segments/{segment-id}").or(SEGMENTS),
    of("DeleteSmsChannel", "DELETE", "/v1/apps/{application-id}/channels/sms").or(CHANNELS),
    of("DeleteSmsTemplate", "DELETE", "/v1/templates/{template-name}/sms").or(TEMPLATES),
    of("DeleteUserEndpoints", "DELETE", "/v1/apps/{application-id}/users/{user-id}"),
    of("DeleteVoiceChannel", "DELETE", "/v1/apps/{application-id}/channels/voice").or(CHANNELS),
    of("DeleteVoiceTemplate", "DELETE", "/v1/templates/{template-name}/voice").or(TEMPLATES),
    of("GetAdmChannel", "GET", "/v1/apps/{application-id}/channels/adm").or(CHANNELS),
    of("GetApnsChannel", "GET", "/v1/apps/{application-id}/channels/apns").or(CHANNELS),
    of("GetApnsSandboxChannel", "GET", "/v1/apps/{application-id}/channels/apns_sandbox").or(CHANNELS),
    of("GetApnsVoipChannel", "GET", "/v1/apps/{application-id}/channels/apns_voip").or(CHANNELS),
    of("GetApnsVoipSandboxChannel", "GET", "/v1/apps/{application-id}/channels/apns_voip_sandbox").or(CHANNELS),
    of("GetApp", "GET", "/v1/apps/{application-id}").or(APPS),
    of("GetApplicationDateRangeKpi", "GET", "/v1/apps/{application-id}/kpis/daterange/{kpi-name}").or(REPORTS),
    of("GetApplicationSettings", "GET", "/v1/apps/{application-id}/settings").or(SETTINGS),
    of("GetApps", "GET", "/v1/apps").or(APPS),
    of("GetBaiduChannel", "GET", "/v1/apps/{application-id}/channels/baidu").or(CHANNELS),
    of("GetCampaign", "GET", "/v1/apps/{application-id}/campaigns/{campaign-id}").or(CAMPAIGNS),
    of("GetCampaignActivities", "GET", "/v1/apps/{application-id}/campaigns/{campaign-id}/activities").or(RUNS),
    of("GetCampaignDateRangeKpi", "GET", "/v1/apps/{application-id}/campaigns/{campaign-id}/kpis/daterange/{kpi-name}").or(REPORTS),
    of("GetCampaignVersion", "GET", "/v1/apps/{application-id}/campaigns/{campaign-id}/versions/{version}").or(CAMPAIGNS),
    of("GetCampaignVersions", "GET", "/v1/apps/{application-id}/campaigns/{campaign-id}/versions").or(CAMPAIGNS),
    of("GetCampaigns", "GET", "/v1/apps/{application-id}/campaigns").or(CAMPAIGNS),
    of("GetChannels", "GET", "/v1/apps/{application-id}/channels").or(CHANNELS),
    of("GetEmailChannel", "GET", "/v1/apps/{application-id}/channels/email").or(CHANNELS),
    of("GetEmailTemplate", "GET", "/v1/templates/{template-name}/email").or(TEMPLATES),
    of("GetEndpoint", "GET", "/v1/apps/{application-id}/endpoints/{endpoint-id}"),
    of("GetEventStream", "GET", "/v1/apps/{application-id}/eventstream").or(STREAM),
    of("GetExportJob", "GET", "/v1/apps/{application-id}/jobs/export/{job-id}").or(EXPORT),
    of("GetExportJobs", "GET", "/v1/apps/{application-id}/jobs/export").or(EXPORT),
    of("GetGcmChannel", "GET", "/v1/apps/{application-id}/channels/gcm").or(CHANNELS),
    of("GetImportJob", "GET", "/v1/apps/{application-id}/jobs/import/{job-id}").or(IMPORT),
    of("GetImportJobs", "GET", "/v1/apps/{application-id}/jobs/import").or(IMPORT),
    of("GetInAppMessages", "GET", "/v1/apps/{application-id}/endpoints/{endpoint-id}/inappmessages").or(INBOX),
    of("GetInAppTemplate", "GET", "/v1/templates/{template-name}/inapp").or(TEMPLATES),
    of("GetJourney", "GET", "/v1/apps/{application-id}/journeys/{journey-id}").or(JOURNEYS),
    of("GetJourneyDateRangeKpi", "GET", "/v1/apps/{application-id}/journeys/{journey-id}/kpis/daterange/{kpi-name}").or(REPORTS),
    of("GetJourneyExecutionActivityMetrics", "GET", "/v1/apps/{application-id}/journeys/{journey-id}/activities/{journey-activity-id}/execution-metrics").or(REPORTS),
    of("GetJourneyExecutionMetrics", "GET", "/v1/apps/{application-id}/journeys/{journey-id}/execution-metrics").or(REPORTS),
    of("GetJourneyRunExecutionActivityMetrics", "GET", "/v1/apps/{application-id}/journeys/{journey-id}/runs/{run-id}/activities/{journey-activity-id}/execution-metrics").or(REPORTS),
    of("GetJourneyRunExecutionMetrics", "GET", "/v1/apps/{application-id}/journeys/{journey-id}/runs/{run-id}/execution-metrics").or(REPORTS),
    of("GetJourneyRuns", "GET", "/v1/apps/{application-id}/journeys/{journey-id}/runs").or(RUNS),
    of("GetPushTemplate", "GET", "/v1/templates/{template-name}/push").or(TEMPLATES),
    of("GetRecommenderConfiguration", "GET", "/v1/recommenders/{recommender-id}").or(RECOMMENDERS),
    of("GetRecommenderConfigurations", "GET", "/v1/recommenders").or(RECOMMENDERS),
    of("GetSegment", "GET", "/v1/apps/{application-id}/segments/{segment-id}").or(SEGMENTS),
    of("GetSegmentExportJobs", "GET", "/v1/apps/{application-id}/segments/{segment-id}/jobs/export").or(EXPORT),
    of("GetSegmentImportJobs", "GET", "/v1/apps/{application-id}/segments/{segment-id}/jobs/import").or(IMPORT),
    of("GetSegmentVersion", "GET", "/v1/apps/{application-id}/segments/{segment-id}/versions/{version}").or(SEGMENTS),
    of("GetSegmentVersions", "GET", "/v1/apps/{application-id}/segments/{segment-id}/versions").or(SEGMENTS),
    of("GetSegments", "GET", "/v1/apps/{application-id}/segments").or(SEGMENTS),
    of("GetSmsChannel", "GET", "/v1/apps/{application-id}/channels/sms").or(CHANNELS),
    of("GetSmsTemplate", "GET", "/v1/templates/{template-name}/sms").or(TEMPLATES),
    of("GetUserEndpoints", "GET", "/v1/apps/{application-id}/users/{user-id}"),
    of("GetVoiceChannel", "GET", "/v1/apps/{application-id}/channels/voice").or(CHANNELS),
    of("GetVoiceTemplate", "GET", "/v1/templates/{template-name}/voice").or(TEMPLATES),
    of("ListJourneys", "GET", "/v1/apps/{application-id}/journeys").or(JOURNEYS),
    of("ListTagsForResource", "GET", "/v1/tags/{resource-arn}").or(TAGS),
    of("ListTemplateVersions", "GET", "/v1/templates/{template-name}/{template-type}/versions").or(TEMPLATES),
    of("ListTemplates", "GET", "/v1/templates").or(TEMPLATES),
    of("PhoneNumberValidate", "POST", "/v1/phone/number/validate").or(PHONE),
    of("PutEventStream", "POST", "/v1/apps/{application-id}/eventstream").or(STREAM),
    of("PutEvents", "POST", "/v1/apps/{application-id}/events"),
    of("RemoveAttributes", "PUT", "/v1/apps/{application-id}/attributes/{attribute-type}").or(ATTRIBUTES),
    of("SendMessages", "POST", "/v1/apps/{application-id}/messages"),
    of("SendOTPMessage", "POST", "/v1/apps/{application-id}/otp").or(OTP),
    of("SendUsersMessages", "POST", "/v1/apps/{application-id}/users-messages"),
    of("TagResource", "POST", "/v1/tags/{resource-arn}").or(TAGS),
    of("UntagResource", "DELETE", "/v1/tags/{resource-arn}").or(TAGS),
    of("UpdateAdmChannel", "PUT", "/v1/apps/{application-id}/channels/adm").or(CHANNELS),
    of("UpdateApnsChannel", "PUT", "/v1/apps/{application-id}/channels/apns").or(CHANNELS),
    of("UpdateApnsSandboxChannel", "PUT", "/v1/apps/{application-id}/channels/apns_sandbox").or(CHANNELS),
    of("UpdateApnsVoipChannel", "PUT", "/v1/apps/{application-id}/channels/apns_voip").or(CHANNELS),
    of("UpdateApnsVoipSandboxChannel", "PUT", "/v1/apps/{application-id}/channels/apns_voip_sandbox").or(CHANNELS),
    of("UpdateApplicationSettings", "PUT", "/v1/apps/{application-id}/settings").or(SETTINGS),
    of("UpdateBaiduChannel", "PUT", "/v1/apps/{application-id}/channels/baidu").or(CHANNELS),
    of("UpdateCampaign", "PUT", "/v1/apps/{application-id}/campaigns/{campaign-id}").or(CAMPAIGNS),
    of("UpdateEmailChannel", "PUT", "/v1/apps/{application-id}/channels/email").or(CHANNELS),
    of("UpdateEmailTemplate", "PUT", "/v1/templates/{template-name}/email").or(TEMPLATES),
    of("UpdateEndpoint", "PUT", "/v1/apps/{application-id}/endpoints/{endpoint-id}"),
    of("UpdateEndpointsBatch", "PUT", "/v1/apps/{application-id}/endpoints"),
    of("UpdateGcmChannel", "PUT", "/v1/apps/{application-id}/channels/gcm").or(CHANNELS),
    of("UpdateInAppTemplate", "PUT", "/v1/templates/{template-name}/inapp").or(TEMPLATES),
    of("UpdateJourney", "PUT", "/v1/apps/{application-id}/journeys/{journey-id}").or(JOURNEYS),
    of("UpdateJourneyState", "PUT", "/v1/apps/{application-id}/journeys/{journey-id}/state").or(JOURNEYS),
    of("UpdatePushTemplate", "PUT", "/v1/templates/{template-name}/push").or(TEMPLATES),
    of("UpdateRecommenderConfiguration", "PUT", "/v1/recommenders/{recommender-id}").or(RECOMMENDERS),
    of("UpdateSegment", "PUT", "/v1/apps/{application-id}/segments/{segment-id}").or(SEGMENTS),
    of("UpdateSmsChannel", "PUT", "/v1/apps/{application-id}/channels/sms").or(CHANNELS),
    of("UpdateSmsTemplate", "PUT", "/v1/templates/{template-name}/sms").or(TEMPLATES),
    of("UpdateTemplateActiveVersion", "PUT", "/v1/templates/{template-name}/{template-type}/active-version").or(TEMPLATES),
    of("UpdateVoiceChannel", "PUT", "/v1/apps/{application-id}/channels/voice").or(CHANNELS),
    of("UpdateVoiceTemplate", "PUT", "/v1/templates/{template-name}/voice").or(TEMPLATES),
    of("VerifyOTPMessage", "POST", "/v1/apps/{application-id}/verify-otp").or(OTP),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_its_own_path() {
        for known in OPERATIONS {
            let path = known.path.replace(['{', '}'], "");
            assert_eq!(find(known.method, &path), Some(known));
        }
        assert_eq!(find("GET", "/v1/profiles/ada"), None);
        let tags =
            find("GET", "/v1/tags/arn:aws:mobiletargeting:eu-central-1:1:apps/shop").unwrap();
        assert_eq!(tags.name, "ListTagsForResource");
        assert_eq!(find("GET", "/v1/apps/"), None);
        assert_eq!(OPERATIONS.iter().filter(|it| it.instead.is_none()).count(), 9);
    }

    #[test]
    fn the_manual_tells_of_each() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/pinpoint.md");
        let page = std::fs::read_to_string(page).unwrap();
        for known in OPERATIONS {
            assert!(page.contains(&format!("`{}`", known.name)), "{}", known.name);
        }
    }
}
