//! What is known of a scan or a label, as it is written in JSON.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

/// All that is known of a scan, or of the scans of a label. Written as JSON, what is not known is left out, but for the keys
/// that every report has: `elements`, `bracketed`, `canonical_scan`, `dl_uri`, `gtin14`, `plain`, `gs1`, `symbology`,
/// `problems` and `warnings`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CodeReport"))]
pub struct Report {
    /// That of the row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<serde_json::Value>,
    /// What the data is: `number`, `elements`, `digital-link`, `bracketed`, `tag`, `plain`, or `label` for several scans.
    pub form: &'static str,
    /// Whether it is GS1 data.
    pub gs1: bool,
    /// What the AIM identifier says; of a label, that of its first scan.
    pub symbology: Option<String>,
    /// AIs and values, in the order in which they came.
    pub elements: Vec<ReportedElement>,
    /// The elements as bracketed text.
    pub bracketed: Option<String>,
    /// The scan without what is redundant. A label has none.
    pub canonical_scan: Option<String>,
    /// The elements as a GS1 Digital Link on the stem `https://id.gs1.org`; nothing when none of them is a primary key.
    pub dl_uri: Option<String>,
    /// The trade item, in 14 digits.
    pub gtin14: Option<String>,
    /// The data, when it is not GS1 data.
    pub plain: Option<String>,
    /// The same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// What the values mean, one by one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub meanings: Vec<Meaning>,
    /// What the one element means that means more than its characters, or the price, weight or count of a restricted number.
    #[serde(flatten)]
    pub meaning: Meaning,
    /// What is only said of numbers.
    #[serde(flatten)]
    pub number: NumberFacts,
    /// What is only said of tags.
    #[serde(flatten)]
    pub tag: TagFacts,
    /// The logistic unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sscc: Option<String>,
    /// The lot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lot: Option<String>,
    /// The serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// The last day on which it may be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiry: Option<String>,
    /// Parameters of a Digital Link's query that are no elements.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignored_query_params: Option<Vec<String>>,
    /// What is wrong.
    pub problems: Vec<ReportedProblem>,
    /// What may be wrong, or is only good to know.
    pub warnings: Vec<Warning>,
}

/// An AI and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CodeElement"))]
pub struct ReportedElement {
    /// The AI.
    pub ai: String,
    /// Its value.
    pub value: String,
    /// Whether bytes of the value are no UTF-8: U+FFFD stands for them.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub lossy: bool,
}

/// What a value means.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CodeMeaning"))]
pub struct Meaning {
    /// The AI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ai: Option<String>,
    /// Its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The AI's data title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The day, or the first one of a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// The last day of a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date: Option<String>,
    /// Day and time of day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datetime: Option<String>,
    /// A number with its decimals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<String>,
    /// An amount of money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// A price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    /// Of which currency: the letters of ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// A weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<String>,
    /// What was measured: `weight`, `length`, `max-temperature` and so on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<&'static str>,
    /// In which unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// How many pieces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

/// What is only said of numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CodeNumberFacts"))]
pub struct NumberFacts {
    /// The digits as they came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary: Option<String>,
    /// The shortest form of the GTIN: `GTIN-8` to `GTIN-14`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gtin_format: Option<String>,
    /// The GTIN in 12 digits, where it was read from a UPC-E.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upc_a: Option<String>,
    /// What digits without an identifier can be; of several, the first is taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
    /// The same: the list may hold more than a caller looks for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates_include: Vec<Candidate>,
    /// Where a restricted number means something: `geo`, a country or region, or `company`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<&'static str>,
    /// The item of a restricted number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_reference: Option<String>,
    /// The number under which it can be looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without_measure_gtin14: Option<String>,
    /// Of four or five digits: the check digit that they have as a price or weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_digit: Option<u8>,
}

/// What digits can be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CodeCandidate"))]
pub struct Candidate {
    /// A trade item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gtin14: Option<String>,
    /// Its shortest form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gtin_format: Option<String>,
    /// A logistic unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sscc: Option<String>,
}

/// What is only said of tags.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CodeTagFacts"))]
pub struct TagFacts {
    /// How it is written: `sgtin-96`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<&'static str>,
    /// What readers may sort by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<u8>,
    /// The pure identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epc_uri: Option<String>,
    /// The same with scheme and filter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag_uri: Option<String>,
    /// Its elements, in brackets that nothing escapes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub element_string: Option<String>,
    /// The company prefix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_prefix: Option<String>,
    /// The place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gln: Option<String>,
    /// What is inside the place; `0` for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
    /// The returnable asset, with its serial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grai: Option<String>,
    /// The asset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub giai: Option<String>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CodeProblem"))]
pub struct ReportedProblem {
    /// What kind of fault it is: [`Class::name`](crate::Class::name).
    pub class: &'static str,
    /// The AI at fault, where it is an AI's fault.
    pub ai: Option<String>,
    /// Offset and length of the fault inside the value: in what escapes stand for. Of what is no fault of a value, such as
    /// `dl-key-sequence`, inside the stretch of the scan that is at fault.
    pub span: (usize, usize),
    /// The other AI of a pair that may not be.
    pub with: Option<String>,
    /// The rule that is not met.
    pub needs: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: &'static str,
    /// Which scan of the label it is in, from 0.
    pub scan: usize,
    /// Offset and length of the fault inside that scan, in bytes.
    pub place: (usize, usize),
}

/// What may be wrong, or is only good to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CodeWarning"))]
pub struct Warning {
    /// `separator-probably-lost`, `text-without-identifier`, `ambiguous-number`, `no-key`, `tag-has-more` or
    /// `tag-reserved-bits`.
    pub kind: &'static str,
    /// The AI that it is about.
    pub ai: Option<String>,
    /// What there is to know.
    pub message: String,
    /// Which scan of the label it is about, from 0.
    pub scan: usize,
    /// Offset and length inside that scan, in bytes.
    pub place: (usize, usize),
    /// Other ways to read the value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<ReportedAlternative>,
}

/// Another way to read a value: it ends sooner, and further elements follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CodeAlternative"))]
pub struct ReportedAlternative {
    /// The shorter value.
    pub value: String,
    /// What follows it.
    pub rest: Vec<ReportedElement>,
}
