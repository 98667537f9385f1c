//! Endpoints, and secrets.

use crate::World;
use ceap_engagement::endpoint::{Change, Endpoints, Kept};
use ceap_engagement::secret::{Secret, SecretKeeper, Secrets};
use ceap_kernel::{Fault, SourceId, SubjectId, TenantId};

fn kept((version, json): &(u64, String)) -> Kept {
    Kept { endpoint: serde_json::from_str(json).unwrap(), version: *version }
}

impl Endpoints for World {
    async fn load(
        &self,
        tenant: &TenantId,
        app: &SourceId,
        keys: &[String],
    ) -> Result<Vec<Option<Kept>>, Fault> {
        self.step("endpoints.load", |stores| {
            let place = |key: &String| (tenant.clone(), app.clone(), key.clone());
            Ok(keys.iter().map(|key| stores.endpoints.get(&place(key)).map(kept)).collect())
        })
        .await
    }

    async fn of_users(
        &self,
        tenant: &TenantId,
        app: &SourceId,
        users: &[SubjectId],
    ) -> Result<Vec<Vec<Kept>>, Fault> {
        self.step("endpoints.of_users", |stores| {
            let own = stores.endpoints.iter().filter(|((of, at, _), _)| (of, at) == (tenant, app));
            let own: Vec<Kept> = own.map(|(_, item)| kept(item)).collect();
            let of = |user: &SubjectId| {
                let is = |it: &&Kept| it.endpoint.user.user_id.as_ref() == Some(user);
                own.iter().filter(is).cloned().collect()
            };
            Ok(users.iter().map(of).collect())
        })
        .await
    }

    async fn save(
        &self,
        tenant: &TenantId,
        app: &SourceId,
        changes: &[Change],
    ) -> Result<(), Fault> {
        self.step("endpoints.save", |stores| {
            let place = |key: &String| (tenant.clone(), app.clone(), key.clone());
            let version =
                |key: &String| stores.endpoints.get(&place(key)).map_or(0, |(version, _)| *version);
            if changes.iter().any(|change| version(&change.key) != change.before) {
                return Err(Fault::Conflict("an endpoint changed meanwhile".to_owned()));
            }
            for Change { key, before, after } in changes {
                match after {
                    Some(endpoint) => {
                        let json = serde_json::to_string(endpoint).unwrap();
                        stores.endpoints.insert(place(key), (before + 1, json));
                    }
                    None => drop(stores.endpoints.remove(&place(key))),
                }
            }
            Ok(())
        })
        .await
    }
}

impl Secrets for World {
    async fn get(&self, tenant: &TenantId, name: &str) -> Result<Secret, Fault> {
        let key = (tenant.clone(), name.to_owned());
        let missing = || Fault::NotFound(format!("there is no secret `{name}`"));
        self.step("secrets.get", |stores| {
            stores.secrets.get(&key).map(Secret::new).ok_or_else(missing)
        })
        .await
    }
}

impl SecretKeeper for World {
    async fn keep(&self, tenant: &TenantId, name: &str, secret: &Secret) -> Result<(), Fault> {
        let key = (tenant.clone(), name.to_owned());
        self.step("secrets.keep", |stores| {
            stores.secrets.insert(key, secret.reveal().to_owned());
            Ok(())
        })
        .await
    }

    async fn forget(&self, tenant: &TenantId, name: &str) -> Result<(), Fault> {
        let key = (tenant.clone(), name.to_owned());
        self.step("secrets.forget", |stores| {
            stores.secrets.remove(&key);
            Ok(())
        })
        .await
    }
}
