//! Puts a forged world on the server.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use rsa::pkcs1::EncodeRsaPublicKey as _;
use rsa::pkcs8::DecodePublicKey as _;
use serde_json::{Value, json};
use trailseal::forge;

use super::world::{Bucket, KnownTrail, ListedKey, World};

/// How ListPublicKeys encodes the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As forged: some PKCS#1, some X.509, as AWS has published them.
    Mixed,
    /// PKCS#1 alone, each under the fingerprint the digests name: all that the AWS CLI can read.
    Pkcs1,
}

/// The region every forged bucket is in.
pub const BUCKET_REGION: &str = "us-east-1";

/// `forged`, as AWS would serve it.
pub fn world(forged: &forge::World, encoding: Encoding) -> World {
    let plan = forged.plan();
    let mut world = World {
        account: plan.account_ids()[0].to_string(),
        organization: plan.organization.as_ref().map(ToString::to_string),
        enabled_regions: plan.region_names().iter().map(ToString::to_string).collect(),
        ..World::default()
    };
    for (object, stored) in forged.objects() {
        let bucket =
            world.buckets.entry(object.bucket.to_string()).or_insert_with(|| Bucket::new(BUCKET_REGION));
        let put = bucket.put(&object.key, stored.body.clone());
        put.last_modified = stored.last_modified;
        let Some(metadata) = &stored.metadata else { continue };
        for (name, value) in [
            ("signature", &metadata.signature),
            ("signature-algorithm", &metadata.signature_algorithm),
            ("backfill-generation-timestamp", &metadata.backfill_generation_timestamp),
        ] {
            if let Some(value) = value {
                put.with(name, value);
            }
        }
    }
    let keys = keys(forged, encoding);
    for region in plan.region_names() {
        world.keys.insert(region.to_string(), keys.clone());
    }
    world.trails = trails(forged);
    world
}

fn keys(forged: &forge::World, encoding: Encoding) -> Vec<ListedKey> {
    let list: Value = serde_json::from_slice(&forged.keys().json()).unwrap();
    let time = |value: &Value| DateTime::parse_from_rfc3339(value.as_str().unwrap()).unwrap().to_utc();
    let key = |key: &Value| {
        let value = STANDARD.decode(key["Value"].as_str().unwrap()).unwrap();
        let pkcs1 = |value: Vec<u8>| match rsa::PublicKey::from_public_key_der(&value) {
            Ok(key) => key.to_pkcs1_der().unwrap().into_vec(),
            Err(_) => value,
        };
        ListedKey {
            value: match encoding {
                Encoding::Mixed => value,
                Encoding::Pkcs1 => pkcs1(value),
            },
            fingerprint: key["Fingerprint"].as_str().unwrap().to_owned(),
            valid_from: time(&key["ValidityStartTime"]),
            valid_to: time(&key["ValidityEndTime"]),
        }
    };
    list["PublicKeyList"].as_array().unwrap().iter().map(key).collect()
}

/// Every account's trails; of an organization only the management account's, which is everybody's.
fn trails(forged: &forge::World) -> Vec<KnownTrail> {
    let plan = forged.plan();
    let home = plan.region_names()[0].clone();
    let owners = match plan.organization {
        Some(_) => vec![plan.account_ids()[0]],
        None => plan.account_ids(),
    };
    let source = plan.source();
    let trail = |account, name| {
        let arn = format!("arn:aws:cloudtrail:{home}:{account}:trail/{name}");
        let mut description = json!({
            "Name": name,
            "S3BucketName": source.bucket,
            "HomeRegion": home.as_str(),
            "TrailARN": arn,
            "IsMultiRegionTrail": true,
            "IsOrganizationTrail": plan.organization.is_some(),
            "LogFileValidationEnabled": true,
        });
        if !source.prefix.is_empty() {
            description["S3KeyPrefix"] = json!(source.prefix.trim_end_matches('/'));
        }
        let status = json!({ "IsLogging": true, "LatestDigestDeliveryTime": plan.now().timestamp() as f64 });
        KnownTrail { arn, description, status, selectors: serde_json::json!({}) }
    };
    owners
        .iter()
        .flat_map(|account| plan.trails.iter().map(|name| trail(account.to_string(), name.to_string())))
        .collect()
}
