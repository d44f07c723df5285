//! How single words of the command line are read: formats, codes, regions that are expected.

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;

use crate::forge::{Damage, Turn};
use crate::render::Format;
use crate::trail::{Malformed, Region};
use crate::verdict::Code;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

/// Reads a finding's code; a shell completes all of them, and a misspelt one is answered with the nearest.
pub fn code_parser() -> impl TypedValueParser<Value = Code> {
    PossibleValuesParser::new(Code::ALL.map(Code::as_str))
        .try_map(|name| name.parse().map_err(|error: Malformed| error.to_string()))
}

/// Reads a damage's name; a misspelt one is answered with the nearest.
pub fn damage_parser() -> impl TypedValueParser<Value = Damage> {
    PossibleValuesParser::new(Damage::ALL.iter().map(|damage| damage.as_str()))
        .try_map(|name| name.parse().map_err(|error: Malformed| error.to_string()))
}

/// Reads the name of a turn; a misspelt one is answered with the nearest.
pub fn turn_parser() -> impl TypedValueParser<Value = Turn> {
    PossibleValuesParser::new(Turn::ALL.map(Turn::as_str))
        .try_map(|name| name.parse().map_err(|error: Malformed| error.to_string()))
}

/// What `--expect-region` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedRegion {
    /// Every region that the account has enabled.
    Enabled,
    /// This one.
    Named(Region),
    /// Nothing that is a region. It is refused once metrics can tell of that.
    Unclear(Malformed),
}

/// The word that stands for all regions the account has enabled.
const ENABLED: &str = "enabled";

/// Reads what a word of `--expect-region` names.
pub fn expected_region(text: &str) -> Result<ExpectedRegion, Infallible> {
    Ok(match text {
        ENABLED => ExpectedRegion::Enabled,
        region => region.parse().map_or_else(ExpectedRegion::Unclear, ExpectedRegion::Named),
    })
}

impl fmt::Display for ExpectedRegion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enabled => out.write_str(ENABLED),
            Self::Named(region) => region.fmt(out),
            Self::Unclear(malformed) => malformed.fmt(out),
        }
    }
}

/// Reads a format's name; shows all of them in help.
pub fn format_parser() -> impl TypedValueParser<Value = Format> {
    let names = Format::ALL.map(|format| PossibleValue::new(format.as_str()));
    // Known, so that it can be refused with a reason.
    let refused = PossibleValue::new(AWS_CLI).hide(true);
    PossibleValuesParser::new(names.into_iter().chain([refused])).try_map(|name| report_format(&name))
}

/// Reads the name of a format that a report alone can be written in.
fn report_format(name: &str) -> Result<Format, String> {
    if name == AWS_CLI {
        return Err("a report does not name the files that hold, and these lines do: \
                    use trailseal verify --format aws-cli"
            .to_owned());
    }
    name.parse().map_err(|error: Malformed| error.to_string())
}

/// How `verify` writes its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// From the report, when the run is over.
    Report(Format),
    /// As the lines of `aws cloudtrail validate-logs --verbose`, which name every object.
    AwsCli,
}

/// Its name on the command line.
const AWS_CLI: &str = "aws-cli";

impl fmt::Display for Form {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Report(format) => format.fmt(out),
            Self::AwsCli => out.write_str(AWS_CLI),
        }
    }
}

pub fn form_parser() -> impl TypedValueParser<Value = Form> {
    PossibleValuesParser::new(Format::ALL.map(Format::as_str).into_iter().chain([AWS_CLI])).try_map(|name| {
        match name.as_str() {
            AWS_CLI => Ok(Form::AwsCli),
            name => name.parse().map(Form::Report),
        }
    })
}

/// A format that tells every object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableForm {
    /// A table.
    Csv,
    /// One JSON document to a line.
    Jsonl,
    /// The lines of the AWS CLI.
    AwsCli,
}

/// What `--report` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportForm {
    /// The report, when the run is over.
    Report(Format),
    /// A line for every object, as it is judged.
    Objects(TableForm),
}

impl fmt::Display for ReportForm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Report(format) => format.fmt(out),
            Self::Objects(TableForm::Csv) => out.write_str(CSV_OBJECTS),
            Self::Objects(TableForm::Jsonl) => out.write_str(JSONL_OBJECTS),
            Self::Objects(TableForm::AwsCli) => out.write_str(AWS_CLI),
        }
    }
}

const CSV_OBJECTS: &str = "csv-objects";
const JSONL_OBJECTS: &str = "jsonl-objects";

/// Reads `FORMAT=PATH`.
pub fn report_parser(text: &str) -> Result<(ReportForm, PathBuf), String> {
    let (format, path) = text.split_once('=').ok_or("not FORMAT=PATH, such as html=report.html")?;
    let format = match format {
        CSV_OBJECTS => ReportForm::Objects(TableForm::Csv),
        JSONL_OBJECTS => ReportForm::Objects(TableForm::Jsonl),
        format => ReportForm::Report(report_format(format)?),
    };
    if path.is_empty() { Err("no path after the `=`".to_owned()) } else { Ok((format, path.into())) }
}
