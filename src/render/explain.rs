//! One code explained at length, for `trailseal explain`.

use std::io;

use super::human::wrapped;
use crate::verdict::Code;

/// A page that is read, not searched: no wider than reads well.
const WIDTH: usize = 88;

/// Writes what the code means, how it comes about and what to do next.
///
/// # Errors
///
/// Where `out` cannot be written to.
pub fn explain(code: Code, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "{code}: {}", code.title())?;
    let otherwise = code.otherwise().map_or(String::new(), |when| format!(", {when}"));
    writeln!(out, "class {}{otherwise}\n", code.class().as_str())?;
    writeln!(out, "{}\n", wrapped(code.meaning(), WIDTH, 0))?;
    writeln!(out, "How it comes about")?;
    for cause in code.causes() {
        writeln!(out, "  - {}", wrapped(cause, WIDTH, 4))?;
    }
    writeln!(out, "\nWhat to do next")?;
    for (number, step) in (1..).zip(code.next_steps()) {
        writeln!(out, "  {number}. {}", wrapped(step, WIDTH, 5))?;
    }
    Ok(())
}
