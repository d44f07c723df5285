//! A finding: what was found, and where.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::{Cause, Class, Code, Evidence, Severity, What};
use crate::trail::text::perhaps;
use crate::trail::{
    AccountId, AccountRegion, ChainId, ObjectName, OrganizationId, Region, Span, Time, TrailName,
};

/// Where in the account a finding belongs. Facts that are not known are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// The account.
    pub account: Option<AccountId>,
    /// The region whose activity is recorded.
    pub region: Option<Region>,
    /// The trail.
    pub trail: Option<TrailName>,
    /// The organization.
    pub organization: Option<OrganizationId>,
}

impl From<&ChainId> for Scope {
    fn from(chain: &ChainId) -> Self {
        Self { trail: Some(chain.trail.clone()), ..Self::from(&chain.place) }
    }
}

impl From<&AccountRegion> for Scope {
    fn from(place: &AccountRegion) -> Self {
        Self {
            account: Some(place.account),
            region: Some(place.region.clone()),
            trail: None,
            organization: place.organization.clone(),
        }
    }
}

/// What the caller makes of a finding, whatever it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overruled {
    /// It is accepted, and counts as a notice.
    Accepted,
    /// It counts as incomplete, although it is a notice.
    Raised,
}

impl Overruled {
    /// What the finding counts as then.
    pub fn class(self) -> Class {
        match self {
            Self::Accepted => Class::Notice,
            Self::Raised => Class::Incomplete,
        }
    }
}

/// A verdict or gap worth telling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// What it is, with the facts to check it against.
    pub what: What,
    /// What the caller makes of it, if anything else than it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overruled: Option<Overruled>,
    /// Where it belongs.
    pub scope: Scope,
    /// The object it is about.
    pub object: Option<ObjectName>,
    /// For a log file or a link: the digest that says how it should be.
    pub digest: Option<ObjectName>,
    /// For a gap: its bounds.
    pub span: Option<Span>,
    /// The time it belongs to, for sorting and for the coverage strip.
    #[serde(with = "perhaps", default)]
    pub at: Option<Time>,
    /// Why, where that is known.
    pub cause: Option<Cause>,
}

impl Finding {
    /// A finding with nothing else said yet.
    pub fn new(what: What, scope: impl Into<Scope>) -> Self {
        let scope = scope.into();
        Self { what, overruled: None, scope, object: None, digest: None, span: None, at: None, cause: None }
    }

    /// What it is.
    pub fn code(&self) -> Code {
        self.what.code()
    }

    /// What it says about the record by itself, whatever the caller makes of it.
    pub fn judged(&self) -> Class {
        self.what.class()
    }

    /// What it counts as.
    pub fn class(&self) -> Class {
        match self.overruled {
            Some(word) => word.class(),
            None => self.judged(),
        }
    }

    /// Its code, and what it counts as.
    pub fn kind(&self) -> (Class, Code) {
        (self.class(), self.code())
    }

    /// Facts to check it against.
    pub fn evidence(&self) -> Evidence {
        self.what.evidence()
    }

    /// How urgently it wants a person.
    pub fn severity(&self) -> Severity {
        Severity::of(self.code(), self.class())
    }

    /// The one order findings are told in: account, region, trail, time, object, code; then by all else they say, so that
    /// two findings are equal in it only if they are the same.
    pub fn order(&self, other: &Self) -> Ordering {
        fn key(finding: &Finding) -> impl Ord + '_ {
            let time = finding.at.or(finding.span.map(|span| span.start));
            let Scope { account, region, trail, .. } = &finding.scope;
            (account, region, trail, time, &finding.object, finding.code(), &finding.what, &finding.digest)
        }
        fn rest(finding: &Finding) -> impl Ord + '_ {
            (&finding.scope.organization, finding.overruled, finding.span, finding.at, &finding.cause)
        }
        key(self).cmp(&key(other)).then_with(|| rest(self).cmp(&rest(other)))
    }
}
