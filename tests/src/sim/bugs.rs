//! Deliberate bugs, each of which the simulator must catch: the proof that it can see.
//!
//! They lie in the simulated shells and storages, where the product's own promises are kept: what is written before what
//! is said, what is compared, what is remembered over a restart. The product itself knows none of them.

/// One deliberate bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table beside it says each in words")]
pub enum Bug {
    AnswersBeforeCommit,
    AnswersOnAFullDisk,
    SyncsNothing,
    KnowsNoRepeats,
    WritesEntriesApart,
    DropsLateEvents,
    DatesByItsOwnClock,
    AcceptsWhatIsRefused,
    ForgetsItsClaim,
    ForgetsItsEpoch,
    ForgetsThatItIsStopped,
    RecordsWhileHeld,
    TailWithoutPositions,
    ComparesNoHistory,
    BelievesAllIsCommitted,
    FeedCursorApart,
    AcknowledgesLostPuts,
    AcknowledgesConflicts,
    PutsWithoutCondition,
    LetsAnyEpochIn,
    GrantsEveryClaim,
    ReconciledTooEarly,
    ProjectorCursorApart,
    DigestOfAnotherPlace,
    SkipsFeedEntries,
}

impl Bug {
    /// Every bug, what it does, and how many seeds it may take to be caught.
    #[rustfmt::skip]
    pub const ALL: &'static [(Self, &'static str, u64)] = &[
        // Not among them: WritesEntriesApart, ForgetsThatItIsStopped and FeedCursorApart, which 200 seeds do not catch, because a
        // crash seldom falls into a commit.
        (Self::AnswersBeforeCommit,    "agent: a scan is answered before its commit",                    60),
        (Self::AnswersOnAFullDisk,     "agent: a scan that found no room is answered as accepted",       60),
        (Self::SyncsNothing,           "agent: the last commit is lost by a crash",                      60),
        (Self::KnowsNoRepeats,         "agent: a repeat is recorded again",                              20),
        (Self::DropsLateEvents,        "agent: an event of the day before is accepted and dropped",      20),
        (Self::DatesByItsOwnClock,     "agent: the business date follows the agent's clock",             60),
        (Self::AcceptsWhatIsRefused,   "agent: a refused event is recorded",                             60),
        (Self::ForgetsItsClaim,        "agent: a claim is not persisted before it is sent",              120),
        (Self::ForgetsItsEpoch,        "agent: an epoch is not persisted",                               60),
        (Self::RecordsWhileHeld,       "agent: records while its tail comes back",                       200),
        (Self::TailWithoutPositions,   "agent: a returned tail leaves the positions alone",              60),
        (Self::ComparesNoHistory,      "agent and hub: two histories are not compared",                  200),
        (Self::BelievesAllIsCommitted, "agent: takes what it sent for committed",                        20),
        (Self::AcknowledgesLostPuts,   "hub: acknowledges a put that failed",                            60),
        (Self::AcknowledgesConflicts,  "hub: acknowledges a put whose place was taken",                  200),
        (Self::PutsWithoutCondition,   "journal: puts are not conditional",                              200),
        (Self::LetsAnyEpochIn,         "hub: the epoch is not checked at the greeting",                  200),
        (Self::GrantsEveryClaim,       "hub: a claim is granted whatever epoch it expects",              120),
        (Self::ReconciledTooEarly,     "hub: tells a projection that is not durable",                    60),
        (Self::ProjectorCursorApart,   "projector: positions and cursor are written apart",              120),
        (Self::DigestOfAnotherPlace,   "hub: acknowledges with the digest of another place",             20),
        (Self::SkipsFeedEntries,       "hub: leaves entries of the feed out",                            60),
    ];
}
