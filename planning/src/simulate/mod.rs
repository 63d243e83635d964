//! A chain of one warehouse and its stores, played through day by day, thousands of times over.
//!
//! In reading order: [`model`] says what is simulated, [`policy`] how stores order, [`random`] where demand comes from,
//! [`engine`] plays replications side by side, [`run`] spreads them over threads and ranks and sums them up, [`history`] makes a
//! model from real sales.
//!
//! Every demand is a function of seed, replication, item, store and day, and all sums are integers: a result has the same bits on
//! any number of threads, lanes and ranks, and two policies meet the same customers.

pub mod engine;
pub mod history;
pub mod model;
pub mod policy;
pub mod random;
pub mod run;
