//! Names of what takes messages at AWS: topics of SNS and event buses of EventBridge.

use std::fmt;
use std::str::FromStr;

use crate::trail::{AccountId, ArnParts, Malformed, Region};

/// Longest name of either (CreateTopic, CreateEventBus).
const LONGEST: usize = 256;

/// A topic: `arn:PARTITION:sns:REGION:ACCOUNT:NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicArn(Arn);

/// Whether a topic keeps messages in order, which asks for more with each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// It does: its name ends in `.fifo`.
    InOrder,
    /// It does not.
    AsItComes,
}

impl TopicArn {
    /// Where it is.
    pub fn region(&self) -> &Region {
        &self.0.region
    }

    /// Whether it keeps messages in order.
    pub fn queue(&self) -> Queue {
        if self.0.name.ends_with(".fifo") { Queue::InOrder } else { Queue::AsItComes }
    }
}

impl FromStr for TopicArn {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let expected = "a topic's ARN such as arn:aws:sns:us-east-1:111122223333:NAME";
        let arn = Arn::read(text, "sns", "", expected)?;
        let plain = arn.name.strip_suffix(".fifo").unwrap_or(&arn.name);
        if is_name(plain, b"-_") { Ok(Self(arn)) } else { Err(malformed(expected, text)) }
    }
}

impl fmt::Display for TopicArn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// An event bus, by its name or its ARN, `arn:PARTITION:events:REGION:ACCOUNT:event-bus/NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bus {
    /// In the caller's own account and region.
    Named(Box<str>),
    /// Anywhere.
    At(BusArn),
}

/// A bus by its ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusArn(Arn);

impl Bus {
    /// Where it is, if it says so.
    pub fn region(&self) -> Option<&Region> {
        match self {
            Self::Named(_) => None,
            Self::At(BusArn(arn)) => Some(&arn.region),
        }
    }
}

impl FromStr for Bus {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let expected =
            "an event bus such as default, or its ARN, arn:aws:events:us-east-1:111122223333:event-bus/NAME";
        let (bus, name) = if text.starts_with("arn:") {
            let arn = Arn::read(text, "events", "event-bus/", expected)?;
            let name = arn.name.trim_start_matches("event-bus/").to_owned();
            (Self::At(BusArn(arn)), name)
        } else {
            (Self::Named(text.into()), text.to_owned())
        };
        if is_name(&name, b"-_./") { Ok(bus) } else { Err(malformed(expected, text)) }
    }
}

impl fmt::Display for Bus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => out.write_str(name),
            Self::At(BusArn(arn)) => arn.fmt(out),
        }
    }
}

/// What AWS calls one of its things.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Arn {
    partition: Box<str>,
    service: &'static str,
    region: Region,
    account: AccountId,
    name: Box<str>,
}

impl Arn {
    fn read(
        text: &str,
        service: &'static str,
        kind: &str,
        expected: &'static str,
    ) -> Result<Self, Malformed> {
        let is_one = |arn: &ArnParts<'_>| arn.service == service && arn.resource.starts_with(kind);
        let arn = ArnParts::of(text).filter(is_one).ok_or_else(|| malformed(expected, text))?;
        Ok(Self {
            partition: arn.partition.into(),
            service,
            region: arn.region.parse()?,
            account: arn.account.parse()?,
            name: arn.resource.into(),
        })
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, service, region, account, name } = self;
        write!(out, "arn:{partition}:{service}:{region}:{account}:{name}")
    }
}

fn is_name(text: &str, signs: &[u8]) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || signs.contains(&byte);
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(plain)
}

fn malformed(expected: &'static str, found: &str) -> Malformed {
    Malformed { expected, found: found.chars().take(200).collect() }
}
