//! Files in and out: what is checked, committed, taken back and exported, over real HTTP.

use std::io::{Cursor, Write as _};
use std::path::Path;
use std::time::Duration;

use agent::replica::{Change, Mode, NewImport, Options, Replica, Report, What};
use calamine::{Data, Reader as _, Xlsx};
use ledger::catalogue::Currency;
use ledger::opening::OpeningRow;
use ledger::{Account, Area, Lot, Quantity, StoreId, TradingDay, UserId};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use web::CallError;

use crate::store::Store;

const OAT: &str = "04006381333931";

impl Store {
    async fn upload(&self, query: &str, file: impl Into<Vec<u8>> + Send) -> Value {
        let path = format!("/v1/imports?{query}");
        self.client.post_bytes(&path, "application/octet-stream", file.into()).await.unwrap()
    }

    async fn upload_refused(&self, query: &str, file: &[u8]) -> String {
        let path = format!("/v1/imports?{query}");
        told(self.client.post_bytes::<Value>(&path, "text/csv", file.to_vec()).await)
    }

    async fn commit(&self, import: &Value, mode: &str) -> Result<Value, CallError> {
        let path = import["links"]["commit"].as_str().unwrap();
        self.client.post_json(path, &json!({ "mode": mode })).await
    }

    async fn undo(&self, import: &Value) -> Result<Value, CallError> {
        let path = import["links"]["undo"].as_str().unwrap();
        self.client.post_json(path, &json!({})).await
    }

    /// The import once nobody works on it any more.
    async fn settled(&self, import: &Value) -> Value {
        let path = format!("/v1/imports/{}", import["id"].as_str().unwrap());
        for _ in 0..1_000 {
            let now = self.get(&path).await;
            if !matches!(now["state"].as_str(), Some("committing" | "undoing")) {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the import never ends");
    }

    /// Head and body of an answer that is no JSON.
    async fn download(&self, path: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(self.agent.http_addr()).await.unwrap();
        // An answer to HTTP/1.0 comes as it is and ends with the connection.
        stream.write_all(format!("GET {path} HTTP/1.0\r\nhost: store\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let at = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        (String::from_utf8_lossy(&answer[..at]).to_lowercase(), answer[at + 4..].to_vec())
    }

    async fn text(&self, path: &str) -> String {
        String::from_utf8(self.download(path).await.1).unwrap()
    }

    async fn on_hand(&self, item: &str) -> i64 {
        self.get(&format!("/v1/positions/{item}")).await["on_hand"].as_i64().unwrap()
    }
}

fn told(answer: Result<Value, CallError>) -> String {
    match answer {
        Err(CallError::Refused(problem)) => {
            format!("{} {}: {}", problem.status().as_u16(), problem.code(), problem.detail())
        }
        other => format!("{other:?}"),
    }
}

/// The codes of an import's errors, each with its row and column.
fn errors(import: &Value) -> Vec<String> {
    let rows = import["errors"].as_array().unwrap();
    let word = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    rows.iter().map(|row| format!("{} {} {}", row["row"], word(row, "column"), word(row, "code"))).collect()
}

fn outcome(import: &Value, keys: &[&str]) -> Vec<u64> {
    keys.iter().map(|key| import["outcome"][key].as_u64().unwrap()).collect()
}

/// Prices from an office program in Western Europe: no UTF-8, decimal commas, a title, and what goes wrong there.
fn price_list() -> Vec<u8> {
    let text = "Preisliste Mai;;;\n\
        EAN;description;price;unit\n\
        4006381333931;;2,49;\n\
        5901234123457;K\u{e4}se;3,20;pcs\n\
        4,00638E+12;Tee;1;\n\
        36000291452;Salz;1,00;\n\
        96385074;;1.50;\n\
        2000000000008;;;pcs\n\
        5901234123457;Brot;1,00;\n";
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

#[tokio::test]
async fn a_price_list_is_checked_committed_and_taken_back() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let import = store.upload("kind=items&currency=GBP", price_list()).await;
    assert_eq!(import["state"], "checked");
    let report = &import["report"];
    assert_eq!((&report["encoding"], &report["delimiter"]), (&json!("windows-1252"), &json!(";")));
    assert_eq!((&report["decimal"], &report["header_line"]), (&json!("comma"), &json!(2)));
    assert_eq!(
        [&report["rows"], &report["accepted"], &report["rejected"]],
        [&json!(7), &json!(2), &json!(5)]
    );
    assert_eq!([&report["creates"], &report["updates"]], [&json!(1), &json!(1)]);
    assert_eq!(
        errors(&import),
        [
            "5 gtin gtin_scientific",
            "6 gtin gtin_zeros_lost",
            "7 price number_ambiguous",
            "8 unit unit_mismatch",
            "9 gtin repeated",
        ]
    );
    // Nothing is written yet.
    assert_eq!(store.refused("/v1/items/5901234123457").await, "404 unknown_item");
    assert_eq!(store.get(&format!("/v1/items/{OAT}")).await["price"]["minor"], 199);

    let (head, annotated) = store.download(import["links"]["annotated"].as_str().unwrap()).await;
    assert!(head.contains("text/csv") && head.contains("-checked.csv"), "{head}");
    let annotated = String::from_utf8(annotated).unwrap();
    let lines: Vec<&str> = annotated.lines().collect();
    assert!(lines[0].starts_with('\u{feff}') && lines[1] == "EAN;description;price;unit;import_problem");
    assert_eq!(lines[3], "5901234123457;K\u{e4}se;3,20;pcs;");
    assert!(lines[5].contains("with them it is `036000291452` (gtin_zeros_lost)"), "{}", lines[5]);

    let whole = told(store.commit(&import, "all_or_nothing").await);
    assert!(whole.starts_with("409 rows_invalid: 5 of 7 rows are wrong"), "{whole}");
    let early = told(store.undo(&import).await);
    assert!(early.starts_with("409 import_state: nothing of the import"), "{early}");
    assert_eq!(store.commit(&import, "valid_rows").await.unwrap()["id"], import["id"]);
    let done = store.settled(&import).await;
    assert_eq!((&done["state"], &done["progress"]), (&json!("committed"), &json!({"done": 2, "total": 2})));
    assert_eq!(outcome(&done, &["created", "updated", "refused"]), [1, 1, 0]);
    let oat = store.get(&format!("/v1/items/{OAT}")).await;
    assert_eq!((&oat["name"], &oat["price"]["minor"]), (&json!("Oat drink 1 L"), &json!(249)));
    let cheese = store.get("/v1/items/5901234123457").await;
    assert_eq!(cheese["price"], json!({"minor": 320, "currency": "GBP"}));

    // The same file is the same import, and committing it again does nothing.
    let again = store.upload("kind=items&currency=GBP", price_list()).await;
    assert_eq!((&again["id"], &again["state"]), (&import["id"], &json!("committed")));
    assert_eq!(store.commit(&import, "valid_rows").await.unwrap()["outcome"], done["outcome"]);
    let other = told(store.commit(&import, "all_or_nothing").await);
    assert!(other.starts_with("409 import_state"), "{other}");

    store.undo(&import).await.unwrap();
    let undone = store.settled(&import).await;
    assert_eq!(undone["state"], "undone");
    assert_eq!(outcome(&undone, &["undone", "kept"]), [2, 0]);
    assert_eq!(store.get(&format!("/v1/items/{OAT}")).await["price"]["minor"], 199);
    assert_eq!(store.refused("/v1/items/5901234123457").await, "404 unknown_item");
    let late = told(store.commit(&import, "valid_rows").await);
    assert!(late.contains("send the file again to begin anew"), "{late}");
    store.agent.stop().await;
}

#[tokio::test]
async fn what_was_changed_or_used_after_an_import_stays() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let file = "gtin,name,price\n96385074,Gum,0.60\n5901234123457,Cheese,3\n4006381333931,Oats,2\n";
    let import = store.upload("kind=items", file).await;
    store.commit(&import, "all_or_nothing").await.unwrap();
    assert_eq!(store.settled(&import).await["state"], "committed");
    let sold = json!({"device": "till-1", "device_seq": 1, "code": "5901234123457"});
    assert_eq!(store.scan(&sold).await["result"], "accepted");
    let later: Value =
        store.client.post_bytes("/v1/items", "text/csv", "gtin,name\n96385074,Chewing gum\n").await.unwrap();
    assert_eq!(later["accepted"], 1);
    store.undo(&import).await.unwrap();
    let undone = store.settled(&import).await;
    assert_eq!(outcome(&undone, &["undone", "kept"]), [1, 2]);
    assert_eq!(store.get("/v1/items/96385074").await["name"], "Chewing gum");
    assert_eq!(store.get("/v1/items/5901234123457").await["name"], "Cheese");
    assert_eq!(store.get(&format!("/v1/items/{OAT}")).await["name"], "Oat drink 1 L");
    store.agent.stop().await;
}

#[tokio::test]
async fn a_row_that_is_refused_on_the_way_takes_all_of_them_back() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let cheese = store.upload("kind=items", "gtin,name\n5901234123457,Cheese\n").await;
    store.commit(&cheese, "valid_rows").await.unwrap();
    store.settled(&cheese).await;
    let prices = "gtin,price\n4006381333931,5\n5901234123457,4\n";
    let import = store.upload("kind=items", prices).await;
    assert_eq!(import["report"]["updates"], 2);
    // The item goes between the check and the commit, and the row has no name to make it anew.
    store.undo(&cheese).await.unwrap();
    store.settled(&cheese).await;
    store.commit(&import, "all_or_nothing").await.unwrap();
    let undone = store.settled(&import).await;
    assert_eq!((&undone["state"], outcome(&undone, &["refused", "undone"])), (&json!("undone"), vec![1, 1]));
    assert!(undone["reason"].as_str().unwrap().starts_with("a row was refused"), "{undone}");
    assert_eq!(store.get(&format!("/v1/items/{OAT}")).await["price"]["minor"], 199);
    // Checked again, the file tells it before.
    assert_eq!(errors(&store.upload("kind=items", prices).await), ["3 name name_missing"]);
    store.agent.stop().await;
}

/// Opening stock as a spreadsheet has it: codes as numbers, a date cell, and rows that are wrong.
fn opening_sheet() -> Vec<u8> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let date = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
    let sheet = workbook.add_worksheet();
    for (place, title) in ["Barcode", "Qty", "Unit", "Area", "Batch", "Best_before"].iter().enumerate() {
        sheet.write_string(0, u16::try_from(place).unwrap(), *title).unwrap();
    }
    sheet.write_number(1, 0, 4_006_381_333_931.0).unwrap().write_number(1, 1, 12).unwrap();
    sheet.write_string(1, 3, "backroom").unwrap().write_string(1, 4, "A7").unwrap();
    sheet.write_number_with_format(1, 5, 46_359.0, &date).unwrap();
    sheet.write_string(2, 0, "2000000000008").unwrap().write_number(2, 1, 3.42).unwrap();
    sheet.write_string(2, 2, "kg").unwrap();
    sheet.write_number(3, 0, 5_901_234_123_457.0).unwrap().write_number(3, 1, 1).unwrap();
    sheet.write_number(4, 0, 96_385_074.0).unwrap().write_number(4, 1, 5).unwrap();
    sheet.write_string(4, 4, "B1").unwrap().write_string(4, 5, "03/04/2027").unwrap();
    workbook.save_to_buffer().unwrap()
}

#[tokio::test]
async fn opening_stock_from_a_workbook_is_recorded_and_corrected() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    // Made once: a workbook says when it was made.
    let filled = opening_sheet();
    let import = store.upload("kind=opening_stock&user=anna", filled.clone()).await;
    assert_eq!(errors(&import), ["4 gtin unknown_item", "5 expiry date_ambiguous"]);
    assert_eq!(import["errors"][1]["message"], "this may be 2027-04-03 or 2027-03-04");
    assert_eq!(import["report"]["sheet"], "Sheet1");

    let (head, annotated) = store.download(import["links"]["annotated"].as_str().unwrap()).await;
    assert!(head.contains("spreadsheetml") && head.contains("-checked.xlsx"), "{head}");
    let mut workbook = Xlsx::new(Cursor::new(annotated)).unwrap();
    let sheet = workbook.worksheet_range("Sheet1").unwrap();
    let text = |row, place| sheet.get_value((row, place)).map(ToString::to_string).unwrap_or_default();
    assert_eq!((text(0, 6), text(1, 6)), ("import_problem".to_owned(), String::new()));
    assert_eq!(text(3, 6), "gtin: the catalogue has no such item (unknown_item); import the item first");
    assert_eq!((text(1, 0), text(1, 3)), ("4006381333931".to_owned(), "backroom".to_owned()));
    assert!(matches!(sheet.get_value((1, 5)), Some(Data::DateTime(_))));

    store.commit(&import, "valid_rows").await.unwrap();
    let done = store.settled(&import).await;
    assert_eq!(outcome(&done, &["recorded", "refused"]), [2, 0]);
    assert_eq!([store.on_hand(OAT).await, store.on_hand("2000000000008").await], [12, 3420]);
    let movements = store.get("/v1/movements").await;
    let first = &movements["movements"][0];
    assert_eq!(
        (&first["kind"], &first["lot"], &first["user"]),
        (&json!("open"), &json!("A7"), &json!("anna"))
    );
    assert_eq!((&first["from"], &first["to"]), (&json!("opening"), &json!("sellable/backroom")));

    store.undo(&import).await.unwrap();
    let undone = store.settled(&import).await;
    assert_eq!(outcome(&undone, &["undone", "kept"]), [2, 0]);
    assert_eq!([store.on_hand(OAT).await, store.on_hand("2000000000008").await], [0, 0]);
    let movements = store.get("/v1/movements?after=2").await;
    let corrects: Vec<&Value> =
        movements["movements"].as_array().unwrap().iter().map(|entry| &entry["corrects"]).collect();
    assert_eq!(corrects, [&json!(1), &json!(2)]);

    // What was taken back may be imported again, and is recorded once more.
    let again = store.upload("kind=opening_stock&user=anna", filled).await;
    assert_eq!((&again["id"], &again["state"]), (&import["id"], &json!("checked")));
    store.commit(&again, "valid_rows").await.unwrap();
    assert_eq!(outcome(&store.settled(&again).await, &["recorded", "undone"]), [2, 0]);
    assert_eq!(store.on_hand(OAT).await, 12);
    assert_eq!(store.get("/v1/verify").await["whole"], true);
    store.agent.stop().await;
}

#[tokio::test]
async fn a_profile_remembers_how_a_suppliers_files_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let unmapped = store.upload_refused("kind=items", b"Artikel,Titel\n96385074,Gum\n").await;
    assert!(
        unmapped.starts_with("422 import_unreadable: no column `gtin` among `Artikel,Titel`"),
        "{unmapped}"
    );
    let query = "kind=items&profile=acme&map.gtin=Artikel&map.name=Titel";
    let first = store.upload(query, "Artikel,Titel\n96385074,Gum\n").await;
    assert_eq!(first["report"]["columns"], json!({"gtin": "Artikel", "name": "Titel"}));
    // The next file of the supplier comes packed and needs no mapping.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"Artikel,Titel\n5901234123457,Cheese\n").unwrap();
    let second = store.upload("kind=items&profile=acme", packed.finish().unwrap()).await;
    assert_eq!((&second["report"]["accepted"], &second["report"]["format"]), (&json!(1), &json!("csv")));
    // A file is named by what it says, not by how it is packed.
    let plain = store.upload("kind=items&profile=acme", "Artikel,Titel\n5901234123457,Cheese\n").await;
    assert_eq!(plain["id"], second["id"]);
    let listed = store.get("/v1/imports?limit=1").await;
    assert_eq!(listed["imports"][0]["id"], second["id"]);
    let rest = store.get(&format!("/v1/imports?limit=1&after={}", listed["next"])).await;
    assert_eq!(rest["imports"][0]["id"], first["id"]);
    store.agent.stop().await;
}

#[tokio::test]
async fn scans_are_recorded_while_a_long_file_is_imported() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let mut file = String::from("gtin,qty,place,lot\n");
    for lot in 0..3_000 {
        file.push_str(&format!("4006381333931,2,backroom,L{lot}\n"));
    }
    let import = store.upload("kind=opening_stock", file).await;
    store.commit(&import, "all_or_nothing").await.unwrap();
    for device_seq in 1..=20 {
        let sold = json!({"device": "till-1", "device_seq": device_seq, "code": "96385074"});
        assert_eq!(store.scan(&sold).await["result"], "accepted");
    }
    let done = store.settled(&import).await;
    assert_eq!((&done["state"], &done["outcome"]["recorded"]), (&json!("committed"), &json!(3_000)));
    assert_eq!(store.on_hand(OAT).await, 6_000);
    store.agent.stop().await;
}

#[tokio::test]
async fn goods_that_were_sold_since_are_not_taken_back() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let import = store.upload("kind=opening_stock", "gtin,qty\n4006381333931,5\n96385074,2\n").await;
    store.commit(&import, "valid_rows").await.unwrap();
    store.settled(&import).await;
    let sold = json!({"device": "till-1", "device_seq": 1, "code": OAT});
    assert_eq!(store.scan(&sold).await["result"], "accepted");
    store.undo(&import).await.unwrap();
    let undone = store.settled(&import).await;
    assert_eq!(outcome(&undone, &["undone", "kept"]), [1, 1]);
    let left = &undone["leftovers"][0];
    assert_eq!((&left["row"], &left["outcome"]), (&json!(2), &json!("kept")));
    assert!(left["detail"].as_str().unwrap().contains("only 4 of item"), "{left}");
    assert_eq!([store.on_hand(OAT).await, store.on_hand("96385074").await], [4, 0]);
    store.agent.stop().await;
}

/// Leaves an import of three rows in a directory, cut after the first of them.
async fn cut_import(directory: &Path) -> String {
    let options = Options {
        directory: directory.to_owned(),
        store: StoreId::new("s001").unwrap(),
        trading_day: TradingDay::new("Europe/London", 180).unwrap(),
    };
    let replica = Replica::open(options).unwrap();
    let id = "cut".to_owned();
    let new = NewImport {
        id: id.clone(),
        what: What::OpeningStock,
        choices: "{}".to_owned(),
        profile: None,
        report: Report { rows: 3, accepted: 3, ..Report::default() },
        user: UserId::new("anna").unwrap(),
    };
    let file = "gtin,qty,place\n4006381333931,5,floor\n4006381333931,7,bay\n96385074,9,\n";
    replica.keep_import(new, file.as_bytes().to_vec()).await.unwrap();
    replica.commit_import(id.clone(), Mode::ValidRows).await.unwrap();
    let opening = OpeningRow {
        item: OAT.parse().unwrap(),
        quantity: Quantity::new(5).unwrap(),
        place: Account::Sellable(Area::Floor),
        lot: Lot::unknown(),
        expiry: None,
    };
    let currency = Currency::parse("GBP").unwrap();
    replica.apply_rows(id.clone(), vec![Change::Opening { line: 2, opening }], currency).await.unwrap();
    replica.close().await;
    id
}

#[tokio::test]
async fn an_import_that_was_cut_goes_on_when_the_agent_is_back() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    store.agent.stop().await;
    let id = cut_import(directory.path()).await;
    let store = Store::open(directory.path()).await;
    let done = store.settled(&json!({ "id": id })).await;
    assert_eq!((&done["state"], &done["outcome"]["recorded"]), (&json!("committed"), &json!(3)));
    assert_eq!([store.on_hand(OAT).await, store.on_hand("96385074").await], [12, 9]);
    assert_eq!(store.get("/v1/status").await["seq"], 3);
    store.agent.stop().await;
}

#[tokio::test]
async fn exports_hold_what_the_store_holds_in_each_format() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let formula: Value =
        store.client.post_bytes("/v1/items", "text/csv", "gtin,name\n5901234123457,=1+2\n").await.unwrap();
    assert_eq!(formula["accepted"], 1);
    let scan = |seq: u64, at: &str, rest: Value| {
        let mut event = json!({"device": "till-1", "device_seq": seq, "code": OAT, "occurred_at": at});
        event.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        event
    };
    let (first, second) = ("2026-11-20T12:00:00Z", "2026-11-21T12:00:00Z");
    store.scan(&scan(1, first, json!({"intent": "open", "qty": 9, "lot": "A7", "place": "bay"}))).await;
    store.scan(&scan(2, second, json!({}))).await;

    let items = store.text("/v1/exports/items.csv").await;
    assert!(items.contains(&format!("{OAT},Oat drink 1 L,pcs,1.99,GBP,\n")), "{items}");
    assert!(items.contains("05901234123457,'=1+2,pcs,,,\n"), "{items}");
    let (head, positions) = store.download("/v1/exports/positions.csv").await;
    assert!(head.contains("filename=\"s001-positions.csv\""), "{head}");
    let positions = String::from_utf8(positions).unwrap();
    assert!(positions.ends_with(&format!("{OAT},Oat drink 1 L,pcs,8,8,0,8,2\n")), "{positions}");
    let places = store.text("/v1/exports/positions.csv?by=place").await;
    assert!(places.contains(&format!("{OAT},Oat drink 1 L,pcs,sellable/bay,A7,,9,2\n")), "{places}");
    assert!(places.contains(&format!("{OAT},Oat drink 1 L,pcs,sellable/floor,,,-1,2\n")), "{places}");

    let lines = |text: String| {
        text.lines().skip(1).map(|line| line.chars().take(12).collect::<String>()).collect::<Vec<_>>()
    };
    let all = store.text(&format!("/v1/exports/movements.csv?item={OAT}")).await;
    assert_eq!(lines(all), ["1,2026-11-20", "2,2026-11-21"]);
    let one_day = store.text("/v1/exports/movements.csv?from=2026-11-21&to=2026-11-21").await;
    assert_eq!(lines(one_day), ["2,2026-11-21"]);
    let none = store.text("/v1/exports/movements.csv?item=96385074").await;
    assert_eq!(none.lines().count(), 1);

    let (_, bytes) = store.download("/v1/exports/items.xlsx").await;
    let mut workbook = Xlsx::new(Cursor::new(bytes)).unwrap();
    let sheet = workbook.worksheet_range("items").unwrap();
    assert_eq!(sheet.get_value((1, 0)), Some(&Data::String("00000096385074".to_owned())));
    assert_eq!(sheet.get_value((1, 3)), Some(&Data::Float(0.5)));

    let (head, bytes) = store.download("/v1/exports/movements.parquet").await;
    assert!(head.contains("application/vnd.apache.parquet"), "{head}");
    let reader = SerializedFileReader::new(axum::body::Bytes::from(bytes)).unwrap();
    assert_eq!(reader.metadata().file_metadata().num_rows(), 2);

    // What was exported is imported as it is, and changes nothing.
    let (_, bytes) = store.download("/v1/exports/items.xlsx").await;
    let import = store.upload("kind=items", bytes).await;
    store.commit(&import, "all_or_nothing").await.unwrap();
    assert_eq!(outcome(&store.settled(&import).await, &["unchanged", "updated", "created"]), [4, 0, 0]);
    store.agent.stop().await;
}

#[tokio::test]
async fn a_request_that_makes_no_sense_says_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    for (query, file, expect) in [
        ("", "gtin\n", "400 query_invalid: query: `kind` is missing"),
        ("kind=shelves", "gtin\n", "400 query_invalid: query: `kind` is `shelves`"),
        ("kind=items&decimal=dot", "gtin\n", "400 query_invalid: query: `decimal` is `dot`"),
        ("kind=items&colour=red", "gtin\n", "400 query_invalid: query: `colour` is not known"),
        ("kind=items&currency=euro", "gtin\n", "422 import_unreadable: `euro` is no currency"),
        ("kind=items", "", "422 import_unreadable: the file is empty"),
        ("kind=items", "PK\u{3}\u{4}x", "422 import_unreadable: the workbook cannot be unpacked"),
        ("kind=opening_stock", "gtin,name\n", "422 import_unreadable: no column `qty` among `gtin,name`"),
    ] {
        let refused = store.upload_refused(query, file.as_bytes()).await;
        assert!(refused.starts_with(expect), "{query}: {refused}");
    }
    for (path, expect) in [
        ("/v1/imports/none", "404 unknown_import"),
        ("/v1/imports/none/annotated", "404 unknown_import"),
        ("/v1/imports?limit=0", "400 query_invalid"),
        ("/v1/exports/prices.csv", "404 unknown_export"),
        ("/v1/exports/items.ods", "404 unknown_export"),
        ("/v1/exports/items.csv?from=2026-01-01", "400 query_invalid"),
        ("/v1/exports/movements.csv?from=yesterday", "400 query_invalid"),
        ("/v1/exports/movements.csv?by=place", "400 query_invalid"),
    ] {
        assert_eq!(store.refused(path).await, expect, "{path}");
    }
    let missing =
        told(store.commit(&json!({"links": {"commit": "/v1/imports/none/commit"}}), "valid_rows").await);
    assert!(missing.starts_with("404 unknown_import"), "{missing}");
    store.agent.stop().await;
}
