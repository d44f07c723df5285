//! How the record's words are kept in files: as they are written everywhere else.

/// Keeps a type as the text that it displays as and is parsed from.
macro_rules! as_text {
    ($($name:ty),* $(,)?) => {
        $(
            impl serde::Serialize for $name {
                fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                    out.collect_str(self)
                }
            }

            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(text: D) -> Result<Self, D::Error> {
                    let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(text)?;
                    text.parse().map_err(serde::de::Error::custom)
                }
            }
        )*
    };
}

pub(crate) use as_text;

/// Moments, to the fraction of a second that they are known to. Those of other millennia are refused: time arithmetic near
/// the edges of the calendar fails.
pub(crate) mod moment {
    use std::borrow::Cow;

    use chrono::{DateTime, Datelike, SecondsFormat};
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::trail::Time;

    pub(crate) fn serialize<S: Serializer>(time: &Time, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(text: D) -> Result<Time, D::Error> {
        let text = Cow::<'de, str>::deserialize(text)?;
        let time = DateTime::parse_from_rfc3339(&text).map_err(D::Error::custom)?.to_utc();
        match time.year() {
            1000..9999 => Ok(time),
            _ => Err(D::Error::custom("a time out of all bounds")),
        }
    }
}

/// Moments that may not be known.
pub(crate) mod perhaps {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::trail::Time;

    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    struct Moment(#[serde(with = "super::moment")] Time);

    pub(crate) fn serialize<S: Serializer>(time: &Option<Time>, out: S) -> Result<S::Ok, S::Error> {
        time.map(Moment).serialize(out)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(text: D) -> Result<Option<Time>, D::Error> {
        Ok(Option::<Moment>::deserialize(text)?.map(|Moment(time)| time))
    }
}

/// Counts and bytes. More than anybody has is refused: sums of them stay within bounds, whoever wrote them.
pub(crate) mod count {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer};

    const MOST: u64 = 1 << 50;

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(number: D) -> Result<u64, D::Error> {
        match u64::deserialize(number)? {
            count if count <= MOST => Ok(count),
            _ => Err(D::Error::custom("a count out of all bounds")),
        }
    }
}

/// Words that many share.
pub(crate) mod shared {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(word: &Arc<str>, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(word)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(text: D) -> Result<Arc<str>, D::Error> {
        Ok(String::deserialize(text)?.into())
    }
}

/// Maps whose keys are no text: as a list of pairs, each key once.
pub(crate) mod pairs {
    use std::collections::BTreeMap;

    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.collect_seq(map)
    }

    pub(crate) fn deserialize<'de, K, V, D>(list: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        let list = Vec::<(K, V)>::deserialize(list)?;
        let count = list.len();
        let map: BTreeMap<K, V> = list.into_iter().collect();
        if map.len() == count { Ok(map) } else { Err(D::Error::custom("a key is there twice")) }
    }
}
