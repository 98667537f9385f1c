//! The fakes pass the suites that the adapters pass.
#![allow(clippy::unwrap_used)]

use ceap_engagement::pipeline::accept::EventStream;
use ceap_helpdesk::store::memory::Memory;
use ceap_kernel::TenantId;
use ceap_testkit::builders::{Hands, noon};
use ceap_testkit::{World, contracts};
use std::sync::Arc;

/// Calls wait for each other in several orders.
fn worlds() -> impl Iterator<Item = World> {
    (1..150_000).step_by(7919).map(|seed| World::new(noon()).interleaved(seed))
}

#[tokio::test]
async fn subjects() {
    for world in worlds() {
        contracts::subjects(&world).await;
    }
}

#[tokio::test]
async fn candidates() {
    for world in worlds() {
        contracts::candidates(&world).await;
    }
}

#[tokio::test]
async fn candidate_list() {
    for world in worlds() {
        contracts::candidate_list(&world).await;
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
async fn claims() {
    for world in worlds() {
        contracts::claims(&world).await;
    }
}

#[tokio::test]
async fn goals() {
    for world in worlds() {
        contracts::goals(&world).await;
    }
}

#[tokio::test]
async fn models() {
    for world in worlds() {
        contracts::models(&world).await;
        contracts::model_files(&world).await;
    }
}

#[tokio::test]
async fn outbox() {
    for world in worlds() {
        contracts::outbox(&world).await;
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
        contracts::receipts(&world).await;
    }
}

#[tokio::test]
async fn inbox() {
    for world in worlds() {
        contracts::inbox(&world).await;
    }
}

#[tokio::test]
async fn audiences() {
    for world in worlds() {
        contracts::audiences(&world).await;
    }
}

#[tokio::test]
async fn rates() {
    for world in worlds() {
        contracts::rates(&world).await;
    }
}

#[tokio::test]
async fn courses() {
    for world in worlds() {
        contracts::courses(&world).await;
    }
}

#[tokio::test]
async fn objects() {
    for world in worlds() {
        contracts::objects(&world).await;
    }
}

#[tokio::test]
async fn runs() {
    for world in worlds() {
        contracts::runs(&world).await;
    }
}

#[tokio::test]
async fn population() {
    for world in worlds() {
        contracts::population(&world).await;
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
        contracts::erasures(&world).await;
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
        contracts::schemas(&world).await;
    }
}

#[tokio::test]
async fn shelf() {
    for world in worlds() {
        contracts::shelf(&world).await;
    }
}

#[tokio::test]
async fn sources() {
    for world in worlds() {
        contracts::sources(&world, &world).await;
    }
}
