//! Files with comments
//! ([attachments](https://developer.zendesk.com/api-reference/ticketing/tickets/ticket-attachments/)): uploaded first,
//! then taken by a comment, which names the token of the upload.

mod attachments;
mod sent;
mod uploads;

use crate::api::{Guard, Route};
use crate::routes;

/// Files that no comment took yet.
pub const UPLOADS: &[Route] = routes![
    POST "/uploads" Guard::Known, needs uploads::needs => uploads::create, "Uploads a file of up to 4 MB, also under a token that has others already";
    POST "/uploads/presigned" Guard::Known, needs uploads::needs => uploads::presign, "Tells where to put a file of up to 50 MB, and the token that it has then (not Zendesk's)";
    DELETE "/uploads/{token}" Guard::Known, needs uploads::needs => uploads::delete, "Deletes an upload that no comment took";
];

/// Files of comments.
pub const ATTACHMENTS: &[Route] = routes![
    GET "/attachments/{id}" Guard::Known, needs attachments::needs => attachments::show, "Shows what is known of a file";
    PUT "/attachments/{id}" Guard::Agents, needs attachments::needs => attachments::update, "Lets agents read a file in which something bad was found, or no longer";
    GET "/attachments/token/{token}" Guard::Anyone, needs attachments::needs_by_token => attachments::download, "Leads whoever knows a file's address to the file";
];
