//! Commands that only print: explanations, saved reports in another format, completions.

use std::io::Read;

use crate::render::{self, json};
use crate::verdict::Code;

use super::args::{Completions, Explain, SavedReport};
use super::exit::{self, Failure};
use super::output::{self, Output};
use super::{screen, settings};

/// Runs `explain`.
pub fn explain(args: &Explain) -> Result<u8, Failure> {
    let codes = if args.codes.is_empty() { &Code::ALL[..] } else { &args.codes };
    let width = output::width();
    Output::stdout().publish(|out| codes.iter().try_for_each(|code| render::explain(*code, width, out)))?;
    Ok(0)
}

/// Runs `report`. The exit code is the report's own, unless nobody wants it.
pub fn report(args: &SavedReport) -> Result<u8, Failure> {
    let name = args.report.display();
    let unreadable = |error| Failure::new(format!("cannot read the report {name}: {error}"));
    let mut text = Vec::new();
    if args.report.as_os_str() == "-" {
        std::io::stdin().read_to_end(&mut text).map(|_| ()).map_err(unreadable)?
    } else {
        text = std::fs::read(&args.report).map_err(unreadable)?
    }
    let report = json::read(&text)
        .map_err(|error| Failure::new(format!("{name} is not a JSON report of trailseal: {error}")))?;
    let output = Output::open(args.output.as_deref())?;
    let layout = output::layout(&args.look, output.kind());
    let format = args.pulse.of(args.format);
    let written = output.publish(|out| screen::write(format, &report, &layout, out));
    let own = if args.exit_zero { 0 } else { report.exit_code() };
    exit::settle(own, written.err())
}

/// Runs `completions`.
pub fn completions(args: &Completions) -> Result<u8, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut settings::command(), "trailseal", &mut text);
    Output::stdout().publish(|out| out.write_all(&text))?;
    Ok(0)
}
