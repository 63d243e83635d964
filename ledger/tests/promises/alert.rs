//! Alerts: the worked vector E48, snoozes, digests, and independence of arrival order.

use super::support::{OAT_DRINK, gtin};
use ledger::alert::{Alert, Digest, Level, Observation, Role, Rule, Snooze, Turn, Watch, alerts};
use ledger::{Balance, DeviceId, DeviceSeq, Source, StoreId, Timestamp, UserId};
use proptest::prelude::*;

fn role(name: &str) -> Role {
    Role::new(name).unwrap()
}

fn rule() -> Rule {
    Rule {
        item: gtin(OAT_DRINK),
        site: StoreId::new("store-1").unwrap(),
        level: Level::new(10, 3).unwrap(),
        role: role("stock-manager"),
    }
}

fn source(n: usize) -> Source {
    Source {
        device: DeviceId::new("till-1").unwrap(),
        device_seq: DeviceSeq::from(u32::try_from(n).unwrap()),
        leg: 0,
    }
}

fn minute(n: usize) -> Timestamp {
    Timestamp::from_millis(1_795_000_000_000).shifted(i64::try_from(n).unwrap() * 60_000)
}

/// One observation a minute, from minute 1.
fn observed(available: &[i64]) -> Vec<Observation> {
    let seen = |(n, available): (usize, &i64)| Observation {
        at: minute(n + 1),
        source: source(n + 1),
        available: Balance::new(*available),
    };
    available.iter().enumerate().map(seen).collect()
}

const OF_E48: [i64; 8] = [11, 10, 9, 11, 12, 10, 13, 10];

#[test]
fn e48_a_level_fires_once_per_crossing() {
    let mut watch = Watch::default();
    let turns = OF_E48.map(|available| {
        let (next, turn) = watch.after(rule().level, Balance::new(available));
        watch = next;
        turn
    });
    let (fired, resolved) = (Some(Turn::Fired), Some(Turn::Resolved));
    assert_eq!(turns, [None, fired, None, None, None, None, resolved, fired]);
    let found = alerts(rule(), &observed(&OF_E48), &[]);
    let told: Vec<_> = found.iter().map(|alert| (alert.fired.source, alert.resolved)).collect();
    assert_eq!(told, [(source(2), true), (source(8), false)]);
}

#[test]
fn an_alert_says_why_now() {
    let found = alerts(rule(), &observed(&OF_E48), &[]);
    let why: Vec<String> = found.iter().map(Alert::why_now).collect();
    assert_eq!(
        why,
        [
            "available of item 04006381333931 in store-1 fell from 11 to 10 at 2026-11-18T11:08:40.000Z (till-1:2), \
             its level is 10; resolved at 2026-11-18T11:13:40.000Z with 13",
            "available of item 04006381333931 in store-1 fell from 13 to 10 at 2026-11-18T11:14:40.000Z (till-1:8), \
             its level is 10; now 10, resolves at 13",
        ]
    );
    let first = alerts(rule(), &observed(&[4]), &[]);
    assert!(first[0].why_now().contains("was first seen at 4"), "{}", first[0].why_now());
}

#[test]
fn a_level_needs_a_band_also_when_it_is_read() {
    for (low, band) in [(10, 0), (10, -1), (i64::MAX, 1)] {
        assert!(Level::new(low, band).is_err());
    }
    let written = serde_json::to_string(&rule()).unwrap();
    assert!(written.ends_with(r#""level":{"low":10,"band":3},"role":"stock-manager"}"#), "{written}");
    assert_eq!(serde_json::from_str::<Rule>(&written).unwrap(), rule());
    assert!(serde_json::from_str::<Rule>(&written.replace("\"band\":3", "\"band\":0")).is_err());
}

fn snooze(until: usize, at: usize) -> Snooze {
    Snooze {
        alert: source(2),
        until: minute(until),
        by: UserId::new("ann").unwrap(),
        at: minute(at),
        source: source(100 + at),
    }
}

/// Which list of the digest at `now`, after one at `since`, has the alert.
fn listed(found: &[Alert], since: usize, now: usize) -> &'static str {
    let digest = Digest::of(role("stock-manager"), found, minute(since), minute(now));
    let lists = [
        ("fresh", &digest.fresh),
        ("standing", &digest.standing),
        ("resolved", &digest.resolved),
        ("snoozed", &digest.snoozed),
    ];
    lists.into_iter().find(|(_, list)| !list.is_empty()).map_or("nothing", |(name, _)| name)
}

#[test]
fn a_snoozed_alert_comes_back_when_its_time_is_up_unless_it_resolved() {
    let open = observed(&[11, 10, 9]);
    let found = alerts(rule(), &open, &[]);
    assert_eq!((listed(&found, 0, 4), listed(&found, 4, 5)), ("fresh", "standing"));
    let found = alerts(rule(), &open, &[snooze(20, 4)]);
    assert_eq!(
        (listed(&found, 5, 19), listed(&found, 19, 20), listed(&found, 20, 30)),
        ("snoozed", "fresh", "standing")
    );
    let found = alerts(rule(), &open, &[snooze(6, 5), snooze(20, 4)]);
    assert_eq!(listed(&found, 5, 6), "fresh", "the later word counts");
    let found = alerts(rule(), &observed(&[11, 10, 9, 13]), &[snooze(20, 3)]);
    assert_eq!((listed(&found, 3, 4), listed(&found, 4, 30)), ("resolved", "nothing"));
}

#[test]
fn a_digest_is_for_one_role() {
    let mut found = alerts(rule(), &observed(&OF_E48), &[]);
    let buyer = Rule { role: role("buyer"), ..rule() };
    found.extend(alerts(buyer, &observed(&[3]), &[]));
    let digest = |name: &str| Digest::of(role(name), &found, minute(0), minute(9)).to_string();
    let told = digest("stock-manager");
    let lines: Vec<&str> = told.lines().map(|line| line.split(" item").next().unwrap()).collect();
    assert_eq!(lines, ["for stock-manager:", "- new: available of", "- resolved: available of"]);
    assert!(digest("buyer").contains("was first seen at 3"));
    assert_eq!(digest("cashier"), "for cashier: nothing");
}

proptest! {
    #[test]
    fn order_of_arrival_changes_no_alert((seen, shuffled) in prop::collection::vec(5i64..18, 0..30).prop_map(|levels| observed(&levels)).prop_flat_map(|seen| (Just(seen.clone()), Just(seen).prop_shuffle()))) {
        let snoozes = [snooze(20, 4), snooze(6, 5)];
        prop_assert_eq!(alerts(rule(), &seen, &snoozes), alerts(rule(), &shuffled, &[snoozes[1], snoozes[0]]));
    }

    #[test]
    fn at_most_one_alert_is_open_and_each_needs_a_full_swing(levels in prop::collection::vec(5i64..18, 0..60)) {
        let found = alerts(rule(), &observed(&levels), &[]);
        let (open, resolved): (Vec<&Alert>, Vec<&Alert>) = found.iter().partition(|alert| !alert.resolved);
        prop_assert!(open.len() <= 1);
        for alert in &found {
            prop_assert!(alert.fired.available.get() <= 10);
        }
        for alert in resolved {
            prop_assert!(alert.latest.available.get() >= 13);
        }
        for pair in found.windows(2) {
            prop_assert!(pair[0].resolved && pair[0].latest.at <= pair[1].fired.at);
        }
    }
}
