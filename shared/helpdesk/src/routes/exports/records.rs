//! People and organizations.

use super::page::{Place, Source};
use crate::api::{Call, Refused};
use crate::organization::{self, Organization};
use crate::record::places;
use crate::routes::Shown;
use crate::user::{self, User};
use serde_json::Value;

/// People, those who were deleted too.
pub(super) struct Users;

/// Organizations. What was deleted is not told of.
pub(super) struct Organizations;

impl Source for Users {
    const NAME: &'static str = "users";

    fn lists(&self) -> Vec<&'static str> {
        vec![user::CHANGED]
    }

    async fn told(&self, call: &Call<'_>, places: &[Place]) -> Result<Vec<Vec<Value>>, Refused> {
        records::<User>(call, places).await
    }
}

impl Source for Organizations {
    const NAME: &'static str = "organizations";

    fn lists(&self) -> Vec<&'static str> {
        vec![organization::CHANGED]
    }

    async fn told(&self, call: &Call<'_>, places: &[Place]) -> Result<Vec<Vec<Value>>, Refused> {
        records::<Organization>(call, places).await
    }
}

async fn records<R: Shown>(call: &Call<'_>, places: &[Place]) -> Result<Vec<Vec<Value>>, Refused> {
    call.fetch(places.iter().map(|it| places::record(R::KIND, it.id()))).await?;
    let mut told = Vec::with_capacity(places.len());
    for place in places {
        let record = call.find::<R>(place.id()).await?;
        told.push(record.iter().map(|it| it.shown(call)).collect());
    }
    Ok(told)
}
