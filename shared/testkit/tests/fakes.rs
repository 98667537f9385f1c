//! The fakes pass the suites that the adapters pass: each for two tenants side by side, who do the same under the same ids.
#![allow(clippy::unwrap_used)]

use ceap_engagement::pipeline::accept::EventStream;
use ceap_helpdesk::store::memory::Memory;
use ceap_kernel::TenantId;
use ceap_testkit::builders::{Hands, noon};
use ceap_testkit::{World, contracts};
use futures::join;
use std::sync::Arc;

/// Calls wait for each other in several orders.
fn worlds() -> impl Iterator<Item = World> {
    (1..150_000).step_by(7919).map(|seed| World::new(noon()).interleaved(seed))
}

#[tokio::test]
async fn subjects() {
    for world in worlds() {
        join!(contracts::subjects(&world), contracts::subjects(&world));
    }
}

#[tokio::test]
async fn candidates() {
    for world in worlds() {
        join!(contracts::candidates(&world), contracts::candidates(&world));
    }
}

#[tokio::test]
async fn candidate_list() {
    for world in worlds() {
        join!(contracts::candidate_list(&world), contracts::candidate_list(&world));
    }
}

#[tokio::test]
async fn endpoints() {
    for world in worlds() {
        contracts::endpoints(&world, async || {}).await;
        contracts::forgotten_endpoints(&world, &world, async || {}).await;
    }
}

#[tokio::test]
async fn helpdesk() {
    let hands = Hands::default();
    let store = Memory::new(Arc::new(hands.clone()));
    contracts::helpdesk(&store, &hands).await;
}

#[tokio::test]
async fn quota() {
    for world in worlds() {
        join!(contracts::quota(&world), contracts::quota(&world));
    }
}

#[tokio::test]
async fn claims() {
    for world in worlds() {
        join!(contracts::claims(&world), contracts::claims(&world));
    }
}

#[tokio::test]
async fn goals() {
    for world in worlds() {
        join!(contracts::goals(&world), contracts::goals(&world));
    }
}

#[tokio::test]
async fn models() {
    for world in worlds() {
        join!(contracts::models(&world), contracts::models(&world));
        join!(contracts::model_files(&world), contracts::model_files(&world));
    }
}

#[tokio::test]
async fn outbox() {
    for world in worlds() {
        join!(contracts::outbox(&world), contracts::outbox(&world));
    }
}

#[tokio::test]
async fn quarantine() {
    let world = World::new(noon());
    let list = async |tenant: &TenantId| {
        let stores = world.stores();
        let of = |it: &&ceap_engagement::quarantine::Rejected| it.tenant.as_ref() == Some(tenant);
        stores.quarantine.iter().filter(of).cloned().collect()
    };
    contracts::quarantine(&world, list).await;
}

#[tokio::test]
async fn stream() {
    let world = World::new(noon());
    let list = async |_: &TenantId| world.stores().stream.clone();
    contracts::stream(&world, list).await;
}

#[tokio::test]
async fn suppressions() {
    contracts::suppressions(&World::new(noon())).await;
}

#[tokio::test]
async fn receipts() {
    for world in worlds() {
        join!(contracts::receipts(&world), contracts::receipts(&world));
    }
}

#[tokio::test]
async fn inbox() {
    for world in worlds() {
        join!(contracts::inbox(&world), contracts::inbox(&world));
    }
}

#[tokio::test]
async fn audiences() {
    for world in worlds() {
        join!(contracts::audiences(&world), contracts::audiences(&world));
    }
}

#[tokio::test]
async fn rates() {
    for world in worlds() {
        join!(contracts::rates(&world), contracts::rates(&world));
    }
}

#[tokio::test]
async fn courses() {
    for world in worlds() {
        join!(contracts::courses(&world), contracts::courses(&world));
    }
}

#[tokio::test]
async fn objects() {
    for world in worlds() {
        join!(contracts::objects(&world), contracts::objects(&world));
    }
}

#[tokio::test]
async fn runs() {
    for world in worlds() {
        join!(contracts::runs(&world), contracts::runs(&world));
    }
}

#[tokio::test]
async fn population() {
    for world in worlds() {
        join!(contracts::population(&world), contracts::population(&world));
    }
}

#[tokio::test]
async fn history() {
    for world in worlds() {
        contracts::history(&world, async |events| world.put(events).await.unwrap()).await;
    }
}

#[tokio::test]
async fn erasures() {
    for world in worlds() {
        join!(contracts::erasures(&world), contracts::erasures(&world));
    }
}

#[tokio::test]
async fn forget() {
    for world in worlds() {
        let list = async |tenant: &TenantId| {
            let stores = world.stores();
            let of =
                |it: &&ceap_engagement::quarantine::Rejected| it.tenant.as_ref() == Some(tenant);
            stores.quarantine.iter().filter(of).cloned().collect()
        };
        let tables = contracts::Tables {
            forget: &world,
            subjects: &world,
            candidates: &world,
            messages: &world,
            inbox: &world,
            audiences: &world,
            quarantine: &world,
        };
        contracts::forget(&tables, list).await;
    }
}

#[tokio::test]
async fn schemas() {
    for world in worlds() {
        join!(contracts::schemas(&world), contracts::schemas(&world));
    }
}

#[tokio::test]
async fn shelf() {
    for world in worlds() {
        join!(contracts::shelf(&world), contracts::shelf(&world));
    }
}

#[tokio::test]
async fn sources() {
    for world in worlds() {
        join!(contracts::sources(&world, &world), contracts::sources(&world, &world));
    }
}
