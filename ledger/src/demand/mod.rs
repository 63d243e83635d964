//! Demand, how much to order, and proposals that people approve (R71-R74).
//!
//! Entry points:
//! - [`repair`]: what customers would have bought per day, from sales, stock-outs, promotions and returns (E46);
//!   [`Presence::of`] says for how long of a trading day an item was there;
//! - [`advise`]: how much to order and which limits decided it (E47);
//! - [`Proposals::propose`], [`Proposal::decide`]: one open proposal per (item, site, supplier), approved ones count as
//!   coming, and a change of the quantity needs a reason.
//!
//! Quantities are whole base units; rates are exact fractions ([`Ratio`](crate::kpi::Ratio)) of base units per day.

mod history;
mod order;
mod proposal;

pub use self::history::{
    DayOfSales, DayUse, DemandError, Ignored, IgnoredReturn, Presence, RepairedDay, RepairedDemand,
    ReturnOfSale, repair,
};
pub use self::order::{Advice, AdviceError, Bound, OrderInputs, StockPosition, advise};
pub use self::proposal::{
    Approval, PROPOSAL_FLOW, Proposal, ProposalRefused, ProposalState, ProposalStep, ProposalStepKind,
    Proposals, SupplierId, SupplierIdError,
};
