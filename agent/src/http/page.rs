//! `GET /`: the store's first page, filled from the replica at the moment it is asked for.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::Response;
use ledger::{Gtin, Seq};
use serde::Deserialize;
use web::Problem;
use web::extract::Query;
use web::view::Moment;

use super::App;
use super::movements;
use super::positions::{self, look_up};
use super::problems::of_replica;
use crate::pages::{
    Bucket, FEED_LENGTH, HubLink, Look, LookUp, Movement, POSITIONS_LENGTH, Position, PositionCard,
    StorePage, Watermarks,
};
use crate::replica::{Recorded, ReplicaError};

/// Movements looked through for items that changed last.
const RECENT: usize = 400;

/// What the page was asked for.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    /// A look-up, as the form without script sends it.
    gtin: Option<String>,
}

pub(super) async fn store(State(app): State<App>, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let (tip, sync) = (app.replica.tip(), app.replica.sync_state());
    let from = tip.head.seq.get().saturating_sub(u64::try_from(RECENT).unwrap_or(u64::MAX));
    let recent =
        app.replica.recorded_after(Seq::new(from), RECENT).await.map_err(|error| of_replica(&error))?;
    let look_up = match asked.gtin.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) {
        Some(text) => Some(answer(&app, text).await),
        None => None,
    };
    let positions = changed_last(&app, &recent).await.map_err(|error| of_replica(&error))?;
    let page = StorePage {
        link: if *app.online.borrow() { HubLink::Online } else { HubLink::Offline },
        marks: Watermarks {
            recorded: tip.head.seq.get(),
            committed: sync.committed.get(),
            reconciled: sync.reconciled.get(),
        },
        scans_per_s: *app.rate.borrow(),
        feed: recent.iter().rev().take(FEED_LENGTH).map(|recorded| movement(&app, recorded)).collect(),
        positions,
        look_up,
    };
    page.show(&app.shell)
}

fn movement(app: &App, recorded: &Recorded) -> Movement {
    let view = movements::view(&app.replica, recorded);
    Movement {
        seq: view.seq,
        recorded_at: Moment::from_millis(recorded.entry.movement.recorded_at.millis()),
        kind: view.kind.to_owned(),
        gtin: view.gtin,
        name: view.name,
        lot: view.lot,
        qty: view.qty,
        unit: view.unit.to_owned(),
        from: view.from,
        to: view.to,
        reason: view.reason.to_owned(),
        on_hand: view.on_hand,
        device: view.device,
    }
}

/// The items of the last movements, each as it was after its last one.
async fn changed_last(app: &App, recent: &[Recorded]) -> Result<Vec<Position>, ReplicaError> {
    let mut seen = BTreeSet::<Gtin>::new();
    let mut rows = Vec::new();
    for recorded in recent.iter().rev() {
        let movement = &recorded.entry.movement;
        if rows.len() == POSITIONS_LENGTH {
            break;
        }
        if seen.insert(movement.item) {
            let view = positions::view(app, &app.replica.positions(movement.item).await?);
            rows.push(Position {
                gtin: view.gtin,
                name: view.name,
                unit: view.unit.to_owned(),
                sellable: view.sellable,
                on_hand: view.on_hand,
                changed_at: Moment::from_millis(movement.recorded_at.millis()),
                covers_seq: view.covers_seq,
            });
        }
    }
    Ok(rows)
}

async fn answer(app: &App, asked: String) -> LookUp {
    let answer = match look_up(app, &asked).await {
        Err(problem) => Look::Refused(problem.detail().to_owned()),
        Ok(position) => Look::Found(PositionCard {
            gtin: position.gtin,
            name: position.name,
            unit: position.unit.to_owned(),
            sellable: position.sellable,
            on_hand: position.on_hand,
            covers_seq: position.covers_seq,
            buckets: position
                .buckets
                .into_iter()
                .map(|part| Bucket { account: part.account, lot: part.lot, qty: part.qty })
                .collect(),
        }),
    };
    LookUp { asked, answer }
}
