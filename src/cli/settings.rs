//! Where the options of `verify` come from: the command line, else the environment, else a file, else their defaults.
//! Every option has all four, under one name: `--look-back`, `TRAILSEAL_LOOK_BACK`, `look-back = "35d"`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::builder::{BoolishValueParser, Resettable};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command as Clap, CommandFactory, FromArgMatches};

use super::args::{Arguments, Command, Show, Spoken, Verify};
use super::exit::Failure;
use super::output::Output;
use crate::alert::Target;

mod file;
mod wrong;

/// The command whose options these are.
const VERIFY: &str = "verify";
/// The option that names the file, which nothing but the command line and the environment can.
const CONFIG: &str = "config";
/// The option whose values may be secret.
const NOTIFY: &str = "notify";

/// Options by which less is looked at, less is expected or more is believed. Who reads a report sees the command line
/// beside it, but neither the environment nor the file.
const LOWERING: [&str; 20] = [
    "accept",
    "account",
    "copied-from",
    "depth",
    "end",
    "ended",
    "retention",
    "release",
    "ledger",
    "reread",
    "trust-listing",
    "grace",
    "keys",
    "last",
    "look-back",
    "region",
    "start",
    "trail",
    "endpoint-url",
    "no-sign-request",
];

/// Who is told, without what is secret.
fn shown(targets: &[String]) -> Vec<String> {
    targets.iter().map(|target| Target::shown(target)).collect()
}

/// Where an option comes from, the last word first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    /// Nobody gave it.
    Default,
    File,
    Environment,
    CommandLine,
}

/// The program's commands, with the environment that counts for them.
pub fn command() -> Clap {
    Arguments::command().mut_subcommand(VERIFY, |verify| verify.mut_args(from_environment))
}

fn from_environment(arg: Arg) -> Arg {
    let Some(variable) = arg.get_long().and_then(variable) else { return arg };
    let arg = match arg.get_action() {
        ArgAction::SetTrue => arg.value_parser(BoolishValueParser::new()),
        _ => arg,
    };
    arg.env(variable).hide_env(true)
}

/// Reads the words, and the environment under them. Mistakes in the words, and help, end the program; they are looked for
/// first, so that what is wrong then is the environment.
fn read_over_environment(words: &[OsString]) -> Result<ArgMatches, Failure> {
    let alone = command().mut_subcommand(VERIFY, |verify| verify.mut_args(|arg| arg.env(Resettable::Reset)));
    alone.get_matches_from(words);
    command().try_get_matches_from(words).map_err(|error| {
        let at = |option: Option<&str>| {
            option.and_then(variable).unwrap_or_else(|| "the variables TRAILSEAL_…".to_owned())
        };
        wrong::value(&error, at)
    })
}

/// The variable of an option.
fn variable(option: &str) -> Option<String> {
    (option != "help").then(|| format!("TRAILSEAL_{}", option.to_ascii_uppercase().replace('-', "_")))
}

/// What the program was asked, by everybody who has a say in it. Help and mistakes end the program.
pub fn arguments() -> Result<Arguments, Failure> {
    let words: Vec<OsString> = std::env::args_os().collect();
    let matches = read_over_environment(&words)?;
    let read =
        |matches: &ArgMatches| Arguments::from_arg_matches(matches).unwrap_or_else(|error| error.exit());
    let Some((VERIFY, own)) = matches.subcommand() else { return Ok(read(&matches).with_its_source()) };
    let settings = Settings::over(words, own)?;
    settings.refuse_unknown_variables()?;
    let mut arguments = read(&settings.matches);
    if let Command::Verify(verify) = &mut arguments.command {
        settings.settle_rivals(verify)?;
        verify.asked.lowered = settings.lowered();
        verify.asked.spoken = settings.spoken();
    }
    Ok(arguments.with_its_source())
}

/// Prints what `verify` would be asked.
pub fn show(args: &Show) -> Result<u8, Failure> {
    let mut words: Vec<OsString> = [env!("CARGO_PKG_NAME"), VERIFY, "SOURCE"].map(Into::into).into();
    if let Some(path) = &args.config {
        words.extend(["--config".into(), path.clone().into_os_string()]);
    }
    let matches = read_over_environment(&words)?;
    let Some((VERIFY, own)) = matches.subcommand() else { return Ok(0) };
    let settings = Settings::over(words, own)?;
    Output::stdout().publish(|out| {
        settings.lines().into_iter().try_for_each(|(setting, from)| writeln!(out, "{setting:40} # {from}"))
    })?;
    Ok(0)
}

/// The options of `verify`, parsed, and what the file says.
struct Settings {
    command: Clap,
    matches: ArgMatches,
    file: Option<PathBuf>,
    of_file: BTreeMap<String, Vec<String>>,
}

impl Settings {
    /// Reads the file that was named, if one was, and the words again over what it says.
    fn over(words: Vec<OsString>, named: &ArgMatches) -> Result<Self, Failure> {
        let file = named.get_one::<PathBuf>(CONFIG).cloned();
        let command = command();
        let of_file = match (&file, command.find_subcommand(VERIFY)) {
            (Some(path), Some(verify)) => file::read(path, verify)?,
            _ => BTreeMap::new(),
        };
        let command = command.mut_subcommand(VERIFY, |verify| {
            verify.mut_args(|arg| match arg.get_long().and_then(|long| of_file.get(long)) {
                Some(values) => arg.default_values(values),
                None => arg,
            })
        });
        let matches = command.clone().try_get_matches_from(words).map_err(|error| {
            let path = file.as_deref().unwrap_or(Path::new("")).display();
            let at = |option: Option<&str>| match option {
                Some(option) => format!("{path}: {option}"),
                None => path.to_string(),
            };
            wrong::value(&error, at)
        })?;
        Ok(Self { command, matches, file, of_file })
    }

    fn origin(&self, option: &str) -> Origin {
        let own = self.matches.subcommand().map(|(_, own)| own);
        let id = self.args().find(|arg| arg.get_long() == Some(option)).map(|arg| arg.get_id().as_str());
        match own.zip(id).and_then(|(own, id)| own.value_source(id)) {
            Some(ValueSource::CommandLine) => Origin::CommandLine,
            Some(ValueSource::EnvVariable) => Origin::Environment,
            _ if self.of_file.contains_key(option) => Origin::File,
            _ => Origin::Default,
        }
    }

    fn args(&self) -> impl Iterator<Item = &Arg> {
        self.command.find_subcommand(VERIFY).into_iter().flat_map(Clap::get_arguments)
    }

    /// Where an option comes from, in words.
    fn from(&self, option: &str) -> String {
        match self.origin(option) {
            Origin::CommandLine => "the command line".to_owned(),
            Origin::Environment => format!("the environment ({})", variable(option).unwrap_or_default()),
            Origin::File => format!("the file {}", self.file.as_deref().unwrap_or(Path::new("")).display()),
            Origin::Default => "the default".to_owned(),
        }
    }

    /// What the options are called that neither the command line nor the program's defaults give.
    fn spoken(&self) -> Spoken {
        let names = self.args().filter_map(Arg::get_long).filter_map(|option| {
            let name = match self.origin(option) {
                Origin::CommandLine | Origin::Default => return None,
                Origin::Environment => variable(option)?,
                Origin::File => {
                    format!("{option} in {}", self.file.as_deref().unwrap_or(Path::new("")).display())
                }
            };
            Some((option.to_owned(), name))
        });
        Spoken(names.collect())
    }

    /// Of two options that say the same thing the one counts that was said later in the order of origins; in one breath
    /// they contradict each other.
    fn settle_rivals(&self, verify: &mut Verify) -> Result<(), Failure> {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let rivals = |one: &str, other: &str| match self.origin(one).cmp(&self.origin(other)) {
            Equal => {
                let [one, other] = [one, other].map(|option| self.spoken().of(option));
                Err(Failure::new(format!("{one} and {other} cannot be used together: leave one out")))
            }
            order => Ok(order),
        };
        if verify.asked.start.is_some() && verify.asked.last.is_some() {
            match rivals("start", "last")? {
                Less => verify.asked.start = None,
                Equal | Greater => verify.asked.last = None,
            }
        }
        if verify.outputs.json && self.origin("format") != Origin::Default {
            verify.outputs.json = rivals("json", "format")? == Greater;
        }
        if verify.outputs.look.quiet && verify.outputs.look.verbose {
            match rivals("quiet", "verbose")? {
                Less => verify.outputs.look.quiet = false,
                Equal | Greater => verify.outputs.look.verbose = false,
            }
        }
        Ok(())
    }

    /// A variable that means nothing was meant for something: it must not be passed over in silence.
    fn refuse_unknown_variables(&self) -> Result<(), Failure> {
        let known: Vec<String> = self.args().filter_map(Arg::get_long).filter_map(variable).collect();
        let given = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        match given.filter(|name| name.starts_with("TRAILSEAL_")).find(|name| !known.contains(name)) {
            None => Ok(()),
            Some(unknown) => Err(Failure::new(format!(
                "{unknown} is set, and no option of verify is called so; `trailseal config show` names those that there are"
            ))),
        }
    }

    /// Sentences on what neither the command line nor the program's defaults make the run look away from.
    fn lowered(&self) -> Vec<String> {
        let options = LOWERING
            .iter()
            .filter(|option| matches!(self.origin(option), Origin::Environment | Origin::File));
        let told = options.filter_map(|option| {
            let value = self.values(option).filter(|values| !values.is_empty())?;
            Some(format!("--{option} {} comes from {}.", value.join(","), self.from(option)))
        });
        told.collect()
    }

    fn values(&self, option: &str) -> Option<Vec<String>> {
        let (_, own) = self.matches.subcommand()?;
        let arg = self.args().find(|arg| arg.get_long() == Some(option))?;
        let raw = own.get_raw(arg.get_id().as_str())?;
        Some(raw.map(|value| value.to_string_lossy().into_owned()).collect())
    }

    /// Every option that has a value, as a line of a configuration file, and where it comes from.
    fn lines(&self) -> Vec<(String, String)> {
        let options = self.args().filter_map(|arg| Some((arg, arg.get_long()?)));
        let lines =
            options.filter(|(_, option)| !["help", CONFIG].contains(option)).filter_map(|(arg, option)| {
                let values = self.values(option).filter(|values| !values.is_empty())?;
                let values = if option == NOTIFY { shown(&values) } else { values };
                Some((format!("{option} = {}", file::written(arg, &values)), self.from(option)))
            });
        lines.collect()
    }
}
