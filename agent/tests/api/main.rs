//! What the store promises to whoever talks to it over HTTP.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod codes;
#[cfg(test)]
mod costs;
#[cfg(test)]
mod counts;
#[cfg(test)]
mod exchange;
#[cfg(test)]
mod goods;
#[cfg(test)]
mod labels;
#[cfg(test)]
mod leases;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod prices;
#[cfg(test)]
mod raw;
#[cfg(test)]
mod receiving;
#[cfg(test)]
mod sales;
#[cfg(test)]
mod shape;
#[cfg(test)]
mod store;
