//! An index against a map in memory, with everything going wrong that can.

mod killed;
mod missing;
mod model;
mod racing;
mod tended;
mod throttled;
mod world;
