//! What a seal says, for a person.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::io;

use crate::render::plain::Plain;
use crate::report::Outcome;
use crate::seal::{
    KeyLabel, Note, ObjectCounts, Seal, SealedHead, SealedPart, SealedRun, Signature, Softened, Unverified,
    VerifierKey,
};
use crate::trail::format_time;

use super::Standing;

/// Writes what a seal says, and first of all whether anybody vouches for it.
pub fn seal(seal: &Seal, note: &Note, standing: &Standing, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "SEAL {} of {}\n", seal.number(), Plain(&seal.origin))?;
    line(out, "signed by", signed_by(standing, note))?;
    line(
        out,
        "made",
        format_args!(
            "{} by trailseal {}, rules {}",
            format_time(seal.time),
            seal.tool.version,
            seal.tool.rules
        ),
    )?;
    line(out, "source", &seal.source)?;
    for key in &seal.new_keys {
        line(out, "new key", format_args!("{key}, whose signatures count from the next seal on"))?;
    }
    match &seal.run {
        None => {
            line(out, "run", "none: this is the first seal, and the memory of this place begins with it")?
        }
        Some(run) => tell_run(run, out)?,
    }
    line(out, "this seal", format_args!("{} (SHA-256 of its text)", seal.hash()))
}

fn signed_by(standing: &Standing, note: &Note) -> String {
    let named = KeyLabel::list(note.signatures().iter().map(Signature::label));
    match standing {
        Standing::Unchecked => {
            format!("{named}: signature not checked, because no verifier key was given (--vkey)")
        }
        Standing::Signed(keys) => {
            format!("{}: verified", KeyLabel::list(keys.iter().map(VerifierKey::label)))
        }
        Standing::Unverified(Unverified::Fails(key)) => {
            format!("{named}: BROKEN, the signature is not that of {key}; believe nothing below")
        }
        Standing::Unverified(Unverified::Unknown(_)) => {
            format!("{named}: NOT VERIFIED, for none of these keys was given")
        }
    }
}

fn tell_run(run: &SealedRun, out: &mut dyn io::Write) -> io::Result<()> {
    let verdict = match run.outcome {
        Outcome::Intact => "INTACT",
        Outcome::Tampered => "TAMPERED",
        Outcome::Incomplete => "INCOMPLETE",
        Outcome::Empty => "EMPTY",
    };
    line(out, "verdict", format_args!("{verdict}, exit code {}", run.exit))?;
    let start = run.window.start().map_or_else(|| "the beginning of the record".to_owned(), format_time);
    line(out, "range", format_args!("{start} to {}", format_time(run.window.end())))?;
    line(out, "scope", scope(&run.part))?;
    line(out, "depth", run.depth)?;
    for softened in &run.softened {
        let told = match softened {
            Softened::Accept(code) => format!("findings of {code} counted as notices"),
            Softened::Ended(ended) => format!("{ended} was said to have ended"),
            Softened::Retention(days) => format!("what is older than {days} days was allowed to be gone"),
        };
        line(out, "softened", told)?;
    }
    for released in &run.released {
        line(out, "released", format_args!("{} with SHA-256 {}", released.key, released.hash))?;
    }
    line(out, "read", counts(&run.read))?;
    let oldest =
        run.carried.oldest_read_at.map(|oldest| format!(", the oldest read at {}", format_time(oldest)));
    line(
        out,
        "carried",
        format_args!("{} from earlier runs{}", counts(&run.carried.objects), oldest.unwrap_or_default()),
    )?;
    line(out, "keys", format_args!("{} (SHA-256 of the names of the public keys used)", run.keys))?;
    line(out, "report", format_args!("{} (SHA-256 of the JSON report)", run.report))?;
    line(out, "seal before", format_args!("{} (SHA-256 of its text)", run.previous))?;
    tell_heads(run, out)
}

fn tell_heads(run: &SealedRun, out: &mut dyn io::Write) -> io::Result<()> {
    let earlier = run.heads.iter().filter(|head| head.seen < run.number).count();
    let note = match earlier {
        0 => String::new(),
        _ => format!("; {earlier} of them last seen by an earlier seal's run"),
    };
    line(out, "heads", format_args!("{}, the newest digest known of each chain{note}", run.heads.len()))?;
    for SealedHead { object, hash, end, seen } in &run.heads {
        writeln!(
            out,
            "\n    {}\n      {hash}, ends {}, last seen by the run of seal {seen}",
            Plain(object),
            format_time(*end)
        )?;
    }
    if run.heads.is_empty() { Ok(()) } else { writeln!(out) }
}

fn line(out: &mut dyn io::Write, name: &str, value: impl Display) -> io::Result<()> {
    writeln!(out, "  {name:12} {}", Plain(value))
}

fn counts(counts: &ObjectCounts) -> String {
    let number =
        |count: u64, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    format!("{}, {}", number(counts.digests, "digest"), number(counts.logs, "log file"))
}

fn scope(part: &SealedPart) -> String {
    let list =
        |what: &str, words: Vec<String>| (!words.is_empty()).then(|| format!("{what} {}", words.join(", ")));
    let lists = [
        list("accounts", texts(&part.accounts)),
        list("regions", texts(&part.regions)),
        list("trails", texts(&part.trails)),
    ];
    match lists.into_iter().flatten().collect::<Vec<_>>() {
        lists if lists.is_empty() => "all accounts, regions and trails".to_owned(),
        lists => format!("only {}", lists.join("; ")),
    }
}

fn texts<T: Display>(set: &BTreeSet<T>) -> Vec<String> {
    set.iter().map(T::to_string).collect()
}
