//! What the store promises to whoever talks to it over HTTP.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod codes;
#[cfg(test)]
mod counts;
#[cfg(test)]
mod exchange;
#[cfg(test)]
mod labels;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod raw;
#[cfg(test)]
mod shape;
#[cfg(test)]
mod store;
