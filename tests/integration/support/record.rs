//! Forged records for servers that nobody here wrote, and the program's word on them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use assert_cmd::Command;
use tempfile::TempDir;
use trailseal::forge::{Damage, Truth, World, WorldPlan};

use super::boto::Credentials;
use super::verify::{Told, right};
use crate::binary::{self, Verified, judged};

/// A record with its keys in a file and what is right about it.
pub struct Record {
    pub world: World,
    pub truth: Truth,
    folder: TempDir,
}

impl Record {
    pub fn new(world: World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("keys.json"), world.keys().json()).unwrap();
        Self { truth: world.truth(), world, folder }
    }

    pub fn forge(plan: &WorldPlan) -> Self {
        Self::new(World::forge(plan).unwrap())
    }

    pub fn damaged(&self, damage: Damage) -> Self {
        let mut world = self.world.clone();
        world.apply(damage).unwrap();
        Self::new(world)
    }

    /// The file of its keys.
    pub fn keys(&self) -> PathBuf {
        self.folder.path().join("keys.json")
    }

    /// The program, told to verify this record at `url`.
    pub fn verify(&self, url: &str, who: &Credentials<'_>) -> Command {
        let Truth { bucket, prefix, .. } = &self.truth;
        self.verify_as(&format!("s3://{bucket}/{prefix}"), url, who)
    }

    /// The same, with another word for where the record is.
    pub fn verify_as(&self, source: &str, url: &str, who: &Credentials<'_>) -> Command {
        let mut command = binary::program();
        command
            .env_clear()
            .env("AWS_ACCESS_KEY_ID", who.id)
            .env("AWS_SECRET_ACCESS_KEY", who.secret)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_CONFIG_FILE", "/nowhere")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .args(["verify", source, "--endpoint-url", url])
            .args([
                "--start",
                &self.truth.window.start,
                "--end",
                &self.truth.window.end,
                "--format",
                "json",
                "--no-progress",
            ])
            .arg("--keys")
            .arg(self.keys());
        if let Some(session) = who.session {
            command.env("AWS_SESSION_TOKEN", session);
        }
        command
    }

    /// What the program says of it.
    #[track_caller]
    pub fn judged(&self, url: &str, who: &Credentials<'_>) -> Verified {
        judged(&self.verify(url, who).output().unwrap())
    }

    /// What is right on a server that dates objects itself: by the day of their upload, which no digest here covers. So a
    /// file that none names is not accused, although its name says a time that is covered.
    pub fn right(&self) -> (i32, BTreeSet<Told>) {
        let undated = |(class, code, account, region, object): Told| match &*code {
            "log-unlisted" => ("incomplete".to_owned(), code, account, region, object),
            _ => (class, code, account, region, object),
        };
        let told: BTreeSet<Told> = right(&self.truth).into_iter().map(undated).collect();
        let has = |class: &str| told.iter().any(|(other, ..)| other == class);
        let code = if has("tamper") { 1 } else { 3 * i32::from(has("incomplete")) };
        (code, told)
    }

    /// What the program says of it is what is right.
    #[track_caller]
    pub fn is_told_right(&self, url: &str, who: &Credentials<'_>, name: &str) {
        let Verified { code, told, report } = self.judged(url, who);
        assert_eq!((code, told), self.right(), "{name}: {:#}", report["findings"]);
    }
}

/// One account and region, in a bucket of its own.
pub fn small(bucket: &str, prefix: &str) -> WorldPlan {
    WorldPlan {
        accounts: 1,
        regions: 1,
        turns: Default::default(),
        bucket: bucket.into(),
        prefix: prefix.into(),
        ..WorldPlan::default()
    }
}
