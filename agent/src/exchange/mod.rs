//! Import and export: files in, checked row by row before anything is written; positions, movements and items out as files.
//!
//! An import has two phases. [`check`] reads a file ([`source`]) and reports on every row without writing; [`annotate`] gives the
//! file back with what is wrong beside each row. [`run`] carries out what was accepted, in chunks of one transaction each, so that
//! scans get in between, and takes it back by compensating entries; both go on after a restart where they were. [`export`] writes
//! what the replica holds, page by page, so that memory does not grow with it.
//!
//! Refused here: rows that can mean two things, and files of kinds that we do not know. Limits today: a million rows a file.

pub(crate) mod annotate;
pub(crate) mod check;
pub(crate) mod export;
pub(crate) mod run;
pub(crate) mod source;

pub(crate) use self::check::{Choices, checked};
pub(crate) use self::run::Runner;
