//! The first phase of an import: which column is which, and what every row says, without writing anything.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use ledger::catalogue::{Currency, ItemRow, ItemRows, Unfit};
use ledger::opening::{OPENING_COLUMNS, OpeningRow, OpeningRows};
use ledger::packs::Barcode;
use ledger::price::{PRICE_COLUMNS, PriceRows};
use ledger::table::{ColumnName, Columns, DELIMITERS, Decimal, ImportHeaderError, Row, RowError};
use ledger::{Gtin, Item, Unit};
use serde::{Deserialize, Serialize};

use super::source::{Source, SourceError};
use crate::replica::{Change, Known, Replica, Report, RowFault, What};

/// Lines that are looked through for the header: exports of other programs begin with a title.
const HEADER_LINES: u64 = 20;

/// Rows whose numbers tell how the file writes decimals.
const SAMPLE_ROWS: usize = 1_000;

/// Most rows in a file. What is recorded of a row carries its line in 24 bits.
pub(crate) const ROWS_MAX: u64 = 1_000_000;

/// Faults that are kept; the rest is counted.
const FAULTS_MAX: usize = 100_000;

/// How a file is to be read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Choices {
    /// Under which header of the file each column of ours stands.
    #[serde(default)]
    pub(crate) mapping: BTreeMap<String, String>,
    /// The currency of prices that name none and are new.
    pub(crate) currency: Option<String>,
    /// How decimals are written; sniffed when nobody said.
    pub(crate) decimal: Option<Mark>,
    /// The sheet of a workbook.
    pub(crate) sheet: Option<String>,
}

/// A decimal mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mark {
    Point,
    Comma,
}

/// A file without rows that we could read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Header(#[from] ImportHeaderError),
    #[error("`{0}` is no currency: write ISO 4217, such as `EUR`")]
    Currency(String),
    #[error("the file has more than {ROWS_MAX} rows: send it in parts")]
    TooLong,
}

/// A file that is understood as far as its header.
#[derive(Debug)]
pub(crate) struct Checked {
    source: Source,
    what: What,
    header_line: u64,
    header: Vec<String>,
    columns: Columns,
    decimal: Decimal,
    currency: Currency,
}

/// What is asked of the catalogue.
pub(crate) trait Catalogue {
    /// The item with a number.
    fn known(&self, gtin: Gtin) -> Option<Known>;

    /// The packs that a number names, whenever.
    fn packs(&self, gtin: Gtin) -> Vec<Barcode>;
}

impl Catalogue for Replica {
    fn known(&self, gtin: Gtin) -> Option<Known> {
        self.known_item(gtin)
    }

    fn packs(&self, gtin: Gtin) -> Vec<Barcode> {
        self.barcodes(gtin)
    }
}

/// Reads a file as far as its header. `bytes` are unpacked.
pub(crate) fn checked(bytes: Vec<u8>, what: What, choices: &Choices) -> Result<Checked, CheckError> {
    let currency = choices.currency.as_deref().unwrap_or(CURRENCY);
    let currency =
        Currency::parse(currency).ok_or_else(|| CheckError::Currency(currency.chars().take(20).collect()))?;
    let mut source = Source::of(bytes, choices.sheet.as_deref())?;
    let Header { line: header_line, titles: header, columns } =
        header(&mut source, names(what), &choices.mapping)?;
    let decimal = match choices.decimal {
        Some(Mark::Point) => Decimal::Point,
        Some(Mark::Comma) => Decimal::Comma,
        None => sniff(&source, header_line, &columns)?,
    };
    Ok(Checked { source, what, header_line, header, columns, decimal, currency })
}

const CURRENCY: &str = "EUR";

const fn names(what: What) -> &'static [ColumnName] {
    match what {
        What::Items => ledger::catalogue::import::ITEM_COLUMNS,
        What::OpeningStock => OPENING_COLUMNS,
        What::Prices => PRICE_COLUMNS,
    }
}

/// The line that names the columns.
struct Header {
    line: u64,
    titles: Vec<String>,
    columns: Columns,
}

/// Finds the header, and with it the delimiter that gives the most columns of ours: the first line may be a title, which has
/// commas of its own or none.
fn header(
    source: &mut Source,
    names: &[ColumnName],
    mapping: &BTreeMap<String, String>,
) -> Result<Header, CheckError> {
    let mut best = header_as_it_is(source, names, mapping);
    let Some(mut chosen) = source.delimiter() else { return best };
    for delimiter in DELIMITERS.into_iter().filter(|other| *other != chosen).collect::<Vec<_>>() {
        source.set_delimiter(delimiter);
        let found = header_as_it_is(source, names, mapping);
        if columns(&found) > columns(&best) {
            (best, chosen) = (found, delimiter);
        }
    }
    source.set_delimiter(chosen);
    best
}

fn columns(found: &Result<Header, CheckError>) -> usize {
    found.as_ref().map_or(0, |header| header.columns.iter().count())
}

/// The first of the first lines that names the columns we need. When none does, the first that looks like a header is shown.
fn header_as_it_is(
    source: &Source,
    names: &[ColumnName],
    mapping: &BTreeMap<String, String>,
) -> Result<Header, CheckError> {
    let (mut found, mut refused) = (None, None);
    source.each(|line, cells| {
        if line > HEADER_LINES {
            return ControlFlow::Break(());
        }
        let titles: Vec<&str> = cells.iter().map(String::as_str).collect();
        if titles.iter().all(|title| title.trim().is_empty()) {
            return ControlFlow::Continue(());
        }
        match Columns::find(names, &titles, mapping) {
            Ok(columns) => {
                found = Some(Header { line, titles: cells.clone(), columns });
                ControlFlow::Break(())
            }
            Err(error) => {
                // A title above the table stands alone; what has neighbours was meant as a header.
                let several = titles.iter().filter(|title| !title.trim().is_empty()).count() > 1;
                if refused.as_ref().is_none_or(|(_, before)| several && !before) {
                    refused = Some((error, several));
                }
                ControlFlow::Continue(())
            }
        }
    })?;
    let missing = || refused.map_or(ImportHeaderError::Empty, |(error, _)| error);
    Ok(found.ok_or_else(missing)?)
}

/// How the file writes decimals, by what its columns of numbers have.
fn sniff(source: &Source, header_line: u64, columns: &Columns) -> Result<Decimal, CheckError> {
    let places: Vec<usize> = ["price", "qty"].iter().filter_map(|name| columns.place(name)).collect();
    let mut numbers = Vec::new();
    source.each(|line, cells| {
        if line > header_line {
            numbers.extend(places.iter().filter_map(|place| cells.get(*place)).cloned());
        }
        if numbers.len() < SAMPLE_ROWS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    let otherwise = match source {
        Source::Csv { delimiter: b',', .. } | Source::Workbook { .. } => Decimal::Point,
        Source::Csv { .. } => Decimal::Comma,
    };
    Ok(Decimal::sniff(numbers.iter().map(String::as_str), otherwise))
}

impl Checked {
    /// The file as it was unpacked.
    pub(crate) const fn source(&self) -> &Source {
        &self.source
    }

    /// The currency of prices that name none.
    pub(crate) const fn currency(&self) -> Currency {
        self.currency
    }

    /// The line that names the columns.
    pub(crate) const fn header_line(&self) -> u64 {
        self.header_line
    }

    /// Hands over what each row says, or all that is wrong with it.
    pub(crate) fn each(
        &self,
        catalogue: &dyn Catalogue,
        mut each: impl FnMut(u64, Result<Change, Vec<RowError>>) -> ControlFlow<()>,
    ) -> Result<(), CheckError> {
        let (mut items, mut opening) = (ItemRows::default(), OpeningRows::default());
        let mut prices = PriceRows::default();
        let (mut rows, mut too_long) = (0_u64, false);
        self.source.each(|line, cells| {
            if line <= self.header_line || cells.iter().all(|cell| cell.trim().is_empty()) {
                return ControlFlow::Continue(());
            }
            rows = rows.saturating_add(1);
            if rows > ROWS_MAX || line >= LINES_MAX {
                too_long = true;
                return ControlFlow::Break(());
            }
            let row = Row::new(line, &self.columns, cells, self.decimal);
            let said = match self.what {
                What::Items => self.item(&row, &mut items, catalogue).map(|item| Change::Item { line, item }),
                What::OpeningStock => opening
                    .read(&row, |gtin| catalogue.known(gtin).map(|known| known.unit))
                    .map(|opening: OpeningRow| Change::Opening { line, opening }),
                What::Prices => prices
                    .read(&row, self.currency)
                    .map(|price| Change::Price { line, price: Box::new(price) }),
            };
            each(line, said)
        })?;
        if too_long { Err(CheckError::TooLong) } else { Ok(()) }
    }

    /// What a row says of an item, if that goes with the catalogue: a number names one thing (R43).
    fn item(
        &self,
        row: &Row<'_>,
        items: &mut ItemRows,
        catalogue: &dyn Catalogue,
    ) -> Result<ItemRow, Vec<RowError>> {
        let read = items.read(row)?;
        let known = catalogue.known(read.gtin).map(|known| known.as_item(read.gtin));
        if let (None, Some(named)) = (&known, catalogue.packs(read.gtin).first()) {
            return Err(vec![Unfit::IsBarcode { of: named.pack.item }.at(row)]);
        }
        if let Some((pack, _)) = read.pack {
            let added = read.barcode(catalogue.known(pack).is_some(), &catalogue.packs(pack));
            added.map_err(|unfit| vec![unfit.at(row)])?;
        }
        let fits = read.clone().onto(known.as_ref(), self.currency);
        fits.map_err(|unfit| vec![unfit.at(row)])?;
        Ok(read)
    }

    /// Reads every row and reports.
    pub(crate) fn report(&self, catalogue: &dyn Catalogue) -> Result<Report, CheckError> {
        let mut report = Report {
            header_line: self.header_line,
            columns: self.named(),
            decimal: if self.decimal == Decimal::Comma { "comma" } else { "point" }.to_owned(),
            format: self.source.ending().to_owned(),
            ..Report::default()
        };
        match &self.source {
            Source::Csv { encoding, delimiter, .. } => {
                report.encoding = Some(encoding.name().to_owned());
                report.delimiter = Some(char::from(*delimiter).to_string());
            }
            Source::Workbook { sheet, .. } => report.sheet = Some(sheet.clone()),
        }
        self.each(catalogue, |line, said| {
            report.rows = report.rows.saturating_add(1);
            match said {
                Ok(change) => {
                    report.accepted = report.accepted.saturating_add(1);
                    let counted = match change {
                        Change::Item { item, .. } if catalogue.known(item.gtin).is_some() => {
                            &mut report.updates
                        }
                        Change::Item { .. }
                        | Change::Opening { .. }
                        | Change::Price { .. }
                        | Change::Refused { .. } => &mut report.creates,
                    };
                    *counted = counted.saturating_add(1);
                }
                Err(wrong) => {
                    report.rejected = report.rejected.saturating_add(1);
                    let room = FAULTS_MAX.saturating_sub(report.faults.len());
                    report.faults.extend(wrong.into_iter().take(room).map(|error| fault(line, error)));
                }
            }
            ControlFlow::Continue(())
        })?;
        Ok(report)
    }

    /// Our columns with the headers that they were found under.
    fn named(&self) -> BTreeMap<String, String> {
        let title =
            |place: usize| self.header.get(place).map(|title| title.trim().to_owned()).unwrap_or_default();
        self.columns.iter().map(|(name, place)| (name.to_owned(), title(place))).collect()
    }
}

/// Lines that fit beside the pass in a sequence number.
const LINES_MAX: u64 = 1 << 24;

pub(crate) fn fault(line: u64, error: RowError) -> RowFault {
    let RowError { column, value, code, message, suggestion, .. } = error;
    RowFault {
        row: line,
        column: column.to_owned(),
        value,
        code: code.to_owned(),
        message,
        suggestion: suggestion.to_owned(),
    }
}

impl Known {
    /// As much of an item as a row is compared with.
    fn as_item(&self, gtin: Gtin) -> Item {
        let unit: Unit = self.unit;
        Item { gtin, name: self.name.to_string(), unit, price: None, department: None }
    }
}

#[cfg(test)]
mod tests {
    use ledger::Quantity;
    use ledger::packs::{Pack, PackKind};

    use super::*;

    struct Shop;

    impl Catalogue for Shop {
        fn known(&self, gtin: Gtin) -> Option<Known> {
            (gtin.as_u64() == 4_006_381_333_931).then(|| Known { name: "Oat".into(), unit: Unit::Piece })
        }

        fn packs(&self, gtin: Gtin) -> Vec<Barcode> {
            let item = "4006381333931".parse().unwrap();
            let pack = Pack { item, kind: PackKind::Case, multiple: Quantity::new(12).unwrap() };
            let case = Barcode { gtin, pack, from: None, until: None };
            if gtin.as_u64() == 14_006_381_333_938 { vec![case] } else { Vec::new() }
        }
    }

    fn report(text: &str, choices: &Choices) -> Result<Report, String> {
        let checked = checked(text.as_bytes().to_vec(), What::Items, choices);
        checked.and_then(|checked| checked.report(&Shop)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_title_above_the_table_is_passed_over_and_decimals_are_sniffed() {
        let text = "Price list, May\n\nEAN;description;price\n4006381333931;Oat;1,20\n;;\n96385074;;2,5\n";
        let report = report(text, &Choices::default()).unwrap();
        assert_eq!((report.header_line, report.decimal.as_str()), (3, "comma"));
        assert_eq!((report.rows, report.accepted, report.updates, report.creates), (2, 1, 1, 0));
        assert_eq!(report.columns.get("name").map(String::as_str), Some("description"));
        let fault = report.faults.first().unwrap();
        assert_eq!((fault.row, fault.code.as_str()), (6, "name_missing"));
    }

    #[test]
    fn a_mapping_names_the_column_and_is_checked() {
        let text = "Nr,EAN,Text\n1,96385074,Gum\n";
        assert_eq!(
            report("Nr,Number,Text\n1,96385074,Gum\n", &Choices::default()).unwrap_err(),
            "no column `gtin` among `Nr,Number,Text`: name it in the first line"
        );
        let mapping = |ours: &str, theirs: &str| Choices {
            mapping: BTreeMap::from([(ours.to_owned(), theirs.to_owned())]),
            ..Choices::default()
        };
        assert_eq!(report(text, &mapping("name", "text")).unwrap().creates, 1);
        let nowhere = report(text, &mapping("name", "Title")).unwrap_err();
        assert!(nowhere.contains("`name` is to be read from `Title`"), "{nowhere}");
        let unknown = report(text, &mapping("shelf", "Nr")).unwrap_err();
        assert!(unknown.starts_with("`shelf` is no column of ours: map one of `gtin`"), "{unknown}");
    }

    #[test]
    #[rustfmt::skip]
    fn a_pack_has_a_number_that_names_nothing_else() {
        let table = [
            ("4006381333931,Oat,14006381333938,12", ""),
            ("4006381333931,Oat,24006381333935,6",  ""),
            ("4006381333931,Oat,14006381333938,6",  "barcode_conflict"),
            ("96385074,Gum,14006381333938,12",      "barcode_conflict"),
            ("96385074,Gum,4006381333931,12",       "pack_is_item"),
            ("96385074,Gum,96385074,12",            "pack_is_item"),
            ("96385074,Gum,24006381333935,",        "pack_incomplete"),
            ("96385074,Gum,,12",                    "pack_incomplete"),
            ("96385074,Gum,24006381333935,0",       "pack_quantity_invalid"),
            ("96385074,Gum,24006381333936,12",      "gtin_invalid"),
        ];
        for (row, expect) in table {
            let text = format!("gtin,name,case_gtin,pack_quantity\n{row}\n");
            let report = report(&text, &Choices::default()).unwrap();
            let code = report.faults.first().map_or("", |fault| fault.code.as_str());
            assert_eq!(code, expect, "{row}");
        }
    }

    #[test]
    fn an_item_whose_number_is_a_barcode_is_refused() {
        let report = report("gtin,name\n14006381333938,Case\n", &Choices::default()).unwrap();
        assert_eq!((report.accepted, report.rejected), (0, 1));
        assert_eq!(report.faults.first().map(|fault| fault.code.as_str()), Some("gtin_is_barcode"));
    }

    #[test]
    fn a_unit_other_than_the_catalogues_is_refused() {
        let report = report("gtin,unit\n4006381333931,g\n", &Choices::default()).unwrap();
        assert_eq!(report.faults.first().map(|fault| fault.code.as_str()), Some("unit_mismatch"));
    }
}
