//! The shape of OCSF 1.8.0's Detection Finding (2004) and Compliance Finding (2003), as far as it is used:
//! <https://schema.ocsf.io/1.8.0/classes/detection_finding>, <https://schema.ocsf.io/1.8.0/classes/compliance_finding>.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

#[derive(Default, Serialize)]
pub struct Event<'a> {
    pub activity_id: u8,
    pub activity_name: &'static str,
    pub category_uid: u16,
    pub category_name: &'static str,
    pub class_uid: u16,
    pub class_name: &'static str,
    pub type_uid: u32,
    pub type_name: &'static str,
    /// Milliseconds since 1970.
    pub time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<i64>,
    pub severity_id: u8,
    pub severity: &'static str,
    pub status_id: u8,
    pub status: &'static str,
    pub message: Cow<'a, str>,
    pub metadata: Metadata<'a>,
    pub cloud: Cloud<'a>,
    pub finding_info: FindingInfo<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_alert: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compliance: Option<Compliance>,
    pub resources: Vec<Resource<'a>>,
    /// Only Detection Findings have it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidences: Vec<Evidence<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remediation: Option<Remediation>,
    pub unmapped: BTreeMap<&'static str, String>,
}

#[derive(Default, Serialize)]
pub struct Metadata<'a> {
    pub version: &'static str,
    pub product: Product<'a>,
    pub profiles: [&'static str; 1],
}

#[derive(Default, Serialize)]
pub struct Product<'a> {
    pub name: &'static str,
    pub vendor_name: &'static str,
    pub version: &'a str,
}

#[derive(Default, Serialize)]
pub struct Cloud<'a> {
    pub provider: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Account>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<&'a str>,
}

#[derive(Serialize)]
pub struct Account {
    pub uid: String,
    pub type_id: u8,
    pub r#type: &'static str,
}

#[derive(Default, Serialize)]
pub struct FindingInfo<'a> {
    pub uid: String,
    pub title: &'static str,
    pub desc: &'a str,
    pub types: [&'static str; 1],
    pub created_time: i64,
}

#[derive(Serialize)]
pub struct Compliance {
    pub standards: [&'static str; 1],
    pub control: &'static str,
    pub status_id: u8,
    pub status: &'static str,
}

#[derive(Serialize)]
pub struct Resource<'a> {
    pub r#type: &'static str,
    pub uid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<&'a str>,
}

#[derive(Serialize)]
pub struct Evidence<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<File<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<BTreeMap<Cow<'static, str>, Value>>,
}

#[derive(Serialize)]
pub struct File<'a> {
    pub name: &'a str,
    pub path: &'a str,
    pub type_id: u8,
    pub r#type: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hashes: Vec<Fingerprint>,
}

#[derive(Serialize)]
pub struct Fingerprint {
    pub algorithm_id: u8,
    pub algorithm: &'static str,
    pub value: String,
}

#[derive(Serialize)]
pub struct Remediation {
    pub desc: String,
}
