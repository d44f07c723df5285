//! `trailseal seal`: keys for seals, and seals as files.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use crate::crypto::ed25519;
use crate::render::plain::Plain;
use crate::seal::{KeyLabel, NotANote, Note, Seal, SigningKey, Unverified, VerifierKey};

use super::args::{self, Keygen, ShowSeal, VerifySeal};
use super::exit::Failure;
use super::output::Output;

mod show;
pub mod vkeys;

/// The exit code for a signature that is not the key's it names.
const FAILS: u8 = 1;
/// The exit code for a seal that nobody signed whose key was given.
const UNKNOWN: u8 = 3;

/// Runs the command.
pub fn run(command: &args::Seal) -> Result<u8, Failure> {
    match command {
        args::Seal::Keygen(keygen) => make_key(keygen),
        args::Seal::Show(show) => print(show),
        args::Seal::Verify(verify) => check(verify),
    }
}

fn make_key(args: &Keygen) -> Result<u8, Failure> {
    let seed = ed25519::random_seed().ok_or_else(|| {
        Failure::new(
            "the system gave no random bytes, and no key was made; run it where /dev/urandom can be read",
        )
    })?;
    let key = SigningKey::from_seed(&args.name, seed).map_err(|error| {
        Failure::new(format!("{:?} cannot be a key's name: {error}; try example.org/trailseal", args.name))
    })?;
    // First, because the other half is worth nothing without it, and can be made from it.
    Output::stdout().publish(|out| writeln!(out, "{}", key.to_secret_text()))?;
    writeln!(io::stderr(), "{}", key.verifier()).map_err(|error| {
        Failure::new(format!("cannot write the verifier key to stderr: {error}; make another key"))
    })?;
    Ok(0)
}

/// A file that holds a signed note.
struct NoteFile {
    /// What it is called in messages.
    name: String,
    note: Note,
}

impl NoteFile {
    fn read(path: &Path) -> Result<Self, Failure> {
        let name =
            if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() };
        let bytes = bytes(path).map_err(|error| {
            let next = match error.kind() {
                io::ErrorKind::NotFound => "; give the path of a seal's file, or - for standard input",
                _ => "",
            };
            Failure::new(format!("cannot read the seal {name}: {error}{next}"))
        })?;
        let note = Note::parse(&bytes).map_err(|error| {
            let next = match error {
                NotANote::Unfinished => "; get it anew from where it is kept",
                _ => "; seals are kept as they were written, byte for byte",
            };
            Failure::new(format!("{name} is not a seal, which is a signed note: {error}{next}"))
        })?;
        Ok(Self { name, note })
    }

    fn seal(&self) -> Result<Seal, Failure> {
        Seal::parse(self.note.unverified_text())
            .map_err(|error| Failure::new(format!("{} is a signed note, and not a seal: {error}", self.name)))
    }
}

/// No more than a seal may have, and one byte to tell that it has more.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let most = Note::LIMIT as u64 + 1;
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        io::stdin().take(most).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// How a seal's signatures stand to the keys given.
enum Standing {
    /// No key was given.
    Unchecked,
    /// These keys signed it, and no signature in the name of a key given is false.
    Signed(Vec<VerifierKey>),
    /// None of them vouches for it.
    Unverified(Unverified),
}

impl Standing {
    fn of(note: &Note, keys: &[VerifierKey]) -> Self {
        match note.verified_by(keys) {
            Ok((_, signers)) => Self::Signed(signers.into_iter().cloned().collect()),
            Err(unverified) => Self::Unverified(unverified),
        }
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Unchecked | Self::Signed(_) => 0,
            Self::Unverified(Unverified::Fails(_)) => FAILS,
            Self::Unverified(Unverified::Unknown(_)) => UNKNOWN,
        }
    }
}

fn print(args: &ShowSeal) -> Result<u8, Failure> {
    let keys = vkeys::read(&args.vkeys)?;
    let file = NoteFile::read(&args.file)?;
    let standing = if args.vkeys.is_empty() { Standing::Unchecked } else { Standing::of(&file.note, &keys) };
    let seal = match (file.seal(), &standing) {
        // What was changed may well be no seal any more.
        (Err(_), Standing::Unverified(Unverified::Fails(key))) => return tell_broken(&file, key),
        (seal, _) => seal?,
    };
    Output::stdout().publish(|out| show::seal(&seal, &file.note, &standing, out))?;
    Ok(standing.exit_code())
}

fn check(args: &VerifySeal) -> Result<u8, Failure> {
    let keys = vkeys::read(&args.vkeys)?;
    let file = NoteFile::read(&args.file)?;
    let (verdict, told, code) = match file.note.verified_by(&keys) {
        Err(Unverified::Fails(key)) => return tell_broken(&file, &key),
        Ok((_, signers)) => {
            let signers = KeyLabel::list(signers.into_iter().map(VerifierKey::label));
            ("VERIFIED", format!(", signed by {signers}"), 0)
        }
        Err(Unverified::Unknown(named)) => {
            let named = KeyLabel::list(&named);
            let told = format!(
                ": no key given signed it. It names {named}; give that verifier key with --vkey, if you trust it."
            );
            ("UNVERIFIED", told, UNKNOWN)
        }
    };
    let seal = file.seal()?;
    let told = format!("{verdict}  {}: seal {} of {}{told}", file.name, seal.number(), seal.origin);
    Output::stdout().publish(|out| writeln!(out, "{}", Plain(told)))?;
    Ok(code)
}

fn tell_broken(file: &NoteFile, key: &KeyLabel) -> Result<u8, Failure> {
    let told = format!(
        "BROKEN  {}: the signature in the name of {key} is not that key's over this text. The file was changed after it was \
         signed, or the signature was made up; believe nothing it says, and compare it with another copy.",
        file.name
    );
    Output::stdout().publish(|out| writeln!(out, "{}", Plain(told)))?;
    Ok(FAILS)
}
