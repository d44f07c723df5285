//! `--vkey`: a verifier key, or a file of them.

use std::fs;
use std::io::ErrorKind;

use crate::cli::exit::Failure;
use crate::seal::{NotAKey, VerifierKey};

/// All keys that the words name, in their order.
pub fn read(words: &[String]) -> Result<Vec<VerifierKey>, Failure> {
    let keys: Vec<Vec<VerifierKey>> = words.iter().map(|word| of(word)).collect::<Result<_, _>>()?;
    Ok(keys.concat())
}

fn of(word: &str) -> Result<Vec<VerifierKey>, Failure> {
    let malformed = match word.parse() {
        Ok(key) => return Ok(vec![key]),
        // It is not repeated: it would stay on the screen, and in logs.
        Err(error @ NotAKey::Secret) => return Err(Failure::new(format!("--vkey: {error}"))),
        Err(malformed) => malformed,
    };
    match fs::read_to_string(word) {
        Ok(text) => in_file(word, &text),
        Err(error) if error.kind() == ErrorKind::NotFound || error.kind() == ErrorKind::InvalidFilename => {
            Err(Failure::new(format!(
                "--vkey {word}: there is no such file, and as a key it cannot be read: {malformed}; give what `trailseal seal \
                 keygen` wrote to stderr"
            )))
        }
        Err(error) => Err(Failure::new(format!("--vkey {word}: the file cannot be read: {error}"))),
    }
}

/// A key on each line. Empty lines and those that begin with # are passed over.
fn in_file(name: &str, text: &str) -> Result<Vec<VerifierKey>, Failure> {
    let lines = text.lines().map(str::trim).enumerate();
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let keys = lines.map(|(at, line)| {
        line.parse()
            .map_err(|error: NotAKey| Failure::new(format!("--vkey {name}: line {}: {error}", at + 1)))
    });
    let keys: Vec<VerifierKey> = keys.collect::<Result<_, _>>()?;
    if keys.is_empty() {
        return Err(Failure::new(format!(
            "--vkey {name}: the file holds no key; a verifier key reads NAME+ID+KEY"
        )));
    }
    Ok(keys)
}
