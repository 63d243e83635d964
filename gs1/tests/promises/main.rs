//! What the crate promises: worked vectors, properties of every scan, and the reference examples where they are at hand.

#[cfg(test)]
mod checks;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod form_examples;
#[cfg(test)]
mod form_properties;
#[cfg(test)]
mod forms;
#[cfg(test)]
mod labels;
#[cfg(test)]
mod numbers;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tags;
#[cfg(test)]
mod vectors;
