//! The routes: what is asked how, who may, and who does it. The tables of the families are all that decides it, and
//! `docs/src/helpdesk-operations.md` is made of them.

use super::answer::Answer;
use super::ask::{Ask, Method};
use super::call::Call;
use super::refused::Refused;
use crate::access::Action;
use crate::store::{Key, Soon};

/// Something that can be asked.
#[derive(Clone, Copy)]
pub struct Route {
    /// How.
    pub method: Method,
    /// Where: `/tickets/{id}`.
    pub path: &'static str,
    /// What it is.
    pub what: &'static str,
    /// What comes of it.
    pub does: Does,
}

/// What comes of a route.
#[derive(Clone, Copy)]
pub enum Does {
    /// It is done, for who may.
    Run(Guard, Needs, Handler),
    /// It is refused: Zendesk has it, and CEAP has not, for this reason.
    Refuse(&'static str),
}

/// Who may.
#[derive(Debug, Clone, Copy)]
pub enum Guard {
    /// Anyone, known or not.
    Anyone,
    /// Whoever is known.
    Known,
    /// Whoever is known; who is not, whatever they show, is answered this.
    KnownOr(fn() -> Answer),
    /// Who works on tickets.
    Agents,
    /// Whom the policies let do this in the account.
    May(Action),
    /// The same, but only as a step of a job: nobody can ask for it.
    Step(Action),
}

/// What a route will read, as far as the request tells: fetched together with who asks.
pub type Needs = fn(&Ask) -> Vec<Key>;

/// Does it.
pub type Handler = for<'a> fn(&'a Call<'a>) -> Soon<'a, Result<Answer, Refused>>;

/// Nothing but who asks.
#[must_use]
pub fn nothing(_: &Ask) -> Vec<Key> {
    Vec::new()
}

/// Writes a table of routes:
///
/// ```text
/// routes![
///     GET "/groups" Guard::Known => list, "All groups";
///     POST "/groups" Guard::May(Action::ManageAccount) => create, "Adds a group";
///     DELETE "/groups/{id}/x" refused "why", "What Zendesk does there";
/// ]
/// ```
///
/// After the guard, `needs f` names what is read together with who asks.
#[macro_export]
macro_rules! routes {
    (@method GET) => { $crate::api::Method::Get };
    (@method POST) => { $crate::api::Method::Post };
    (@method PUT) => { $crate::api::Method::Put };
    (@method PATCH) => { $crate::api::Method::Patch };
    (@method DELETE) => { $crate::api::Method::Delete };
    (@does $guard:expr, $run:expr) => {
        routes!(@does $guard, $crate::api::route::nothing, $run)
    };
    (@does $guard:expr, $needs:expr, $run:expr) => {
        $crate::api::Does::Run($guard, $needs, |call| Box::pin($run(call)))
    };
    (@all [$($done:expr,)*]) => { &[$($done),*] };
    (@all [$($done:expr,)*] $method:ident $path:literal refused $why:literal, $what:literal; $($rest:tt)*) => {
        routes!(@all [$($done,)* $crate::api::Route {
            method: routes!(@method $method), path: $path, what: $what, does: $crate::api::Does::Refuse($why),
        },] $($rest)*)
    };
    (@all [$($done:expr,)*] $method:ident $path:literal $guard:expr, needs $needs:expr => $run:expr, $what:literal; $($rest:tt)*) => {
        routes!(@all [$($done,)* $crate::api::Route {
            method: routes!(@method $method), path: $path, what: $what, does: routes!(@does $guard, $needs, $run),
        },] $($rest)*)
    };
    (@all [$($done:expr,)*] $method:ident $path:literal $guard:expr => $run:expr, $what:literal; $($rest:tt)*) => {
        routes!(@all [$($done,)* $crate::api::Route {
            method: routes!(@method $method), path: $path, what: $what, does: routes!(@does $guard, $run),
        },] $($rest)*)
    };
    ($($all:tt)*) => { routes!(@all [] $($all)*) };
}

impl Route {
    /// The variables of its path in `path`, if that is one of its own: the more it names, the better it fits.
    #[must_use]
    pub fn fits(&self, method: Method, path: &str) -> Option<(usize, Vec<(&'static str, String)>)> {
        if self.method != method {
            return None;
        }
        let mut variables = Vec::new();
        let mut named = 0_usize;
        let mut asked = path.split('/').filter(|it| !it.is_empty());
        for own in self.path.split('/').filter(|it| !it.is_empty()) {
            let there = asked.next()?;
            match own.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                Some(name) => variables.push((name, there.to_owned())),
                None if own == there => named = named.saturating_add(1),
                None => return None,
            }
        }
        asked.next().is_none().then_some((named, variables))
    }
}

/// A route that fits, and the variables of its path.
pub type Matched<'a> = (&'a Route, Vec<(&'static str, String)>);

/// The route of these that fits best.
pub fn find<'a>(
    routes: impl Iterator<Item = &'a Route>,
    method: Method,
    path: &str,
) -> Option<Matched<'a>> {
    let fit = routes.filter_map(|route| {
        let (named, variables) = route.fits(method, path)?;
        Some((named, route, variables))
    });
    fit.max_by_key(|(named, ..)| *named).map(|(_, route, variables)| (route, variables))
}
