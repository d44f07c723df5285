//! Commands about seals: what a run saw, signed.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Seals: signed statements of what runs saw.
#[derive(Debug, Subcommand)]
pub enum Seal {
    /// Make a signing key: the key itself to stdout, the verifier key that belongs to it to stderr
    #[command(after_help = KEYGEN_HELP)]
    Keygen(Keygen),
    /// Print what a seal says, for a person to read
    Show(ShowSeal),
    /// Verify a seal's signature
    #[command(after_help = VERIFY_HELP)]
    Verify(VerifySeal),
}

const KEYGEN_HELP: &str = "The signing key is a secret, and nobody can make it again. To keep both: \
                           (umask 077; trailseal seal keygen NAME > seal.key 2> seal.vkey)";

const VERIFY_HELP: &str = "Exit codes: 0 a key given signed it, 1 a signature in the name of a key given is not that key's, \
                           2 the file cannot be read or is no seal, 3 no key given signed it.";

/// Make a signing key.
#[derive(Debug, Args)]
pub struct Keygen {
    /// What the key is called in every signature, such as example.org/trailseal: no spaces, no +
    pub name: String,
}

/// Print what a seal says.
#[derive(Debug, Args)]
pub struct ShowSeal {
    /// The seal; - for standard input
    pub file: PathBuf,
    /// Verifier key that must have signed it, NAME+ID+KEY, or a file of them; repeatable. Exit codes are those of `seal verify`
    #[arg(long = "vkey", value_name = "VKEY|FILE")]
    pub vkeys: Vec<String>,
}

/// Verify a seal's signature.
#[derive(Debug, Args)]
pub struct VerifySeal {
    /// The seal; - for standard input
    pub file: PathBuf,
    /// Verifier key, NAME+ID+KEY, or a file of them, one on a line; repeatable
    #[arg(long = "vkey", value_name = "VKEY|FILE", required = true)]
    pub vkeys: Vec<String>,
}
