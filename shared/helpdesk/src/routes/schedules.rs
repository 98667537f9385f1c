//! Schedules and their holidays
//! ([schedules](https://developer.zendesk.com/api-reference/ticketing/ticket-management/schedules/)).

use super::{Shown, listed, one};
use crate::access::Action::ManageRules;
use crate::account::{Brand, Group};
use crate::api::{Answer, Call, Guard, Refused, Route};
use crate::ids::{BrandId, GroupId, RecordId};
use crate::record::Kept;
use crate::refusal::Refusal;
use crate::routes;
use crate::schedule::{Holiday, Interval, Schedule, check};
use crate::wire::text;
use ceap_kernel::Timestamp;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Schedules.
pub const ROUTES: &[Route] = routes![
    GET "/business_hours/schedules" Guard::May(ManageRules) => list, "Lists schedules";
    POST "/business_hours/schedules" Guard::May(ManageRules) => create, "Adds a schedule";
    GET "/business_hours/schedules/{id}" Guard::May(ManageRules) => show, "Shows a schedule";
    PUT "/business_hours/schedules/{id}" Guard::May(ManageRules) => update, "Changes the name and the time zone of a schedule, and whose it is";
    DELETE "/business_hours/schedules/{id}" Guard::May(ManageRules) => delete, "Deletes a schedule";
    PUT "/business_hours/schedules/{id}/workweek" Guard::May(ManageRules) => workweek, "Sets the hours of a schedule";
    GET "/business_hours/schedules/{id}/holidays" Guard::May(ManageRules) => holidays, "Lists the holidays of a schedule";
    POST "/business_hours/schedules/{id}/holidays" Guard::May(ManageRules) => add_holiday, "Adds a holiday to a schedule";
    GET "/business_hours/schedules/{id}/holidays/{holiday_id}" Guard::May(ManageRules) => show_holiday, "Shows a holiday of a schedule";
    PUT "/business_hours/schedules/{id}/holidays/{holiday_id}" Guard::May(ManageRules) => change_holiday, "Changes a holiday of a schedule";
    DELETE "/business_hours/schedules/{id}/holidays/{holiday_id}" Guard::May(ManageRules) => delete_holiday, "Deletes a holiday of a schedule";
];

/// Schedules of an account, and holidays of a schedule.
const MOST: usize = 100;
const MOST_HOLIDAYS: usize = 500;

/// How far from today holidays may be (Zendesk's limit).
const YEARS: i16 = 2;

impl Shown for Schedule {
    fn shown(&self, call: &Call<'_>) -> Value {
        // What was deleted since is nobody's any more.
        let brands = call.account.all::<Brand>().unwrap_or_default();
        let groups = call.account.all::<Group>().unwrap_or_default();
        let brands =
            self.brand_ids.iter().filter(|id| brands.iter().any(|it| it.id == **id && !it.deleted));
        let groups = self.group_ids.iter().filter(|id| groups.iter().any(|it| it.id == **id));
        json!({
            "id": self.id,
            "name": self.name,
            "time_zone": self.time_zone,
            "intervals": self.intervals,
            "brand_ids": brands.collect::<Vec<_>>(),
            "group_ids": groups.collect::<Vec<_>>(),
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        })
    }
}

fn found(call: &Call<'_>) -> Result<Kept<Schedule>, Refused> {
    call.account.find::<Schedule>(call.id("id")?)?.ok_or(Refused::NotFound)
}

async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    listed(call, call.account.all::<Schedule>()?.iter())
}

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(one(call, &found(call)?.record)))
}

/// What is asked of a schedule.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Edit {
    #[serde(deserialize_with = "text")]
    name: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    time_zone: Option<Option<String>>,
    /// The brands and groups whose tickets it is for, which Zendesk does not have.
    brand_ids: Option<BTreeSet<BrandId>>,
    group_ids: Option<BTreeSet<GroupId>>,
}

impl Edit {
    fn apply(self, call: &Call<'_>, schedule: &mut Schedule) -> Result<(), Refused> {
        if let Some(name) = self.name {
            schedule.name = name.unwrap_or_default();
        }
        if let Some(zone) = self.time_zone {
            schedule.time_zone = zone.unwrap_or_default();
        }
        schedule.updated_at = call.at;
        let mut refusal = Refusal::default();
        check::named(schedule, &mut refusal);
        let all = call.account.all::<Schedule>()?;
        let others: Vec<&Schedule> =
            all.iter().filter(|it| it.id != schedule.id).map(|it| &it.record).collect();
        if let Some(ids) = self.brand_ids {
            let there = call.account.all::<Brand>()?;
            let there = |id: BrandId| there.iter().any(|it| it.id == id && !it.deleted);
            check::bound(
                "brand",
                &ids,
                there,
                |id| owner(&others, |it| it.brand_ids.contains(&id)),
                &mut refusal,
            );
            schedule.brand_ids = ids;
        }
        if let Some(ids) = self.group_ids {
            let there = call.account.all::<Group>()?;
            let there = |id: GroupId| there.iter().any(|it| it.id == id);
            check::bound(
                "group",
                &ids,
                there,
                |id| owner(&others, |it| it.group_ids.contains(&id)),
                &mut refusal,
            );
            schedule.group_ids = ids;
        }
        if all.iter().any(|it| it.id != schedule.id && it.name == schedule.name) {
            refusal.add("name", "Name: has already been taken", Some("DuplicateValue"));
        }
        Ok(refusal.against(())?)
    }
}

/// The name of the schedule that has something.
fn owner<'s>(all: &[&'s Schedule], has: impl Fn(&Schedule) -> bool) -> Option<&'s str> {
    all.iter().find(|it| has(it)).map(|it| it.name.as_str())
}

/// From nine to five on weekdays, until its hours are set.
async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let edit: Edit = call.ask.record("schedule")?;
    if call.account.all::<Schedule>()?.len() >= MOST {
        return Err(Refused::field("base", "there are as many schedules as there may be"));
    }
    let mut schedule = Schedule {
        id: RecordId::fresh(call)?,
        name: String::new(),
        time_zone: String::new(),
        intervals: Schedule::usual(),
        holidays: Vec::new(),
        brand_ids: BTreeSet::new(),
        group_ids: BTreeSet::new(),
        created_at: call.at,
        updated_at: call.at,
    };
    edit.apply(call, &mut schedule)?;
    call.add(&schedule).await?;
    let location = call.url(&format!("/business_hours/schedules/{}.json", schedule.id));
    Ok(Answer::created(one(call, &schedule), location))
}

async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = found(call)?;
    let edit: Edit = call.ask.record("schedule")?;
    let mut after = before.record.clone();
    edit.apply(call, &mut after)?;
    call.change(&before, &after).await?;
    Ok(Answer::ok(one(call, &after)))
}

async fn delete(call: &Call<'_>) -> Result<Answer, Refused> {
    call.remove(&found(call)?).await
}

/// The hours that are asked for.
#[derive(Debug, Deserialize)]
struct Workweek {
    intervals: Vec<Interval>,
}

async fn workweek(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = found(call)?;
    let Workweek { intervals } = call.ask.record("workweek")?;
    let mut refusal = Refusal::default();
    check::week(&intervals, &mut refusal);
    refusal.against(())?;
    let after = Schedule { intervals, updated_at: call.at, ..before.record.clone() };
    call.change(&before, &after).await?;
    Ok(Answer::ok(json!({"workweek": {"intervals": after.intervals}})))
}

async fn holidays(call: &Call<'_>) -> Result<Answer, Refused> {
    let mut all = found(call)?.record.holidays;
    all.sort_by_key(|it| (it.start_date, it.id));
    Ok(Answer::ok(json!({"holidays": all})))
}

fn named(call: &Call<'_>, schedule: &Schedule) -> Result<Holiday, Refused> {
    let id = call.id("holiday_id")?;
    let holiday = schedule.holidays.iter().find(|it| it.id.get() == id);
    holiday.cloned().ok_or(Refused::NotFound)
}

async fn show_holiday(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(json!({"holiday": named(call, &found(call)?.record)?})))
}

/// What is asked of a holiday.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct HolidayEdit {
    #[serde(deserialize_with = "text")]
    name: Option<Option<String>>,
    start_date: Option<Date>,
    end_date: Option<Date>,
}

impl HolidayEdit {
    /// The holiday as it is asked for; of a new one, `before` is none.
    fn read(
        self,
        id: RecordId,
        before: Option<Holiday>,
        at: Timestamp,
    ) -> Result<Holiday, Refusal> {
        let mut refusal = Refusal::default();
        let (known, dates) = match before {
            Some(it) => (it.name, Some((it.start_date, it.end_date))),
            None => (String::new(), None),
        };
        let name = self.name.map_or(known, Option::unwrap_or_default);
        if name.trim().is_empty() {
            refusal.add("name", "Name: cannot be blank", Some("BlankValue"));
        }
        let start = self.start_date.or(dates.map(|it| it.0));
        let end = self.end_date.or(dates.map(|it| it.1));
        for (field, title, date) in
            [("start_date", "Start date", start), ("end_date", "End date", end)]
        {
            match date {
                None => refusal.add(field, format!("{title}: cannot be blank"), Some("BlankValue")),
                Some(date) if !near(date, at) => {
                    let text = format!("{title}: must be within {YEARS} years from today");
                    refusal.add(field, text, Some("InvalidValue"));
                }
                Some(_) => {}
            }
        }
        if end < start {
            let text = "End date: must not be before the start date";
            refusal.add("end_date", text, Some("InvalidValue"));
        }
        let holiday =
            start.zip(end).map(|(start_date, end_date)| Holiday { id, name, start_date, end_date });
        match (refusal.against(())?, holiday) {
            ((), Some(holiday)) => Ok(holiday),
            // A day that is missing was refused.
            ((), None) => Err(Refusal::default()),
        }
    }
}

fn near(date: Date, at: Timestamp) -> bool {
    let today = TimeZone::UTC.to_datetime(at).date();
    let years = YEARS.years();
    let (first, last) = (today.checked_sub(years), today.checked_add(years));
    first.is_ok_and(|first| first <= date) && last.is_ok_and(|last| date <= last)
}

async fn add_holiday(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = found(call)?;
    let edit: HolidayEdit = call.ask.record("holiday")?;
    if before.holidays.len() >= MOST_HOLIDAYS {
        return Err(Refused::field("base", "there are as many holidays as there may be"));
    }
    let holiday = edit.read(RecordId::fresh(call)?, None, call.at)?;
    let mut after = Schedule { updated_at: call.at, ..before.record.clone() };
    after.holidays.push(holiday.clone());
    call.change(&before, &after).await?;
    let path = format!("/business_hours/schedules/{}/holidays/{}.json", after.id, holiday.id);
    Ok(Answer::created(json!({"holiday": holiday}), call.url(&path)))
}

async fn change_holiday(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = found(call)?;
    let known = named(call, &before)?;
    let edit: HolidayEdit = call.ask.record("holiday")?;
    let holiday = edit.read(known.id, Some(known), call.at)?;
    let mut after = Schedule { updated_at: call.at, ..before.record.clone() };
    for it in after.holidays.iter_mut().filter(|it| it.id == holiday.id) {
        it.clone_from(&holiday);
    }
    call.change(&before, &after).await?;
    Ok(Answer::ok(json!({"holiday": holiday})))
}

async fn delete_holiday(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = found(call)?;
    let gone = named(call, &before)?;
    let mut after = Schedule { updated_at: call.at, ..before.record.clone() };
    after.holidays.retain(|it| it.id != gone.id);
    call.change(&before, &after).await?;
    Ok(Answer::gone())
}
