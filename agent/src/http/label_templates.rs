//! `/v1/label-templates`: how labels look, built in or the store's own, and what they will look like.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use web::Problem;
use web::api::{Example, Operation, Routes};
use web::extract::{JsonText, Path, Query, from_json};
use web::problem::{BODY_INVALID, PATH_INVALID, QUERY_INVALID};

use super::App;
use super::documents::{etag, seen};
use super::label_problems::{LABEL_INVALID, UNKNOWN_TEMPLATE};
use super::positions::unknown;
use super::problems::{READING, RECORDING, STALE_VERSION, UNKNOWN_ITEM, of_replica};
use crate::labels::data::{Data, DataError};
use crate::labels::template::{Dpi, Kind, Name, Template};
use crate::labels::{builtin, layout, svg};
use crate::replica::printing::{Changed, Kept};

/// A template, and where it comes from.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LabelTemplateView")]
pub(super) struct View {
    #[serde(flatten)]
    template: Template,
    /// Whether it is not the store's own.
    built_in: bool,
    /// `etag` and `if-match` name it; 0 for one that is built in.
    version: u64,
}

/// An answer with its version beside it.
type Versioned = ([(HeaderName, HeaderValue); 1], Json<View>);

/// All templates.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LabelTemplates")]
pub(super) struct Listing {
    /// By name.
    templates: Vec<View>,
}

/// How labels look.
pub(super) fn routes() -> Routes<App> {
    let own = json!({"name": "bin", "kind": "location", "width_mm": 60, "height_mm": 30, "dpi": 203, "fields": [
        {"type": "text", "x_um": 3000, "y_um": 3000, "width_um": 54000, "size_um": 6000, "text": "{location}"},
        {"type": "code128", "x_um": 6000, "y_um": 12000, "module_um": 250, "height_um": 12000,
            "text": "{location}"},
    ]});
    Routes::new("labels", LABELS)
        .put(
            "/v1/label-templates/{name}",
            put,
            Operation::new("put_label_template", "Keeps a template of the store's own")
                .about("One with the name of a built-in template takes its place.")
                .part("name", TEMPLATE)
                .reads_header("if-match", IF_MATCH)
                .reads::<Template>()
                .problems(&[&BODY_INVALID, &STALE_VERSION])
                .problems(&RECORDING)
                .example(Example::new("label_template_put", "For bins").with("name", "bin").sends(own.clone()))
                .example(
                    Example::new("label_template_other_name", "The body has another name than the address")
                        .with("name", "shelf")
                        .sends(own)
                        .answered(422),
                ),
        )
        .get(
            "/v1/label-templates",
            list,
            Operation::new("list_label_templates", "Lists the templates, built in or the store's own")
                .problems(&READING)
                .example(Example::new("label_templates", "All of them")),
        )
        .get(
            "/v1/label-templates/{name}",
            one,
            Operation::new("read_label_template", "Looks up a template")
                .part("name", TEMPLATE)
                .problems(&[&UNKNOWN_TEMPLATE])
                .problems(&READING)
                .example(Example::new("label_template", "For bins").with("name", "bin"))
                .example(
                    Example::new("label_template_unknown", "One that nobody made")
                        .with("name", "none")
                        .answered(404),
                ),
        )
        .get(
            "/v1/label-templates/{name}/preview.svg",
            preview,
            Operation::new("preview_label", "Draws a label as it would be printed")
                .about(
                    "Any name in the template is a parameter; with `gtin` what the catalogue says of the item is filled in.",
                )
                .part("name", TEMPLATE)
                .reads_query("dpi", "How many dots the printer makes an inch; those of the template when nobody said.")
                .reads_query("gtin", "The item that the label is of.")
                .reads_query("location", "As an example of other names: what a label of a place says.")
                .answers_text(200, svg::MEDIA_TYPE, "The label.")
                .problems(&[&UNKNOWN_TEMPLATE, &LABEL_INVALID, &UNKNOWN_ITEM])
                .problems(&READING)
                .example(
                    Example::new("label_preview", "Of a bin").with("name", "bin").with("location", "A-12"),
                )
                .example(
                    Example::new("label_preview_without", "A value is missing").with("name", "bin").answered(422),
                ),
        )
}

/// What labels are about.
pub(super) const LABELS: &str = "Labels: how they look, which printers there are, and what is printed.";
const TEMPLATE: &str = "The template.";
/// The header of whoever changes what somebody else may have changed.
pub(super) const IF_MATCH: &str = "The version that was seen, as `etag` named it: nothing is changed when it was changed \
    meanwhile.";

pub(super) async fn list(State(app): State<App>) -> Result<Json<Listing>, Problem> {
    let own = app.replica.label_templates().await.map_err(|error| of_replica(&error))?;
    let names: BTreeSet<Name> = own.iter().map(|kept| kept.value.name).collect();
    let built_in = Kind::ALL.into_iter().filter_map(builtin::of);
    let mut templates: Vec<View> = built_in
        .filter(|template| !names.contains(&template.name))
        .map(|template| View { template, built_in: true, version: 0 })
        .chain(own.into_iter().map(own_view))
        .collect();
    templates.sort_by_key(|view| view.template.name);
    Ok(Json(Listing { templates }))
}

pub(super) async fn one(State(app): State<App>, Path(name): Path<String>) -> Result<Versioned, Problem> {
    let view = find(&app, path_name(&name)?).await?;
    Ok((etag(view.version), Json(view)))
}

/// Keeps a template of the store's own.
pub(super) async fn put(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
    JsonText(body): JsonText,
) -> Result<Versioned, Problem> {
    let name = path_name(&name)?;
    let template: Template = from_json(&body)?;
    template.check().map_err(|wrong| {
        Problem::new(&BODY_INVALID, wrong.to_string()).at(wrong.pointer.clone(), wrong.what)
    })?;
    same_name(&name, &template.name)?;
    let changed = app.replica.put_label_template(template.clone(), seen(&headers)?).await;
    let version = version_of(changed.map_err(|error| of_replica(&error))?)?;
    Ok((etag(version), Json(View { template, built_in: false, version })))
}

/// Draws a label with the values of the query; `dpi` says for which printer.
pub(super) async fn preview(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(mut query): Query<BTreeMap<String, String>>,
) -> Result<([(HeaderName, &'static str); 1], String), Problem> {
    let template = find(&app, path_name(&name)?).await?.template;
    let dpi = match query.remove("dpi") {
        None => template.dpi,
        Some(text) => dpi(&text)?,
    };
    let given = query.into_iter().map(|(key, value)| (key, Value::String(value))).collect();
    let at = |wrong: DataError| Problem::new(&LABEL_INVALID, format!("query: {wrong}"));
    let data = Data::read(&given).map_err(at)?;
    let data = with_item(&app, data).await?.map_err(at)?;
    let drawing = layout::lay_out(&template, &data, dpi)
        .map_err(|refused| Problem::new(&LABEL_INVALID, refused.to_string()))?;
    Ok(([(header::CONTENT_TYPE, svg::MEDIA_TYPE)], svg::write(&drawing)))
}

fn dpi(text: &str) -> Result<Dpi, Problem> {
    let number: u32 = text.parse().unwrap_or_default();
    Dpi::try_from(number).map_err(|refused| Problem::new(&QUERY_INVALID, format!("query: `dpi`: {refused}")))
}

// --- for printing too ---

/// A template of the store, or else the built-in one of the name.
pub(super) async fn find(app: &App, name: Name) -> Result<View, Problem> {
    let own = app.replica.label_template(name).await.map_err(|error| of_replica(&error))?;
    if let Some(kept) = own {
        return Ok(own_view(kept));
    }
    let built_in = builtin::named(&name).map(|template| View { template, built_in: true, version: 0 });
    built_in.ok_or_else(|| {
        Problem::new(
            &UNKNOWN_TEMPLATE,
            format!("no template is called `{name}`: `GET /v1/label-templates` lists them"),
        )
    })
}

impl View {
    pub(super) fn into_template(self) -> Template {
        self.template
    }
}

/// Adds what the store's catalogue says of the item that the data is of.
pub(super) async fn with_item(app: &App, data: Data) -> Result<Result<Data, DataError>, Problem> {
    let gtin = match data.gtin() {
        Ok(Some(gtin)) => gtin,
        Ok(None) => return Ok(Ok(data)),
        Err(wrong) => return Ok(Err(wrong)),
    };
    let item = app.replica.item(gtin).await.map_err(|error| of_replica(&error))?;
    Ok(data.of_item(&item.ok_or_else(|| unknown(gtin))?))
}

pub(super) fn path_name(text: &str) -> Result<Name, Problem> {
    Name::new(text).map_err(|refused| Problem::new(&PATH_INVALID, format!("path: {refused}")))
}

pub(super) fn same_name(path: &Name, body: &Name) -> Result<(), Problem> {
    if path == body {
        return Ok(());
    }
    let what = format!("is `{body}`, and the address says `{path}`: give the same name twice");
    Err(Problem::new(&BODY_INVALID, format!("`#/name`: {what}")).at("#/name", what))
}

pub(super) fn version_of(changed: Changed) -> Result<u64, Problem> {
    match changed {
        Changed::Done(version) => Ok(version),
        Changed::Stale(version) => Err(Problem::new(
            &STALE_VERSION,
            format!("the newest version is `\"{version}\"`: get it again first"),
        )),
    }
}

fn own_view(kept: Kept<Template>) -> View {
    View { template: kept.value, built_in: false, version: kept.version }
}
