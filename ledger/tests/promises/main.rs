//! What the ledger promises: the worked vectors, bytes that never change, and properties of every history.

#[cfg(test)]
mod golden;
#[cfg(test)]
mod promise;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod receiving;
#[cfg(test)]
mod returns;
#[cfg(test)]
mod support;
#[cfg(test)]
mod transfer;
#[cfg(test)]
mod vectors;
