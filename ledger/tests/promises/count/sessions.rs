//! The document: plan, sessions of several counters, merges, recounts, areas declared complete, approval, the blind view.

use super::shop::{BACKROOM, FLOOR, at, goods, movement, quantity};
use crate::support::{OAT_DRINK, gtin, stamp};
use ledger::count::{
    Count, CounterView, Desk, FLOW, Found, Goods, Grouping, Join, Known, Level, Limits, Line, Mode, Needed,
    Observation, ObservationId, Plan, Refused, Reviewed, RootCause, Seen, SessionId, Sheet, Spot, State,
    Step, Tally, approval_needed, counter_view, derive, sheet, zero_lines,
};
use ledger::{
    Account, Balance, Command, DeviceId, DeviceSeq, DocumentId, DocumentLine, Gtin, Lot, Money, Serial,
    Stamp, UserId,
};

/// A count and its rows, as an agent keeps them.
struct Desktop {
    count: Count,
    rows: Vec<Observation>,
}

fn by(user: &str, clock: &str) -> Stamp {
    Stamp { user: UserId::new(user).unwrap(), occurred_at: at(clock), ..stamp("desk", 1) }
}

fn plan(mode: Mode) -> Plan {
    Plan {
        goods: Goods::Everything,
        areas: vec![FLOOR, BACKROOM],
        mode,
        grouping: Grouping::ByArea,
        tolerance: Money::new(500),
    }
}

fn open(area: Account) -> Step {
    Step::OpenSession { area, join: None }
}

fn spot(area: Account) -> Spot {
    Spot { item: gtin(OAT_DRINK), area }
}

fn number(n: i64) -> Seen {
    Seen::Number(Tally::new(n).unwrap())
}

fn serial(text: &str) -> Seen {
    Seen::Serial(Serial::new(text).unwrap())
}

fn id(row: u32) -> ObservationId {
    ObservationId { device: DeviceId::new("scanner-1").unwrap(), device_seq: DeviceSeq::from(row) }
}

impl Desktop {
    fn started(plan: Plan) -> Self {
        let count = Count::draft(DocumentId::new("CNT-1").unwrap(), plan, &by("mia", "08:00")).unwrap();
        let mut desk = Self { count, rows: Vec::new() };
        for step in [Step::Schedule(at("09:00")), Step::Start] {
            desk.step("mia", "08:30", &step).unwrap();
        }
        desk
    }

    fn step(&mut self, user: &str, clock: &str, step: &Step) -> Result<(), Refused> {
        let unsettled = self.sheet().unsettled;
        let desk = Desk { unsettled: &unsettled, ..Desk::default() };
        self.count = self.count.decide(step, &by(user, clock), desk)?;
        Ok(())
    }

    fn opened(&mut self, user: &str, clock: &str, area: Account) -> u32 {
        self.step(user, clock, &open(area)).unwrap();
        self.count.sessions().last().unwrap().id.0
    }

    /// Row numbers count from 1.
    fn see(&mut self, session: u32, clock: &str, lot: &str, seen: Seen) -> Result<(), Refused> {
        let of = self.count.session(SessionId(session));
        let observation = Observation {
            id: id(u32::try_from(self.rows.len()).unwrap() + 1),
            occurred_at: at(clock),
            user: of.map_or_else(|| UserId::new("nobody").unwrap(), |session| session.user),
            session: SessionId(session),
            area: of.map_or(FLOOR, |session| session.area),
            item: gtin(OAT_DRINK),
            lot: if lot.is_empty() { None } else { Some(Lot::new(lot).unwrap()) },
            seen,
        };
        self.count.observe(&observation, &self.rows)?;
        self.rows.push(observation);
        Ok(())
    }

    fn close(&mut self, sessions: &[u32]) {
        for session in sessions {
            self.step("mia", "11:00", &Step::CloseSession(SessionId(*session))).unwrap();
        }
    }

    fn sheet(&self) -> Sheet {
        sheet(&self.count, &self.rows).unwrap()
    }

    /// Lines as `place lot found from-to`.
    fn lines(&self) -> String {
        let shown = self.sheet().lines.iter().map(shown).collect::<Vec<_>>();
        shown.join("; ")
    }
}

fn shown(line: &Line) -> String {
    let found = match &line.found {
        Found::Number(number) => number.to_string(),
        Found::Nothing => "nothing".to_owned(),
        Found::Serials { serials, others } => {
            let serials: Vec<&str> = serials.iter().map(Serial::as_str).collect();
            format!("{}+{others}", serials.join(","))
        }
    };
    let clock = |moment: ledger::Timestamp| moment.to_string().chars().skip(11).take(5).collect::<String>();
    let lot = line.lot.map_or_else(|| "all".to_owned(), |lot| lot.to_string());
    format!("{} {lot} {found} {}-{}", line.areas, clock(line.window.from), clock(line.window.to))
}

fn code(result: Result<(), Refused>) -> String {
    match result {
        Ok(()) => "taken".to_owned(),
        Err(refused) => {
            assert!(!refused.hint().is_empty() && !refused.to_string().is_empty());
            refused.code().to_owned()
        }
    }
}

#[test]
fn numbers_add_up_undo_takes_back_and_uncounted_is_not_zero() {
    let mut desk = Desktop::started(plan(Mode::Blind));
    let session = desk.opened("ann", "09:00", FLOOR);
    let table: &[(&str, Seen, &str, &str)] = &[
        ("09:01", Seen::Scan(quantity(12)), "taken", "sellable/floor all 12 09:01-09:01"),
        ("09:02", number(5), "taken", "sellable/floor all 17 09:01-09:02"),
        ("09:03", Seen::Undo(id(1)), "taken", "sellable/floor all 5 09:01-09:03"),
        ("09:04", Seen::Undo(id(1)), "already_undone", "sellable/floor all 5 09:01-09:03"),
        ("09:04", Seen::Undo(id(3)), "nothing_to_undo", "sellable/floor all 5 09:01-09:03"),
        ("09:04", Seen::Undo(id(9)), "nothing_to_undo", "sellable/floor all 5 09:01-09:03"),
        ("09:05", Seen::Undo(id(2)), "taken", ""),
        ("09:06", number(0), "taken", "sellable/floor all 0 09:01-09:06"),
    ];
    for (clock, seen, expect, lines) in table {
        assert_eq!(code(desk.see(session, clock, "", *seen)), *expect, "{seen:?}");
        assert_eq!(desk.lines(), *lines, "{seen:?}");
    }
    let (mut backwards, lines) = (desk.rows.clone(), desk.sheet());
    backwards.reverse();
    backwards.extend(desk.rows.clone());
    assert_eq!(sheet(&desk.count, &backwards).unwrap(), lines, "order and repeats do no harm");
}

#[test]
fn a_serial_is_counted_once_and_says_by_whom() {
    let mut desk = Desktop::started(plan(Mode::Blind));
    let (ann, bob) = (desk.opened("ann", "09:00", FLOOR), desk.opened("bob", "09:00", BACKROOM));
    desk.see(ann, "09:01", "", serial("S1")).unwrap();
    let refused = desk.see(bob, "09:02", "", serial("S1")).unwrap_err();
    assert_eq!(refused.code(), "already_counted");
    assert_eq!(refused.to_string(), "serial S1 was already counted by ann at 2026-11-24T09:01:00.000Z");
    desk.see(ann, "09:03", "", Seen::Undo(id(1))).unwrap();
    desk.see(bob, "09:04", "", serial("S1")).unwrap();
    desk.see(bob, "09:05", "", number(2)).unwrap();
    assert_eq!(desk.lines(), "sellable/backroom all S1+2 09:04-09:05");
}

#[test]
fn lots_make_lines_until_a_piece_has_none() {
    let mut desk = Desktop::started(plan(Mode::Blind));
    let session = desk.opened("ann", "09:00", FLOOR);
    desk.see(session, "09:01", "A", number(4)).unwrap();
    desk.see(session, "09:02", "B", number(3)).unwrap();
    assert_eq!(desk.lines(), "sellable/floor A 4 09:01-09:01; sellable/floor B 3 09:02-09:02");
    desk.see(session, "09:03", "", number(1)).unwrap();
    assert_eq!(desk.lines(), "sellable/floor all 8 09:01-09:03");
}

#[test]
fn areas_make_lines_or_one_line() {
    for (grouping, expect) in [
        (Grouping::ByArea, "sellable/floor all 4 09:01-09:01; sellable/backroom all 6 09:09-09:09"),
        (Grouping::ByItem, "sellable/floor+sellable/backroom all 10 09:01-09:09"),
    ] {
        let mut desk = Desktop::started(Plan { grouping, ..plan(Mode::Blind) });
        let (floor, back) = (desk.opened("ann", "09:00", FLOOR), desk.opened("ann", "09:08", BACKROOM));
        desk.see(floor, "09:01", "", number(4)).unwrap();
        desk.see(back, "09:09", "", number(6)).unwrap();
        assert_eq!(desk.lines(), expect);
    }
}

#[test]
fn two_sessions_in_one_area_are_joined_explicitly() {
    let table: &[(Join, i64, &str, &str)] = &[
        (Join::Add, 5, "sellable/floor all 9 09:01-09:11", "taken"),
        (Join::Replace, 5, "sellable/floor all 5 09:11-09:11", "taken"),
        (Join::Recount, 4, "sellable/floor all 4 09:11-09:11", "taken"),
        (Join::Recount, 5, "sellable/floor all 5 09:11-09:11", "recount_open"),
    ];
    for (join, second, lines, submitted) in table {
        let mut desk = Desktop::started(plan(Mode::Blind));
        let (one, two) = (desk.opened("ann", "09:00", FLOOR), desk.opened("bob", "09:10", FLOOR));
        desk.see(one, "09:01", "", number(4)).unwrap();
        desk.see(two, "09:11", "", number(*second)).unwrap();
        assert_eq!(code(desk.step("mia", "11:00", &Step::Finish)), "session_open");
        desk.close(&[one, two]);
        desk.step("mia", "11:00", &Step::Finish).unwrap();
        assert_eq!(code(desk.step("mia", "11:01", &Step::Submit)), "session_overlap");
        let joined = |session| Step::Join { session: SessionId(session), join: *join };
        assert_eq!(code(desk.step("mia", "11:01", &joined(one))), "nothing_to_join");
        assert_eq!(code(desk.step("mia", "11:01", &joined(7))), "session_unknown");
        desk.step("mia", "11:02", &joined(two)).unwrap();
        assert_eq!(desk.lines(), *lines, "{join:?}");
        assert_eq!(code(desk.step("mia", "11:03", &Step::Submit)), *submitted, "{join:?} {second}");
    }
}

#[test]
fn a_recount_has_its_own_short_window_and_takes_the_place_of_all_before() {
    let mut desk = Desktop::started(plan(Mode::Blind));
    let first = desk.opened("ann", "09:00", FLOOR);
    desk.see(first, "09:01", "", number(4)).unwrap();
    desk.close(&[first]);
    desk.step("mia", "11:00", &Step::Finish).unwrap();
    desk.step("mia", "11:01", &Step::AskRecount(vec![spot(FLOOR)])).unwrap();
    assert_eq!(code(desk.step("mia", "11:02", &Step::Submit)), "recount_open");
    let again = desk.opened("bob", "11:05", FLOOR);
    desk.see(again, "11:06", "", number(7)).unwrap();
    assert_eq!(code(desk.step("mia", "11:07", &Step::Submit)), "session_open");
    desk.close(&[again]);
    assert_eq!(desk.lines(), "sellable/floor all 7 11:06-11:06");
    desk.step("mia", "11:08", &Step::Submit).unwrap();

    desk.step("eve", "11:09", &Step::AskRecount(vec![spot(FLOOR)])).unwrap();
    assert_eq!(desk.count.proposed(), None);
    assert_eq!(code(desk.step("mia", "11:10", &Step::Submit)), "recount_open", "asked once more");
    let elsewhere = desk.opened("bob", "11:11", BACKROOM);
    assert_eq!(code(desk.see(elsewhere, "11:12", "", number(1))), "recount_not_asked");
}

#[test]
fn what_is_out_of_place_is_refused_by_name() {
    let only = Plan { goods: Goods::Items(vec![Gtin::new(96_385_074).unwrap()]), ..plan(Mode::Blind) };
    let mut desk = Desktop::started(only);
    assert_eq!(code(desk.step("ann", "09:00", &open(Account::Damaged))), "area_not_planned");
    assert_eq!(code(desk.step("ann", "09:00", &Step::CompleteArea(FLOOR))), "area_not_counted");
    assert_eq!(code(desk.step("ann", "09:00", &Step::Submit)), "step_not_allowed");
    let session = desk.opened("ann", "09:00", FLOOR);
    assert_eq!(code(desk.see(session, "09:01", "", number(1))), "item_not_planned");
    assert_eq!(code(desk.see(9, "09:01", "", number(1))), "session_unknown");
    assert_eq!(code(desk.step("ann", "09:02", &Step::CompleteArea(FLOOR))), "session_open");
    desk.close(&[session]);
    assert_eq!(code(desk.see(session, "09:01", "", number(1))), "session_closed");
    assert_eq!(code(desk.step("ann", "09:02", &Step::CloseSession(SessionId(1)))), "session_closed");
    desk.step("ann", "11:02", &Step::CompleteArea(FLOOR)).unwrap();
    assert_eq!(code(desk.step("ann", "11:03", &Step::CompleteArea(FLOOR))), "area_complete");
    assert_eq!(code(desk.step("bob", "11:03", &open(FLOOR))), "area_complete");

    let mut desk = Desktop::started(plan(Mode::Blind));
    let session = desk.opened("ann", "09:00", FLOOR);
    desk.see(session, "09:01", "", number(1)).unwrap();
    let stranger = Observation { user: UserId::new("bob").unwrap(), id: id(2), ..desk.rows[0].clone() };
    assert_eq!(code(desk.count.observe(&stranger, &desk.rows)), "session_mismatch");

    let draft = |plan| Count::draft(DocumentId::new("CNT-2").unwrap(), plan, &by("mia", "08:00")).map(drop);
    let areas = |areas: &[Account]| Plan { areas: areas.to_vec(), ..plan(Mode::Blind) };
    assert_eq!(code(draft(areas(&[]))), "plan_areas");
    assert_eq!(code(draft(areas(&[Account::Customer]))), "plan_areas");
    assert_eq!(code(draft(Plan { goods: Goods::Items(vec![]), ..plan(Mode::Blind) })), "plan_empty");
}

#[test]
fn zero_lines_are_of_completed_areas_only() {
    let mut desk = Desktop::started(plan(Mode::Blind));
    let floor = desk.opened("ann", "09:00", FLOOR);
    let received = |lot: &str, into, clock| {
        let line = ledger::Line { lot: Lot::new(lot).unwrap(), ..goods(5) };
        movement(&Command::Receive { line, into }, at(clock))
    };
    let movements =
        [received("A", FLOOR, "08:00"), received("B", FLOOR, "08:01"), received("A", BACKROOM, "08:02")];
    let zero = |desk: &Desktop| {
        let lines = zero_lines(&desk.count, gtin(OAT_DRINK), &desk.sheet().lines, &movements, 7);
        (lines.iter().map(shown).collect::<Vec<_>>().join("; "), lines)
    };
    desk.close(&[floor]);
    assert_eq!(zero(&desk).0, "", "uncounted is not zero");
    desk.step("ann", "11:02", &Step::CompleteArea(FLOOR)).unwrap();
    let (text, lines) = zero(&desk);
    assert_eq!(text, "sellable/floor all nothing 09:00-11:02");
    assert_eq!(lines[0].document.line, 7);
    let findings = derive(&lines, &movements).unwrap();
    assert_eq!((findings[0].adjustment(), findings[0].exists), (Balance::new(-10), true));

    let mut desk = Desktop::started(plan(Mode::Blind));
    let floor = desk.opened("ann", "09:00", FLOOR);
    desk.see(floor, "09:01", "A", number(5)).unwrap();
    desk.close(&[floor]);
    desk.step("ann", "11:02", &Step::CompleteArea(FLOOR)).unwrap();
    assert_eq!(zero(&desk).0, "sellable/floor B nothing 09:00-11:02", "the lot that nobody saw");
    desk.rows[0].lot = None;
    assert_eq!(zero(&desk).0, "", "all lots were counted together");
}

fn reviewed(line: u32, units: i64, balance: i64, value: i64, cause: Option<RootCause>) -> Reviewed {
    let line = DocumentLine { document: DocumentId::new("CNT-1").unwrap(), line };
    let absolute = units.unsigned_abs();
    Reviewed { line, units, absolute, balance, value: Money::new(value), cause }
}

fn limits() -> Limits {
    let level = |name: &str, units, value, basis_points| Level {
        name: name.to_owned(),
        units,
        value: Some(Money::new(value)),
        basis_points,
    };
    Limits {
        levels: vec![
            level("clerk", Some(3), 1_000, Some(1_000)),
            level("manager", Some(50), 10_000, None),
            level("area", None, 100_000, None),
        ],
    }
}

#[test]
fn rights_are_by_units_value_and_share() {
    let table: &[(&str, i64, i64, i64, &str)] = &[
        ("clean", 0, 20, 0, "nobody"),
        ("within all", -3, 30, -1_000, "clerk"),
        ("one unit too many", -4, 100, -1_000, "manager"),
        ("one cent too many", 3, 30, 1_001, "manager"),
        ("more than a tenth", -3, 29, -10, "manager"),
        ("found where the record has none", 1, 0, 10, "manager"),
        ("no limit of units", 51, 5_000, 10_000, "area"),
        ("too much for all", 51, 5_000, 100_001, "beyond"),
    ];
    let limits = limits();
    for (name, units, balance, value, expect) in table {
        let lines = [reviewed(1, 0, 5, 0, None), reviewed(2, *units, *balance, *value, None)];
        let needed = match approval_needed(&lines, &limits) {
            Needed::Nobody => "nobody",
            Needed::Level(level) => &level.name,
            Needed::Beyond(line) => {
                assert_eq!(line.line, 2);
                "beyond"
            }
        };
        assert_eq!(needed, *expect, "{name}");
    }
    assert!(matches!(approval_needed(&[reviewed(1, 1, 5, 1, None)], &Limits::default()), Needed::Beyond(_)));
}

#[test]
fn approval_needs_causes_rights_and_a_second_person() {
    let mut desk = Desktop::started(plan(Mode::Blind));
    desk.step("mia", "10:00", &Step::Finish).unwrap();
    desk.step("mia", "10:01", &Step::Submit).unwrap();
    let limits = limits();
    let cause = Some(RootCause::ReceivingError);
    let variance = reviewed(1, -4, 100, -1_000, cause);
    let table: &[(&str, &str, Vec<Reviewed>, &str)] = &[
        ("bob", "manager", vec![reviewed(1, -4, 100, -1_000, None), variance], "root_cause_missing"),
        ("mia", "manager", vec![variance], "approver_is_proposer"),
        ("bob", "clerk", vec![variance], "approval_too_low"),
        ("bob", "owner of nothing", vec![variance], "approval_too_low"),
        ("bob", "area", vec![reviewed(1, -4, 100, -1_000_000, cause)], "approval_beyond_limits"),
        ("bob", "manager", vec![variance], "taken"),
        ("bob", "area", vec![variance], "taken"),
        ("mia", "clerk", vec![reviewed(1, 0, 100, 0, None)], "taken"),
    ];
    for (user, level, lines, expect) in table {
        let step = Step::Approve { level: (*level).to_owned() };
        let desk_of = Desk { reviewed: lines, limits: Some(&limits), unsettled: &[] };
        let after = desk.count.decide(&step, &by(user, "10:02"), desk_of);
        if let Ok(count) = &after {
            assert_eq!(count.approved().unwrap().user.as_str(), *user);
            let posted = count.decide(&Step::Post, &by(user, "10:03"), Desk::default()).unwrap();
            assert_eq!(posted.state(), State::Posted);
        }
        assert_eq!(code(after.map(drop)), *expect, "{user} {level}");
    }
}

#[test]
fn a_blind_counter_is_sent_no_expectation() {
    for mode in [Mode::Blind, Mode::Guided] {
        let mut desk = Desktop::started(plan(mode));
        let (mine, other) = (desk.opened("ann", "09:00", FLOOR), desk.opened("bob", "09:00", BACKROOM));
        desk.see(mine, "09:01", "", number(4)).unwrap();
        desk.see(other, "09:01", "", number(6)).unwrap();
        let asked = std::cell::Cell::new(0);
        let known = |_, _| {
            asked.set(asked.get() + 1);
            Known { expected: Balance::new(731), previous: Some(842) }
        };
        let session = desk.count.session(SessionId(mine)).unwrap();
        let view = counter_view(&desk.count, session, &desk.rows, known).unwrap();
        let json = serde_json::to_string(&view).unwrap();
        let own = r#"{"item":"04006381333931","lot":null,"counted":4"#;
        assert!(json.contains(own) && !json.contains("\"counted\":6"), "{json}");
        match view {
            CounterView::Blind(_) => {
                assert!(mode == Mode::Blind && asked.get() == 0 && !json.contains("731"))
            }
            CounterView::Guided(_) => {
                assert!(mode == Mode::Guided && json.contains("731") && json.contains("842"))
            }
        }
    }
}

#[test]
fn documents_and_rows_read_back_from_json() {
    let mut desk =
        Desktop::started(Plan { goods: Goods::Items(vec![gtin(OAT_DRINK)]), ..plan(Mode::Guided) });
    let session = desk.opened("ann", "09:00", FLOOR);
    desk.see(session, "09:01", "A", serial("S1")).unwrap();
    desk.see(session, "09:02", "A", Seen::Undo(id(1))).unwrap();
    desk.see(session, "09:02", "A", serial("S2")).unwrap();
    desk.close(&[session]);
    desk.step("ann", "11:01", &Step::CompleteArea(FLOOR)).unwrap();
    let count = serde_json::to_string(&desk.count).unwrap();
    assert_eq!(serde_json::from_str::<Count>(&count).unwrap(), desk.count);
    let rows = serde_json::to_string(&desk.rows).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Observation>>(&rows).unwrap(), desk.rows);
    let lines = desk.sheet().lines;
    assert_eq!(serde_json::from_str::<Vec<Line>>(&serde_json::to_string(&lines).unwrap()).unwrap(), lines);
    for cause in RootCause::ALL {
        assert_eq!(serde_json::to_string(cause).unwrap(), format!("\"{}\"", cause.word()));
        assert_eq!(RootCause::parse(cause.word()), Some(*cause));
    }
    assert!(
        serde_json::from_str::<Tally>("-1").unwrap_err().to_string().starts_with("-1 is no counted number")
    );
}

#[test]
fn every_state_can_be_reached_and_only_posted_and_cancelled_are_ends() {
    let mut reached = vec![State::Draft];
    while let Some(next) =
        FLOW.table().iter().find(|(from, _, to)| reached.contains(from) && !reached.contains(to))
    {
        reached.push(next.2);
    }
    assert_eq!(reached.len(), 9);
    let ends: Vec<State> = reached.into_iter().filter(|state| FLOW.is_end(*state)).collect();
    assert_eq!(ends.len(), 2);
    assert!(ends.contains(&State::Posted) && ends.contains(&State::Cancelled));
}
