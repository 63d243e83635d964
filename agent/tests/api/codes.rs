//! What the store says of codes, as a page and as data.

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::store::Store;

/// What a browser gets: the head and the page.
async fn browse(store: &Store, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(store.agent.http_addr()).await.unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: store\r\naccept: text/html\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

#[tokio::test]
async fn a_code_is_told_as_the_command_tells_it() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let told = store.get("/v1/codes?code=%5DC1010400638133393110A7%1D2105").await;
    let elements = json!([
        {"ai": "01", "value": "04006381333931"},
        {"ai": "10", "value": "A7"},
        {"ai": "21", "value": "05"},
    ]);
    assert_eq!((&told["elements"], &told["symbology"]), (&elements, &json!("GS1-128")));
    assert_eq!((&told["problems"], &told["gtin14"]), (&json!([]), &json!("04006381333931")));
    // The picture that a field shows stands for the separator.
    let picture = store.get("/v1/codes?code=%5DC1010400638133393110A7%E2%90%9D2105").await;
    assert_eq!(picture, told);

    let told = store.get("/v1/codes?code=%5Dd20104006381333931172613311021").await;
    assert_eq!(told["problems"][0]["class"], "date");
    assert_eq!(told["problems"][0]["place"], json!([23, 2]));
    let told = store.get("/v1/codes?code=2456609708201&region=SE").await;
    assert_eq!(
        (&told["weight"], &told["without_measure_gtin14"]),
        (&json!("8.20"), &json!("02456609700007"))
    );
    // Without an identifier it is an element string where all of it reads as one, or where it is said to be one.
    let told = store.get("/v1/codes?code=01040063813339311726123110A7").await;
    assert_eq!((&told["form"], &told["lot"]), (&json!("elements"), &json!("A7")));
    assert_eq!(store.get("/v1/codes?code=10A7").await["form"], "plain");
    assert_eq!(store.get("/v1/codes?code=10A7&assume=gs1").await["lot"], "A7");
    store.agent.stop().await;
}

#[tokio::test]
async fn a_question_that_is_none_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    for query in ["", "?code=", "?code=1&region=xx", "?code=1&assume=ean", "?code=1&code=2"] {
        assert_eq!(store.refused(&format!("/v1/codes{query}")).await, "400 query_invalid", "{query}");
    }
    let (head, page) = browse(&store, "/codes?code=4006381333931&region=%3Cb%3E").await;
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    assert!(
        page.contains(r#"role="alert""#) && page.contains("has the code <code>&#60;b&#62;</code>"),
        "{page}"
    );
    assert!(page.contains(r#"value="4006381333931""#) && !page.contains("<b>"));
    store.agent.stop().await;
}

#[tokio::test]
async fn the_page_names_the_item_and_marks_the_problem() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let (head, page) = browse(&store, "/codes?code=%5Dd20104006381333931172613311021").await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(head.contains("script-src 'self'"), "{head}");
    assert!(page.contains(r#"<a href="/?gtin=04006381333931">Oat drink 1 L</a>"#), "{page}");
    let mark = r#"26</span><span class="strip-piece" data-tone="problem" data-begins>"#;
    assert!(page.contains(mark), "{page}");
    assert!(page.contains(r#"<a href="/codes" aria-current="page">Codes</a>"#));

    let (head, page) =
        browse(&store, "/codes?code=%3Cscript%3Ealert(1)%3C/script%3E%C3%B6&region=&assume=gs1").await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(page.contains("alert(1)") && !page.contains("<script>"), "{page}");

    let (_, page) = browse(&store, "/codes").await;
    assert!(page.contains("Scan a code, or try one of these"));
    let (_, page) = browse(&store, "/").await;
    assert!(page.contains(r#"<a href="/codes">Codes</a>"#));
    store.agent.stop().await;
}

#[tokio::test]
async fn a_scan_of_any_length_is_answered() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_items(directory.path()).await;
    let longest = "1".repeat(20_000);
    let told = store.get(&format!("/v1/codes?code=%5DC1{longest}")).await;
    assert_eq!(told["problems"][0]["class"], "length");
    let (head, page) = browse(&store, &format!("/codes?code=%5DC1{longest}")).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(page.contains(r#"data-tone="problem""#));
    store.agent.stop().await;
}
