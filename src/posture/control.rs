//! Controls of frameworks, and who says that a check supports them.

/// A control that a check supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Control {
    /// The framework.
    pub framework: &'static str,
    /// Which version of it.
    pub version: &'static str,
    /// The control's own name there.
    pub id: &'static str,
    /// Whose mapping it is.
    pub source: &'static str,
}

const PCI: (&str, &str) = ("PCI DSS", "4.0.1");

/// A recommendation of the CIS AWS Foundations Benchmark: its numbers move with every version.
pub(super) const fn cis(version: &'static str, id: &'static str, source: &'static str) -> Control {
    Control { framework: "CIS AWS Foundations Benchmark", version, id, source }
}

/// A requirement of PCI DSS.
pub(super) const fn pci(id: &'static str, source: &'static str) -> Control {
    Control { framework: PCI.0, version: PCI.1, id, source }
}

/// A criterion of SOC 2, as Prowler maps it.
pub(super) const fn soc2(id: &'static str) -> Control {
    Control { framework: "SOC 2 Trust Services Criteria", version: "2017", id, source: prowler::SOURCE }
}

/// A paragraph of HIPAA's security rule, as Prowler maps it.
pub(super) const fn hipaa(id: &'static str) -> Control {
    Control { framework: "HIPAA Security Rule", version: "45 CFR 164", id, source: prowler::SOURCE }
}

/// A control of NIST SP 800-53, as Prowler maps it.
pub(super) const fn nist(id: &'static str) -> Control {
    Control { framework: "NIST SP 800-53", version: "r5", id, source: prowler::SOURCE }
}

/// A control of ISO/IEC 27001, as Prowler maps it.
pub(super) const fn iso(id: &'static str) -> Control {
    Control { framework: "ISO/IEC 27001", version: "2022", id, source: prowler::SOURCE }
}

/// AWS Security Hub CSPM.
pub(super) mod hub {
    use super::Control;

    /// Its user guide.
    pub(in crate::posture) const SOURCE: &str = "AWS Security Hub CSPM user guide, 2026";

    /// One of its own controls.
    pub(in crate::posture) const fn control(id: &'static str) -> Control {
        Control { framework: "AWS Security Hub CSPM", version: "2026", id, source: SOURCE }
    }
}

/// Prowler.
pub(super) mod prowler {
    /// The files in which it maps its checks.
    pub(in crate::posture) const SOURCE: &str = "Prowler, compliance files of 2026-08-21";
}

/// What no other maps.
pub(super) mod ours {
    use super::{Control, PCI};

    const SOURCE: &str = "trailseal's own reading";

    /// A requirement of PCI DSS.
    pub(in crate::posture) const fn pci(id: &'static str) -> Control {
        Control { framework: PCI.0, version: PCI.1, id, source: SOURCE }
    }
}
