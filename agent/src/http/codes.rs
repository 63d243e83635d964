//! `GET /codes` and `GET /v1/codes`: what a code says, as a page and as data.
//!
//! Both read the same parameters: `code`, the scan as it came (FNC1 as `%1D`, or as the picture `␝` that the page's field
//! shows for it); `region`, the country by whose patterns restricted numbers are read; and `assume`, `gs1` when data without
//! an AIM identifier is an element string, or `whole` (the default) when it is one only where it reads to its end as such.
//! Nothing is recorded.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use gs1::report::{Config, ConfigError, Decoder, Report};
use gs1::{CivilDate, Unnamed};
use schemars::JsonSchema;
use serde::Deserialize;
use web::Problem;
use web::api::{Example, Operation, Routes};
use web::extract::Query;
use web::problem::QUERY_INVALID;

use super::App;
use crate::clock;
use crate::pages::{Answer, Asked, CodesPage, Item, Read, meant};

/// The parameters, as they were sent.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Parameters {
    /// The scan as it came; FNC1 as `%1D`.
    code: Option<String>,
    /// The country, in two letters, by whose patterns restricted numbers are read.
    region: Option<String>,
    /// `gs1` when data without an AIM identifier is an element string; `whole`, as when nobody said, when it is one only where it reads to its end as such.
    assume: Option<String>,
}

/// What a code says.
pub(super) fn routes() -> Routes<App> {
    Routes::new("items", "The catalogue of the store.").get(
        "/v1/codes",
        data,
        Operation::new("read_code", "Says what a code says and what is wrong with it")
            .about("Nothing is recorded. The answer is that of `shelfline gs1 decode`.")
            .example(
                Example::new("code_of_a_case", "An item, a lot and a serial number, from a GS1-128 symbol")
                    .with("code", "]C1010400638133393110A7\u{1d}2105"),
            )
            .example(
                Example::new("code_with_a_wrong_date", "A day that no month has")
                    .with("code", "]d20104006381333931172613311021"),
            )
            .example(
                Example::new(
                    "code_of_a_weighed_piece",
                    "A number that carries a weight, by a country's patterns",
                )
                .with("code", "2456609708201")
                .with("region", "SE"),
            )
            .example(Example::new("code_missing", "No code").answered(400)),
    )
}

pub(super) async fn page(
    State(app): State<App>,
    Query(parameters): Query<Parameters>,
) -> Result<Response, Problem> {
    let code = parameters.code();
    let (status, page) = match parameters.asked() {
        Ok(asked) if asked.code.is_empty() => (StatusCode::OK, CodesPage { asked, answer: Answer::Nothing }),
        Ok(asked) => {
            let report = report(&app, &asked);
            let answer = Answer::Read(Box::new(Read { item: item(&app, &report), report }));
            (StatusCode::OK, CodesPage { asked, answer })
        }
        Err(refused) => {
            let answer = Answer::Refused(refused.detail().to_owned());
            (refused.status(), CodesPage { asked: Asked { code, ..Asked::default() }, answer })
        }
    };
    let mut response = page.show(&app.shell)?;
    *response.status_mut() = status;
    Ok(response)
}

pub(super) async fn data(
    State(app): State<App>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<Report>, Problem> {
    let asked = parameters.asked()?;
    if asked.code.is_empty() {
        return Err(Problem::new(&QUERY_INVALID, "query: `code` is missing: write what was scanned"));
    }
    Ok(Json(report(&app, &asked)))
}

impl Parameters {
    fn code(&self) -> String {
        self.code.as_deref().map(meant).unwrap_or_default()
    }

    /// What they mean. A form sends those that were not chosen, too: they are empty.
    fn asked(&self) -> Result<Asked, Problem> {
        let chosen = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let region = chosen(&self.region).map(|code| Config::region_of(&shortened(&code))).transpose();
        let region = region.map_err(|error| refused("region", &error))?;
        let assume = chosen(&self.assume).map(|name| Config::assumed(&shortened(&name))).transpose();
        let assume = assume.map_err(|error| refused("assume", &error))?.unwrap_or(Unnamed::WhenWhole);
        Ok(Asked { code: self.code(), region, assume })
    }
}

/// What is refused is quoted, but not at any length.
fn shortened(text: &str) -> String {
    text.chars().take(20).collect()
}

fn refused(parameter: &str, error: &ConfigError) -> Problem {
    Problem::new(&QUERY_INVALID, format!("query: `{parameter}`: {error}"))
}

fn report(app: &App, asked: &Asked) -> Report {
    let today = app.trading_day.business_date(clock::now()).to_string();
    // Only a clock that is out of all bounds has no date.
    let year = today.parse().map_or(1970, CivilDate::year);
    let config = Config { rcn_region: asked.region, assume: asked.assume, ..Config::default() };
    Decoder::new(year).scan(&config, asked.code.as_bytes())
}

/// The item that a code names. A weighed or priced piece is known by its number without weight and price.
fn item(app: &App, report: &Report) -> Option<Item> {
    let measured = report.number.without_measure_gtin14.as_ref();
    measured.into_iter().chain(&report.gtin14).find_map(|gtin| {
        let known = app.replica.known_item(gtin.parse().ok()?)?;
        Some(Item { gtin: gtin.clone(), name: known.name.to_string() })
    })
}
