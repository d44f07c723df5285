//! The stack of `trailseal deploy aws-batch`, as far as Batch is concerned, on a Batch that takes jobs and runs none.

use serde_json::{Value, json};

use super::deployed::{documents, python, strings};
use super::moto::{ANYBODY, Moto};

/// A job that was taken.
pub struct Submitted {
    /// What its container would be started with.
    pub words: Vec<String>,
    /// How many children it has.
    pub size: Option<u64>,
}

/// The jobs of one night; none where there is no Python environment.
pub fn submitted(template: &str) -> Option<Vec<Submitted>> {
    let server = Moto::own()?;
    let template = documents(template)?.remove(0);
    let asked = json!({
        "client": {
            "endpoint_url": server.url(),
            "region_name": "us-east-1",
            "aws_access_key_id": ANYBODY.id,
            "aws_secret_access_key": ANYBODY.secret,
        },
        "template": template,
        "parameters": { "State": "state-bucket", "Alerts": "arn:aws:sns:us-east-1:123456789012:own" },
    });
    let said = python(include_str!("batch.py"), &asked.to_string())?;
    let jobs: Vec<Value> = serde_json::from_str(&said).unwrap();
    Some(jobs.iter().map(read).collect())
}

fn read(job: &Value) -> Submitted {
    let word = |word: String| match word.strip_prefix("Ref::") {
        Some(name) => job["parameters"][name].as_str().unwrap().to_owned(),
        None => word,
    };
    let words = strings(&job["container"]["command"]).into_iter().map(word).collect();
    Submitted { words, size: job["arrayProperties"]["size"].as_u64() }
}
