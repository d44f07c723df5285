//! Which hosts are spoken to without a proxy: `NO_PROXY`, as curl and AWS's own tools read it.

use std::net::IpAddr;
use std::sync::Arc;

/// Where a machine and a container ask for their own credentials: nobody else's proxy can answer that.
const OWN: [&str; 3] = ["169.254.169.254", "169.254.170.2", "fd00:ec2::254"];

/// The hosts that are spoken to directly.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bypass(Arc<[Rule]>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    /// `*`
    Everything,
    /// An address, a network or a name, on one port or on all.
    Hosts(Hosts, Option<u16>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    /// Every address that shares so many bits with this one.
    Network(IpAddr, u8),
    /// This name and all below it, in lower case.
    Domain(String),
}

impl Bypass {
    /// Reads `NO_PROXY`, else `no_proxy`. Where there is no proxy at all, nothing has to be passed by.
    pub(super) fn from_environment() -> Self {
        let value = |names: &[&str]| names.iter().find_map(|name| std::env::var(name).ok());
        let proxies = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
        match value(&proxies) {
            None => Self::default(),
            Some(_) => Self::read(&value(&["NO_PROXY", "no_proxy"]).unwrap_or_default()),
        }
    }

    /// Reads rules with commas between them.
    fn read(text: &str) -> Self {
        let own = OWN.iter().filter_map(|address| rule(address));
        Self(text.split(',').filter_map(|word| rule(word.trim())).chain(own).collect())
    }

    /// Whether there is no rule.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the host of an address is spoken to directly.
    pub(super) fn holds(&self, uri: &str) -> bool {
        let Some((host, port)) = host_and_port(uri) else { return false };
        self.0.iter().any(|rule| match rule {
            Rule::Everything => true,
            Rule::Hosts(hosts, own) => own.is_none_or(|own| Some(own) == port) && hosts.hold(&host),
        })
    }
}

impl Hosts {
    fn hold(&self, host: &str) -> bool {
        match self {
            Self::Network(network, bits) => host
                .parse()
                .is_ok_and(|address| shared_bits(*network, address).is_some_and(|shared| shared >= *bits)),
            Self::Domain(domain) => {
                host.strip_suffix(&**domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
        }
    }
}

fn rule(word: &str) -> Option<Rule> {
    if word == "*" {
        return Some(Rule::Everything);
    }
    let all_ports = |hosts| Some(Rule::Hosts(hosts, None));
    if let Some(network) = network(word) {
        return all_ports(network);
    }
    if let Some((host, port)) = word.rsplit_once(':')
        && let Ok(port) = port.parse()
    {
        let hosts = network(host.trim_start_matches('[').trim_end_matches(']')).or_else(|| domain(host));
        return Some(Rule::Hosts(hosts?, Some(port)));
    }
    all_ports(domain(word)?)
}

/// `192.0.2.1`, `192.0.2.0/24`, `2001:db8::1`, `[2001:db8::1]`, `2001:db8::/32`
fn network(word: &str) -> Option<Hosts> {
    let bare = word.strip_prefix('[').and_then(|word| word.strip_suffix(']')).unwrap_or(word);
    let (address, bits) = match bare.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
        None => (bare, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    Some(Hosts::Network(address, bits.unwrap_or(most).min(most)))
}

/// `example.com`, `.example.com` or `*.example.com`
fn domain(word: &str) -> Option<Hosts> {
    let domain = word.trim_start_matches('*').trim_matches('.').to_ascii_lowercase();
    (!domain.is_empty()).then_some(Hosts::Domain(domain))
}

/// How many of their first bits two addresses of one kind share.
fn shared_bits(one: IpAddr, other: IpAddr) -> Option<u8> {
    let differing = match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (u32::from(one) ^ u32::from(other)).leading_zeros(),
        (IpAddr::V6(one), IpAddr::V6(other)) => (u128::from(one) ^ u128::from(other)).leading_zeros(),
        _ => return None,
    };
    u8::try_from(differing).ok()
}

/// The host of an address, in lower case and without brackets, and its port.
fn host_and_port(uri: &str) -> Option<(String, Option<u16>)> {
    let (scheme, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let usual = match scheme {
        "https" => Some(443),
        "http" => Some(80),
        _ => None,
    };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()),
        _ => (authority, usual),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    Some((host.to_ascii_lowercase(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_rule_is_read() {
        for (rules, past, by) in [
            ("*", &["https://s3.amazonaws.com/", "http://10.0.0.1:9000/a"][..], &[][..]),
            (
                "example.com, .internal,*.test",
                &[
                    "https://example.com/",
                    "https://a.B.Example.com/",
                    "http://x.internal",
                    "http://y.test:80/",
                ],
                &["https://notexample.com/", "https://example.com.evil/"],
            ),
            ("10.0.0.1", &["http://10.0.0.1:9000/"], &["http://10.0.0.2/", "http://10.0.0.1.example/"]),
            (
                "10.0.0.0/8,2001:db8::/32",
                &["http://10.9.8.7/", "http://[2001:db8::7]:9000/x"],
                &["http://11.0.0.1/"],
            ),
            ("minio:9000", &["http://minio:9000/b"], &["http://minio/", "http://minio:9001/"]),
            (
                "10.0.0.1:9000,[::1]:80",
                &["http://10.0.0.1:9000/", "http://[::1]/"],
                &["http://10.0.0.1/", "http://[::1]:81/"],
            ),
            ("s3.amazonaws.com:443", &["https://b.s3.amazonaws.com/k?x=1"], &["http://b.s3.amazonaws.com/"]),
            (
                "",
                &["http://169.254.169.254/latest", "http://[fd00:ec2::254]/latest"],
                &["https://example.com/"],
            ),
            (",,: , .", &[], &["https://example.com/"]),
        ] {
            let bypass = Bypass::read(rules);
            for uri in past {
                assert!(bypass.holds(uri), "{rules}: {uri} goes by the proxy");
            }
            for uri in by {
                assert!(!bypass.holds(uri), "{rules}: {uri} goes past the proxy");
            }
        }
    }
}
