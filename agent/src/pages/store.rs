//! The first page of a store: the scans as they come, what they did to the positions, and how far the hub is behind.

use askama::Template;
use axum::response::Response;
use web::view::{Moment, count, grouped, marked, signed};
use web::{Page, Problem, Script, Shell};

use super::words;

/// How many scans the page keeps. A handler need not fill in more.
pub const FEED_LENGTH: usize = 60;

/// How many positions the page keeps. A handler need not fill in more.
pub const POSITIONS_LENGTH: usize = 40;

/// Everything on the page at the moment it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct StorePage {
    /// Whether the hub can be reached.
    pub link: HubLink,
    /// How far the ledger has come.
    pub marks: Watermarks,
    /// Scans recorded per second, of late.
    pub scans_per_s: f64,
    /// The last scans, the newest first; at most [`FEED_LENGTH`].
    pub feed: Vec<Movement>,
    /// The positions that changed last, the newest first; at most [`POSITIONS_LENGTH`].
    pub positions: Vec<Position>,
    /// The answer to the look-up that the page was asked for as `/?gtin=…`: how it works without script.
    pub look_up: Option<LookUp>,
}

/// Whether the hub can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HubLink {
    /// The session with the hub is up.
    Online,
    /// It is not: the store counts on by itself.
    Offline,
}

/// How far the ledger has come, as sequence numbers; 0 when nothing has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermarks {
    /// Durable in the store.
    pub recorded: u64,
    /// Durable in the hub's journal.
    pub committed: u64,
    /// In the hub's relational projection too.
    pub reconciled: u64,
}

/// One movement, as the feed shows it. The same members as the event `movement`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// Its sequence number.
    pub seq: u64,
    /// When the store recorded it.
    pub recorded_at: Moment,
    /// What happened: `sell`, `receive`, `return`, `adjust`, `move`, `open`.
    pub kind: String,
    /// The item, 14 digits.
    pub gtin: String,
    /// What the item is called, if the catalogue knows it.
    pub name: Option<String>,
    /// Its lot, if one is known.
    pub lot: Option<String>,
    /// How many base units; positive.
    pub qty: i64,
    /// The base unit: `pcs`, `g`.
    pub unit: String,
    /// The account it came from: `sellable/floor`.
    pub from: String,
    /// The account it went to: `customer`.
    pub to: String,
    /// Why: `sale`.
    pub reason: String,
    /// What is on hand of the item after it.
    pub on_hand: i64,
    /// The device that recorded it first.
    pub device: String,
}

/// What is on hand of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The item, 14 digits.
    pub gtin: String,
    /// What the item is called, if the catalogue knows it.
    pub name: Option<String>,
    /// The base unit: `pcs`, `g`.
    pub unit: String,
    /// On hand and sellable.
    pub sellable: i64,
    /// On hand in all.
    pub on_hand: i64,
    /// When it changed last.
    pub changed_at: Moment,
    /// The sequence number that the figures cover.
    pub covers_seq: u64,
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
    /// The item's position.
    Found(PositionCard),
    /// It was refused; the detail of the problem.
    Refused(String),
}

/// A position with all of its parts, as `GET /v1/positions/{gtin}` gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionCard {
    /// The item, 14 digits.
    pub gtin: String,
    /// What the item is called, if the catalogue knows it.
    pub name: Option<String>,
    /// The base unit: `pcs`, `g`.
    pub unit: String,
    /// On hand and sellable.
    pub sellable: i64,
    /// On hand in all.
    pub on_hand: i64,
    /// The sequence number that the figures cover.
    pub covers_seq: u64,
    /// Where it is, lot by lot.
    pub buckets: Vec<Bucket>,
}

/// A part of a position: one place, one lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// The account: `sellable/floor`.
    pub account: String,
    /// The lot, if one is known.
    pub lot: Option<String>,
    /// How much is there.
    pub qty: i64,
}

#[derive(Template)]
#[template(path = "store/page.html")]
struct Body<'a> {
    page: &'a StorePage,
    blank_movement: Movement,
    blank_position: Position,
    blank_card: PositionCard,
}

#[derive(Template)]
#[template(path = "store/link.html")]
struct Aside {
    link: HubLink,
}

// === impl StorePage ===

impl StorePage {
    /// The page in its shell.
    ///
    /// # Errors
    /// `internal` when a template fails while it is written out.
    pub fn show(&self, shell: &Shell) -> Result<Response, Problem> {
        let (body, aside) = (self.body(), Aside { link: self.link });
        shell.show(Page {
            title: "Scans and stock",
            path: "/",
            script: Some(Script::Live("store.js")),
            aside: Some(&aside),
            body: &body,
        })
    }

    fn body(&self) -> Body<'_> {
        Body {
            page: self,
            blank_movement: Movement::blank(),
            blank_position: Position::blank(),
            blank_card: PositionCard::blank(),
        }
    }

    fn rate(&self) -> String {
        format!("{:.1}", self.scans_per_s)
    }
}

// === impl Watermarks ===

impl Watermarks {
    /// Movements that the hub does not have yet.
    #[must_use]
    pub const fn waiting(self) -> u64 {
        self.recorded.saturating_sub(self.committed)
    }
}

// === impl Movement ===

impl Movement {
    /// What the script copies for movements that arrive later.
    fn blank() -> Self {
        let none = String::new;
        Self {
            seq: 0,
            recorded_at: Moment::from_millis(0),
            kind: none(),
            gtin: none(),
            name: None,
            lot: None,
            qty: 0,
            unit: none(),
            from: none(),
            to: none(),
            reason: none(),
            on_hand: 0,
            device: none(),
        }
    }

    fn word(&self) -> String {
        words::kind(&self.kind)
    }

    /// The quantity with the sign of what it did to the stock on hand; none when goods only changed their place.
    fn change(&self) -> String {
        match (words::in_store(&self.from), words::in_store(&self.to)) {
            (false, true) => signed(self.qty),
            (true, false) => signed(self.qty.saturating_neg()),
            (true, true) | (false, false) => grouped(self.qty),
        }
    }

    /// What the kind alone does not say: where goods were moved, why they were adjusted.
    fn note(&self) -> String {
        match self.kind.split('_').next() {
            Some("move") => format!("{} to {}", words::place(&self.from), words::place(&self.to)),
            Some("adjust") => self.reason.replace('_', " "),
            Some(_) | None => String::new(),
        }
    }

    fn lot_note(&self) -> String {
        self.lot.as_ref().map_or_else(String::new, |lot| format!("lot {lot}"))
    }
}

// === impl Position ===

impl Position {
    fn blank() -> Self {
        Self {
            gtin: String::new(),
            name: None,
            unit: String::new(),
            sellable: 0,
            on_hand: 0,
            changed_at: Moment::from_millis(0),
            covers_seq: 0,
        }
    }
}

// === impl PositionCard ===

impl PositionCard {
    fn blank() -> Self {
        Self {
            gtin: String::new(),
            name: None,
            unit: String::new(),
            sellable: 0,
            on_hand: 0,
            covers_seq: 0,
            buckets: Vec::new(),
        }
    }
}

// === impl Bucket ===

impl Bucket {
    fn place(&self) -> String {
        words::place(&self.account)
    }
}

/// What an item is called; one that the catalogue does not know is said to be so.
fn title(name: Option<&String>) -> &str {
    name.map_or("Not in the catalogue", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn movement(seq: u64, kind: &str, from: &str, to: &str) -> Movement {
        Movement {
            seq,
            recorded_at: Moment::from_millis(1_795_512_607_250),
            kind: kind.into(),
            gtin: "04006381333931".into(),
            name: Some("Oat & <barley> drink 1 L".into()),
            lot: None,
            qty: 1_204,
            unit: "pcs".into(),
            from: from.into(),
            to: to.into(),
            reason: "breakage_in_store".into(),
            on_hand: -3,
            device: "till-1".into(),
        }
    }

    fn page() -> StorePage {
        StorePage {
            link: HubLink::Online,
            marks: Watermarks { recorded: 0, committed: 0, reconciled: 0 },
            scans_per_s: 0.0,
            feed: Vec::new(),
            positions: Vec::new(),
            look_up: None,
        }
    }

    /// What is shown, without what waits in templates for the script.
    fn shown(page: &StorePage) -> String {
        let html = page.body().render().unwrap();
        html.split("<template").next().unwrap().to_owned()
    }

    #[test]
    fn the_sign_says_what_happened_to_the_stock_on_hand() {
        for (kind, from, to, change, note) in [
            ("sell", "sellable/floor", "customer", "\u{2212}1,204", ""),
            ("receive", "supplier", "sellable/bay", "+1,204", ""),
            ("move", "sellable/backroom", "sellable/floor", "1,204", "backroom to floor"),
            ("adjust_down", "sellable/floor", "waste", "\u{2212}1,204", "breakage in store"),
            ("receive", "transit/T7", "sellable/bay", "+1,204", ""),
        ] {
            let movement = movement(1, kind, from, to);
            assert_eq!((movement.change().as_str(), movement.note().as_str()), (change, note), "{kind}");
        }
    }

    #[test]
    fn a_scan_is_safe_at_the_hub_once_the_watermark_has_passed_it() {
        let feed =
            vec![movement(8, "sell", "display", "customer"), movement(7, "sell", "display", "customer")];
        let marks = Watermarks { recorded: 8, committed: 7, reconciled: 5 };
        let html = shown(&StorePage { feed, marks, ..page() });
        assert_eq!(html.matches(r#"data-at="hub" data-on="true""#).count(), 1);
        assert_eq!(html.matches(r#"data-at="hub" data-on="false""#).count(), 1);
        assert_eq!(html.matches(">not yet at<").count(), 1);
        assert!(html.contains(r#"data-slot="waiting">1<"#));
    }

    #[test]
    fn what_came_from_a_scanner_or_a_file_is_escaped() {
        let feed = vec![movement(1, "sell", "display", "customer")];
        let asked = r#""><script>alert(1)</script>"#.to_owned();
        let look_up = Some(LookUp { answer: Look::Refused(format!("`{asked}` is no GTIN")), asked });
        let html = shown(&StorePage { feed, look_up, ..page() });
        assert!(!html.contains("<barley>") && !html.contains("<script"), "{html}");
        assert!(!html.contains("style=") && !html.contains("onclick"));
    }

    #[test]
    fn an_empty_store_says_what_to_do() {
        let html = shown(&page());
        assert!(html.contains("No scans yet") && html.contains("Nothing has moved yet"));
        assert!(!html.contains(r#"id="feed-empty" hidden"#));
        let feed = vec![movement(1, "sell", "display", "customer")];
        assert!(shown(&StorePage { feed, ..page() }).contains(r#"id="feed-empty" hidden"#));
    }

    #[test]
    fn a_look_up_is_answered_without_script() {
        let bucket = Bucket { account: "sellable/floor".into(), lot: Some("7A22".into()), qty: 12 };
        let card = PositionCard {
            gtin: "04006381333931".into(),
            unit: "pcs".into(),
            sellable: 12,
            on_hand: 14,
            covers_seq: 1_204,
            buckets: vec![bucket],
            ..PositionCard::blank()
        };
        let look_up = Some(LookUp { asked: "4006381333931".into(), answer: Look::Found(card) });
        let html = shown(&StorePage { look_up, ..page() });
        for expected in [r#"value="4006381333931""#, "Not in the catalogue", "floor, lot 7A22", "1,204"] {
            assert!(html.contains(expected), "{expected}");
        }
    }

    #[test]
    fn the_state_of_the_link_is_a_word() {
        let of = |link| Aside { link }.render().unwrap();
        assert!(of(HubLink::Online).contains("Online to hub"));
        assert!(of(HubLink::Offline).contains("Counting offline"));
    }

    #[test]
    fn the_script_finds_every_part_it_asks_for() {
        let html = page().body().render().unwrap() + &Aside { link: HubLink::Online }.render().unwrap();
        let script = include_str!("store.js");
        let named = script.split("part(\"").chain(script.split("copyOf(\"")).skip(1);
        let names: Vec<_> = named.filter_map(|rest| rest.split_once("\")").map(|(name, _)| name)).collect();
        assert!(names.len() > 20);
        for name in names.iter().filter(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')) {
            assert!(html.contains(&format!("id=\"{name}\"")), "{name}");
        }
    }

    #[test]
    fn the_page_sits_in_its_shell() {
        let shell = super::super::shell("s001 High Street");
        assert!(shell.assets().has("store.js"));
        assert!(page().show(&shell).is_ok());
    }
}
