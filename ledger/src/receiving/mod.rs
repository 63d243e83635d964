//! Goods from suppliers: orders, ship notices, and receipts against one of them or against nothing.
//!
//! How to use it:
//! - A [`PurchaseOrder`] and a [`ShipNotice`] say what is expected; their steps move nothing.
//! - A [`Receipt`] is one delivery: [`Receipt::against_order`], [`Receipt::against_notice`] or [`Receipt::without_order`], then
//!   steps through [`Receipt::decide`], whose movements (SUPPLIER to where goods were put, reason `receipt`) are recorded with
//!   it. Goods are scanned one by one, or a whole container by its SSCC. Put-away afterwards is a move between areas.
//! - What came is [`Received::of`] the ledger's movements, by document line, so that undoing a receipt counts by itself; no order
//!   keeps a counter. [`incoming`] is what is still to come of an item (R12).
//! - Several receipts may be open at a time: before each step, [`Receipt::expecting_order`] or [`Receipt::expecting_notice`] says
//!   what is still to come by then. [`Receipt::shown`] is what whoever receives may see.
//! - When a receipt is closed, [`Receipt::discrepancies`] says what differs from what was expected.

mod container;
mod expecting;
mod flow;
mod notice;
mod order;
mod receipt;

use gs1::Gtin;

use crate::quantity::Balance;
use crate::transfer::Transfer;

pub(crate) use self::order::share;

pub use self::container::{ContainerError, ContainerId};
pub use self::flow::{
    NOTICE_FLOW, NoticeState, NoticeStepKind, ORDER_FLOW, OrderState, OrderStepKind, RECEIPT_FLOW,
    ReceiptState, ReceiptStepKind, Refused,
};
pub use self::notice::{NoticeLine, NoticeStep, ShipNotice};
pub use self::order::{OrderLine, OrderStep, PurchaseOrder, Received};
pub use self::receipt::{
    Against, Came, Difference, Discrepancy, Expected, Receipt, ReceiptRow, ReceiptStep, Tolerance,
};

/// What is on its way to the store of an item (R12): lines of confirmed orders that have not come yet, and transfers to the store.
#[must_use]
pub fn incoming<'a>(
    item: Gtin,
    orders: impl IntoIterator<Item = &'a PurchaseOrder>,
    received: &Received,
    transfers: impl IntoIterator<Item = &'a Transfer>,
) -> Balance {
    let ordered = orders.into_iter().map(|order| order.open(item, received).get());
    let in_transit = transfers.into_iter().map(|transfer| transfer.incoming(item).get());
    Balance::new(ordered.chain(in_transit).fold(0, i64::saturating_add))
}
