//! The first page of the console: one tile per store, the sums over all of them, and where an item is.

use askama::Template;
use axum::response::Response;
use web::view::{Moment, count, grouped, marked, span};
use web::{Page, Problem, Script, Shell};

/// Everything on the page at the moment it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct ConsolePage {
    /// One tile per enrolled store, in the order they are to be shown: by name.
    pub stores: Vec<StoreTile>,
    /// The command that enrols a store, shown while there is none: ``shelfline-hub enrol …``.
    pub enrol_command: String,
    /// The answer to the look-up that the page was asked for as `/?gtin=…`: how it works without script.
    pub look_up: Option<LookUp>,
}

/// What the hub knows of one store. The same members as the event `store`.
#[derive(Debug, Clone, PartialEq)]
pub struct StoreTile {
    /// The store's name: `s001`.
    pub store: String,
    /// Whether its session is up.
    pub online: bool,
    /// The version of its agent, if it has ever said.
    pub agent_version: Option<String>,
    /// The life of its replica; 0 before the first.
    pub epoch: u64,
    /// The highest sequence number the store has said it has recorded.
    pub head: u64,
    /// Durable in the journal.
    pub committed: u64,
    /// In the relational projection too.
    pub reconciled: u64,
    /// From the recording of the newest committed movement to its commit, in milliseconds; `None` before the first.
    pub lag_ms: Option<u64>,
    /// When the store recorded its last scan, if any.
    pub last_scan_at: Option<Moment>,
    /// Whether its positions equal ours.
    pub proof: Proof,
    /// Movements received per second, of late.
    pub movements_per_s: f64,
}

/// What comparing the digests of all positions says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Equal at the same sequence number: `ok`.
    Ok,
    /// They differ: `mismatch`.
    Mismatch,
    /// Not compared yet: `unknown`.
    Unknown,
}

/// A look-up and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookUp {
    /// What was typed or scanned.
    pub asked: String,
    /// What came of it.
    pub answer: Look,
}

/// What came of a look-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// Where the item is.
    Found(Where),
    /// It was refused; the detail of the problem.
    Refused(String),
}

/// Where an item is, as `GET /v1/items/{gtin}/where` gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Where {
    /// The item, 14 digits.
    pub gtin: String,
    /// What the item is called, if the catalogue knows it.
    pub name: Option<String>,
    /// The stores that have or had it.
    pub stores: Vec<Found>,
}

/// What one store has of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The store's name.
    pub store: String,
    /// On hand and sellable.
    pub sellable: i64,
    /// On hand in all.
    pub on_hand: i64,
    /// The sequence number that the figures cover.
    pub covers_seq: u64,
    /// How old the figures are, in milliseconds.
    pub age_ms: u64,
}

#[derive(Template)]
#[template(path = "console/page.html")]
struct Body<'a> {
    page: &'a ConsolePage,
    blank_tile: StoreTile,
    blank_where: Where,
    blank_found: Found,
}

// === impl ConsolePage ===

impl ConsolePage {
    /// The page in its shell.
    ///
    /// # Errors
    /// `internal` when a template fails while it is written out.
    pub fn show(&self, shell: &Shell) -> Result<Response, Problem> {
        let body = self.body();
        shell.show(Page {
            title: "Stores",
            path: "/",
            script: Some(Script::Live("console.js")),
            aside: None,
            body: &body,
        })
    }

    fn body(&self) -> Body<'_> {
        Body {
            page: self,
            blank_tile: StoreTile::blank(),
            blank_where: Where { gtin: String::new(), name: None, stores: Vec::new() },
            blank_found: Found { store: String::new(), sellable: 0, on_hand: 0, covers_seq: 0, age_ms: 0 },
        }
    }

    fn online(&self) -> u64 {
        self.stores.iter().map(|store| u64::from(store.online)).sum()
    }

    fn offline(&self) -> u64 {
        self.stores.iter().map(|store| u64::from(!store.online)).sum()
    }

    fn waiting(&self) -> u64 {
        self.stores.iter().map(StoreTile::waiting).sum()
    }

    fn mismatches(&self) -> u64 {
        self.stores.iter().map(|store| u64::from(store.proof == Proof::Mismatch)).sum()
    }

    /// The longest lag of the stores that are online: an offline one has its own word.
    fn longest_lag(&self) -> String {
        let lags = self.stores.iter().filter(|store| store.online).filter_map(|store| store.lag_ms);
        lags.max().map_or_else(|| NOTHING.to_owned(), span)
    }

    fn rate(&self) -> String {
        format!("{:.1}", self.stores.iter().map(|store| store.movements_per_s).sum::<f64>())
    }
}

// === impl StoreTile ===

impl StoreTile {
    /// Movements that the store has recorded and the journal does not have.
    #[must_use]
    pub const fn waiting(&self) -> u64 {
        self.head.saturating_sub(self.committed)
    }

    /// What the script copies for stores that are enrolled later.
    fn blank() -> Self {
        Self {
            store: String::new(),
            online: false,
            agent_version: None,
            epoch: 0,
            head: 0,
            committed: 0,
            reconciled: 0,
            lag_ms: None,
            last_scan_at: None,
            proof: Proof::Unknown,
            movements_per_s: 0.0,
        }
    }

    fn lag(&self) -> String {
        self.lag_ms.map_or_else(|| NOTHING.to_owned(), span)
    }

    fn rate(&self) -> String {
        format!("{:.1}", self.movements_per_s)
    }

    fn version(&self) -> &str {
        self.agent_version.as_deref().unwrap_or(NOTHING)
    }
}

// === impl Proof ===

impl Proof {
    /// The state of its badge, and its word.
    const fn badge(self) -> (&'static str, &'static str) {
        match self {
            Self::Ok => ("ok", "Positions equal"),
            Self::Mismatch => ("bad", "Positions differ"),
            Self::Unknown => ("none", "Not compared yet"),
        }
    }
}

/// Stands where there is no value.
const NOTHING: &str = "\u{2013}";

/// What an item is called; one that the catalogue does not know is said to be so.
fn title(name: Option<&String>) -> &str {
    name.map_or("Not in the catalogue", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(store: &str, proof: Proof) -> StoreTile {
        StoreTile {
            store: store.into(),
            online: true,
            agent_version: Some("0.1.0".into()),
            epoch: 1,
            head: 1_204,
            committed: 1_202,
            reconciled: 1_190,
            lag_ms: Some(40),
            last_scan_at: Some(Moment::from_millis(1_795_512_607_250)),
            proof,
            movements_per_s: 12.5,
        }
    }

    fn page(stores: Vec<StoreTile>) -> ConsolePage {
        ConsolePage { stores, enrol_command: "shelfline-hub enrol s001".into(), look_up: None }
    }

    /// What is shown, without what waits in templates for the script.
    fn shown(page: &ConsolePage) -> String {
        let html = page.body().render().unwrap();
        html.split("<template").next().unwrap().to_owned()
    }

    #[test]
    fn the_sums_are_those_of_the_tiles() {
        let offline = StoreTile { online: false, lag_ms: Some(190_000), ..tile("s003", Proof::Unknown) };
        let slow = StoreTile { lag_ms: Some(3_240), ..tile("s002", Proof::Mismatch) };
        let page = page(vec![tile("s001", Proof::Ok), slow, offline]);
        assert_eq!((page.online(), page.offline(), page.waiting(), page.mismatches()), (2, 1, 6, 1));
        assert_eq!((page.longest_lag().as_str(), page.rate().as_str()), ("3.2 s", "37.5"));
        let html = shown(&page);
        assert!(html.contains("Look at their ledger") && html.contains(r#"data-slot="offline">1<"#));
    }

    #[test]
    fn every_state_of_a_store_is_a_word() {
        let offline =
            StoreTile { online: false, lag_ms: None, last_scan_at: None, ..tile("s004", Proof::Ok) };
        let html = shown(&page(vec![
            tile("s001", Proof::Ok),
            tile("s002", Proof::Mismatch),
            tile("s003", Proof::Unknown),
            offline,
        ]));
        for word in
            ["Positions equal", "Positions differ", "Not compared yet", ">Online<", ">Offline<", "none yet"]
        {
            assert!(html.contains(word), "{word}");
        }
    }

    #[test]
    fn without_a_store_the_page_says_how_to_enrol_one() {
        let html = shown(&page(Vec::new()));
        assert!(html.contains("<code>shelfline-hub enrol s001</code>"));
        assert!(!html.contains(r#"id="no-stores" hidden"#) && html.contains(r#"id="totals" hidden"#));
        assert!(shown(&page(vec![tile("s001", Proof::Ok)])).contains(r#"id="no-stores" hidden"#));
    }

    #[test]
    fn a_look_up_is_answered_without_script() {
        let found = Found { store: "s001".into(), sellable: -2, on_hand: 5, covers_seq: 1_204, age_ms: 30 };
        let card = Where { gtin: "04006381333931".into(), name: None, stores: vec![found] };
        let look_up = Some(LookUp { asked: "4006381333931".into(), answer: Look::Found(card) });
        let html = shown(&ConsolePage { look_up, ..page(Vec::new()) });
        for expected in ["Not in the catalogue", "\u{2212}2", "30 ms", "1,204"] {
            assert!(html.contains(expected), "{expected}");
        }
        let nowhere = Where { gtin: "04006381333931".into(), name: None, stores: Vec::new() };
        let look_up = Some(LookUp { asked: "4006381333931".into(), answer: Look::Found(nowhere) });
        assert!(shown(&ConsolePage { look_up, ..page(Vec::new()) }).contains("data-empty>No store"));
    }

    #[test]
    fn what_came_from_elsewhere_is_escaped() {
        let mut hostile = tile("<script>", Proof::Ok);
        hostile.agent_version = Some("\"><img>".into());
        let look_up =
            Some(LookUp { asked: "\"><b>".into(), answer: Look::Refused("`<i>` is no GTIN".into()) });
        let html = shown(&ConsolePage { look_up, ..page(vec![hostile]) });
        for tag in ["<script", "<img>", "<b>", "<i>", "style=", "onclick"] {
            assert!(!html.contains(tag), "{tag}");
        }
    }

    #[test]
    fn the_script_finds_every_part_it_asks_for() {
        let html = page(Vec::new()).body().render().unwrap();
        let script = include_str!("console.js");
        let named = script.split("part(\"").chain(script.split("copyOf(\"")).skip(1);
        let names: Vec<_> = named.filter_map(|rest| rest.split_once("\")").map(|(name, _)| name)).collect();
        assert!(names.len() > 6);
        for name in names.iter().filter(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')) {
            assert!(html.contains(&format!("id=\"{name}\"")), "{name}");
        }
    }

    #[test]
    fn the_script_says_the_same_words() {
        let script = include_str!("console.js");
        for proof in [Proof::Ok, Proof::Mismatch, Proof::Unknown] {
            let (state, word) = proof.badge();
            assert!(script.contains(&format!("[\"{state}\", \"{word}\"]")), "{word}");
        }
    }

    #[test]
    fn the_page_sits_in_its_shell() {
        let shell = super::super::shell("eu-west");
        assert!(shell.assets().has("console.js"));
        assert!(page(Vec::new()).show(&shell).is_ok());
    }
}
