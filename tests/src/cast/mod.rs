//! Who plays in the stories: a hub, stores and their handhelds, as real programs, and a peer that breaks the rules.
//!
//! Reading order:
//! - [`world`]: the place where one story plays.
//! - [`hub`], [`store`]: the programs, started, killed and asked.
//! - [`answers`]: what their APIs say, as far as stories look at it.
//! - [`handheld`]: posts scans until they are answered, and remembers what was acknowledged.
//! - [`trade`]: several handhelds at work while something else happens.
//! - [`mod@audit`]: whether all that was acknowledged is there, once, on both sides.
//! - [`stranger`]: a raw QUIC client that says what no agent would say.

pub mod answers;
pub mod audit;
pub mod handheld;
pub mod hub;
pub mod store;
pub mod stranger;
pub mod trade;
pub mod world;

pub use answers::{Proof, Recorded, Status, Tile};
pub use audit::audit;
pub use handheld::{Handheld, Verdict};
pub use hub::Hub;
pub use store::Store;
pub use stranger::{Ending, Stranger};
pub use trade::Trade;
pub use world::World;
