//! The configuration file: TOML, its names those of the options. Without a line in it, it says nothing.

use std::collections::BTreeMap;
use std::path::Path;

use clap::{Arg, ArgAction, Command};
use toml::{Table, Value};

use super::CONFIG;
use crate::cli::exit::Failure;
use crate::cli::near::nearest;

/// Reads what a file says of a command's options, each value as it would stand on the command line.
pub(super) fn read(path: &Path, command: &Command) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    let named = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("cannot read the configuration file {named}: {error}")))?;
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map(|span| text[..span.start.min(text.len())].lines().count().max(1));
        let at = line.map_or(String::new(), |line| format!(", line {line}"));
        Failure::new(format!("{named} is not TOML{at}: {}", error.message()))
    })?;
    let mut options = BTreeMap::new();
    for (name, value) in table {
        let arg = command
            .get_arguments()
            .find(|arg| arg.get_long() == Some(&*name) && name != CONFIG && name != "help")
            .ok_or_else(|| Failure::new(unknown(path, command, &name)))?;
        let values =
            values(arg, &value).map_err(|wrong| Failure::new(format!("{named}: {name}: {wrong}")))?;
        options.insert(name, values);
    }
    Ok(options)
}

fn unknown(path: &Path, command: &Command, name: &str) -> String {
    let names = command.get_arguments().filter_map(Arg::get_long);
    let alias = command
        .get_arguments()
        .find(|arg| arg.get_all_aliases().is_some_and(|aliases| aliases.contains(&name)))
        .and_then(Arg::get_long);
    let near = alias.or_else(|| nearest(names, name));
    let next = match near {
        Some(near) => format!("did you mean {near}?"),
        None => "its names are those of the options of trailseal verify --help, without dashes before them"
            .to_owned(),
    };
    format!("{}: there is no option {name}; {next}", path.display())
}

fn values(arg: &Arg, value: &Value) -> Result<Vec<String>, String> {
    let several = matches!(arg.get_action(), ArgAction::Append);
    let words = match value {
        Value::Array(values) if several => values.iter().map(word).collect::<Result<Vec<_>, _>>()?,
        Value::Array(_) => return Err("takes one value, not a list".to_owned()),
        value => vec![word(value)?],
    };
    Ok(match arg.get_value_delimiter() {
        Some(delimiter) => words.iter().flat_map(|word| word.split(delimiter)).map(str::to_owned).collect(),
        None => words,
    })
}

fn word(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Boolean(truth) => Ok(truth.to_string()),
        Value::Datetime(time) => Ok(time.to_string()),
        Value::Float(_) | Value::Array(_) | Value::Table(_) => {
            Err("takes a text, a number or true, or a list of them".to_owned())
        }
    }
}

/// The values of an option, as the file has them.
pub(super) fn written(arg: &Arg, values: &[String]) -> String {
    let word = |value: &String| {
        if value.parse::<i64>().is_ok() || matches!(value.as_str(), "true" | "false") {
            value.clone()
        } else {
            quoted(value)
        }
    };
    match (arg.get_action(), values) {
        (ArgAction::Append, values) => {
            format!("[{}]", values.iter().map(word).collect::<Vec<_>>().join(", "))
        }
        (_, [value]) => word(value),
        (_, values) => format!("[{}]", values.iter().map(word).collect::<Vec<_>>().join(", ")),
    }
}

/// A basic string of TOML, which escapes as JSON does.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
