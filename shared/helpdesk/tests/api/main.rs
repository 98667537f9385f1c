//! The API, asked as clients ask it, over a store in memory.

mod entry;
mod groups;
mod world;
