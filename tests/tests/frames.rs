//! A peer with a valid certificate that breaks the rules: its connection is closed with a named reason, and nobody else
//! notices.
#![cfg(test)]

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use link::Bundle;
use protocol::frame::frame;
use protocol::limits::{FRAME_BYTES_MAX, UNPACKED_BYTES_MAX};
use protocol::v1::columns;
use protocol::v1::messages::{Entries, Hello};
use protocol::{AgentMessage, CloseReason, HubMessage, Message as _, Refuse};
use tests::cast::stranger::{first_claim, hello};
use tests::cast::{Ending, Hub, Stranger, World};
use tests::{Dice, Patience};

const STRANGER: &str = "s666";

/// What is sent on the control stream of a new connection, and the reason it is closed for.
struct Case {
    name: &'static str,
    bytes: Vec<u8>,
    then: Then,
    reason: CloseReason,
}

enum Then {
    Wait,
    EndStream,
    ResetStream,
}

#[test]
fn bytes_that_are_no_greeting_close_the_connection_by_name() {
    let mut dice = Dice::for_test(10).unwrap();
    let garbage = dice.bytes(300);
    let greeting = first_claim(STRANGER).to_bytes();
    let length = |count: usize| u32::try_from(count).unwrap().to_le_bytes().to_vec();
    let case = |name, bytes, then, reason| Case { name, bytes, then, reason };
    #[rustfmt::skip]
    let cases = [
        case("garbage in a frame",      frame(&garbage),                               Then::Wait,      CloseReason::FrameMalformed),
        case("an empty frame",          frame(&[]),                                    Then::Wait,      CloseReason::FrameMalformed),
        case("no such message",         frame(&[99]),                                  Then::Wait,      CloseReason::FrameMalformed),
        case("bytes left over",         frame(&[&greeting[..], &[0]].concat()),        Then::Wait,      CloseReason::FrameMalformed),
        case("a text that never ends",  frame(&[0, 1, 1, 253, 255, 255, 255, 255, 255, 255, 255, 127]), Then::Wait, CloseReason::FrameMalformed),
        case("a byte above the limit",  length(FRAME_BYTES_MAX + 1),                   Then::Wait,      CloseReason::FrameTooLarge),
        case("the largest length",      length(0xffff_ffff),                           Then::Wait,      CloseReason::FrameTooLarge),
        case("half a length",           vec![9, 0],                                    Then::EndStream, CloseReason::FrameTruncated),
        case("half a greeting",         frame(&greeting)[..20].to_vec(),               Then::EndStream, CloseReason::FrameTruncated),
        case("half a greeting, given up", frame(&greeting)[..20].to_vec(),             Then::ResetStream, CloseReason::FrameTruncated),
        case("half a greeting, silence", frame(&greeting)[..20].to_vec(),              Then::Wait,      CloseReason::Silent),
        case("movements first",         frame(&entries(1, 0, Vec::new()).to_bytes()),  Then::Wait,      CloseReason::OutOfTurn),
        case("a greeting without epoch", frame(&AgentMessage::Hello(hello(STRANGER, 0)).to_bytes()), Then::Wait, CloseReason::OutOfTurn),
    ];
    hostile("frames-greeting", |hub, identity| {
        let mut expected = BTreeMap::new();
        for case in cases {
            let outcome = greet_with(hub, identity, &case)?;
            ensure!(outcome == Ending::Closed(case.reason), "{}: {outcome:?}", case.name);
            *expected.entry(case.reason.name()).or_insert(0) += 1;
        }
        Ok(expected)
    });
}

#[test]
fn a_session_that_turns_bad_is_closed_by_name() {
    let nothing = columns::pack([]);
    #[rustfmt::skip]
    let cases = [
        ("more movements than a frame holds", entries(1, u32::MAX, nothing.clone()),      CloseReason::FrameMalformed),
        ("fewer movements than it says",      entries(1, 1000, nothing.clone()),          CloseReason::FrameMalformed),
        ("no packing at all",                 entries(1, 1, Vec::new()),                  CloseReason::FrameMalformed),
        ("a packing of the future",           entries(1, 1, vec![9, 9, 9]),               CloseReason::FrameMalformed),
        ("a claim to unpack to gigabytes",    entries(1, 1, claims_to_unpack_to(1 << 40)), CloseReason::FrameMalformed),
        ("a bomb behind a small claim",       entries(1, 1, bomb(1000)),                  CloseReason::FrameMalformed),
        ("a bomb behind the largest claim",   entries(1, 1, bomb(UNPACKED_BYTES_MAX)),    CloseReason::FrameMalformed),
        ("an empty frame of movements",       AgentMessage::Entries(Entries { check: start_check(), ..raw_entries(1, 0, nothing.clone()) }), CloseReason::OutOfTurn),
        ("movements that leave a gap",        entries(7, 0, nothing.clone()),             CloseReason::ChainBroken),
        ("movements of another history",      entries(1, 0, nothing),                     CloseReason::ChainBroken),
        ("a second greeting",                 AgentMessage::Hello(hello(STRANGER, 1)),    CloseReason::OutOfTurn),
    ];
    hostile("frames-session", |hub, identity| {
        let mut expected = BTreeMap::new();
        for (name, message, reason) in cases {
            let mut stranger = begin_session(hub, identity)?;
            match &message {
                AgentMessage::Entries(_) => stranger.bulk(&frame(&message.to_bytes()))?,
                AgentMessage::Hello(_) | AgentMessage::Claim(_) | AgentMessage::Drift(_) => {
                    stranger.control(&frame(&message.to_bytes()))?;
                }
            }
            let outcome = stranger.ending()?;
            ensure!(outcome == Ending::Closed(reason), "{name}: {outcome:?}");
            *expected.entry(reason.name()).or_insert(0) += 1;
        }
        Ok(expected)
    });
}

#[test]
fn a_certificate_speaks_for_its_own_store_only() {
    hostile("frames-identity", |hub, identity| {
        for store in ["s001", "s002", "no-such-store"] {
            let mut stranger = Stranger::connect(hub.quic(), &identity.trust_pem, &identity.credentials())?;
            stranger.control(&frame(&AgentMessage::Hello(hello(store, 1)).to_bytes()))?;
            let answer = stranger.hear()?;
            ensure!(answer == HubMessage::Refuse(Refuse::Identity), "as {store}: {answer:?}");
            ensure!(stranger.ending()? == Ending::Closed(CloseReason::Refused), "as {store}");
        }
        ensure!(hub.refusals("identity")? == 3, "refusals are counted");
        Ok(BTreeMap::from([(CloseReason::Refused.name(), 3)]))
    });
}

#[test]
fn a_greeting_that_names_no_store_or_no_version_is_told_so() {
    hostile("frames-versions", |hub, identity| {
        let connect = || Stranger::connect(hub.quic(), &identity.trust_pem, &identity.credentials());
        let mut nameless = connect()?;
        let greeting = AgentMessage::Hello(hello("a store\nwith a line", 1));
        nameless.control(&frame(&greeting.to_bytes()))?;
        ensure!(nameless.ending()? == Ending::Closed(CloseReason::FrameMalformed), "an id that is none");
        let mut future = connect()?;
        let greeting = Hello { version_oldest: 900, version_newest: 901, ..hello(STRANGER, 1) };
        future.control(&frame(&AgentMessage::Hello(greeting).to_bytes()))?;
        let answer = future.hear()?;
        let spoken = Refuse::Version { oldest: protocol::VERSION_OLDEST, newest: protocol::VERSION_NEWEST };
        ensure!(answer == HubMessage::Refuse(spoken), "{answer:?}");
        ensure!(future.ending()? == Ending::Closed(CloseReason::Refused), "a version of the future");
        Ok(BTreeMap::from([(CloseReason::FrameMalformed.name(), 1), (CloseReason::Refused.name(), 1)]))
    });
}

/// Lets a stranger do its worst while another store trades. Afterwards the hub has counted the reasons that `worst` tells,
/// and that other store has never noticed.
fn hostile(name: &str, worst: impl FnOnce(&Hub, &Bundle) -> Result<BTreeMap<&'static str, u64>>) {
    let world = World::new(name).unwrap();
    let hub = world.hub().unwrap();
    let mut bystander = world.store("s001", &hub).unwrap();
    let trade = tests::cast::Trade::begin(&bystander, 1, &Dice::new(11));
    let identity = hub.enrol(STRANGER).unwrap();
    let expected = worst(&hub, &identity).unwrap();
    for (reason, count) in expected {
        Patience::SHORT
            .until(&format!("{reason} is counted"), || {
                let counted = hub.closes(reason)?;
                ensure!(counted == count, "{counted} of {count}");
                Ok(())
            })
            .unwrap();
    }
    trade.until_more(20).unwrap();
    let handhelds = trade.end().unwrap();
    tests::cast::audit(&mut bystander, &hub, &handhelds).unwrap();
    assert_eq!(bystander.sessions().unwrap(), 1, "the bystander's session went on");
    assert_eq!(hub.tile(STRANGER).unwrap().committed, 0, "nothing of the stranger is in the journal");
}

fn greet_with(hub: &Hub, identity: &Bundle, case: &Case) -> Result<Ending> {
    let mut stranger = Stranger::connect(hub.quic(), &identity.trust_pem, &identity.credentials())?;
    stranger.control(&case.bytes)?;
    match case.then {
        Then::Wait => {}
        Then::EndStream => stranger.end_control()?,
        Then::ResetStream => stranger.reset_control()?,
    }
    stranger.ending().context(case.name)
}

/// A session in which movements may flow. The claim has always the same nonce, so it always gets the same epoch.
fn begin_session(hub: &Hub, identity: &Bundle) -> Result<Stranger> {
    let mut stranger = Stranger::connect(hub.quic(), &identity.trust_pem, &identity.credentials())?;
    stranger.control(&frame(&first_claim(STRANGER).to_bytes()))?;
    let claimed = stranger.hear()?;
    ensure!(claimed == HubMessage::Claimed { epoch: 1 }, "{claimed:?}");
    let resumed = stranger.hear()?;
    ensure!(matches!(resumed, HubMessage::Resume(_)), "{resumed:?}");
    Ok(stranger)
}

fn entries(first: u64, count: u32, packed: Vec<u8>) -> AgentMessage {
    AgentMessage::Entries(raw_entries(first, count, packed))
}

fn raw_entries(first: u64, count: u32, packed: Vec<u8>) -> Entries {
    Entries { first, count, check: [9; 16], digest: [0; 16], tip: u64::MAX, packed }
}

/// What continues an empty ledger without adding to it.
fn start_check() -> [u8; 16] {
    protocol::agent::check(&ledger::Head::START.hash)
}

fn claims_to_unpack_to(length: u64) -> Vec<u8> {
    let mut packed = vec![1];
    let mut rest = length;
    while rest >= 0x80 {
        packed.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
        rest >>= 7;
    }
    packed.push(u8::try_from(rest).unwrap());
    packed
}

/// A zstd frame (RFC 8878) of a gigabyte of zeros in 32 KiB, each block one byte repeated 128 Ki times, that says to unpack to
/// `length` bytes.
fn bomb(length: usize) -> Vec<u8> {
    const BLOCKS: u32 = 8 * 1024;
    // The magic number; no length of the contents; a window of 128 KiB.
    let mut bomb = claims_to_unpack_to(u64::try_from(length).unwrap());
    bomb.extend_from_slice(&[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38]);
    for block in 1..=BLOCKS {
        let last = u32::from(block == BLOCKS);
        let header = (128 * 1024) << 3 | 1 << 1 | last;
        bomb.extend_from_slice(&header.to_le_bytes()[..3]);
        bomb.push(0);
    }
    bomb
}
