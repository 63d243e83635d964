//! A store under test: a real agent on a free port, with a few items.

use std::path::Path;

use agent::{Agent, Config};
use ledger::{StoreId, TradingDay};
use serde_json::{Value, json};
use web::{CallError, Client};

const ITEMS: &str = "gtin,name,unit,price\n\
    4006381333931,Oat drink 1 L,pcs,1.99\n\
    96385074,Gum,pcs,0.50\n\
    2000000000008,Apples loose,g,3.49\n\
    12345,Broken,pcs,1\n";

pub(crate) struct Store {
    pub(crate) agent: Agent,
    pub(crate) client: Client,
}

impl Store {
    pub(crate) async fn open(directory: &Path) -> Self {
        let config = Config {
            data_dir: directory.to_owned(),
            store: StoreId::new("s001").unwrap(),
            place: "High Street".to_owned(),
            trading_day: TradingDay::new("Europe/London", 180).unwrap(),
            listen: ([127, 0, 0, 1], 0).into(),
            uplink: None,
        };
        let agent = Agent::start(config).await.unwrap();
        let client = Client::new(&format!("http://{}", agent.http_addr())).unwrap();
        Self { agent, client }
    }

    pub(crate) async fn with_items(directory: &Path) -> Self {
        let store = Self::open(directory).await;
        let imported: Value =
            store.client.post_bytes("/v1/items?currency=GBP", "text/csv", ITEMS).await.unwrap();
        assert_eq!((&imported["accepted"], &imported["rejected"]), (&json!(3), &json!(1)));
        assert_eq!(imported["errors"][0]["line"], 5);
        assert_eq!(imported["errors"][0]["column"], "gtin");
        store
    }

    pub(crate) async fn scan(&self, event: &Value) -> Value {
        self.client.post_json("/v1/scans", event).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.client.get_json(path).await.unwrap()
    }

    pub(crate) async fn refused(&self, path: &str) -> String {
        match self.client.get_json::<Value>(path).await {
            Err(CallError::Refused(problem)) => format!("{} {}", problem.status().as_u16(), problem.code()),
            other => format!("{other:?}"),
        }
    }
}
