use std::io::Cursor;

use super::*;

fn options() -> ReadOptions {
    let zone = TimeZone::get("Europe/London").unwrap();
    ReadOptions { stores: 3, tills: 4, zone, date_order: None }
}

fn rows_of(bytes: &[u8]) -> Result<Rows, InputError> {
    Rows::new(input::decode(Cursor::new(bytes.to_vec()))?, options())
}

fn rows(text: &str) -> Vec<String> {
    let shown = |row: Result<Row, RowError>| match row {
        Ok(row) => {
            let price = row.unit_price.map_or_else(|| "-".to_owned(), |price| price.to_string());
            format!(
                "{} {} {} {} {} {price}",
                row.line,
                row.document,
                row.code.as_str(),
                row.quantity,
                row.occurred_at
            )
        }
        Err(error) => error.to_string(),
    };
    rows_of(text.as_bytes()).unwrap().map(shown).collect()
}

fn transactions(text: &str) -> Vec<Transaction> {
    Transactions::new(rows_of(text.as_bytes()).unwrap(), 10).map(Result::unwrap).collect()
}

#[test]
fn the_form_of_the_real_file() {
    let text = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n\
        536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01 08:26:00,2.55,17850,United Kingdom\n\
        536365,71053,\"LANTERN, WHITE\",6,2010-12-01 08:26:00,3.39,17850,United Kingdom\n\
        C536379,D,Discount,-1,2010-12-01 09:41:00,27.5,14527,United Kingdom\n\
        536589,21777,,-10,2010-12-01 16:50:00,0.0,,United Kingdom\n";
    assert_eq!(
        rows(text),
        [
            "2 536365 85123A 6 2010-12-01T08:26:00Z 2.55",
            "3 536365 71053 6 2010-12-01T08:26:00Z 3.39",
            "4 C536379 D -1 2010-12-01T09:41:00Z 27.50",
            "5 536589 21777 -10 2010-12-01T16:50:00Z 0.00",
        ]
    );
    let transactions = transactions(text);
    let shown: Vec<_> = transactions.iter().map(|t| (t.number, t.document.as_str(), t.lines.len())).collect();
    assert_eq!(shown, [(10, "536365", 2), (11, "C536379", 1), (12, "536589", 1)]);
    let kinds: Vec<_> =
        transactions.iter().flat_map(|t| &t.lines).map(|line| (line.kind, line.quantity)).collect();
    let adjusted = Kind::AdjustDown(ledger::Reason::DataEntry);
    assert_eq!(kinds, [(Kind::Sell, 6), (Kind::Sell, 6), (Kind::Return, 1), (adjusted, 10)]);
    assert_eq!(transactions[0].lines[0].barcode, "]E02085123001002");
}

#[test]
fn semicolons_tabs_and_marks_read_alike() {
    let expect = ["2 17 4006381333931 2 2011-07-01T08:00:00Z 1.20"];
    for text in [
        "document;gtin;qty;date;price\n17;4006381333931;2;01.07.2011 09:00;1,20\n",
        "\u{feff}document\tgtin\tqty\tdate\tprice\r\n17\t4006381333931\t2\t2011-07-01 09:00\t1.20\r\n",
        "gtin,qty,document,Date,Time,price\n 4006381333931 , 2 ,17,2011-07-01,09:00,\"1,20\"",
    ] {
        assert_eq!(rows(text), expect, "{text}");
    }
}

#[test]
fn bad_rows_are_named_and_good_ones_kept() {
    let text = "invoice,code,qty,date,price\n\
        1,11111,1,2011-01-03 09:00,1\n\
        ,11111,1,2011-01-03 09:00,1\n\
        2,,1,2011-01-03 09:00,1\n\
        3,11111,0,2011-01-03 09:00,1\n\
        4,11111,1,3/4/2011 09:00,1\n\
        5,11111,1,2011-01-03 09:00,1,95\n\
        6,11111,1\n\
        ,,,,\n\
        7,\"11111,1,2011-01-03 09:00,1\n\
        8,11111,1,2011-01-03 09:00,\n";
    let expect = expect_test::expect![[r#"
        2 1 11111 1 2011-01-03T09:00:00Z 1.00
        line 3, column invoice, value ``: it is empty; give the row its document's number, at most 40 characters
        line 4, column code, value ``: the item code is empty; give the row the item's code
        line 5, column quantity, value `0`: nothing moved; leave the row out or correct the quantity
        line 6, column date, value `3/4/2011 09:00`: day and month cannot be told apart; say `--date-order dmy` or `--date-order mdy`
        line 7: it has 6 fields, the header has 5; quote the text that has a delimiter in it
        line 8, column date, value ``: there is no date; write when it happened
        line 10: a quote opens here and does not close within 32 lines; close it, or double it if it belongs to the text
        11 8 11111 1 2011-01-03T09:00:00Z -
    "#]];
    expect.assert_eq(&(rows(text).join("\n") + "\n"));
}

#[test]
fn a_row_that_is_no_utf8_is_named() {
    let bytes = b"invoice,code,qty,date,description,note\n1,11111,1,2011-01-03,CAF\xc9,x\n2,11111,1,2011-01-03,CAFE,\xc9\n";
    let read: Vec<_> = rows_of(bytes).unwrap().collect();
    assert_eq!(read[0].as_ref().unwrap_err().code, "not_utf8");
    assert_eq!(read[0].as_ref().unwrap_err().column, "description");
    // A column that nobody reads may hold anything.
    assert!(read[1].is_ok());
}

#[test]
fn a_cut_gzip_file_keeps_what_can_be_read() {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(b"invoice,code,qty,date\n").unwrap();
    for n in 0..20_000 {
        writeln!(encoder, "{n},11111,{},2011-01-03 09:00", n % 7 + 1).unwrap();
    }
    let whole = encoder.finish().unwrap();
    let read: Vec<_> = rows_of(&whole[..whole.len() / 2]).unwrap().collect();
    let (last, before) = read.split_last().unwrap();
    assert_eq!(last.as_ref().unwrap_err().code, UNREADABLE);
    assert!(before.len() > 1000 && before.iter().all(Result::is_ok));
}

#[test]
fn headers_that_cannot_be_used_are_refused() {
    let refused = |bytes: &[u8]| rows_of(bytes).unwrap_err().to_string();
    assert!(refused(b"\n \n").starts_with("the file is empty"));
    assert!(refused(b"a,b\n1,2\n").starts_with("no column for date among `a,b`"));
    assert!(refused("x".repeat(100_000).as_bytes()).starts_with("the first line has more than 65536 bytes"));
}

#[test]
fn leading_blank_lines_count_but_do_not_matter() {
    assert_eq!(
        rows("\n\ninvoice,code,qty,date\n1,11111,1,2011-01-03\n"),
        ["4 1 11111 1 2011-01-03T12:00:00Z -"]
    );
}

#[test]
fn a_document_stays_at_one_store_and_till_whenever_it_is_read() {
    let text: String = (0..300).map(|n| format!("{n},11111,1,2011-01-03\n")).collect();
    let text = format!("invoice,code,qty,date\n{text}");
    let first = transactions(&text);
    assert_eq!(first, transactions(&text));
    for store in 0..3 {
        let tills: std::collections::BTreeSet<_> =
            first.iter().filter(|t| t.store == store).map(|t| t.till).collect();
        assert_eq!(tills.into_iter().collect::<Vec<_>>(), [1, 2, 3, 4]);
    }
    let places: Vec<_> = first.iter().take(6).map(|t| (t.store, t.till)).collect();
    expect_test::expect!["[(1, 4), (0, 1), (1, 3), (0, 2), (2, 2), (2, 1)]"]
        .assert_eq(&format!("{places:?}"));
}

#[test]
fn a_long_document_continues_in_another_transaction() {
    let text: String = (0..2500).map(|_| "1,11111,1,2011-01-03\n").collect();
    let lengths: Vec<_> =
        transactions(&format!("invoice,code,qty,date\n{text}")).iter().map(|t| t.lines.len()).collect();
    assert_eq!(lengths, [1000, 1000, 500]);
}

#[test]
fn free_and_negative_prices_are_replayed() {
    let text = "invoice,code,qty,date,price\nA563186,B,1,2011-08-12 14:51:00,-11062.06\n1,11111,1,2011-01-03,0.001\n";
    let prices: Vec<_> = transactions(text).iter().map(|t| t.lines[0].unit_price.unwrap().minor()).collect();
    assert_eq!(prices, [-1_106_206, 0]);
}
