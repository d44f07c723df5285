//! Why no connection came about, and what to look at next.

use std::error::Error;
use std::io;

use super::{Outlook, chain};

/// Why no connection came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreached {
    /// Somebody is there, and nobody listens.
    Refused,
    /// Nobody has such a name.
    UnknownName,
    /// What answered has a certificate that is not trusted, or another's.
    Untrusted,
    /// What answered does not speak TLS, or speaks it otherwise.
    NoTls,
    /// Anything else.
    Otherwise,
}

impl Unreached {
    pub(super) fn of(error: &(dyn Error + 'static)) -> Self {
        let io = || chain(error).filter_map(|cause| cause.downcast_ref::<io::Error>());
        match chain(error).find_map(tls) {
            Some(rustls::Error::InvalidCertificate(_)) => Self::Untrusted,
            Some(_) => Self::NoTls,
            None if io().any(|io| io.kind() == io::ErrorKind::ConnectionRefused) => Self::Refused,
            // hyper's own word for a name that leads nowhere; its type is not the SDK's to export.
            None if chain(error).any(|cause| cause.to_string().contains("dns error")) => Self::UnknownName,
            None => Self::Otherwise,
        }
    }

    /// A certificate stays what it is; everything else may be a network that comes back.
    pub(super) fn outlook(self) -> Outlook {
        match self {
            Self::Untrusted => Outlook::Settled,
            Self::Refused | Self::UnknownName | Self::NoTls | Self::Otherwise => Outlook::Passing,
        }
    }

    /// What to look at next.
    pub(super) fn next_step(self) -> &'static str {
        match self {
            Self::Refused => {
                "; nobody listens there: is the endpoint's address right, and is what it names running?"
            }
            Self::UnknownName => {
                "; there is no such name: is the endpoint or the region spelt right, and are names resolved here?"
            }
            Self::Untrusted => {
                "; its certificate is not trusted here: where a proxy looks into connections, AWS_CA_BUNDLE or the profile's ca_bundle names its \
                 certificates"
            }
            Self::NoTls => "; does what answers there speak TLS, or is the endpoint one of http://?",
            Self::Otherwise => "",
        }
    }
}

/// The failure of TLS that a cause is or carries: an error of the system's holds it, and not as its source.
fn tls<'error>(cause: &'error (dyn Error + 'static)) -> Option<&'error rustls::Error> {
    let mut cause = cause;
    while let Some(carried) = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        cause = carried;
    }
    cause.downcast_ref()
}
