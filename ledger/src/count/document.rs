//! The count as a document: plan, sessions, completed areas, recounts, signatures. What was seen and which lines it
//! makes are rows of their own (100,000 lines must not travel with every step); here are only their circumstances.

use gs1::Gtin;

use crate::account::Account;
use crate::count::flow::State;
use crate::count::{SessionId, Spot};
use crate::ids::{DocumentId, UserId};
use crate::quantity::Money;
use crate::time::Timestamp;

/// What a count is about and how it is done.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountPlan"))]
pub struct Plan {
    /// Which goods.
    pub goods: Goods,
    /// In which areas; at least one.
    pub areas: Vec<Account>,
    /// Whether counters see what the record says (R24).
    pub mode: Mode,
    /// Which numbers make one line.
    pub grouping: Grouping,
    /// Lines that goods moved through while they were counted are recounted above this value (R19).
    pub tolerance: Money,
}

/// Which goods a count is about.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountGoods"))]
#[serde(rename_all = "snake_case")]
pub enum Goods {
    /// All of them.
    Everything,
    /// These items.
    Items(
        #[serde(with = "gtins")]
        #[cfg_attr(feature = "schema", schemars(with = "Vec<Gtin>"))]
        Vec<Gtin>,
    ),
    /// The items of these departments, as the catalogue names them. Who belongs to them is the caller's knowledge.
    Departments(Vec<String>),
}

/// What counters see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountMode"))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nothing of what is expected or was counted before (R24).
    Blind,
    /// What the record says and what was counted before.
    Guided,
}

/// Which numbers make one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountGrouping"))]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// A line for each area: short windows, and a refill that nobody recorded shows.
    ByArea,
    /// A line for the areas of an item together: only what the store has gained or lost shows.
    ByItem,
}

/// One counter in one area.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountSession"))]
pub struct Session {
    /// Its number in the count.
    pub id: SessionId,
    /// Who counts.
    pub user: UserId,
    /// Where.
    pub area: Account,
    /// A first count, or a recount.
    pub kind: SessionKind,
    /// How it goes together with the sessions before it in its area; none until somebody said so (R23).
    pub join: Option<Join>,
    /// When it began.
    pub opened_at: Timestamp,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
}

/// Why a session counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountSessionKind"))]
#[serde(rename_all = "snake_case")]
pub enum SessionKind {
    /// For the first time.
    First,
    /// Again, the spots asked for. Its numbers take the place of all before.
    Recount,
}

/// How a session goes together with those before it in the same area (R23).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountJoin"))]
#[serde(rename_all = "snake_case")]
pub enum Join {
    /// They counted different goods: the numbers add up.
    Add,
    /// They counted the same goods: what both counted is taken from the later one.
    Replace,
    /// They counted the same goods: where they disagree, a recount decides.
    Recount,
}

/// An area that was declared complete: what was not seen in it is not there (R22).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountCompletion"))]
pub struct Completion {
    /// The area.
    pub area: Account,
    /// When its first session began.
    pub began_at: Timestamp,
    /// When it was declared complete.
    pub at: Timestamp,
    /// By whom.
    pub user: UserId,
}

/// A spot that is to be counted again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountRecount"))]
pub struct Recount {
    /// The item and the area.
    pub spot: Spot,
    /// By whom it was asked for.
    pub user: UserId,
    /// When.
    pub at: Timestamp,
}

/// Who did something, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountSignature"))]
pub struct Signature {
    /// Who.
    pub user: UserId,
    /// When.
    pub at: Timestamp,
}

/// A count.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Count {
    /// Its number.
    pub(crate) id: DocumentId,
    /// Where it stands.
    pub(crate) state: State,
    /// What it is about.
    pub(crate) plan: Plan,
    /// Who planned it.
    pub(crate) planned: Signature,
    /// When counting is due.
    pub(crate) due: Option<Timestamp>,
    /// Who counts where.
    pub(crate) sessions: Vec<Session>,
    /// Areas that were declared complete.
    pub(crate) completions: Vec<Completion>,
    /// What is to be counted again.
    pub(crate) recounts: Vec<Recount>,
    /// Who proposed the numbers.
    pub(crate) proposed: Option<Signature>,
    /// Who approved them.
    pub(crate) approved: Option<Signature>,
}

impl Plan {
    /// Whether an item is to be counted. Departments are taken at their word: the caller asks for their items only.
    #[must_use]
    pub fn wants(&self, item: Gtin) -> bool {
        match &self.goods {
            Goods::Everything | Goods::Departments(_) => true,
            Goods::Items(items) => items.contains(&item),
        }
    }
}

impl Count {
    /// Its id.
    #[must_use]
    pub const fn id(&self) -> DocumentId {
        self.id
    }

    /// Where it stands.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// What it is about.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Who planned it.
    #[must_use]
    pub const fn planned(&self) -> Signature {
        self.planned
    }

    /// When it is due.
    #[must_use]
    pub const fn due(&self) -> Option<Timestamp> {
        self.due
    }

    /// Its sessions, by number.
    #[must_use]
    pub fn sessions(&self) -> &[Session] {
        &self.sessions
    }

    /// The session with a number.
    #[must_use]
    pub fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.iter().find(|session| session.id == id)
    }

    /// The areas declared complete.
    #[must_use]
    pub fn completions(&self) -> &[Completion] {
        &self.completions
    }

    /// What was to be counted again.
    #[must_use]
    pub fn recounts(&self) -> &[Recount] {
        &self.recounts
    }

    /// Who proposed its numbers.
    #[must_use]
    pub const fn proposed(&self) -> Option<Signature> {
        self.proposed
    }

    /// Who approved them.
    #[must_use]
    pub const fn approved(&self) -> Option<Signature> {
        self.approved
    }

    /// The first session of its area that nobody has joined to those before it (R23).
    #[must_use]
    pub fn overlap(&self) -> Option<&Session> {
        let firsts = || self.sessions.iter().filter(|session| session.kind == SessionKind::First);
        firsts().find(|session| {
            session.join.is_none()
                && firsts().any(|other| other.area == session.area && other.id < session.id)
        })
    }
}

/// Lists of GTINs in JSON.
mod gtins {
    use gs1::Gtin;
    use serde::de::{Deserialize as _, Deserializer, Error as _};
    use serde::ser::Serializer;

    pub(super) fn serialize<S: Serializer>(items: &[Gtin], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(items.iter().map(ToString::to_string))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Gtin>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        texts.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
    }
}
