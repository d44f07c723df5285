//! What a template is filled with: what was given, and for what was not, words that stand out and that its head names.

use crate::alert;
use crate::cli::args::{Alert, Deploy, Place, Schedule, Target};

use super::render::{Value, Values, Word};
use super::rules::{Keeping, in_containers, is_a_stack, keeping};

/// In how many shards a record is read if nobody says.
const SHARDS: u16 = 16;
/// So many pods at once, at most.
const PARALLEL: u16 = 32;
/// Where machines of one's own keep what they remember.
const HOME: &str = "/var/lib/trailseal";

/// The values of a template, and what is still to be filled in by hand.
pub struct Filling {
    /// By the names in templates.
    pub values: Values,
    /// Each word that stands for something nobody gave, and what it stands for.
    pub missing: Vec<String>,
}

/// Fills in what the command line says.
pub fn of(args: &Deploy) -> Filling {
    let mut missing = Missing::default();
    let mut values = clock(args);
    values.extend(access(args, &mut missing));
    values.extend(places(args, &mut missing));
    values.extend(alerts(args, &mut missing));
    let sealed = args.witness.is_some();
    values.insert("sealed", when(sealed));
    values.insert("witness", each(args.witness.iter().map(|place| text(format!("--witness={place}")))));
    if args.target == Target::Cron {
        values.insert("verify", Value::Words(cron_words(&values, sealed)));
    }
    // Last: now it is known what is missing.
    values.insert("fill-in", each(missing.0.iter().map(|missing| plain(missing.clone()))));
    Filling { values, missing: missing.0 }
}

/// What nobody gave.
#[derive(Default)]
struct Missing(Vec<String>);

impl Missing {
    /// What was given; else the word that stands for it, noted with what it means.
    fn or(&mut self, given: Option<String>, stand_in: &str, meaning: &str) -> String {
        given.unwrap_or_else(|| {
            self.0.push(format!("{stand_in}: {meaning}"));
            stand_in.to_owned()
        })
    }
}

/// When, how far back, in how many shards.
fn clock(args: &Deploy) -> Values {
    let schedule = args.schedule.unwrap_or(Schedule::DEFAULT);
    // A night's plan is made anew and its shards are started for what is new: two days overlap. The others look at all that the
    // ledger carries.
    let usual = match args.target {
        Target::AwsBatch | Target::Slurm => "2d",
        Target::Lambda
        | Target::Kubernetes
        | Target::Systemd
        | Target::Cron
        | Target::GithubActions
        | Target::Container => "400d",
    };
    let last = args.last.as_ref().map_or(usual, |last| last.as_str());
    let shards = args.shards.unwrap_or(SHARDS);
    [
        ("time", schedule.to_string()),
        ("minute", schedule.minute().to_string()),
        ("hour", schedule.hour().to_string()),
        ("last", last.to_owned()),
        ("shards", shards.to_string()),
        ("last-shard", (shards - 1).to_string()),
        ("parallel", shards.min(PARALLEL).to_string()),
    ]
    .map(|(name, value)| (name, Value::One(plain(value))))
    .into()
}

/// What is read, as whom, and by which image.
fn access(args: &Deploy, missing: &mut Missing) -> Values {
    let given_image = args.image.as_ref().map(|image| image.as_str().to_owned());
    let given_role = args.role.as_ref().map(|role| role.as_str().to_owned());
    // A stack asks for what it has no default for.
    let asks = is_a_stack(args.target);
    let source = args.source.as_ref();
    let named = source.map(ToString::to_string);
    let source_words = match (asks, args.target) {
        (true, _) | (false, Target::Container) => String::new(),
        (false, _) => {
            missing.or(named, "s3://TRAIL-BUCKET", "the bucket that CloudTrail delivers to (--source)")
        }
    };
    let image = match in_containers(args.target) && !asks {
        true => missing.or(
            given_image.clone(),
            "REGISTRY/trailseal:TAG",
            "the container image, made with `trailseal deploy container` (--image)",
        ),
        false => String::new(),
    };
    let role = match args.target {
        Target::GithubActions => missing.or(
            given_role.clone(),
            "arn:aws:iam::ACCOUNT:role/ROLE",
            "the role that the workflow takes on (--role)",
        ),
        _ => String::new(),
    };
    if asks && source.is_none() {
        missing.0.push(
            "TrailBucket: the bucket that CloudTrail delivers to, asked for by the stack (--source)"
                .to_owned(),
        );
    }
    if args.target == Target::AwsBatch && args.image.is_none() {
        missing.0.push("Image: the container image, asked for by the stack (--image)".to_owned());
    }
    [
        ("source", Value::One(text(source_words))),
        ("given-bucket", each(source.map(|source| plain(source.bucket().to_owned())))),
        ("prefix", Value::One(text(source.map_or_else(String::new, |source| source.prefix().to_owned())))),
        ("image", Value::One(plain(image))),
        ("given-image", each(given_image.map(plain))),
        ("role", Value::One(plain(role))),
        ("role-or-none", Value::One(plain(given_role.clone().unwrap_or_default()))),
        ("given-role", each(given_role.clone().map(plain))),
        ("with-role", when(given_role.is_some())),
        ("no-role", when(given_role.is_none())),
        ("assume-role", each(given_role.map(|role| plain(format!("--assume-role={role}"))))),
    ]
    .into()
}

/// Where ledger, plans and parts are kept.
fn places(args: &Deploy, missing: &mut Missing) -> Values {
    let given = args.state.as_ref().map(Place::to_string);
    let state = match keeping(args.target) {
        Keeping::Bucket => missing.or(
            given,
            "s3://STATE-BUCKET/trailseal",
            "a bucket outside of the record, for ledger, plans and parts (--state)",
        ),
        Keeping::Folder => missing.or(
            given,
            "/SHARED-FOLDER/trailseal",
            "a folder that every node sees, for ledger, plans and parts (--state)",
        ),
        Keeping::Own(_) => HOME.to_owned(),
    };
    [
        ("state", state.clone()),
        ("ledger", format!("--ledger={state}/ledger")),
        ("plan-file", format!("{state}/plan.json")),
        ("plan", format!("--plan={state}/plan.json")),
        ("parts", format!("--parts={state}/parts")),
        ("notify-state", format!("--notify-state={state}/notify.json")),
        ("metrics", format!("{state}/trailseal.prom")),
    ]
    .map(|(name, value)| (name, Value::One(text(value))))
    .into()
}

/// Who is told, and what has to be allowed for that.
fn alerts(args: &Deploy, missing: &mut Missing) -> Values {
    let mut told: Vec<String> = args.alerts.iter().map(|alert| format!("--notify={alert}")).collect();
    // A stack has a topic of its own.
    if told.is_empty() && !is_a_stack(args.target) && args.target != Target::Container {
        let meaning = "whom to tell what came of a run: a topic, or any other --alert";
        let stand_in = missing.or(None, "sns:arn:aws:sns:REGION:ACCOUNT:TOPIC", meaning);
        told.push(format!("--notify={stand_in}"));
    }
    let topic = |alert: &Alert| match &alert.target {
        alert::Target::Sns(arn) => Some(plain(arn.to_string())),
        _ => None,
    };
    let bus = |alert: &Alert| match &alert.target {
        alert::Target::EventBridge(bus) => Some(plain(bus.to_string())),
        _ => None,
    };
    // A service that may write nowhere may write there.
    let folder = |alert: &Alert| match &alert.target {
        alert::Target::File(path) => path.parent().map(|folder| text(format!("{}/", folder.display()))),
        _ => None,
    };
    [
        ("notify", each(told.into_iter().map(text))),
        ("secret", when(args.alerts.iter().any(Alert::is_secret))),
        ("topic", each(args.alerts.iter().filter_map(topic))),
        ("bus", each(args.alerts.iter().filter_map(bus))),
        ("hub", when(args.alerts.iter().any(|alert| alert.target == alert::Target::SecurityHub))),
        ("alert-folder", each(args.alerts.iter().filter_map(folder))),
    ]
    .into()
}

/// The words after `trailseal verify`: a crontab has one line for a command.
fn cron_words(values: &Values, sealed: bool) -> Vec<Word> {
    let words = |name: &str| match values.get(name) {
        Some(Value::One(word)) => vec![word.clone()],
        Some(Value::Words(words) | Value::Each(words)) => words.clone(),
        None => Vec::new(),
    };
    let fixed = |words: &[&str]| words.iter().map(|word| plain((*word).to_owned())).collect::<Vec<_>>();
    let key: &[&str] = if sealed { &["--seal-key", "/etc/trailseal/seal.key"] } else { &[] };
    [
        words("source"),
        fixed(&["--last"]),
        words("last"),
        fixed(&["--quiet", "--report", "prometheus=/var/lib/trailseal/trailseal.prom"]),
        words("ledger"),
        words("assume-role"),
        words("witness"),
        fixed(key),
        words("notify"),
        words("notify-state"),
    ]
    .concat()
}

fn plain(word: String) -> Word {
    Word::Plain(word)
}

fn text(word: String) -> Word {
    Word::Text(word)
}

fn each(words: impl IntoIterator<Item = Word>) -> Value {
    Value::Each(words.into_iter().collect())
}

/// Lines that are written only then.
fn when(so: bool) -> Value {
    each(so.then(|| plain(String::new())))
}
