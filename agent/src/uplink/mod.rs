//! The uplink: keeps a session with the hub for as long as there is one to be had, and counts on without it.
//!
//! The ledger is the outbox, so nothing is lost here: a session begins with how far the replica goes and reads on from
//! what the hub is known to hold. A hub that refuses is asked again, ever more rarely; a refusal that says another
//! replica owns the store, or that the histories differ, stops the recording until a person decides.

mod session;

use std::net::SocketAddr;
use std::time::Duration;

use ledger::{Epoch, Seq};
use link::{Bundle, LinkError};
use protocol::{CloseReason, Refuse};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tracing::{debug, error, info, warn};
use web::Shutdown;

use self::session::Ended;
use crate::metrics::Metrics;
use crate::replica::{Claim, Replica, ReplicaError};

/// The wait after the first failure; each further one doubles it.
const RETRY_MIN: Duration = Duration::from_millis(250);

/// The longest wait between two attempts: a store whose line is back syncs within this.
const RETRY_MAX: Duration = Duration::from_secs(10);

/// The longest wait after a refusal: somebody has to do something first.
const REFUSED_RETRY_MAX: Duration = Duration::from_secs(60);

/// How long a session must have lasted for the next failure to count as the first again.
const STEADY: Duration = Duration::from_secs(30);

/// Where the hub is and who we are.
#[derive(Debug, Clone)]
pub struct Uplink {
    /// The hub's QUIC address, `host:port`.
    pub hub: String,
    /// What enrolment gave.
    pub identity: Bundle,
    /// Whether this replica, if it is empty, takes the store over from the one that has it: for a spare machine.
    pub take_over: bool,
}

/// What the uplink works with.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) replica: Replica,
    pub(crate) metrics: Metrics,
    /// Whether the hub answers.
    pub(crate) online: watch::Sender<bool>,
    pub(crate) shutdown: Shutdown,
}

/// Why there is no session now.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(
        "the hub's address `{hub}` cannot be found: check the name, and that this machine reaches its name server"
    )]
    Address { hub: String, source: Option<std::io::Error> },
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error(transparent)]
    Replica(#[from] ReplicaError),
}

/// Runs until the shutdown.
pub(crate) async fn run(uplink: Uplink, parts: Parts) {
    let mut attempt = 0_u32;
    loop {
        let (began, committed) = (Instant::now(), parts.replica.sync_state().committed);
        let ended = tokio::select! {
            () = parts.shutdown.wait() => return,
            ended = attempt_session(&uplink, &parts) => ended,
        };
        parts.online.send_replace(false);
        // A session that brought something home was worth its while, however short: a hub that is started again and again
        // is called again as soon as after its first end.
        if began.elapsed() > STEADY || parts.replica.sync_state().committed > committed {
            attempt = 0;
        }
        let longest = match ended {
            Ok(Ended::ShutDown) => return,
            Ok(Ended::Refused(why)) => {
                parts.metrics.session_failed(why.name());
                if refused(&uplink, &parts, &why).await { RETRY_MIN } else { REFUSED_RETRY_MAX }
            }
            Err(failure) => {
                parts.metrics.session_failed(failure.name());
                tell(&failure, attempt);
                RETRY_MAX
            }
        };
        let wait = pause(attempt, longest);
        attempt = attempt.saturating_add(1);
        tokio::select! {
            () = parts.shutdown.wait() => return,
            () = sleep(wait) => {}
        }
    }
}

async fn attempt_session(uplink: &Uplink, parts: &Parts) -> Result<Ended, Failure> {
    ensure_claim(&parts.replica).await?;
    let missing = |source| Failure::Address { hub: uplink.hub.clone(), source };
    let addresses = tokio::net::lookup_host(&uplink.hub).await.map_err(|error| missing(Some(error)))?;
    let mut last = missing(None);
    for address in addresses.collect::<Vec<SocketAddr>>() {
        match link::connect(address, &uplink.identity.trust_pem, &uplink.identity.credentials()).await {
            Ok(connected) => {
                info!(hub = %address, "connected");
                parts.metrics.session_began();
                return session::run(connected, parts).await;
            }
            Err(failed) => last = failed.into(),
        }
    }
    Err(last)
}

/// A replica without an epoch persists its claim before it first calls, so that a repeated call is the same claim.
async fn ensure_claim(replica: &Replica) -> Result<(), ReplicaError> {
    let state = replica.sync_state();
    if state.epoch != Epoch::ZERO || state.claim.is_some() {
        return Ok(());
    }
    claim(replica, Epoch::ZERO).await
}

async fn claim(replica: &Replica, expected: Epoch) -> Result<(), ReplicaError> {
    replica.set_claim(Claim { expected, nonce: rand::random() }).await
}

/// Does what a refusal asks for; `true` when the hub should be asked again at once.
async fn refused(uplink: &Uplink, parts: &Parts, why: &Refuse) -> bool {
    let replica = &parts.replica;
    let unclaimed = replica.sync_state().epoch == Epoch::ZERO;
    match why {
        Refuse::Fenced { current_epoch } if unclaimed && may_take_over(uplink, replica) => {
            info!(epoch = current_epoch, "taking the store over from the replica that has it");
            return claim(replica, Epoch::new(*current_epoch)).await.is_ok();
        }
        Refuse::Fenced { current_epoch } if unclaimed => {
            let why = format!(
                "the store has another replica (epoch {current_epoch}): use that one, or start this one on an empty \
                 data directory with `--take-over`"
            );
            stop_recording(replica, &why).await;
        }
        Refuse::Fenced { current_epoch } if Epoch::new(*current_epoch) < replica.sync_state().epoch => {
            error!(
                epoch = current_epoch,
                "the hub knows an older life of this store only: it was rewound; counting on, ask its operator"
            );
        }
        Refuse::Fenced { current_epoch } => {
            stop_recording(
                replica,
                &format!("a newer replica owns the store (epoch {current_epoch}): use that one"),
            )
            .await;
        }
        Refuse::Forked { seq } => {
            let why = format!("its history differs from the hub's at entry {seq}: ask the hub's operator");
            stop_recording(replica, &why).await;
        }
        Refuse::Unknown => warn!("the hub does not know this store: enrol it with `shelfline-hub enrol`"),
        Refuse::Suspended => {
            warn!("an operator suspended this store: it counts on, and syncs once it is resumed")
        }
        Refuse::Version { oldest, newest } => {
            error!("the hub speaks protocol versions {oldest} to {newest} only: update this agent");
        }
        Refuse::Identity => error!("the certificate is of another store: give the identity of this one"),
    }
    false
}

fn may_take_over(uplink: &Uplink, replica: &Replica) -> bool {
    uplink.take_over && replica.tip().head.seq == Seq::ZERO
}

async fn stop_recording(replica: &Replica, why: &str) {
    error!("recording stops: {why}");
    if let Err(failed) = replica.set_read_only(why).await {
        error!(cause = %failed, "that recording stops could not be written down");
    }
}

fn tell(failure: &Failure, attempt: u32) {
    match failure {
        Failure::Link(LinkError::Closed { reason: Some(CloseReason::GoingDown | CloseReason::Done) }) => {
            info!("the hub ended the session, counting on");
        }
        Failure::Link(LinkError::Violated { .. }) | Failure::Replica(_) => {
            error!("no session with the hub: {failure}")
        }
        // The first failure is a change of state, the next ones are not.
        Failure::Link(_) | Failure::Address { .. } if attempt == 0 => {
            warn!("no session with the hub, counting on: {failure}");
        }
        Failure::Link(_) | Failure::Address { .. } => debug!("no session with the hub: {failure}"),
    }
}

/// Twice as long after each failure, and never the same for two stores: a hub that is back is not called by all at once.
fn pause(attempt: u32, longest: Duration) -> Duration {
    let doubled = RETRY_MIN.saturating_mul(2_u32.saturating_pow(attempt.min(16)));
    doubled.min(longest).mul_f64(rand::random_range(0.5..=1.0))
}

// === impl Failure ===

impl Failure {
    /// The name in metrics.
    const fn name(&self) -> &'static str {
        match self {
            Self::Address { .. } => "address",
            Self::Replica(_) => "replica",
            Self::Link(LinkError::Closed { reason: Some(reason) } | LinkError::Violated { reason, .. }) => {
                reason.name()
            }
            Self::Link(LinkError::Closed { reason: None }) => "closed",
            Self::Link(LinkError::Lost(_)) => "lost",
            Self::Link(LinkError::Late) => "late",
            Self::Link(LinkError::Address(_) | LinkError::Setup(_)) => "setup",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_to_its_bound_and_differs() {
        for attempt in [0, 1, 5, 40, u32::MAX] {
            let wait = pause(attempt, RETRY_MAX);
            assert!(wait >= RETRY_MIN / 2 && wait <= RETRY_MAX, "{attempt}: {wait:?}");
        }
        let waits: std::collections::BTreeSet<_> = (0..20).map(|_| pause(9, RETRY_MAX)).collect();
        assert!(waits.len() > 1);
    }
}
