//! `trailseal lambda`: the program as a function of AWS Lambda. Each event is answered by a run of its own, in a process of its own, so
//! that nothing of one run is left for the next.

use std::process::Command;

use super::args::Lambda;
use super::exit::{COULD_NOT_RUN, Failure, worse};
use crate::aws::invocations::{Answer, Invocations};
use crate::trail::key::{DigestKey, ROOT};
use crate::trail::{DIGEST_HOUR, format_time};
use crate::verdict::Code;

mod event;

use event::{Event, digests};

/// Runs the command: it ends when Lambda does not answer any more.
pub fn run(args: &Lambda) -> Result<u8, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start the runtime: {error}")))?;
    if args.source.prefix().contains(ROOT) {
        return Err(Failure::new(format!(
            "{} names a part of a record: name the bucket, and what stands before {ROOT}",
            args.source
        )));
    }
    let invocations = Invocations::from_environment().ok_or_else(|| {
        Failure::new(
            "AWS_LAMBDA_RUNTIME_API is not set: this command is what a function of AWS Lambda runs; `trailseal deploy lambda` prints one",
        )
    })?;
    loop {
        let failed = |error| Failure::new(format!("{error}; the function begins anew"));
        let invocation = runtime.block_on(invocations.next()).map_err(failed)?;
        let answer = answer(args, &Event::read(&invocation.event));
        runtime.block_on(invocations.answer(&invocation, &answer)).map_err(failed)?;
    }
}

/// Does what an event asks for.
fn answer(args: &Lambda, event: &Event) -> Answer {
    let runs = match event {
        Event::Time => vec![everything(args)],
        Event::Objects(objects) => {
            let own = digests(objects, args.source.bucket(), args.source.prefix());
            own.iter().map(hour).collect()
        }
    };
    let code = runs.iter().map(|words| verify(args, words)).fold(0, worse);
    match code {
        0 => Answer::Done(serde_json::json!({ "exit_code": code, "runs": runs.len() })),
        _ => Answer::Failed {
            kind: "NotWhole",
            message: format!("exit code {code}; the log of this function has the report"),
        },
    }
}

/// The options of a run over the whole record.
fn everything(args: &Lambda) -> Vec<String> {
    vec!["--last".to_owned(), args.last.as_str().to_owned()]
}

/// The options of a run over the hour of one digest. In so young a window nothing could be missed yet, which a run says of it; that
/// the digest is there is what the event says.
fn hour(digest: &DigestKey) -> Vec<String> {
    let place = &digest.chain.place;
    let (start, end) = (digest.end - DIGEST_HOUR, digest.end);
    [
        ("--account", place.account.to_string()),
        ("--region", place.region.to_string()),
        ("--trail", digest.chain.trail.to_string()),
        ("--start", format_time(start)),
        ("--end", format_time(end)),
        ("--accept", Code::CoverageTail.to_string()),
    ]
    .into_iter()
    .flat_map(|(option, value)| [option.to_owned(), value])
    .collect()
}

/// Makes a run, and gives its exit code.
fn verify(args: &Lambda, words: &[String]) -> u8 {
    let program = std::env::current_exe().unwrap_or_else(|_| "trailseal".into());
    let ended = Command::new(program)
        .arg("verify")
        .arg(args.source.to_string())
        .args(words)
        .args(&args.options)
        .status();
    // Killed by a signal, it has no code.
    ended
        .ok()
        .and_then(|status| status.code())
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(COULD_NOT_RUN)
}
