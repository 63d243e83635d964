//! What the crate promises: worked vectors, the project's example vectors, and properties of every scan.

#[cfg(test)]
mod checks;
#[cfg(test)]
mod code_lists;
#[cfg(test)]
mod examples;
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
mod report_properties;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod tags;
#[cfg(test)]
mod vectors;
