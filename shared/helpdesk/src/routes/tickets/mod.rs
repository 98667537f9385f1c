//! Tickets
//! ([tickets](https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/)).

mod asked;
pub mod audits;
mod automated;
pub mod comments;
mod deleted;
mod fire;
mod history;
mod import;
pub mod lists;
mod many;
mod merge;
pub mod people;
mod related;
mod routed;
pub mod see;
mod shown;
mod swept;
mod tags;
mod triaged;
mod trial;
mod write;
mod written;

pub use asked::{Asked, More, Named};
pub use automated::automated;
pub use deleted::{for_good, gone};
pub use fire::work as triggered;
pub use routed::{Receiver, adopt, give, take_back};
pub use see::{sees, ticket, visible, within};
pub use shown::{
    attachment_shown, audit_shown, audited, comment_shown, custom_fields, metrics_shown,
    ticket_shown,
};
pub use swept::swept;
pub use triaged::{incoming, triage};
pub use trial::{Trial, trial};
pub use write::{moved, open, open_with, rated, rewritten, save, save_with};
pub use written::Written;

use crate::access::Action::{
    CreateTicket, ExportData, ImportTickets, ListTickets, ManageDeletedTickets,
};
use crate::api::{Guard, Route};
use crate::routes;

/// Tickets, one by one and in lists.
pub const ROUTES: &[Route] = routes![
    GET "/tickets" Guard::May(ListTickets) => lists::all, "Lists tickets, also by external_id";
    GET "/tickets/count" Guard::May(ListTickets) => lists::count_all, "Counts tickets";
    GET "/tickets/recent" Guard::May(ListTickets) => lists::recent, "Lists the tickets that who asks changed lately";
    GET "/tickets/show_many" Guard::May(ListTickets) => lists::show_many, "Shows several tickets";
    GET "/problems" Guard::May(ListTickets) => lists::problems, "Lists problems";
    POST "/problems/autocomplete" Guard::May(ListTickets) => lists::problems_autocomplete, "Lists problems whose subject has a text in it";
    POST "/tickets" Guard::May(CreateTicket), needs write::create_needs => write::create, "Opens a ticket";
    GET "/tickets/{id}" Guard::May(ListTickets) => lists::show, "Shows a ticket";
    PUT "/tickets/{id}" Guard::May(ListTickets), needs write::update_needs => write::update, "Changes a ticket";
    DELETE "/tickets/{id}" Guard::May(ListTickets) => deleted::delete, "Deletes a ticket";
    POST "/tickets/create_many" Guard::May(CreateTicket) => many::create, "Opens several tickets";
    PUT "/tickets/update_many" Guard::May(ListTickets) => many::update, "Changes several tickets, alike or each in its own way";
    DELETE "/tickets/destroy_many" Guard::May(ListTickets) => many::destroy, "Deletes several tickets";
    PUT "/tickets/{id}/mark_as_spam" Guard::May(ListTickets) => deleted::mark_as_spam, "Deletes a ticket and suspends its requester";
    PUT "/tickets/mark_many_as_spam" Guard::May(ListTickets) => many::mark_as_spam, "Deletes several tickets and suspends their requesters";
    POST "/tickets/{id}/merge" Guard::May(ListTickets) => merge::merge, "Merges tickets into another";
    POST "/tickets/{id}/merge_into" Guard::Step(ListTickets) => merge::merge_into, "Merges a ticket into another: a step of a merge";
    GET "/tickets/{id}/related" Guard::May(ListTickets) => related::related, "Tells what a ticket is related to";
    GET "/tickets/{id}/collaborators" Guard::May(ListTickets) => related::collaborators, "Lists who is in copy of a ticket or follows it";
    GET "/tickets/{id}/followers" Guard::May(ListTickets) => related::followers, "Lists who follows a ticket";
    GET "/tickets/{id}/email_ccs" Guard::May(ListTickets) => related::email_ccs, "Lists who is in copy of a ticket";
    GET "/tickets/{id}/incidents" Guard::May(ListTickets) => related::incidents, "Lists the incidents of a problem";
    GET "/tickets/{id}/metrics" Guard::May(ListTickets) => history::metrics, "Shows what is measured of a ticket";
    GET "/tickets/{id}/triage" Guard::May(ListTickets) => triaged::show, "Shows what a ticket was said to be about when it was opened, and why";
    GET "/tickets/{id}/tags" Guard::May(ListTickets) => tags::list, "Lists the tags of a ticket";
    POST "/tickets/{id}/tags" Guard::May(ListTickets) => tags::set, "Sets the tags of a ticket";
    PUT "/tickets/{id}/tags" Guard::May(ListTickets) => tags::add, "Adds tags to a ticket";
    DELETE "/tickets/{id}/tags" Guard::May(ListTickets) => tags::remove, "Takes tags from a ticket";
    GET "/tickets/{id}/skips" refused "tickets are not handed out one by one: there is no play mode to skip in", "Lists who skipped a ticket";
];

/// What was said in tickets, and what was done to them.
pub const HISTORY: &[Route] = routes![
    GET "/tickets/{ticket_id}/comments" Guard::May(ListTickets) => comments::list, "Lists the comments of a ticket";
    GET "/tickets/{ticket_id}/comments/count" Guard::May(ListTickets) => comments::count, "Counts the comments of a ticket";
    PUT "/tickets/{ticket_id}/comments/{id}/redact" Guard::May(ListTickets), needs comments::named_needs => comments::redact, "Takes a text out of a comment for good";
    PUT "/tickets/{ticket_id}/comments/{id}/make_private" Guard::May(ListTickets), needs comments::named_needs => comments::make_private, "Makes a comment an internal note";
    PUT "/tickets/{ticket_id}/comments/{id}/attachments/{attachment_id}/redact" Guard::May(ListTickets), needs comments::named_needs => comments::redact_attachment, "Takes a file out of a comment for good";
    PUT "/comment_redactions/{id}" Guard::May(ListTickets), needs comments::marked_needs => comments::redact_marked, "Takes marked parts out of a comment for good";
    PUT "/chat_redactions/{ticket_id}" refused "there are no chats yet", "Takes a text out of a chat";
    PUT "/chat_file_redactions/{ticket_id}" refused "there are no chats yet", "Takes a file out of a chat";
    GET "/tickets/{ticket_id}/audits" Guard::May(ListTickets) => audits::list, "Lists what was done to a ticket";
    GET "/tickets/{ticket_id}/audits/count" Guard::May(ListTickets) => audits::count, "Counts what was done to a ticket";
    GET "/tickets/{ticket_id}/audits/{id}" Guard::May(ListTickets), needs audits::named_needs => audits::show, "Shows what an update did";
    PUT "/tickets/{ticket_id}/audits/{id}/make_private" Guard::May(ListTickets), needs audits::named_needs => audits::make_private, "Makes the comment of an update an internal note";
    PUT "/tickets/{ticket_id}/audits/{id}/trust" refused "comments carry no flags: none is held back", "Takes the flags from a comment";
    GET "/ticket_audits" Guard::May(ExportData) => audits::all, "Lists what was done to all tickets";
    GET "/ticket_metrics" Guard::May(ListTickets) => history::all_metrics, "Lists what is measured of tickets";
    GET "/ticket_metrics/{id}" Guard::May(ListTickets) => history::metrics, "Shows what is measured of a ticket, by the ticket's id";
];

/// Tickets that were deleted.
pub const DELETED: &[Route] = routes![
    GET "/deleted_tickets" Guard::May(ManageDeletedTickets) => deleted::list, "Lists deleted tickets";
    PUT "/deleted_tickets/{id}/restore" Guard::May(ManageDeletedTickets) => deleted::restore, "Brings a deleted ticket back";
    PUT "/deleted_tickets/restore_many" Guard::May(ManageDeletedTickets) => deleted::restore_many, "Brings deleted tickets back";
    DELETE "/deleted_tickets/{id}" Guard::May(ManageDeletedTickets) => deleted::destroy, "Takes a deleted ticket out for good";
    DELETE "/deleted_tickets/destroy_many" Guard::May(ManageDeletedTickets) => deleted::destroy_many, "Takes deleted tickets out for good";
    DELETE "/deleted_tickets/{id}/erase" Guard::Step(ManageDeletedTickets) => deleted::erase, "Takes a deleted ticket out for good: a step of a job";
];

/// Tickets with their past.
pub const IMPORTS: &[Route] = routes![
    POST "/imports/tickets" Guard::May(ImportTickets), needs write::update_needs => import::import, "Imports a ticket with its past";
    POST "/imports/tickets/create_many" Guard::May(ImportTickets) => import::import_many, "Imports tickets with their past";
];

/// Tickets of people, organizations and groups.
pub const OF_OTHERS: &[Route] = routes![
    GET "/users/{user_id}/tickets/requested" Guard::May(ListTickets) => lists::requested, "Lists the tickets that somebody requested";
    GET "/users/{user_id}/tickets/ccd" Guard::May(ListTickets) => lists::ccd, "Lists the tickets that somebody is in copy of";
    GET "/users/{user_id}/tickets/followed" Guard::May(ListTickets) => lists::followed, "Lists the tickets that somebody follows";
    GET "/users/{user_id}/tickets/assigned" Guard::May(ListTickets) => lists::assigned, "Lists the tickets that somebody is assigned";
    GET "/users/{user_id}/tickets/requested/count" Guard::May(ListTickets) => lists::count_requested, "Counts the tickets that somebody requested";
    GET "/users/{user_id}/tickets/ccd/count" Guard::May(ListTickets) => lists::count_ccd, "Counts the tickets that somebody is in copy of";
    GET "/users/{user_id}/tickets/assigned/count" Guard::May(ListTickets) => lists::count_assigned, "Counts the tickets that somebody is assigned";
];

/// Tickets of organizations.
pub const OF_ORGANIZATIONS: &[Route] = routes![
    GET "/organizations/{organization_id}/tickets" Guard::May(ListTickets) => lists::of_organization, "Lists the tickets of an organization";
    GET "/organizations/{organization_id}/tickets/count" Guard::May(ListTickets) => lists::count_of_organization, "Counts the tickets of an organization";
];
