//! Message templates: Liquid, strict, bounded, and safe whatever the values are.
//!
//! A source is cut by the engine's own grammar (`syntax`), read for what it needs (`scope`,
//! `partials`), for HTML held to places where a value can be made inert (`html`), given the last
//! word on every output (`rewrite`, `escape`, `url`) and compiled (`liquid`). MJML becomes
//! HTML first (`mjml`). [`Texts`] is all of one message, in all its languages.
//!
//! Authors are trusted with markup and text, values with nothing: they come from events and
//! profiles.

mod check;
mod collection;
mod document;
mod escape;
mod html;
mod language;
pub mod library;
mod liquid;
mod markup;
mod mjml;
mod partials;
pub mod preview;
mod report;
mod rewrite;
mod scope;
mod syntax;
mod texts;
mod ticket;
mod url;
mod words;

pub use check::{Known, check};
pub use collection::Collection;
pub use document::{ApprovedDocument, PartialDocument, TemplateDocument, TextsDocument};
pub use escape::Escape;
pub use liquid::Template;
pub use partials::Partials;
pub use texts::Texts;

#[cfg(test)]
mod hostile;
