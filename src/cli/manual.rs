//! `trailseal man`: the manual, a page for each command.

use std::io;

use clap::Command;

use super::args::Manual;
use super::exit::Failure;
use super::output::Output;
use super::settings;

/// Runs the command.
pub fn run(args: &Manual) -> Result<u8, Failure> {
    let mut root = settings::command();
    root.build();
    let mut asked = &root;
    for name in &args.command {
        asked = asked.find_subcommand(name).ok_or_else(|| {
            let names: Vec<&str> =
                asked.get_subcommands().map(Command::get_name).filter(|name| *name != "help").collect();
            Failure::new(if names.is_empty() {
                format!("{} has no commands, and so none named {name}", asked.get_name())
            } else {
                format!("there is no command {name}; there are: {}", names.join(", "))
            })
        })?;
    }
    let pages = if args.command.is_empty() { below(&root) } else { vec![asked] };
    match &args.dir {
        None => Output::stdout().publish(|out| pages.iter().try_for_each(|page| render(page, out)))?,
        Some(dir) => {
            std::fs::create_dir_all(dir).map_err(|error| {
                Failure::new(format!("cannot make the folder {}: {error}", dir.display()))
            })?;
            for page in pages {
                let path = dir.join(format!("{}.1", name(page)));
                Output::open(Some(&path))?.publish(|out| render(page, out))?;
            }
        }
    }
    Ok(0)
}

/// A command and all below it, without those that only print help.
fn below(command: &Command) -> Vec<&Command> {
    let own = command.get_subcommands().filter(|command| command.get_name() != "help");
    std::iter::once(command).chain(own.flat_map(below)).collect()
}

fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or(command.get_name())
}

fn render(command: &Command, mut out: &mut dyn io::Write) -> io::Result<()> {
    clap_mangen::Man::new(command.clone()).render(&mut out)
}
