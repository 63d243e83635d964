//! The command line's only request to a running hub: a CSV file of items.

use anyhow::{Context as _, bail};
use axum::body::Bytes;
use axum::http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use web::Problem;

use crate::http::ImportReport;

/// Sends a CSV file to the hub at `hub` and returns what became of it.
///
/// # Errors
/// When the hub cannot be reached or refuses the file as a whole.
pub async fn items(hub: &str, csv: Vec<u8>) -> anyhow::Result<ImportReport> {
    let base: Uri = hub.parse().with_context(|| format!("`{hub}` is no URL"))?;
    let Some(host) = base.host().filter(|_| base.scheme_str() == Some("http")) else {
        bail!("`{hub}` is no URL of a hub: write it as `http://127.0.0.1:8090`");
    };
    let port = base.port_u16().unwrap_or(80);
    let unreachable = || format!("no hub answers at `{hub}`: start it, or give its URL with `--hub`");
    let stream = TcpStream::connect((host, port)).await.with_context(unreachable)?;
    let (mut sender, connection) =
        http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await.with_context(unreachable)?;
    let connection = tokio::spawn(connection);
    let request = Request::post("/v1/items")
        .header(header::HOST, format!("{host}:{port}"))
        .header(header::CONTENT_TYPE, "text/csv")
        .body(Full::new(Bytes::from(csv)))?;
    let response = sender.send_request(request).await.with_context(unreachable)?;
    let status = response.status();
    let body = response.into_body().collect().await.context("the hub's answer broke off")?.to_bytes();
    drop(sender);
    connection.abort();
    if status == StatusCode::OK {
        return serde_json::from_slice(&body).context("the hub's answer cannot be read: is it a hub?");
    }
    match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) => bail!("the hub refused the file: {problem}"),
        Err(_no_problem) => bail!("`{hub}` answered {status}: is it a hub?"),
    }
}
