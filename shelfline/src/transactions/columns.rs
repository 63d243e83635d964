//! Which column of a transaction file holds what, found by the header line.

use super::input::InputError;
use super::record::Record;

/// What a column can hold. The order of the list is the order of the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Document,
    Code,
    Quantity,
    Time,
    Description,
    Price,
    Store,
    Clock,
}

/// Places of the columns in a row, from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) document: usize,
    pub(crate) code: usize,
    pub(crate) quantity: usize,
    pub(crate) time: usize,
    pub(crate) description: Option<usize>,
    pub(crate) price: Option<usize>,
    pub(crate) store: Option<usize>,
    /// The time of day, when it stands in a column of its own beside the date.
    pub(crate) clock: Option<usize>,
    /// How many columns the header has.
    pub(crate) count: usize,
}

// === impl Column ===

impl Column {
    const ALL: [Self; 8] = [
        Self::Document,
        Self::Code,
        Self::Quantity,
        Self::Time,
        Self::Description,
        Self::Price,
        Self::Store,
        Self::Clock,
    ];

    /// The name used in messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Document => "invoice",
            Self::Code => "code",
            Self::Quantity => "quantity",
            Self::Time => "date",
            Self::Description => "description",
            Self::Price => "price",
            Self::Store => "store",
            Self::Clock => "time",
        }
    }

    /// Header names that mean this column, in their compared form: small letters and digits only.
    const fn aliases(self) -> &'static [&'static str] {
        match self {
            Self::Document => &[
                "invoice",
                "invoiceno",
                "invoicenumber",
                "document",
                "documentno",
                "receipt",
                "receiptno",
                "transaction",
                "transactionid",
                "basket",
            ],
            Self::Code => &[
                "code",
                "stockcode",
                "sku",
                "gtin",
                "ean",
                "upc",
                "barcode",
                "item",
                "itemcode",
                "productcode",
            ],
            Self::Quantity => &["quantity", "qty", "units", "pieces"],
            Self::Time => &["date", "invoicedate", "timestamp", "datetime", "occurredat", "soldat"],
            Self::Description => &["description", "name", "itemname", "productname", "product"],
            Self::Price => &["price", "unitprice"],
            Self::Store => &["store", "site", "shop", "branch", "storeid", "storeno"],
            Self::Clock => &["time", "timeofday"],
        }
    }
}

// === impl Columns ===

impl Columns {
    /// Finds the columns by the header's names, whatever their case, spaces and punctuation.
    ///
    /// # Errors
    /// [`InputError`] when a needed column is missing or two headers mean one.
    pub(crate) fn find(header: &[String]) -> Result<Self, InputError> {
        let needed = |column: Column| {
            place(header, column)?.ok_or_else(|| InputError::MissingColumn {
                column: column.name(),
                aliases: column.aliases().join(", "),
                found: header.join(",").chars().take(200).collect(),
            })
        };
        let (date, clock) = (place(header, Column::Time)?, place(header, Column::Clock)?);
        let (time, clock) = match (date, clock) {
            (Some(date), clock) => (date, clock),
            (None, Some(time)) => (time, None),
            (None, None) => (needed(Column::Time)?, None),
        };
        Ok(Self {
            document: needed(Column::Document)?,
            code: needed(Column::Code)?,
            quantity: needed(Column::Quantity)?,
            time,
            description: place(header, Column::Description)?,
            price: place(header, Column::Price)?,
            store: place(header, Column::Store)?,
            clock,
            count: header.len(),
        })
    }
}

/// The delimiter under which most header names are known; the one that occurs most often decides between equals.
pub(crate) fn sniff(header: &[u8]) -> u8 {
    let known = |delimiter: u8| {
        let names: Vec<_> = header.split(|byte| *byte == delimiter).map(compared).collect();
        let known = Column::ALL
            .iter()
            .filter(|c| names.iter().any(|name| c.aliases().contains(&name.as_str())))
            .count();
        (known, names.len(), delimiter == b',')
    };
    [b',', b';', b'\t'].into_iter().max_by_key(|delimiter| known(*delimiter)).unwrap_or(b',')
}

/// The header's names as they stand.
pub(crate) fn header_names(header: &Record) -> Vec<String> {
    let name = |at| String::from_utf8_lossy(header.field(at).unwrap_or_default()).trim().to_owned();
    (0..header.len()).map(name).collect()
}

fn place(header: &[String], column: Column) -> Result<Option<usize>, InputError> {
    let means = |name: &str| column.aliases().contains(&compared(name.as_bytes()).as_str());
    let mut places = header.iter().enumerate().filter(|(_, name)| means(name));
    match (places.next(), places.next()) {
        (Some((_, first)), Some((_, second))) => Err(InputError::RepeatedColumn {
            column: column.name(),
            first: first.clone(),
            second: second.clone(),
        }),
        (first, _) => Ok(first.map(|(at, _)| at)),
    }
}

fn compared(name: &[u8]) -> String {
    name.iter().filter(|b| b.is_ascii_alphanumeric()).map(|b| char::from(b.to_ascii_lowercase())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(header: &str) -> Result<Columns, String> {
        let delimiter = char::from(sniff(header.as_bytes()));
        let names: Vec<_> = header.split(delimiter).map(str::to_owned).collect();
        Columns::find(&names).map_err(|error| error.to_string())
    }

    #[test]
    fn known_headers_in_any_order_case_and_delimiter() {
        #[rustfmt::skip]
        let cases = [
            // header                                                     document code quantity time description price store
            ("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country", [0, 1, 3, 4], [Some(2), Some(5), None]),
            ("Invoice;StockCode;Description;Quantity;InvoiceDate;Price;Customer ID;Country",      [0, 1, 3, 4], [Some(2), Some(5), None]),
            ("timestamp\tstore\tDOCUMENT\tgtin\tqty",                                             [2, 3, 4, 0], [None, None, Some(1)]),
            ("unit_price,note;x,receipt no,barcode,qty,date",                                     [2, 3, 4, 5], [None, Some(0), None]),
        ];
        for (header, needed, optional) in cases {
            let columns = find(header).unwrap();
            assert_eq!([columns.document, columns.code, columns.quantity, columns.time], needed, "{header}");
            assert_eq!([columns.description, columns.price, columns.store], optional, "{header}");
        }
    }

    #[test]
    fn a_time_of_day_may_have_its_own_column() {
        let columns = find("Date,Time,Transaction,Item,Qty").unwrap();
        assert_eq!((columns.time, columns.clock), (0, Some(1)));
        let columns = find("Time,Transaction,Item,Qty").unwrap();
        assert_eq!((columns.time, columns.clock), (0, None));
    }

    #[test]
    fn what_is_missing_or_double_is_named() {
        assert_eq!(
            find("invoice,sku,when,qty").unwrap_err(),
            "no column for date among `invoice,sku,when,qty`: name it in the first line, one of: date, invoicedate, \
             timestamp, datetime, occurredat, soldat"
        );
        assert_eq!(
            find("invoice,sku,StockCode,qty,date").unwrap_err(),
            "`sku` and `StockCode` both mean code: rename one of them"
        );
    }

    #[test]
    fn no_name_means_two_columns() {
        let all: Vec<_> = Column::ALL.iter().flat_map(|c| c.aliases()).collect();
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }
}
