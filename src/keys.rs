//! Where the public keys come from: files in the shape that `aws cloudtrail list-public-keys` prints, or AWS itself.
//! AWS's keys are the root of trust; everything else in the bucket is proven by them or not at all.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value, json};

use crate::json::{self, NotJson};
use crate::trail::{Region, Time};

#[cfg(feature = "aws")]
pub mod aws;
pub mod source;
pub use crate::crypto::{Authority, Fingerprint, KeyRing, Lookup, NotAKey, PublicKey, Signature};
pub use source::KeySource;

/// The largest key file that is read: fifty times the keys of all regions for seven years.
const FILE_LIMIT: u64 = 64 << 20;

/// Why a key file is not one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// It could not be read.
    #[error("cannot read the key file {path}: {error}")]
    Unreadable {
        /// The file.
        path: String,
        /// What came back.
        error: std::io::Error,
    },
    /// It is not JSON.
    #[error("{path} {error}")]
    NotJson {
        /// The file.
        path: String,
        /// What it is instead, or where and why it is not.
        error: NotJson,
    },
    /// It is JSON of another shape.
    #[error(
        "{path}: {field}: {problem}; expected what `aws cloudtrail list-public-keys` prints, or an object of such \
         lists keyed by region"
    )]
    Shape {
        /// The file.
        path: String,
        /// The field.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// Reads a key file: answers of ListPublicKeys, one after another or keyed by region.
///
/// # Errors
///
/// Where there is no such file, or it does not hold keys.
pub fn read_file(path: &Path) -> Result<KeyRing, KeyFileError> {
    let name = path.display().to_string();
    let unreadable = |error| KeyFileError::Unreadable { path: name.clone(), error };
    let mut text = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(FILE_LIMIT + 1).read_to_end(&mut text).map_err(unreadable)?;
    if text.len() as u64 > FILE_LIMIT {
        return Err(unreadable(std::io::Error::other(format!("larger than {FILE_LIMIT} bytes"))));
    }
    parse(&text, &name)
}

/// Reads a key file's text, in any of the encodings that tools write; `origin` names it in errors and reports.
///
/// # Errors
///
/// Where there is no such file, or it does not hold keys.
pub fn parse(text: &[u8], origin: &str) -> Result<KeyRing, KeyFileError> {
    let not_json = |error| KeyFileError::NotJson { path: origin.to_owned(), error };
    let text = json::text(text).map_err(not_json)?;
    let name = Arc::from(origin);
    let mut ring = KeyRing::default();
    for (at, document) in json::documents(&text).enumerate() {
        let read = read_value(&document.map_err(not_json)?, &name);
        ring.merge(read.map_err(|Misshapen { field, problem }| KeyFileError::Shape {
            path: origin.to_owned(),
            field: match at {
                0 => field,
                _ => format!("in its document {}, {field}", at + 1),
            },
            problem,
        })?);
    }
    Ok(ring)
}

struct Misshapen {
    field: String,
    problem: String,
}

fn misshapen(field: impl Into<String>, problem: impl Into<String>) -> Misshapen {
    Misshapen { field: field.into(), problem: problem.into() }
}

fn read_value(value: &Value, origin: &Arc<str>) -> Result<KeyRing, Misshapen> {
    let object = value.as_object().ok_or_else(|| misshapen("the whole", "not an object"))?;
    let mut ring = KeyRing::default();
    if let Some(list) = list_of(object) {
        read_list(list, "PublicKeyList", None, origin, &mut ring)?;
        return Ok(ring);
    }
    if object.is_empty() {
        return Err(misshapen("PublicKeyList", "not there"));
    }
    for (name, answer) in object {
        let region: Region =
            name.parse().map_err(|_| misshapen(name, "neither PublicKeyList nor the name of a region"))?;
        let list = answer.as_object().and_then(list_of).unwrap_or(answer);
        read_list(list, name, Some(&region), origin, &mut ring)?;
    }
    Ok(ring)
}

/// The wire and the CLI say `PublicKeyList`; AWS's prose says `publicKeyList`.
fn list_of(object: &Map<String, Value>) -> Option<&Value> {
    object.get("PublicKeyList").or_else(|| object.get("publicKeyList"))
}

fn read_list(
    list: &Value,
    field: &str,
    region: Option<&Region>,
    origin: &Arc<str>,
    ring: &mut KeyRing,
) -> Result<(), Misshapen> {
    let list = list.as_array().ok_or_else(|| misshapen(field, "not a list of keys"))?;
    for (at, key) in list.iter().enumerate() {
        let field = format!("{field}[{at}]");
        let text = |name: &str| {
            key.get(name)
                .and_then(Value::as_str)
                .ok_or_else(|| misshapen(format!("{field}.{name}"), "not there, or not a string"))
        };
        let encoded = BASE64
            .decode(text("Value")?)
            .map_err(|error| misshapen(format!("{field}.Value"), error.to_string()))?;
        let fingerprint: Fingerprint = match key.get("Fingerprint") {
            None => Fingerprint::of(&encoded),
            Some(_) => text("Fingerprint")?.parse().map_err(|error: crate::trail::Malformed| {
                misshapen(format!("{field}.Fingerprint"), error.to_string())
            })?,
        };
        let mut decoded = PublicKey::decode(fingerprint, &encoded)
            .map_err(|error| misshapen(format!("{field}.Value"), error.to_string()))?;
        decoded.region = region.cloned();
        decoded.origin = Arc::clone(origin);
        decoded.valid_from = time(key, "ValidityStartTime", &field)?;
        decoded.valid_to = time(key, "ValidityEndTime", &field)?;
        ring.insert(decoded);
    }
    Ok(())
}

/// Version 1 of the AWS CLI prints epoch seconds, version 2 prints ISO 8601, and AWS's prose quotes the seconds.
fn time(key: &Value, name: &str, field: &str) -> Result<Option<Time>, Misshapen> {
    let wrong = || misshapen(format!("{field}.{name}"), "not a time");
    let from_seconds = |seconds: f64| DateTime::from_timestamp(seconds as i64, 0).ok_or_else(wrong);
    match key.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(seconds)) => from_seconds(seconds.as_f64().ok_or_else(wrong)?).map(Some),
        Some(Value::String(text)) => match text.parse::<f64>() {
            Ok(seconds) => from_seconds(seconds).map(Some),
            Err(_) => DateTime::parse_from_rfc3339(text).map(|time| Some(time.to_utc())).map_err(|_| wrong()),
        },
        Some(_) => Err(wrong()),
    }
}

/// Writes keys in the shape that [`parse`] reads, keyed by region; keys without a region stand under their own
/// `PublicKeyList` if there are no others.
pub fn to_json(ring: &KeyRing) -> Value {
    let mut regions: Map<String, Value> = Map::new();
    for key in ring.iter() {
        let entry = json!({
            "Value": BASE64.encode(&key.encoded),
            "ValidityStartTime": key.valid_from.map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true)),
            "ValidityEndTime": key.valid_to.map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true)),
            "Fingerprint": key.fingerprint.as_str(),
        });
        let name = key.region.as_ref().map_or("PublicKeyList", Region::as_str);
        let list = regions.entry(name.to_owned()).or_insert_with(|| json!([]));
        if let Value::Array(list) = list {
            list.push(entry);
        }
    }
    for (name, list) in &mut regions {
        if name != "PublicKeyList" {
            *list = json!({ "PublicKeyList": list.take() });
        }
    }
    Value::Object(regions)
}
