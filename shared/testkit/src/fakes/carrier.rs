//! Providers with habits: each takes, refuses, puts off and loses what it is asked, as its seed says.

use crate::World;
use ceap_engagement::message::Dispatch;
use ceap_engagement::pipeline::send::{Accepted, Provider, SendError};
use ceap_kernel::{Fault, Timestamp, hash64};

/// What a provider does, in percent of what it is asked. The rest it takes, and says so.
#[derive(Debug, Clone, Copy, Default)]
pub struct Habits {
    /// Takes it, and its answer is lost.
    pub mute: u64,
    /// Never hears of it, and nobody learns that.
    pub deaf: u64,
    /// Says "not now", every second time until when.
    pub busy: u64,
    /// Refuses it for good.
    pub refuses: u64,
    /// Can't send at all.
    pub unable: u64,
    /// Says that the address is gone.
    pub gone: u64,
    /// Whether its receipts tell of all that it took.
    pub traced: bool,
    /// Whether what it takes has reached the recipient, as far as it can ever tell.
    pub delivers: bool,
}

/// What a sender was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It went out.
    Yes,
    /// Not now.
    NotNow,
    /// Never.
    No,
    /// Nothing: the answer was lost, or the sender died before it came.
    Nothing,
}

/// One request for one address.
#[derive(Debug, Clone)]
pub struct Ask {
    pub channel: String,
    pub at: Timestamp,
    /// Whether it went out.
    pub took: bool,
    pub told: Told,
}

enum Does {
    Takes,
    TakesMutely,
    IsDeaf,
    IsBusy,
    Refuses,
    IsUnable,
    IsGone,
}

impl Habits {
    fn does(&self, roll: u64) -> Does {
        let mut left = roll % 100;
        for (share, does) in [
            (self.mute, Does::TakesMutely),
            (self.deaf, Does::IsDeaf),
            (self.busy, Does::IsBusy),
            (self.refuses, Does::Refuses),
            (self.unable, Does::IsUnable),
            (self.gone, Does::IsGone),
        ] {
            if left < share {
                return does;
            }
            left -= share;
        }
        Does::Takes
    }
}

/// A provider in a world. What it does with a request depends on its seed, the message, the address
/// and how often it was asked, and on no order of events.
#[derive(Debug, Clone)]
pub struct Carrier<const REPEATABLE: bool> {
    pub world: World,
    pub habits: Habits,
    pub seed: u64,
}

impl<const REPEATABLE: bool> Carrier<REPEATABLE> {
    async fn ask(&self, dispatch: &Dispatch, to: &str) -> Result<String, SendError> {
        let key = (dispatch.tenant.clone(), dispatch.id.clone(), to.to_owned());
        let (channel, at) = (dispatch.channel.clone(), self.world.time());
        let nth = {
            let mut stores = self.world.stores();
            let asks = stores.asks.entry(key.clone()).or_default();
            asks.push(Ask { channel, at, took: false, told: Told::Nothing });
            asks.len() - 1
        };
        let (seed, round) = (self.seed.to_string(), nth.to_string());
        let roll = hash64(&["ask", &seed, dispatch.id.as_str(), to, &round]);
        let does = self.habits.does(roll);
        let takes = matches!(does, Does::Takes | Does::TakesMutely);
        let asked = self.world.step("provider.send", |stores| {
            let asks = stores.asks.get_mut(&key).unwrap();
            let known = REPEATABLE && asks.iter().any(|ask| ask.took);
            asks[nth].took = takes;
            if takes && !known {
                stores.sent.push(Dispatch { to: to.to_owned(), ..dispatch.clone() });
            }
            Ok(())
        });
        // A call that fails leaves it open whether anything was sent.
        asked.await.map_err(|fault: Fault| SendError::Unknown(fault.to_string()))?;
        let told = match does {
            Does::Takes => Told::Yes,
            Does::TakesMutely | Does::IsDeaf => Told::Nothing,
            Does::IsBusy => Told::NotNow,
            Does::Refuses | Does::IsUnable | Does::IsGone => Told::No,
        };
        self.world.stores().asks.get_mut(&key).unwrap()[nth].told = told;
        match does {
            Does::Takes => Ok(format!("{}/{to}", dispatch.id)),
            Does::TakesMutely | Does::IsDeaf => Err(SendError::Unknown("no answer".to_owned())),
            Does::IsBusy => Err(SendError::Throttled {
                why: "slow down".to_owned(),
                after_s: (roll >> 32).is_multiple_of(2).then_some((roll % 90) as u32 + 1),
            }),
            Does::Refuses => Err(SendError::Refused("the recipient is refused".to_owned())),
            Does::IsUnable => Err(SendError::Unable("the quota is spent".to_owned())),
            Does::IsGone => Err(SendError::Gone("no longer registered".to_owned())),
        }
    }
}

/// How little is known of what became of it.
fn doubt(error: &SendError) -> u8 {
    match error {
        SendError::Unknown(_) | SendError::Untold(_) => 4,
        SendError::Throttled { .. } => 3,
        SendError::Unable(_) => 2,
        SendError::Refused(_) => 1,
        SendError::Gone(_) => 0,
    }
}

/// Asks once for each address, as the providers of several devices do: as long as nothing can have
/// gone out, "not now" is the answer for all.
impl<const REPEATABLE: bool> Provider for Carrier<REPEATABLE> {
    const REPEATABLE: bool = REPEATABLE;

    async fn traced(&self, _dispatch: &Dispatch) -> bool {
        self.habits.traced
    }

    async fn send(&self, dispatch: &Dispatch) -> Result<Accepted, SendError> {
        let (mut taken, mut gone, mut worst) = (None, Vec::new(), None::<SendError>);
        for to in dispatch.addresses() {
            let error = match self.ask(dispatch, to).await {
                Ok(id) => {
                    taken.get_or_insert(id);
                    continue;
                }
                Err(error) => error,
            };
            let out = taken.is_some() || matches!(worst, Some(SendError::Unknown(_)));
            match error {
                SendError::Throttled { .. } if !out => return Err(error),
                SendError::Gone(_) => gone.push(to.to_owned()),
                _ => {}
            }
            if worst.as_ref().is_none_or(|worst| doubt(worst) < doubt(&error)) {
                worst = Some(error);
            }
        }
        match (taken, worst) {
            (Some(id), _) => {
                Ok(Accepted { id, delivered: self.habits.delivers, gone, answer: None })
            }
            (None, Some(error)) => Err(error),
            (None, None) => Err(SendError::Refused("no address".to_owned())),
        }
    }
}
