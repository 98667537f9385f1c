//! The item catalogue.

use super::{Access, Answer, Content, Group, Operation, Parameter};
use ceap_engagement::item::Item;
use ceap_engagement::item::catalogue::{Given, Kept, List};
use ceap_kernel::ItemId;
use ceap_kernel::access::Role;

const ID: Parameter = Parameter::path::<ItemId>("id", "The item.");
const READS: Access = Access::Role(Role::may_read_customers);
const CHANGES: Access = Access::Role(Role::may_send);

const KETTLE: &str = r#"{"items":[{"id":"sku-17","name":"Kettle","url":"https://shop.example.com/sku-17","available":true,"attributes":{"price":49.9}}]}"#;

/// The operations.
pub const GROUP: Group = Group {
    tag: "Items",
    about: "What can be recommended: products, videos, places, with attributes and availability.",
    operations: &[
        Operation::new("PUT /v1/items", "putItems", "Keeps items", CHANGES)
            .about("In place of those of the same ids. All are checked before any is kept.")
            .takes(&[Content::json::<Given>(KETTLE)])
            .answers(&[Answer::json::<Kept>(200, "They are kept.")]),
        Operation::new("GET /v1/items", "listItems", "Lists the items", READS)
            .parameters(&[Parameter::query::<ItemId>(
                "after",
                "Where the page before ended: its `next`.",
            )])
            .answers(&[Answer::json::<List>(200, "By id.")]),
        Operation::new("GET /v1/items/{id}", "getItem", "Reads an item", READS)
            .parameters(&[ID])
            .answers(&[Answer::json::<Item>(200, "As it is kept.")])
            .fails(&[404]),
        Operation::new("DELETE /v1/items/{id}", "deleteItem", "Forgets an item", CHANGES)
            .about("It is recommended no more. One that is not there is forgotten, too.")
            .parameters(&[ID])
            .answers(&[Answer::empty("It is gone.")]),
    ],
};
