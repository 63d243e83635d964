//! Ship notices: what a supplier says is on its way, container by container.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::{DocumentId, DocumentLine};
use crate::posting::Goods;
use crate::receiving::container::ContainerId;
use crate::receiving::flow::{NOTICE_FLOW, NoticeState, NoticeStepKind, Refused};

/// What a supplier says is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub struct ShipNotice {
    /// Its number.
    pub id: DocumentId,
    /// Where it stands.
    pub state: NoticeState,
    /// The goods in containers, by SSCC.
    pub containers: BTreeMap<ContainerId, Vec<NoticeLine>>,
    /// The goods in no container.
    pub loose: Vec<NoticeLine>,
}

/// A line of a ship notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub struct NoticeLine {
    /// Its number, unique in the notice.
    pub line: u32,
    /// The order line that it delivers, if any.
    pub delivers: Option<DocumentLine>,
    /// The goods.
    pub goods: Goods,
}

/// What is done with a ship notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum NoticeStep {
    /// Its receipt was closed.
    Close,
    /// It will not come.
    Cancel,
}

impl ShipNotice {
    /// A notice of what is in containers and what is loose.
    ///
    /// # Errors
    /// [`Refused`] when it has no lines, or a line number twice.
    pub fn new(
        id: DocumentId,
        containers: BTreeMap<ContainerId, Vec<NoticeLine>>,
        loose: Vec<NoticeLine>,
    ) -> Result<Self, Refused> {
        let notice = Self { id, state: NoticeState::Announced, containers, loose };
        let mut seen = BTreeSet::new();
        let twice = notice.lines().map(|(_, line)| line.line).find(|line| !seen.insert(*line));
        match twice {
            Some(line) => Err(Refused::LineTwice(line)),
            None if seen.is_empty() => Err(Refused::Empty),
            None => Ok(notice),
        }
    }

    /// The notice after a step.
    ///
    /// # Errors
    /// [`Refused`], with the reason.
    pub fn decide(&self, step: NoticeStep) -> Result<Self, Refused> {
        let kind = match step {
            NoticeStep::Close => NoticeStepKind::Close,
            NoticeStep::Cancel => NoticeStepKind::Cancel,
        };
        Ok(Self { state: NOTICE_FLOW.after(self.state, kind)?, ..self.clone() })
    }

    /// All lines, with the container that each is in.
    pub fn lines(&self) -> impl Iterator<Item = (Option<ContainerId>, &NoticeLine)> {
        let packed = self
            .containers
            .iter()
            .flat_map(|(container, lines)| lines.iter().map(|line| (Some(*container), line)));
        packed.chain(self.loose.iter().map(|line| (None, line)))
    }
}
