//! The AWS CLI as judge: the real `aws cloudtrail validate-logs` and trailseal look at the same worlds on the same server,
//! and have to agree on every object. Where they differ on purpose, the reason stands in a table here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use trailseal::forge::{Plan, World};
use trailseal::trail::format_time;

use crate::support::aws_cli::{AwsCli, Question};
use crate::support::forged::{self, Encoding};
use crate::support::server::Server;

#[test]
fn look() {
    let Some(cli) = AwsCli::get() else { return };
    let plan = Plan::default();
    let world = World::forge(&plan).unwrap();
    let server = Server::start(forged::world(&world, Encoding::Pkcs1));
    let window = plan.window();
    for account in plan.account_ids() {
        for region in plan.region_names() {
            let arn = format!("arn:aws:cloudtrail:us-east-1:{account}:trail/{}", plan.trails[0]);
            let said = cli.validate_logs(
                &server,
                &Question {
                    trail_arn: &arn,
                    account: &account.to_string(),
                    region: region.as_str(),
                    start: &format_time(window.start),
                    end: &format_time(window.end),
                },
            );
            println!("{}", said.stdout);
            println!("{}", said.stderr);
            println!("{:?} {}", server.take_counts(), said.exit_code);
        }
    }
}
