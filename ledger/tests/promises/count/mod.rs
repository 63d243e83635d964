//! Counting while the shop trades: vectors E8-E17, any order of arrival, shoppers at the shelf, and the document's steps.

mod arrivals;
mod places;
mod sessions;
mod shop;
mod shoppers;
mod vectors;
