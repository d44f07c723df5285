//! What is asked, as a plan carries it. How much may be under way, and what earlier runs saw, are not the plan's: whoever does
//! a shard, and whoever joins the parts, says that.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::digest::NamedBy;
use crate::inspection::{Brief, Expected, Plan, Selection};
use crate::trail::source::Within;
use crate::trail::text::{moment, perhaps, shared};
use crate::trail::{Depth, Ended, Origin, Prefix, Time, Window};
use crate::verdict::Code;

#[derive(Serialize, Deserialize)]
struct Asked {
    source: String,
    #[serde(with = "shared")]
    bucket: Arc<str>,
    prefix: Prefix,
    within: Within,
    named_by: NamedBy,
    origin: Origin,
    #[serde(with = "perhaps")]
    start: Option<Time>,
    #[serde(with = "perhaps")]
    end: Option<Time>,
    #[serde(with = "moment")]
    now: Time,
    grace_seconds: i64,
    look_back_seconds: i64,
    ended: Vec<Ended>,
    depth: Depth,
    scope: Selection,
    expected: Expected,
    accept: BTreeSet<Code>,
    fail_on: BTreeSet<Code>,
    retention_days: Option<i64>,
    notes: Vec<String>,
    #[serde(with = "perhaps")]
    window_start: Option<Time>,
    #[serde(with = "moment")]
    window_end: Time,
    #[serde(with = "moment")]
    as_of: Time,
}

pub(super) fn serialize<S: Serializer>(brief: &Brief, out: S) -> Result<S::Ok, S::Error> {
    let Brief { plan, window, as_of } = brief;
    let plan = plan.clone();
    Asked {
        source: plan.source,
        bucket: plan.bucket,
        prefix: plan.prefix,
        within: plan.within,
        named_by: plan.named_by,
        origin: plan.origin,
        start: plan.start,
        end: plan.end,
        now: plan.now,
        grace_seconds: plan.grace.num_seconds(),
        look_back_seconds: plan.look_back.num_seconds(),
        ended: plan.ended,
        depth: plan.depth,
        scope: plan.scope,
        expected: plan.expected,
        accept: plan.accept,
        fail_on: plan.fail_on,
        retention_days: plan.retention.map(|retention| retention.num_days()),
        notes: plan.notes,
        window_start: window.start(),
        window_end: window.end(),
        as_of: *as_of,
    }
    .serialize(out)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(text: D) -> Result<Brief, D::Error> {
    let asked = Asked::deserialize(text)?;
    let seconds = |seconds| TimeDelta::try_seconds(seconds).unwrap_or_default();
    let plan = Plan {
        prefix: asked.prefix,
        within: asked.within,
        origin: asked.origin,
        start: asked.start,
        end: asked.end,
        grace: seconds(asked.grace_seconds),
        look_back: seconds(asked.look_back_seconds),
        ended: asked.ended,
        depth: asked.depth,
        scope: asked.scope,
        expected: asked.expected,
        accept: asked.accept,
        fail_on: asked.fail_on,
        retention: asked.retention_days.and_then(TimeDelta::try_days),
        notes: asked.notes,
        ..Plan::new(asked.source, asked.bucket, asked.named_by, asked.now)
    };
    let window = Window::reaching(asked.window_start, asked.window_end);
    Ok(Brief { plan, window, as_of: asked.as_of })
}
