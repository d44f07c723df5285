//! The program against an S3 that nobody here wrote: SeaweedFS, which checks every signature. What it does not have is in
//! `real_moto.rs`: session tokens, roles, KMS, CloudTrail. Keys come from a file, as for every store that is not AWS's.
//! Where there is no Python environment to take the server from, that is said on stderr and nothing is proven.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::LazyLock;

use assert_cmd::Command;
use serde_json::{Value, json};
use trailseal::forge::{Damage, Turn, WorldPlan};

use crate::binary::{self, Verified, judged};
use crate::support::boto::Credentials;
use crate::support::record::{Record, small};
use crate::support::seaweed::{AUDITOR, LISTER, Seaweed};
use crate::support::verify::{Told, right};

/// A small whole record that is there for every test that only reads it.
static WHOLE: LazyLock<Option<(&Seaweed, Record)>> = LazyLock::new(|| {
    let server = Seaweed::get()?;
    let record = Record::forge(&small("whole", ""));
    server.owner().upload(&record.world, &json!({}));
    Some((server, record))
});

fn tampers(report: &Value) -> usize {
    report["findings"].as_array().unwrap().iter().filter(|finding| finding["class"] == "tamper").count()
}

#[test]
fn every_damage_is_told_as_in_the_tests_own_bucket() {
    let Some(server) = Seaweed::get() else { return };
    let mut owner = server.owner();
    let whole = Record::forge(&WorldPlan { bucket: "damaged".into(), ..WorldPlan::default() });
    owner.upload(&whole.world, &json!({}));
    whole.is_told_right(&server.url(), &AUDITOR, "whole");
    let mut complaints = Vec::new();
    for damage in Damage::ALL {
        let damaged = whole.damaged(*damage);
        owner.change(&whole.world, &damaged.world);
        let Verified { code, told, .. } = damaged.judged(&server.url(), &AUDITOR);
        let (right_code, right) = damaged.right();
        if (code, &told) != (right_code, &right) {
            let difference: Vec<&Told> = told.symmetric_difference(&right).collect();
            complaints.push(format!("{damage}: exit {code} instead of {right_code}, {difference:#?}"));
        }
        owner.change(&damaged.world, &whole.world);
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    whole.is_told_right(&server.url(), &AUDITOR, "whole again");
}

#[test]
fn prefixes_of_every_kind_are_named_listed_and_signed_alike() {
    let Some(server) = Seaweed::get() else { return };
    let long = format!("{}/{}", "l".repeat(200), "o".repeat(199));
    let prefixes = [
        ("spaces", "audit  logs/a b"),
        ("plus", "a+b/+"),
        ("percent", "100%/%2F/%20"),
        ("equals", "year=2026/x=="),
        ("unicode", "Prüfung/記録/🪵"),
        ("tilde", "~audit/~"),
        ("quotes", "it's/\"quoted\"/`so`"),
        ("signs", "a&b=c;d,e:f@g$h!i(j)k*l"),
        ("long", &long),
    ];
    let mut owner = server.owner();
    for (name, prefix) in prefixes {
        let record = Record::forge(&small(&format!("prefix-{name}"), prefix));
        owner.upload(&record.world, &json!({}));
        record.is_told_right(&server.url(), &AUDITOR, name);
        let damaged = record.damaged(Damage::LogEventEdited);
        owner.change(&record.world, &damaged.world);
        damaged.is_told_right(&server.url(), &AUDITOR, name);
    }
}

#[test]
fn organizations_trails_that_share_a_bucket_and_histories_are_told_right() {
    let Some(server) = Seaweed::get() else { return };
    let mut owner = server.owner();
    let organization = Some("o-exampleorgid".parse().unwrap());
    let trails = vec!["one".parse().unwrap(), "other".parse().unwrap()];
    let plans = [
        ("organization", WorldPlan { organization, prefix: "audit".into(), ..WorldPlan::default() }),
        ("trails", WorldPlan { trails, regions: 1, ..WorldPlan::default() }),
        ("restart", WorldPlan { turns: [Turn::Restart].into(), ..WorldPlan::default() }),
        ("redelivery", WorldPlan { turns: [Turn::Redelivery].into(), ..WorldPlan::default() }),
    ];
    for (name, plan) in plans {
        let record = Record::forge(&WorldPlan { bucket: name.into(), ..plan });
        owner.upload(&record.world, &json!({}));
        record.is_told_right(&server.url(), &AUDITOR, name);
    }
}

#[test]
fn who_may_not_read_accuses_nobody() {
    let Some((server, record)) = &*WHOLE else { return };
    let Verified { code, report, .. } = judged(&record.verify(&server.url(), &LISTER).output().unwrap());
    assert_eq!((code, tampers(&report)), (3, 0), "{:#}", report["findings"]);
    assert!(report["findings"].to_string().contains("denied"), "{:#}", report["findings"]);
    assert_eq!(report["totals"]["digests"]["authentic"], 0);
}

/// Without a list nothing can begin: exit 2, with what the store answered and what to do.
#[test]
fn wrong_secrets_strangers_and_session_tokens_are_refused_in_the_stores_words() {
    let Some((server, record)) = &*WHOLE else { return };
    let wrong_secret = Credentials { secret: "another-secret", ..AUDITOR };
    let stranger = Credentials { id: "AKIDSTRANGER", ..AUDITOR };
    // SeaweedFS knows sessions of its own STS alone; moto takes tokens.
    let token = Credentials { session: Some("a-token-that-nobody-gave"), ..AUDITOR };
    for (who, word) in
        [(wrong_secret, "SignatureDoesNotMatch"), (stranger, "InvalidAccessKeyId"), (token, "")]
    {
        let output = record.verify(&server.url(), &who).output().unwrap();
        let said = binary::stderr(&output);
        assert!(binary::code(&output) == 2 && said.contains(word), "{who}: {said}");
        assert!(output.stdout.is_empty(), "{who}: a report on what was not looked at");
    }
}

#[test]
fn a_private_authority_vouches_for_the_store_and_nobody_else_does() {
    let Some((server, record)) = &*WHOLE else { return };
    let verify = || record.verify(&server.tls_url(), &AUDITOR);
    let output = verify().env("AWS_CA_BUNDLE", server.authority()).output().unwrap();
    let Verified { code, told, .. } = judged(&output);
    assert_eq!((code, told), (0, right(&record.truth)));

    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    let keys = format!("aws_access_key_id = {}\naws_secret_access_key = {}\n", AUDITOR.id, AUDITOR.secret);
    let profile = format!("[profile private]\nca_bundle = {}\n{keys}", server.authority());
    std::fs::write(&config, profile).unwrap();
    let output = verify().env("AWS_CONFIG_FILE", &config).args(["--profile", "private"]).output().unwrap();
    assert_eq!(binary::code(&output), 0, "{}", binary::stderr(&output));

    let output = verify().output().unwrap();
    let said = binary::stderr(&output);
    assert!(binary::code(&output) == 2 && said.contains("certificate"), "{said}");
}

#[test]
fn one_file_is_proven_where_it_lies() {
    let Some((server, record)) = &*WHOLE else { return };
    let log = record.world.objects().keys().find(|name| name.key.contains("_CloudTrail_")).unwrap();
    let mut command = record.verify(&server.url(), &AUDITOR);
    let keys = record.keys();
    let prove = Command::new(command.get_program())
        .env_clear()
        .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .args(["prove", &log.to_string(), "--endpoint-url", &server.url(), "--format", "json", "--keys"])
        .arg(keys)
        .output()
        .unwrap();
    let proof: Value = serde_json::from_slice(&prove.stdout).unwrap();
    assert_eq!((binary::code(&prove), &proof["verdict"]), (0, &json!("intact")), "{proof:#}");
    command.args(["--depth", "presence"]);
    assert_eq!(binary::code(&command.output().unwrap()), 0);
}
