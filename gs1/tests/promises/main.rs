//! What the crate promises: worked vectors, properties of every scan, and the reference examples where they are at hand.

#[cfg(test)]
mod checks;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod labels;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod vectors;
