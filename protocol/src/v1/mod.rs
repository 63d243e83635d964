//! Wire types of version 1. Once released, a shape here never changes; version 2 will stand beside it.

pub mod columns;
pub mod items;
pub mod messages;
