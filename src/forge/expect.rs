//! The law in small: which findings follow from what became of each digest. The forge knows what happened,
//! so it needs no verifier to say what is right; it shares no code with one.

use std::collections::BTreeSet;

use super::chain::ForgedDigest;
use super::hour::{HourPlan, Opening};
use super::plan::{ChainPlan, WorldPlan};
use super::truth::{Answer, Class, Code, Expected, InFolder, Truth};
use super::world::{ForgedChain, State, World};
use crate::trail::key::{LOG_FOLDER, LogKey};
use crate::trail::{ChainId, DigestKind, ObjectName, Span};

impl World {
    /// What is right to say about it as it stands.
    pub fn truth(&self) -> Truth {
        let mut findings = by_plan(&self.plan, &self.traces());
        findings.extend(by_logs(self));
        findings.extend(self.direct.iter().cloned());
        let mut truth = Truth::new(&self.plan, self.counts[0], self.counts[1], findings);
        truth.damages = self.deeds.clone();
        let in_folder = Answer::of(in_a_folder(self, &truth.findings));
        truth.in_folder = Some(in_folder).filter(|answer| answer.findings != truth.findings);
        truth
    }

    fn traces(&self) -> Vec<Trace> {
        let step = |(digest, state): (&ForgedDigest, &State)| Step {
            object: digest.object().clone(),
            span: digest.body.span(),
            opening: digest.opening,
            state: *state,
        };
        let trace = |chain: &ForgedChain| Trace {
            id: chain.id.clone(),
            steps: chain.digests.iter().zip(&chain.states).map(step).collect(),
        };
        self.chains.iter().map(trace).collect()
    }
}

/// A chain as far as the law needs it.
pub(super) struct Trace {
    pub(super) id: ChainId,
    pub(super) steps: Vec<Step>,
}

/// A digest as far as the law needs it.
pub(super) struct Step {
    pub(super) object: ObjectName,
    pub(super) span: Span,
    pub(super) opening: Opening,
    pub(super) state: State,
}

impl Trace {
    /// The trace of a chain to which nothing happened.
    pub(super) fn of(plan: &WorldPlan, chain: &ChainPlan) -> Self {
        let step = |HourPlan { digest, span, opening, .. }| Step {
            object: digest,
            span,
            opening,
            state: State::Sound,
        };
        Self { id: chain.id.clone(), steps: chain.plan_hours(plan).map(step).collect() }
    }

    fn is_seen(&self) -> bool {
        self.steps.iter().any(|step| step.state != State::Absent)
    }
}

/// What follows for chains: digests missing, restarts, gaps; and the notices of what the plan had happen.
pub(super) fn by_plan(plan: &WorldPlan, traces: &[Trace]) -> Vec<Expected> {
    let window = plan.window();
    let mut findings = Vec::new();
    for trace in traces.iter().filter(|trace| trace.is_seen()) {
        missing(trace, window, &mut findings);
        restarts(trace, window, &mut findings);
        if trace.id.kind == DigestKind::Standard {
            gaps(trace, window, &mut findings);
        }
    }
    for chain in plan.chains() {
        let place = &chain.id.place;
        // Without digests there is no proof of what the log files say.
        if traces.iter().any(|trace| trace.id == chain.id && trace.is_seen()) {
            for log in chain.plan_hours(plan).flat_map(|hour| hour.logs) {
                if !log.journal.is_empty() && window.contains(log.delivered) {
                    findings.push(Expected::of_place(Code::TrailChanged, place, Some(&log.object)));
                }
            }
        }
    }
    findings
}

/// An authentic digest points to its predecessor; absent ones before that are counted back, hour by hour,
/// to the next that is there. Where none is there, nothing tells how far the chain once reached.
fn missing(trace: &Trace, window: Span, findings: &mut Vec<Expected>) {
    let absent = |at: usize| trace.steps[at].state == State::Absent;
    for (at, step) in trace.steps.iter().enumerate().skip(1) {
        if step.state != State::Sound || step.opening != Opening::Linked || !absent(at - 1) {
            continue;
        }
        let bounded = (0..at).any(|older| !absent(older));
        let mut lost = at - 1;
        loop {
            let Step { object, span, opening, .. } = &trace.steps[lost];
            if span.overlaps(&window) {
                findings.push(Expected::of_chain(Code::DigestMissing, &trace.id, Some(object)));
            }
            if !bounded || *opening != Opening::Linked || lost == 0 || !absent(lost - 1) {
                break;
            }
            lost -= 1;
        }
    }
}

fn restarts(trace: &Trace, window: Span, findings: &mut Vec<Expected>) {
    for step in &trace.steps {
        let seen = step.state == State::Sound && step.span.overlaps(&window);
        if seen && step.opening == Opening::Restarted {
            findings.push(Expected::of_chain(Code::ChainRestarted, &trace.id, Some(&step.object)));
        }
    }
}

fn gaps(trace: &Trace, window: Span, findings: &mut Vec<Expected>) {
    let mut covered_until = window.start;
    let mut stretch = |start, end| {
        let code = match () {
            () if start == window.start => Code::CoverageHead,
            () if end == window.end => Code::CoverageTail,
            () => Code::CoverageGap,
        };
        findings.push(Expected::of_chain(code, &trace.id, None));
    };
    for step in trace.steps.iter().filter(|step| step.state == State::Sound && step.span.overlaps(&window)) {
        if step.span.start > covered_until {
            stretch(covered_until, step.span.start);
        }
        covered_until = covered_until.max(step.span.end);
    }
    if covered_until < window.end {
        stretch(covered_until, window.end);
    }
}

/// What follows for log files that no authentic digest names, and for places without digests.
pub(super) fn by_logs(world: &World) -> Vec<Expected> {
    let window = world.plan.window();
    let of = |state: State| {
        let chains = world.chains.iter();
        chains.flat_map(move |chain| {
            chain.digests.iter().zip(&chain.states).filter(move |(_, own)| **own == state)
        })
    };
    let named: BTreeSet<&ObjectName> =
        of(State::Sound).flat_map(|(digest, _)| digest.logs()).map(|entry| &entry.object).collect();
    let mut findings = Vec::new();
    let mut absent = BTreeSet::new();
    for object in world.objects.keys() {
        let Some(log) = LogKey::parse(&object.key) else { continue };
        if &*log.kind != LOG_FOLDER || !window.contains(log.delivered) || named.contains(object) {
            continue;
        }
        let seen = world.chains.iter().any(|chain| {
            chain.id.place == log.place && chain.states.iter().any(|state| *state != State::Absent)
        });
        if !seen {
            absent.insert(log.place);
            continue;
        }
        let code =
            if world.named_by_rejected.contains(object) { Code::LogUnproven } else { Code::LogUnlisted };
        let mut finding = Expected::of_place(code, &log.place, Some(object));
        if !settled(world, &log) {
            finding.class = Class::Incomplete;
        }
        findings.push(finding);
    }
    findings.extend(absent.iter().map(|place| Expected::of_place(Code::RegionAbsent, place, None)));
    findings
}

/// Of the findings that are right for a bucket, those that are right for the folder it is written to. Each damage has a place
/// of its own; what is so there without it, by the plan alone, stays so.
pub(super) fn in_a_folder(world: &World, findings: &[Expected]) -> Vec<Expected> {
    let plan: &WorldPlan = &world.plan;
    let traces: Vec<Trace> = plan.chains().iter().map(|chain| Trace::of(plan, chain)).collect();
    let undamaged = by_plan(plan, &traces);
    let says = |finding: &Expected| {
        let mut taken = world.taken.iter();
        let here = taken.find(|(place, _)| {
            place.account.to_string() == finding.account && place.region.as_str() == finding.region
        });
        here.map_or(InFolder::Same, |(_, less)| *less)
    };
    let told = findings.iter().filter_map(|finding| match says(finding) {
        _ if undamaged.contains(finding) => Some(finding.clone()),
        InFolder::Same => Some(finding.clone()),
        InFolder::Unproven => {
            Some(Expected { class: finding.class.max(Class::Incomplete), ..finding.clone() })
        }
        InFolder::Nothing => None,
    });
    told.collect()
}

/// Whether every trail that delivers to the log file's place vouches for the time: one that has no digest for it may have
/// delivered it all the same. Objects that are no digests make no trail.
fn settled(world: &World, log: &LogKey) -> bool {
    let trails = world.chains.iter().filter(|chain| {
        chain.id.kind == DigestKind::Standard
            && chain.id.place == log.place
            && chain.states.contains(&State::Sound)
    });
    let lost = world.chains.iter().any(|chain| chain.id.place == log.place && lost(chain, log));
    !lost
        && world.chains.iter().any(|chain| covers(chain, log))
        && trails.into_iter().all(|chain| covers(chain, log))
}

/// Whether a digest of that time is known to have been, and proves nothing.
fn lost(chain: &ForgedChain, log: &LogKey) -> bool {
    chain.digests.iter().zip(&chain.states).enumerate().any(|(at, (digest, state))| {
        let known = match state {
            State::Sound => false,
            State::Rejected => true,
            State::Absent => chain.states[at..].contains(&State::Sound),
        };
        known && digest.body.span().contains(log.delivered)
    })
}

fn covers(chain: &ForgedChain, log: &LogKey) -> bool {
    chain.id.kind == DigestKind::Standard
        && chain.id.place == log.place
        && chain
            .digests
            .iter()
            .zip(&chain.states)
            .any(|(digest, state)| *state == State::Sound && digest.body.span().contains(log.delivered))
}
