//! Purchase orders and ship notices: what is expected of suppliers. Their steps move nothing.

use std::collections::BTreeMap;

use ledger::document::Word;
use ledger::receiving::{
    ContainerId, NoticeLine, NoticeStep, OrderLine, OrderStep, PurchaseOrder, Refused as No, ShipNotice,
};
use ledger::{DocumentId, Gtin};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Document, Done, Moment, Opening, OrOpen, Refused};

/// What makes an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PlaceOrder")]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Goods are ordered.
    Order {
        /// Who delivers.
        supplier: String,
        /// What; numbered from 1.
        lines: Vec<OrderLine>,
    },
}

/// What makes a ship notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AnnounceGoods")]
#[serde(rename_all = "snake_case")]
pub enum Announce {
    /// Goods are on their way.
    Announce {
        /// The goods in containers, by SSCC.
        #[serde(default)]
        containers: BTreeMap<ContainerId, Vec<NoticeLine>>,
        /// The goods in no container.
        #[serde(default)]
        loose: Vec<NoticeLine>,
    },
}

impl Opening for Order {
    const WORDS: &'static [&'static str] = &["order"];
}

impl Opening for Announce {
    const WORDS: &'static [&'static str] = &["announce"];
}

impl Document for PurchaseOrder {
    const KIND: &'static str = "purchase_order";
    type Step = OrOpen<Order, OrderStep>;

    fn state(&self) -> &'static str {
        self.state.word()
    }

    fn items(_document: Option<&Self>, _step: &Self::Step) -> Vec<Gtin> {
        Vec::new()
    }

    fn decide(
        document: Option<&Self>,
        id: DocumentId,
        step: &Self::Step,
        _now: Moment<'_>,
    ) -> Result<Done<Self>, Refused> {
        match (document, step) {
            (None, OrOpen::Open(Order::Order { supplier, lines })) => {
                let mut order = Self::new(id, supplier.clone());
                for (line, to) in (1..).zip(lines) {
                    order = order.decide(&OrderStep::Edit { line, to: Some(*to) })?;
                }
                Ok(Done::still(order))
            }
            (Some(order), OrOpen::Step(step)) => Ok(Done::still(order.decide(step)?)),
            (Some(_), OrOpen::Open(_)) => Err(Refused::already_there(Self::KIND, id)),
            (None, OrOpen::Step(_)) => Err(Refused::unknown(Self::KIND, id)),
        }
    }
}

impl Document for ShipNotice {
    const KIND: &'static str = "ship_notice";
    type Step = OrOpen<Announce, NoticeStep>;

    fn state(&self) -> &'static str {
        self.state.word()
    }

    fn items(_document: Option<&Self>, _step: &Self::Step) -> Vec<Gtin> {
        Vec::new()
    }

    fn decide(
        document: Option<&Self>,
        id: DocumentId,
        step: &Self::Step,
        _now: Moment<'_>,
    ) -> Result<Done<Self>, Refused> {
        match (document, step) {
            (None, OrOpen::Open(Announce::Announce { containers, loose })) => {
                Ok(Done::still(Self::new(id, containers.clone(), loose.clone())?))
            }
            (Some(notice), OrOpen::Step(step)) => Ok(Done::still(notice.decide(*step)?)),
            (Some(_), OrOpen::Open(_)) => Err(Refused::already_there(Self::KIND, id)),
            (None, OrOpen::Step(_)) => Err(Refused::unknown(Self::KIND, id)),
        }
    }
}

impl From<No> for Refused {
    fn from(no: No) -> Self {
        Self::new(no.code(), no.to_string(), no.hint())
    }
}
