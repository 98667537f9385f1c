//! What the platform costs and how fast it is, measured on the functions' own code: the SDKs' real clients encode, sign
//! and decode, and only the network is played, in this process.

pub mod aside;
pub mod aws;
pub mod beside;
pub mod clock;
pub mod cold;
pub mod cost;
pub mod invoke;
pub mod platform;
pub mod prices;
pub mod printed;
pub mod report;
pub mod routes;
pub mod run;
pub mod standing;
pub mod templates;
pub mod throughput;
pub mod workload;
