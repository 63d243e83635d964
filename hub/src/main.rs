//! The program `shelfline-hub`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    hub::cli::main().await
}
