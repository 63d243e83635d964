//! What the pages and APIs of agent and hub share: one shape for errors, event streams that resume, assets, the
//! shell of every page, and the server around a router. It knows nothing of stock.
//!
//! In reading order:
//! - [`problem`]: RFC 9457 problems, their kinds and help pages;
//! - [`extract`]: bodies, queries and paths that are refused with a problem;
//! - [`sse`]: server-sent events with a resume cursor;
//! - [`trace`]: the id that ties a request to its log lines and its problem;
//! - [`assets`]: stylesheet, scripts and icon, served from memory under URLs that change with their content;
//! - [`layout`]: the shell that every page sits in;
//! - [`view`]: how moments and numbers are written into a page;
//! - [`security`]: the headers that keep a page to its own origin;
//! - [`api`]: routes that describe themselves, as an OpenAPI document;
//! - [`site`]: all of this around a router;
//! - [`server`]: a listener with limits that drains when told to;
//! - [`client`]: a client of such a server.

pub mod api;
pub mod assets;
pub mod client;
pub mod extract;
pub mod layout;
pub mod problem;
pub mod security;
pub mod server;
pub mod site;
pub mod sse;
pub mod trace;
pub mod view;

pub use crate::assets::{Asset, Assets};
pub use crate::client::{CallError, Client};
pub use crate::layout::{Page, Script, Shell};
pub use crate::problem::Problem;
pub use crate::server::{Limits, Shutdown, serve};
pub use crate::site::Site;
