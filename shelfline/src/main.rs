//! shelfline

fn main() {}
