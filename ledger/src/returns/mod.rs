//! Putting things right: goods back to their vendor (R42), adjustment documents, and undoing what was recorded (R5).
//!
//! How to use it:
//! - [`VendorReturn`]: put goods on hold (DAMAGED to VENDOR_HOLD), ship them (to SUPPLIER, reason `vendor_return`), note what the
//!   vendor credits. What the credit means for value belongs to the cost rules.
//! - [`Adjustment`]: lines are proposed, approved or rejected, and posted in one event.
//! - [`undo`]: the compensating movements of any recorded event, each naming the entry that it corrects. Goods of a transfer, a
//!   reservation or a receipt are better put right by the document's own steps, which keep the document in line.

mod adjustment;
mod flow;
mod undo;
mod vendor;

pub use self::adjustment::{Adjustment, AdjustmentLine, AdjustmentStep, Direction};
pub use self::flow::{
    ADJUSTMENT_FLOW, AdjustmentState, AdjustmentStepKind, Refused, VENDOR_FLOW, VendorState, VendorStepKind,
};
pub use self::undo::{NotUndone, Undone, undo};
pub use self::vendor::{Credit, Fate, VendorLine, VendorReturn, VendorRow, VendorStep};
