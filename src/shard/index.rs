//! Which shard a copy of the program does.

use std::str::FromStr;

/// Where an engine tells each copy of a program its index, from 0, and how many copies there are, if it says that.
struct Engine {
    index: &'static str,
    copies: Option<&'static str>,
}

/// AWS Batch (array jobs), Kubernetes (Indexed Jobs), Slurm (`--array=0-N`) and Nomad (groups with a count). The first that says
/// an index counts.
const ENGINES: [Engine; 4] = [
    Engine { index: "AWS_BATCH_JOB_ARRAY_INDEX", copies: Some("AWS_BATCH_JOB_ARRAY_SIZE") },
    Engine { index: "JOB_COMPLETION_INDEX", copies: None },
    Engine { index: "SLURM_ARRAY_TASK_ID", copies: Some("SLURM_ARRAY_TASK_COUNT") },
    Engine { index: "NOMAD_ALLOC_INDEX", copies: None },
];

/// Which shard is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// The one that the engine says.
    Auto,
    /// This one, from 0.
    Number(usize),
}

impl FromStr for Index {
    type Err = NoIndex;

    fn from_str(text: &str) -> Result<Self, NoIndex> {
        match text {
            "auto" => Ok(Self::Auto),
            number => number.parse().map(Self::Number).map_err(|_| NoIndex::Malformed(number.to_owned())),
        }
    }
}

/// Why it is not known which shard is to be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoIndex {
    /// It is no number.
    #[error("{0:?} is neither `auto` nor the number of a shard, from 0")]
    Malformed(String),
    /// No engine says.
    #[error(
        "no engine says which shard this is: none of {} is set; say its number",
        ENGINES.map(|engine| engine.index).join(", ")
    )]
    Nowhere,
    /// What an engine says is no number.
    #[error("{variable} is {found:?}, and not the number of a shard, from 0")]
    NotANumber {
        /// The variable.
        variable: &'static str,
        /// What it holds.
        found: String,
    },
    /// The engine runs more copies than there are shards, or fewer.
    #[error(
        "{variable} is {found:?}, and the plan has {shards} shards: run as many copies as there are shards, or plan anew with \
         --shards {found}"
    )]
    OtherCount {
        /// The variable.
        variable: &'static str,
        /// What it holds.
        found: String,
        /// How many shards there are.
        shards: usize,
    },
}

impl Index {
    /// The number, of so many shards, from what the environment says.
    ///
    /// # Errors
    ///
    /// Where nothing there is the number of a shard, and where the engine runs another number of copies.
    pub fn number(
        self,
        shards: usize,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<usize, NoIndex> {
        if let Self::Number(number) = self {
            return Ok(number);
        }
        let said = ENGINES.iter().find_map(|engine| Some((engine, environment(engine.index)?)));
        let (engine, found) = said.ok_or(NoIndex::Nowhere)?;
        let copies = engine.copies.and_then(|variable| Some((variable, environment(variable)?)));
        if let Some((variable, found)) = copies.filter(|(_, found)| found.trim().parse() != Ok(shards)) {
            return Err(NoIndex::OtherCount { variable, found, shards });
        }
        found.trim().parse().map_err(|_| NoIndex::NotANumber { variable: engine.index, found })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_engine_says_which_shard_this_is_and_the_caller_before_it() {
        for Engine { index, .. } in ENGINES {
            let says = |text: &'static str| move |asked: &str| (asked == index).then(|| text.to_owned());
            assert_eq!(Index::Auto.number(4, says("3")), Ok(3));
            assert_eq!("7".parse::<Index>().unwrap().number(4, says("3")), Ok(7));
            let wrong = NoIndex::NotANumber { variable: index, found: "-1".to_owned() };
            assert_eq!(Index::Auto.number(4, says("-1")), Err(wrong));
        }
        assert_eq!("auto".parse::<Index>().unwrap().number(4, |_| None), Err(NoIndex::Nowhere));
        assert_eq!("1/4".parse::<Index>(), Err(NoIndex::Malformed("1/4".into())));
    }

    #[test]
    fn an_engine_that_runs_another_number_of_copies_is_told_so() {
        let says = |asked: &str| match asked {
            "SLURM_ARRAY_TASK_ID" => Some("1".to_owned()),
            "SLURM_ARRAY_TASK_COUNT" => Some("4".to_owned()),
            _ => None,
        };
        assert_eq!(Index::Auto.number(4, says), Ok(1));
        let error = Index::Auto.number(8, says).unwrap_err();
        assert!(error.to_string().contains("the plan has 8 shards"), "{error}");
    }
}
