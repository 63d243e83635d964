//! Labels: templates as data, drawn for printers (ZPL) and for people (SVG), and sent to printers through a queue that
//! outlives restarts.
//!
//! - [`template`], [`pattern`], [`data`], [`builtin`]: how a label looks, and what it says.
//! - [`layout`]: both brought together, in dots; [`code128`], [`ean`] and [`matrix`] for its codes.
//! - [`zpl`], [`svg`]: the drawing, written.
//! - [`printer`], [`job`]: where to print, and what waits to be printed.
//! - [`host_status`], [`send`], [`spool`]: what a printer says, how it is sent to, and the loop that does it.
//!
//! What is kept on disk is in `replica::printing` and `replica::print_jobs`. Refused here: to promise that paper came
//! out. A job is `printed` once the printer has taken all of it; a printer tells no more over the network.

pub(crate) mod builtin;
mod code128;
pub(crate) mod data;
mod ean;
mod host_status;
pub(crate) mod job;
pub(crate) mod layout;
mod matrix;
mod pattern;
pub(crate) mod printer;
pub(crate) mod send;
pub(crate) mod spool;
pub(crate) mod svg;
pub(crate) mod template;
#[cfg(test)]
mod tests;
pub(crate) mod zpl;

pub(crate) use host_status::HostStatus;
