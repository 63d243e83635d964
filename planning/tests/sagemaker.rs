//! The container contracts: `planner train` and `planner serve` as processes, a tree of files, and a real HTTP client.

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "plays the shell around the program")]
mod tests {
    use std::io::{BufRead as _, BufReader};
    use std::path::Path;
    use std::process::{Child, Command, Output, Stdio};

    use http_body_util::{BodyExt as _, Full};
    use hyper::body::Bytes;
    use hyper::{Method, Request, StatusCode};
    use hyper_util::client::legacy::Client;
    use hyper_util::client::legacy::connect::HttpConnector;
    use hyper_util::rt::TokioExecutor;
    use serde_json::{Value, json};

    /// Writes a training job of four series of 100 days.
    fn job(prefix: &Path, parameters: &Value) {
        let input = prefix.join("opt/ml/input");
        std::fs::create_dir_all(input.join("config")).expect("a temporary folder");
        std::fs::create_dir_all(input.join("data/train")).expect("a temporary folder");
        std::fs::write(input.join("config/hyperparameters.json"), parameters.to_string()).expect("a file");
        let mut lines = String::from("unique_id,ds,y\n");
        for series in 0..4 {
            for day in 0..100 {
                let date = ledger::time::Date::from_days(20_000 + day);
                lines.push_str(&format!("s{series},{date},{}\n", (day % 7) * (series + 1) + day % 3));
            }
        }
        std::fs::write(input.join("data/train/train.csv"), lines).expect("a file");
    }

    fn train(prefix: &Path) -> Output {
        let prefix = prefix.to_str().expect("UTF-8");
        let program =
            Command::new(env!("CARGO_BIN_EXE_planner")).args(["train", "--prefix", prefix]).output();
        program.expect("the program starts")
    }

    struct Server {
        child: Child,
        port: u16,
        client: Client<HttpConnector, Full<Bytes>>,
    }

    impl Drop for Server {
        fn drop(&mut self) {
            // Already gone after a clean stop.
            self.child.kill().unwrap_or_default();
            self.child.wait().map(drop).unwrap_or_default();
        }
    }

    impl Server {
        fn start(prefix: &Path, extra: &[&str]) -> Self {
            let mut child = Command::new(env!("CARGO_BIN_EXE_planner"))
                .args(["serve", "--port", "0", "--prefix", prefix.to_str().expect("UTF-8")])
                .args(extra)
                .stderr(Stdio::piped())
                .spawn()
                .expect("the program starts");
            let said = BufReader::new(child.stderr.take().expect("piped")).lines().next();
            let said = said.expect("a line").expect("UTF-8");
            let port = said.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
            Self { child, port, client: Client::builder(TokioExecutor::new()).build_http() }
        }

        async fn send(
            &self,
            method: Method,
            path: &str,
            kind: &str,
            body: impl Into<Bytes>,
        ) -> (StatusCode, String, Bytes) {
            let request = Request::builder()
                .method(method)
                .uri(format!("http://127.0.0.1:{}{path}", self.port))
                .header("content-type", kind)
                .header("x-amzn-sagemaker-custom-attributes", "trace=7;horizon=3")
                .body(Full::new(body.into()))
                .expect("a request");
            let response = self.client.request(request).await.expect("an answer");
            let attributes = response.headers().get("x-amzn-sagemaker-custom-attributes");
            let attributes = attributes.map_or("", |value| value.to_str().expect("ASCII")).to_owned();
            let status = response.status();
            (status, attributes, response.into_body().collect().await.expect("a body").to_bytes())
        }
    }

    fn json_of(body: &Bytes) -> Value {
        serde_json::from_slice(body).expect("JSON")
    }

    fn terminate(child: &Child) {
        let stopped = Command::new("kill").arg(child.id().to_string()).status().expect("kill is there");
        assert!(stopped.success());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_trained_model_answers_in_every_form_and_stops_when_told() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        job(folder.path(), &json!({ "horizon": "7", "seed": "3" }));
        let trained = train(folder.path());
        assert!(trained.status.success(), "{}", String::from_utf8_lossy(&trained.stderr));
        let printed = String::from_utf8_lossy(&trained.stdout).into_owned();
        assert!(printed.contains("series=4;\nhorizon=7;\n"), "{printed}");
        let mut server = Server::start(folder.path(), &[]);
        assert_eq!(server.send(Method::GET, "/ping", "", "").await.0, StatusCode::OK);
        let (_status, _attributes, body) = server.send(Method::GET, "/execution-parameters", "", "").await;
        assert_eq!(json_of(&body)["BatchStrategy"], json!("MULTI_RECORD"));

        let series = json!({ "id": "a", "start": "2026-01-01", "target": vec![5; 60] });
        let asked = json!({ "instances": [series, series] }).to_string();
        let (status, attributes, body) =
            server.send(Method::POST, "/invocations", "application/json", asked).await;
        assert_eq!((status, attributes.as_str()), (StatusCode::OK, "trace=7;horizon=3"));
        let first = &json_of(&body)["predictions"][0];
        assert_eq!(first["mean"].as_array().map(Vec::len), Some(7), "{first}");
        assert_eq!((&first["id"], &first["start"]), (&json!("a"), &json!("2026-03-02")));
        assert_eq!(first["quantiles"].as_object().map(serde_json::Map::len), Some(9));

        let lines = format!("{series}\nnonsense\n{series}\n");
        let (status, _attributes, body) =
            server.send(Method::POST, "/invocations", "application/jsonlines", lines).await;
        let lines: Vec<&str> = std::str::from_utf8(&body).expect("UTF-8").lines().collect();
        assert_eq!((status, lines.len()), (StatusCode::OK, 3));
        assert!(lines[0] == lines[2] && lines[1].starts_with("{\"error\""), "{lines:?}");

        let table =
            std::fs::read(folder.path().join("opt/ml/input/data/train/train.csv")).expect("the table");
        let (status, _attributes, body) = server.send(Method::POST, "/invocations", "text/csv", table).await;
        let answer = String::from_utf8_lossy(&body).into_owned();
        assert_eq!((status, answer.lines().count()), (StatusCode::OK, 1 + 4 * 3), "{answer}");

        let (status, _attributes, body) = server.send(Method::POST, "/invocations", "image/png", "x").await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert!(json_of(&body)["error"].as_str().is_some_and(|why| why.contains("`image/png`")));
        let (status, _attributes, body) =
            server.send(Method::POST, "/invocations", "application/json", "{").await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(json_of(&body)["error"].is_string());

        terminate(&server.child);
        assert!(server.child.wait().expect("it ends").success());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn many_models_come_and_go() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        job(folder.path(), &json!({ "horizon": "2" }));
        assert!(train(folder.path()).status.success());
        let server = Server::start(folder.path(), &["--multi-model"]);
        let load = json!({ "model_name": "north", "url": "/opt/ml/model" }).to_string();
        let invoke = json!({ "instances": [{ "start": "2026-01-01", "target": vec![1; 30] }] }).to_string();
        let json = "application/json";
        let status = async |method: Method, path: &str, body: &str| {
            server.send(method, path, json, body.to_owned()).await.0
        };
        assert_eq!(status(Method::POST, "/models/north/invoke", &invoke).await, StatusCode::NOT_FOUND);
        assert_eq!(status(Method::POST, "/models", &load).await, StatusCode::OK);
        assert_eq!(status(Method::POST, "/models", &load).await, StatusCode::CONFLICT);
        assert_eq!(status(Method::POST, "/models/north/invoke", &invoke).await, StatusCode::OK);
        let listed = json_of(&server.send(Method::GET, "/models", json, "").await.2);
        assert_eq!(listed["models"][0]["modelName"], json!("north"));
        assert_eq!(status(Method::GET, "/models/north", "").await, StatusCode::OK);
        assert_eq!(status(Method::DELETE, "/models/north", "").await, StatusCode::OK);
        assert_eq!(status(Method::DELETE, "/models/north", "").await, StatusCode::NOT_FOUND);
        let nowhere = load.replace("/opt/ml/model", "/nowhere");
        assert_eq!(status(Method::POST, "/models", &nowhere).await, StatusCode::BAD_REQUEST);
    }

    #[test]
    fn a_failed_job_says_why() {
        for (parameters, why) in [
            (
                json!({ "horizon": "soon" }),
                "the hyperparameter `horizon` is `soon`: give a whole number as text",
            ),
            (json!({ "layers": "9" }), "the hyperparameter `layers` is not known"),
            (json!({ "horizon": 7 }), "is no object of texts"),
            (json!({ "method": "oracle", "horizon": "7" }), "`method` is `oracle`"),
        ] {
            let folder = tempfile::tempdir().expect("a temporary folder");
            job(folder.path(), &parameters);
            assert_eq!(train(folder.path()).status.code(), Some(1));
            let failure =
                std::fs::read_to_string(folder.path().join("opt/ml/output/failure")).expect("a reason");
            assert!(failure.contains(why) && failure.chars().count() <= 1_024, "{failure}");
        }
        let empty = tempfile::tempdir().expect("a temporary folder");
        assert_eq!(train(empty.path()).status.code(), Some(1));
        let failure = std::fs::read_to_string(empty.path().join("opt/ml/output/failure")).expect("a reason");
        assert!(failure.starts_with("the channel `train` has no"), "{failure}");
    }

    #[test]
    fn the_boosted_method_leaves_a_forecast_of_the_series() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        job(folder.path(), &json!({ "horizon": "5", "method": "boosted", "rows": "2000" }));
        let trained = train(folder.path());
        assert!(trained.status.success(), "{}", String::from_utf8_lossy(&trained.stderr));
        let forecast = folder.path().join("opt/ml/output/data/forecast.csv");
        assert_eq!(std::fs::read_to_string(forecast).expect("a forecast").lines().count(), 1 + 4 * 5);
        assert!(folder.path().join("opt/ml/model/model.json").exists());
    }
}
