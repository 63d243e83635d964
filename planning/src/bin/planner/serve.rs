//! `planner serve`: the contract of a SageMaker hosting container: `/ping`, `/invocations`, `/execution-parameters`, and several
//! models behind one endpoint under `/models`.
//!
//! Each series is answered from itself alone, so that a line of a batch has the same answer wherever it stands.

mod request;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context as _, Result};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path as UrlPath, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::files;
use crate::forecast::say;
use crate::train::{Kept, root};

/// Answer as a SageMaker hosting container does.
#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// Where the tree of `/opt/ml` stands.
    #[arg(long, default_value = "/")]
    prefix: PathBuf,
    /// Where to listen; port 0 takes a free one and says which.
    #[arg(long, env = "SAGEMAKER_BIND_TO_PORT", default_value_t = 8080)]
    port: u16,
    /// Many models behind one endpoint: they come by `POST /models`.
    #[arg(long, env = "SAGEMAKER_MULTI_MODEL", default_value_t = false, value_parser = clap::builder::BoolishValueParser::new())]
    multi_model: bool,
}

/// What is loaded, and where more is found.
struct Shelf {
    prefix: PathBuf,
    /// The one model of a plain endpoint.
    single: Option<Arc<Kept>>,
    models: RwLock<BTreeMap<String, Loaded>>,
}

struct Loaded {
    url: String,
    kept: Arc<Kept>,
}

/// Models that are loaded at a time; beyond, SageMaker unloads one and asks again.
const MODELS_MAX: usize = 256;

/// Models of one page of the list.
const PAGE: usize = 100;

/// Largest body of a batch job; endpoints send at most 6 MB.
const BODY_MAX: usize = 100 << 20;

pub(crate) fn run(serve: &Serve) -> Result<()> {
    let single =
        if serve.multi_model { None } else { Some(Arc::new(load(&root(&serve.prefix).join("model"))?)) };
    let shelf = Arc::new(Shelf { prefix: serve.prefix.clone(), single, models: RwLock::default() });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut stop = signal(SignalKind::terminate()).context("no signal can be heard")?;
        let place = SocketAddr::from(([0, 0, 0, 0], serve.port));
        let listener = tokio::net::TcpListener::bind(place)
            .await
            .with_context(|| format!("port {} is not to be had", serve.port))?;
        say(&format!("listening on {}", listener.local_addr()?));
        let stopped = async move {
            stop.recv().await;
        };
        axum::serve(listener, routes(shelf))
            .with_graceful_shutdown(stopped)
            .await
            .context("the server failed")
    })
}

fn routes(shelf: Arc<Shelf>) -> Router {
    Router::new()
        .route("/ping", get(|| async { StatusCode::OK }))
        .route("/execution-parameters", get(execution_parameters))
        .route("/invocations", post(invocations))
        .route("/models", get(list).post(add))
        .route("/models/{name}", get(show).delete(remove))
        .route("/models/{name}/invoke", post(invoke))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(shelf)
}

fn load(folder: &Path) -> Result<Kept> {
    let path = folder.join("model.json");
    let text =
        files::read_text(&path).with_context(|| format!("there is no model at `{}`", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("`{}` is no model of ours", path.display()))
}

async fn execution_parameters() -> Response {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(16);
    Json(json!({ "MaxConcurrentTransforms": threads, "BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": 6 }))
        .into_response()
}

async fn invocations(State(shelf): State<Arc<Shelf>>, headers: HeaderMap, body: Bytes) -> Response {
    match &shelf.single {
        Some(kept) => answer(Arc::clone(kept), headers, body).await,
        None => refuse(StatusCode::NOT_FOUND, "this endpoint has many models: use /models/NAME/invoke"),
    }
}

async fn invoke(
    State(shelf): State<Arc<Shelf>>,
    UrlPath(name): UrlPath<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let kept = models(&shelf, |models| models.get(&name).map(|loaded| Arc::clone(&loaded.kept)));
    match kept {
        Some(kept) => answer(kept, headers, body).await,
        None => unknown(&name),
    }
}

/// Computes on a thread of its own, so that `/ping` is answered meanwhile.
async fn answer(kept: Arc<Kept>, headers: HeaderMap, body: Bytes) -> Response {
    let attributes = headers.get(ATTRIBUTES).cloned();
    let done = tokio::task::spawn_blocking(move || request::answer(&kept, &headers, body)).await;
    let mut response = match done {
        Ok(Ok((kind, bytes))) => ([("content-type", kind)], bytes).into_response(),
        Ok(Err(refused)) => refuse(refused.status, &refused.why),
        Err(_panic) => refuse(StatusCode::INTERNAL_SERVER_ERROR, "the forecast failed"),
    };
    if let Some(attributes) = attributes {
        response.headers_mut().insert(ATTRIBUTES, attributes);
    }
    response
}

/// Returned as they came.
pub(crate) const ATTRIBUTES: &str = "x-amzn-sagemaker-custom-attributes";

#[derive(Debug, Deserialize)]
struct Added {
    model_name: String,
    url: String,
}

async fn add(State(shelf): State<Arc<Shelf>>, body: Bytes) -> Response {
    let added: Added = match serde_json::from_slice(&body) {
        Ok(added) => added,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, &format!("no model to load: {error}")),
    };
    let held = models(&shelf, |models| (models.contains_key(&added.model_name), models.len()));
    if held.0 {
        return refuse(StatusCode::CONFLICT, &format!("the model `{}` is loaded already", added.model_name));
    }
    if held.1 >= MODELS_MAX {
        return refuse(StatusCode::INSUFFICIENT_STORAGE, "as many models are loaded as fit: unload one");
    }
    let folder = shelf.prefix.join(added.url.trim_start_matches('/'));
    let loaded = tokio::task::spawn_blocking(move || load(&folder)).await;
    match loaded {
        Ok(Ok(kept)) => {
            let entry = Loaded { url: added.url, kept: Arc::new(kept) };
            shelf
                .models
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(added.model_name.clone(), entry);
            Json(json!({ "status": format!("the model `{}` is loaded", added.model_name) })).into_response()
        }
        Ok(Err(problem)) => refuse(StatusCode::BAD_REQUEST, &format!("{problem:#}")),
        Err(_panic) => refuse(StatusCode::INTERNAL_SERVER_ERROR, "loading failed"),
    }
}

#[derive(Debug, Deserialize)]
struct Page {
    next_page_token: Option<String>,
}

async fn list(State(shelf): State<Arc<Shelf>>, Query(page): Query<Page>) -> Response {
    // The token is the last name of the page before.
    let after = page.next_page_token.unwrap_or_default();
    let (mut shown, more) = models(&shelf, |models| {
        let rest = models.iter().filter(|(name, _loaded)| **name > after);
        let rest: Vec<_> =
            rest.map(|(name, loaded)| (name.clone(), loaded.url.clone())).take(PAGE + 1).collect();
        let more = rest.len() > PAGE;
        (rest, more)
    });
    shown.truncate(PAGE);
    let token = if more { shown.last().map(|(name, _url)| name.clone()) } else { None };
    let names: Vec<_> =
        shown.iter().map(|(name, url)| json!({ "modelName": name, "modelUrl": url })).collect();
    Json(match token {
        Some(token) => json!({ "models": names, "nextPageToken": token }),
        None => json!({ "models": names }),
    })
    .into_response()
}

async fn show(State(shelf): State<Arc<Shelf>>, UrlPath(name): UrlPath<String>) -> Response {
    match models(&shelf, |models| models.get(&name).map(|loaded| loaded.url.clone())) {
        Some(url) => Json(json!({ "modelName": name, "modelUrl": url })).into_response(),
        None => unknown(&name),
    }
}

async fn remove(State(shelf): State<Arc<Shelf>>, UrlPath(name): UrlPath<String>) -> Response {
    let removed = shelf.models.write().unwrap_or_else(PoisonError::into_inner).remove(&name);
    match removed {
        Some(_loaded) => StatusCode::OK.into_response(),
        None => unknown(&name),
    }
}

fn models<T>(shelf: &Shelf, look: impl FnOnce(&BTreeMap<String, Loaded>) -> T) -> T {
    look(&shelf.models.read().unwrap_or_else(PoisonError::into_inner))
}

fn unknown(name: &str) -> Response {
    refuse(StatusCode::NOT_FOUND, &format!("the model `{name}` is not loaded"))
}

fn refuse(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "error": why }))).into_response()
}
