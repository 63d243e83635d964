//! What the ledger promises: the worked vectors, bytes that never change, and properties of every history.

#[cfg(test)]
mod cost;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod kpi;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod scenarios;
mod retail_calendar;
#[cfg(test)]
mod support;
#[cfg(test)]
mod vectors;
