//! What the all-in-one program is made of. Today: `shelfline demo`, `shelfline gs1`, `shelfline ledger` and `shelfline seed`.
//!
//! A demo replays *transactions* (till documents with their scanned lines) at stores. They come from a file or from a
//! seeded shop generator, and both arrive as one stream, so that whoever replays them need not know which.
//!
//! Reading order:
//! - [`stream`]: the transaction, its lines, and what a line is expected to do.
//! - [`barcode`]: what a scanner sends for an item.
//! - [`in_store_gtin`]: the rule that gives a shop's own item code a GTIN.
//! - [`transactions`]: the reader of transaction files.
//! - [`catalogue`]: the items that the lines are about.
//! - [`generator`]: the shop that trade is drawn from when there is no file.
//! - [`survey`]: the first pass over a file: its catalogue, its span and the opening stock it needs.
//! - [`demo`]: the program: hub, agents, replay, proof.
//! - [`gs1`]: what scans say, as a command.
//! - [`ledger_run`]: what scenario files come to, as a command.
//! - [`seed`]: a large store's replica, for trying things at size.
//!
//! Nothing but [`demo`] and [`seed`] knows the agent, nothing but [`demo`] the hub or draws unseeded numbers; they and [`gs1`]
//! alone read a clock.

pub mod barcode;
pub mod catalogue;
pub mod demo;
pub mod generator;
pub mod gs1;
pub mod in_store_gtin;
pub mod ledger_run;
pub mod seed;
pub mod stream;
pub mod survey;
pub mod transactions;
