//! Roles, times of day and images, as they are written into templates.

use std::fmt;
use std::str::FromStr;

use chrono::{NaiveTime, Timelike as _};

use crate::trail::{AccountId, ArnParts};

/// What an option of `deploy` cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Not the ARN of a role.
    #[error("not the ARN of a role, such as arn:aws:iam::111122223333:role/trailseal")]
    Role,
    /// Not a time of day.
    #[error("not a time of day in UTC, such as 03:17")]
    Schedule,
    /// Not a container image.
    #[error("not a container image, such as registry.example.org/trailseal:0.1.0")]
    Image,
}

/// The ARN of an IAM role: letters, digits and `:/+=,.@_-` alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleArn(String);

impl RoleArn {
    /// As it is written everywhere.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RoleArn {
    type Err = Unfit;

    fn from_str(text: &str) -> Result<Self, Unfit> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-/".contains(&byte);
        let is_role = |arn: &ArnParts<'_>| {
            let name = arn.resource.strip_prefix("role/");
            (arn.service, arn.region) == ("iam", "")
                && arn.account.parse::<AccountId>().is_ok()
                && name.is_some_and(|name| !name.is_empty() && !name.ends_with('/'))
                && arn.resource.len() <= 600
                && arn.resource.bytes().all(legal)
        };
        ArnParts::of(text).filter(is_role).map(|_| Self(text.to_owned())).ok_or(Unfit::Role)
    }
}

/// A minute of every day, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule(NaiveTime);

impl Schedule {
    /// Off the full hour, when everybody else's jobs begin, and long after midnight's digests are due.
    pub const DEFAULT: Self = match NaiveTime::from_hms_opt(3, 17, 0) {
        Some(time) => Self(time),
        None => Self(NaiveTime::MIN),
    };

    /// The minute of the hour.
    pub fn minute(self) -> u32 {
        self.0.minute()
    }

    /// The hour of the day.
    pub fn hour(self) -> u32 {
        self.0.hour()
    }
}

impl FromStr for Schedule {
    type Err = Unfit;

    fn from_str(text: &str) -> Result<Self, Unfit> {
        let spelt = text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
        NaiveTime::parse_from_str(text, "%H:%M").ok().filter(|_| spelt).map(Self).ok_or(Unfit::Schedule)
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:02}:{:02}", self.hour(), self.minute())
    }
}

/// A container image: letters, digits and `._/:@-` alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image(String);

impl Image {
    /// As container engines take it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Image {
    type Err = Unfit;

    fn from_str(text: &str) -> Result<Self, Unfit> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._/:@-".contains(&byte);
        let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let fits = begins && text.len() <= 500 && text.bytes().all(legal);
        fits.then(|| Self(text.to_owned())).ok_or(Unfit::Image)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_named_by_its_arn() {
        for arn in [
            "arn:aws:iam::111122223333:role/trailseal",
            "arn:aws-us-gov:iam::111122223333:role/audit/a+b=c,d.e@f_g-h",
        ] {
            assert_eq!(arn.parse::<RoleArn>().map(|role| role.0), Ok(arn.to_owned()));
        }
        for text in [
            "trailseal",
            "arn:aws:iam::111122223333:user/x",
            "arn:aws:iam::11112222333:role/x",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::111122223333:role/x y",
            "arn:aws:iam::111122223333:role/x\"",
            "arn:aws:iam::111122223333:role/x\n",
            "arn:aws:iam::111122223333:role/x'",
        ] {
            assert_eq!(text.parse::<RoleArn>(), Err(Unfit::Role), "{text}");
        }
    }

    #[test]
    fn a_schedule_is_a_time_of_day_and_no_expression() {
        for (text, hour, minute) in [("03:17", 3, 17), ("00:00", 0, 0), ("23:59", 23, 59)] {
            let read = text.parse::<Schedule>();
            assert_eq!(
                read.map(|time| (time.hour(), time.minute(), time.to_string())),
                Ok((hour, minute, text.to_owned()))
            );
        }
        assert_eq!(Schedule::DEFAULT.to_string(), "03:17");
        for text in
            ["24:00", "3:17", "03:60", "17 3 * * *", "03:17Z", "@daily", "03:17\n", "cron(17 3 * * ? *)", ""]
        {
            assert_eq!(text.parse::<Schedule>(), Err(Unfit::Schedule), "{text}");
        }
    }

    #[test]
    fn an_image_has_signs_that_mean_nothing_anywhere() {
        for image in ["trailseal", "registry.example.org:5000/team/trailseal@sha256:ab12", "a/b:1.0_x-y"] {
            assert_eq!(image.parse::<Image>().map(|image| image.0), Ok(image.to_owned()));
        }
        for text in ["", "-v", "a b", "a;b", "a$b", "a\"b", "a'b", "a\nb", "a{b", "a%b"] {
            assert_eq!(text.parse::<Image>(), Err(Unfit::Image), "{text}");
        }
    }
}
