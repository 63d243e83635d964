//! Sessions over QUIC: lets agents in and carries messages between links and conversations.

use std::sync::Arc;
use std::time::Duration;

use ledger::StoreId;
use link::{HubEndpoint, HubLink, Incoming, LinkError, Sender};
use protocol::{CloseReason, HubMessage};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tracing::{debug, error, info, warn};
use web::Shutdown;

use super::conversation::{Conversation, Event};
use super::{Ended, Services};

/// Sessions and handshakes at a time. Further connections wait until they give up and come back.
pub const SESSIONS_MAX: usize = 4_096;

/// How long an agent may take to greet once its streams are open: one that does not holds up one of the places above.
const GREETING_MAX: Duration = Duration::from_secs(10);

/// Lets agents in until `shutdown`, then ends every session: what is on its way into the journal is finished and
/// acknowledged first.
pub async fn serve(endpoint: HubEndpoint, services: Arc<Services>, shutdown: Shutdown) {
    let room = Arc::new(Semaphore::new(SESSIONS_MAX));
    let mut sessions = JoinSet::new();
    let stop = shutdown.wait();
    tokio::pin!(stop);
    loop {
        let accepted = async {
            let permit = Arc::clone(&room).acquire_owned().await.ok()?;
            Some((endpoint.accept().await?, permit))
        };
        let (incoming, permit) = tokio::select! {
            () = &mut stop => break,
            Some(_ended) = sessions.join_next() => continue,
            accepted = accepted => match accepted {
                Some(accepted) => accepted,
                None => break,
            },
        };
        let (services, shutdown) = (Arc::clone(&services), shutdown.clone());
        sessions.spawn(async move {
            greet(incoming, services, shutdown).await;
            drop(permit);
        });
    }
    while sessions.join_next().await.is_some() {}
    endpoint.close().await;
}

async fn greet(incoming: Incoming, services: Arc<Services>, shutdown: Shutdown) {
    let remote = incoming.remote_address();
    match incoming.greet().await {
        Ok(link) => session(link, services, shutdown).await,
        // Anybody can knock with any certificate, so this is nobody's duty.
        Err(refused) => {
            debug!(%remote, cause = %refused, "connection did not become a session");
            services.metrics.turned_away(name_of(&refused));
        }
    }
}

async fn session(link: HubLink, services: Arc<Services>, shutdown: Shutdown) {
    let HubLink { store, sender, mut receiver, remote } = link;
    let Ok(store) = StoreId::new(&store) else {
        services.metrics.turned_away(CloseReason::Identity.name());
        let closed = sender.violated(CloseReason::Identity, "the certificate names no store id");
        warn!(%remote, cause = %closed, "connection closed");
        return;
    };
    services.metrics.session_began();
    info!(%store, %remote, "agent connected");
    let mut conversation = Conversation::new(Arc::clone(&services), store);
    let outcome = converse(&mut conversation, &sender, &mut receiver, &shutdown).await;
    // The seat is given back before the agent is told, so that its next session cannot find it taken by this one.
    let reason = match &outcome {
        Ok(Over::GoingDown) => CloseReason::GoingDown.name(),
        Ok(Over::Gone(gone)) => name_of(gone),
        Err(ended) => ended.reason().name(),
    };
    drop(conversation);
    close(store, sender, outcome).await;
    services.metrics.session_ended(reason);
}

/// How a session ends without anybody's fault.
#[derive(Debug)]
enum Over {
    /// The hub stops.
    GoingDown,
    /// The link is gone, or was closed for what came over it.
    Gone(LinkError),
}

async fn converse(
    conversation: &mut Conversation,
    sender: &Sender<HubMessage>,
    receiver: &mut link::Receiver<protocol::AgentMessage>,
    shutdown: &Shutdown,
) -> Result<Over, Ended> {
    let stop = shutdown.wait();
    let silence = tokio::time::sleep(GREETING_MAX);
    tokio::pin!(stop, silence);
    loop {
        let lane = conversation.lane_waiting();
        let room = async {
            match lane {
                Some(lane) => sender.written(lane).await,
                None => std::future::pending().await,
            }
        };
        let has_room = conversation.has_room();
        let event = tokio::select! {
            biased;
            () = &mut stop => {
                drain(conversation, sender).await?;
                return Ok(Over::GoingDown);
            }
            event = conversation.event() => event,
            message = receiver.recv(), if has_room => match message {
                Ok(message) => Event::Message(message),
                Err(gone) => return Ok(Over::Gone(gone)),
            },
            () = room => Event::Room,
            () = &mut silence, if !conversation.is_greeted() => return Err(Ended::Silent),
        };
        let handled = conversation.handle(event).await;
        say(conversation, sender);
        handled?;
    }
}

/// Finishes what is on its way into the journal, and acknowledges it.
async fn drain(conversation: &mut Conversation, sender: &Sender<HubMessage>) -> Result<(), Ended> {
    while conversation.writes() {
        let event = conversation.event().await;
        let handled = conversation.handle(event).await;
        say(conversation, sender);
        handled?;
    }
    Ok(())
}

fn say(conversation: &mut Conversation, sender: &Sender<HubMessage>) {
    while let Some(message) = conversation.poll_message() {
        sender.send(&message);
    }
}

async fn close(store: StoreId, sender: Sender<HubMessage>, outcome: Result<Over, Ended>) {
    let ended = match outcome {
        Ok(Over::GoingDown) => {
            info!(%store, "session ended: the hub is going down");
            return sender.finish(CloseReason::GoingDown).await;
        }
        Ok(Over::Gone(LinkError::Violated { reason, detail })) => {
            warn!(%store, %reason, detail, "session closed for what the agent sent");
            return;
        }
        Ok(Over::Gone(gone)) => {
            info!(%store, cause = %gone, "agent disconnected");
            return;
        }
        Err(ended) => ended,
    };
    let reason = ended.reason();
    match &ended {
        Ended::Violation(violation) => {
            let closed = sender.violated(reason, &violation.detail);
            warn!(%store, cause = %closed, "session closed for what the agent sent");
            return;
        }
        Ended::Silent => warn!(%store, "session closed: the agent did not greet in time"),
        // The refusal itself is logged with its reason when it is made.
        Ended::Refused => debug!(%store, "session refused"),
        Ended::Superseded => info!(%store, "session ended: another one of the store began"),
        Ended::Journal(_) | Ended::Registry(_) => {
            error!(%store, cause = %crate::chain(&ended), "session closed: nothing can be kept at present");
        }
    }
    sender.finish(reason).await;
}

/// What a link's end is counted under.
fn name_of(gone: &LinkError) -> &'static str {
    match gone {
        LinkError::Closed { reason } => reason.map_or("unknown", CloseReason::name),
        LinkError::Violated { reason, .. } => reason.name(),
        LinkError::Lost(_) => "lost",
        LinkError::Late => "late",
        LinkError::Address(_) | LinkError::Setup(_) => "setup",
    }
}
