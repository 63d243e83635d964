//! What the ledger promises: the worked vectors, bytes that never change, and properties of every history.

#[cfg(test)]
mod alert;
#[cfg(test)]
mod cost;
#[cfg(test)]
mod count;
#[cfg(test)]
mod demand;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod kpi;
#[cfg(test)]
mod lots;
#[cfg(test)]
mod price;
#[cfg(test)]
mod promise;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod receiving;
#[cfg(test)]
mod retail_calendar;
#[cfg(test)]
mod returns;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod support;
#[cfg(test)]
mod swap;
#[cfg(test)]
mod transfer;
#[cfg(test)]
mod vectors;
