//! One code explained at length, for `trailseal explain`.

use std::io;

use super::wrap::wrapped;
use crate::verdict::Code;

/// A page that is read, not searched: no wider than reads well.
const WIDEST: usize = 88;

/// Writes what the code means, how it comes about and what to do next, in lines no longer than `width`.
///
/// # Errors
///
/// Where `out` cannot be written to.
pub fn explain(code: Code, width: usize, out: &mut dyn io::Write) -> io::Result<()> {
    let width = width.clamp(40, WIDEST);
    writeln!(out, "{code}: {}", code.title())?;
    let otherwise = code.otherwise().map_or(String::new(), |when| format!(", {when}"));
    writeln!(out, "class {}{otherwise}\n", code.class().as_str())?;
    writeln!(out, "{}\n", wrapped(code.meaning(), width, 0))?;
    writeln!(out, "How it comes about")?;
    for cause in code.causes() {
        writeln!(out, "  - {}", wrapped(cause, width, 4))?;
    }
    writeln!(out, "\nWhat to do next")?;
    for (number, step) in (1..).zip(code.next_steps()) {
        writeln!(out, "  {number}. {}", wrapped(step, width, 5))?;
    }
    Ok(())
}
