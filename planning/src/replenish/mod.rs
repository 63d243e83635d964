//! How much to order of each item for each site: demand over lead and review time from forecast quantiles, safety at the critical
//! ratio, and the ledger's own order arithmetic (R72), so that a proposal computed here is the one that the hub would keep.
//!
//! In reading order: [`quantiles`] is what a forecast says of a day and what follows for several; [`order`] turns it into the
//! stored inputs of a proposal and its advice; [`check`] finds faults in advice without knowing how it came about; [`budget`] cuts
//! orders down to a sum of money.

pub mod budget;
pub mod check;
pub mod order;
pub mod quantiles;
