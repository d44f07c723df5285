//! Credentials as every AWS tool takes them: profiles, processes, roles.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use crate::options_aws::{BUCKET, WORLD, config, noted, run, serve, signed_by, verify};
use crate::s3_cli::program;
use crate::support::faults::{Action, Call};
use crate::support::forged::{self, Encoding};

#[test]
fn a_profile_that_is_named_counts_before_the_environment() {
    let server = serve();
    let calls = noted(&server);
    let file = config(
        "[profile auditor]\naws_access_key_id = AUDITOR\naws_secret_access_key = s\nregion = us-west-2\n",
    );
    let ran = run(verify(&server, BUCKET, &["--profile", "auditor"]).env("AWS_CONFIG_FILE", file.path()));
    assert_eq!(ran.code, 0, "{}", ran.said);
    assert!(calls.lock().unwrap().iter().all(|call| signed_by(call) == Some("AUDITOR")));
    calls.lock().unwrap().clear();
    // Named by the environment, it does not.
    let ran =
        run(verify(&server, BUCKET, &[]).env("AWS_CONFIG_FILE", file.path()).env("AWS_PROFILE", "auditor"));
    assert_eq!(ran.code, 0, "{}", ran.said);
    assert!(calls.lock().unwrap().iter().all(|call| signed_by(call) == Some("AKIDTEST")));
}

#[test]
fn a_profile_that_is_not_there_is_refused_with_those_that_are() {
    let server = serve();
    let file = config("[profile audit]\nregion = us-west-2\n[profile other]\nregion = us-west-2\n");
    for with in [["--profile", "auditor"], ["--no-progress", "--grace=3h"]] {
        let mut command = verify(&server, BUCKET, if with[0] == "--profile" { &with } else { &[] });
        command.env("AWS_CONFIG_FILE", file.path()).env("AWS_PROFILE", "auditor");
        let ran = run(&mut command);
        assert_eq!(ran.code, 2);
        assert!(ran.said.contains("no profile auditor") && ran.said.contains("audit, other"), "{}", ran.said);
    }
    assert!(server.take_counts().is_empty());
}

#[test]
fn profiles_say_how_to_sign_in() {
    let server = serve();
    let file = config(
        "[profile sso]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = r\n\
         [sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.example/start\n\
         [profile mfa]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = sso\nmfa_serial = arn:aws:iam::111122223333:mfa/m\n\
         [profile process]\ncredential_process = /bin/false\n\
         [profile none]\nregion = us-east-1\n",
    );
    for (profile, words) in [
        ("sso", &["no usable AWS credentials: sign in: aws sso login --profile sso"][..]),
        ("mfa", &["mfa_serial", "not supported", "export-credentials --profile mfa"]),
        ("process", &["credentials could not be retrieved", "exited"]),
        (
            "none",
            &[
                "no credentials were found",
                "no usable AWS credentials",
                "aws configure",
                "aws sso login",
                "--profile",
                "AWS_PROFILE",
            ],
        ),
    ] {
        for command in [
            &mut verify(&server, BUCKET, &["--profile", profile]),
            program(&server).args(["keys", "fetch", "--profile", profile]),
        ] {
            let ran = run(command.env("AWS_CONFIG_FILE", file.path()));
            assert_eq!(ran.code, 2, "{profile}: {}", ran.said);
            for word in words {
                assert!(ran.said.contains(word), "{profile}: {word} is not in {}", ran.said);
            }
            assert!(ran.said.lines().count() <= 2 && !ran.said.contains("\\n"), "{}", ran.said);
            // What is missing comes first, where it was looked for second.
            let first = ran.said.lines().next().unwrap();
            assert!(!first.contains("list s3://") && !first.contains("ListRegions"), "{first}");
        }
    }
}

#[test]
fn a_device_is_told_of_whoever_names_the_profile() {
    let server = serve();
    let role = "role_arn = arn:aws:iam::111122223333:role/r\nsource_profile = base\n";
    let device = "mfa_serial = arn:aws:iam::111122223333:mfa/m\n";
    let keys = "aws_access_key_id = A\naws_secret_access_key = s\n";
    let file = config(&format!(
        "[default]\n{role}{device}[profile p]\n{role}{device}[profile q]\n{role}\
         [profile base]\n{keys}[profile plain]\n{keys}{device}"
    ));
    let asked = |named: &[&str], by_environment: &str, own_keys: bool| {
        let mut command = verify(&server, BUCKET, named);
        command.env("AWS_CONFIG_FILE", file.path()).env("AWS_PROFILE", by_environment);
        if !own_keys {
            command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
        }
        run(&mut command)
    };
    for (named, by_environment, own_keys, profile) in
        [(&["--profile", "p"][..], "", true, "p"), (&[], "p", false, "p"), (&[], "", false, "default")]
    {
        let ran = asked(named, by_environment, own_keys);
        let told = format!("the profile {profile} asks for MFA (mfa_serial)");
        assert!(ran.code == 2 && ran.said.contains(&told), "{by_environment}: {}", ran.said);
        assert!(ran.said.contains(&format!("export-credentials --profile {profile} ")), "{}", ran.said);
    }
    // Keys of the environment count before both, and where no role is taken on, the device is named for other tools.
    for (named, by_environment, own_keys) in
        [(&[][..], "p", true), (&[], "", true), (&["--profile", "plain"], "", true), (&[], "plain", false)]
    {
        let ran = asked(named, by_environment, own_keys);
        assert_eq!(ran.code, 0, "{named:?} {by_environment}: {}", ran.said);
    }
}

#[test]
#[cfg(unix)]
fn credentials_may_come_from_a_process() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = serve();
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("credentials.sh");
    let answer = r#"{"Version": 1, "AccessKeyId": "PROCESS", "SecretAccessKey": "s"}"#;
    std::fs::write(&script, format!("#!/bin/sh\necho '{answer}'\n")).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
    let file = config(&format!("[profile p]\ncredential_process = {}\n", script.display()));
    let calls = noted(&server);
    let ran = run(verify(&server, BUCKET, &["--profile", "p"])
        .env("AWS_CONFIG_FILE", file.path())
        .env("PATH", "/usr/bin:/bin"));
    assert_eq!(ran.code, 0, "{}", ran.said);
    assert!(calls.lock().unwrap().iter().all(|call| signed_by(call) == Some("PROCESS")));
}

#[test]
fn a_role_is_taken_on_for_every_call() {
    let server = serve();
    let calls = noted(&server);
    let role = "arn:aws:iam::111122223333:role/auditor";
    let arn = forged::world(&WORLD, Encoding::Mixed).trails[0].arn.clone();
    let account = arn.split(':').nth(4).unwrap().to_owned();
    let ran = run(&mut verify(&server, &arn, &["--assume-role", role, "--account", &account]));
    assert_eq!(ran.code, 0, "{}", ran.said);
    let calls = calls.lock().unwrap();
    let by = |role: bool| -> BTreeSet<Action> {
        let own = |call: &&Call| (signed_by(call) == Some("ASSUMED")) == role;
        calls.iter().filter(own).map(|call| call.action).collect()
    };
    assert_eq!(by(false), [Action::AssumeRole].into());
    let all = [
        Action::GetTrail,
        Action::GetTrailStatus,
        Action::GetCallerIdentity,
        Action::ListRegions,
        Action::ListPublicKeys,
        Action::ListObjectsV2,
        Action::GetObject,
    ];
    assert_eq!(by(true), all.into());
}
