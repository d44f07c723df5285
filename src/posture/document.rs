//! A bucket's policy, as S3 keeps it: JSON whose grammar is that of IAM (IAM User Guide, "Grammar of the IAM JSON policy language").

use serde_json::{Map, Value};

/// The longest policy of a bucket (Amazon S3 User Guide, "Bucket policies"): 20 kB.
const LONGEST: usize = 20 << 10;

/// What a policy says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Document {
    pub(super) statements: Vec<Statement>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// Its name, or where it stands.
    pub(super) name: String,
    pub(super) effect: Effect,
    pub(super) who: Who,
    pub(super) actions: Listed,
    pub(super) resources: Listed,
    pub(super) conditions: Vec<Condition>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// Whom a statement is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    Everybody,
    These(Vec<Principal>),
    /// NotPrincipal.
    EverybodyBut,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Principal {
    /// A service of AWS, by its name.
    Service(String),
    /// Anybody else: an account, a role, a user, an identity provider.
    Other(String),
}

/// Patterns of actions or resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Listed {
    These(Vec<Pattern>),
    /// NotAction, NotResource.
    AllBut,
}

/// One condition: all of them have to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) operator: String,
    /// In lower case: keys are the same in either.
    pub(super) key: String,
    pub(super) values: Vec<String>,
}

/// Why a policy cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unclear {
    #[error("it is longer than S3 lets a policy be")]
    Overlong,
    #[error("it is not JSON: {0}")]
    NotJson(String),
    #[error("{0} is not as the grammar of policies has it")]
    Malformed(String),
}

impl Document {
    pub(super) fn parse(text: &str) -> Result<Self, Unclear> {
        if text.len() > LONGEST {
            return Err(Unclear::Overlong);
        }
        let value: Value = serde_json::from_str(text).map_err(|error| Unclear::NotJson(error.to_string()))?;
        let malformed = |what: &str| Unclear::Malformed(what.to_owned());
        let statements = match value.get("Statement") {
            Some(Value::Array(statements)) => statements.iter().collect(),
            Some(one @ Value::Object(_)) => vec![one],
            _ => return Err(malformed("Statement")),
        };
        let read = statements.into_iter().enumerate().map(|(at, statement)| {
            let fields = statement.as_object().ok_or_else(|| malformed("a statement"))?;
            Statement::read(at, fields)
        });
        Ok(Self { statements: read.collect::<Result<_, _>>()? })
    }

    pub(super) fn of(&self, effect: Effect) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(move |statement| statement.effect == effect)
    }
}

impl Statement {
    fn read(at: usize, fields: &Map<String, Value>) -> Result<Self, Unclear> {
        let sid = fields.get("Sid").and_then(Value::as_str).filter(|sid| !sid.is_empty());
        let name = sid.map_or_else(|| format!("statement {}", at + 1), |sid| format!("statement {sid:?}"));
        let malformed = |what: &str| Unclear::Malformed(format!("{what} of {name}"));
        const KNOWN: [&str; 10] = [
            "Sid",
            "Effect",
            "Principal",
            "NotPrincipal",
            "Action",
            "NotAction",
            "Resource",
            "NotResource",
            "Condition",
            "Id",
        ];
        if let Some(strange) = fields.keys().find(|field| !KNOWN.contains(&field.as_str())) {
            return Err(malformed(strange));
        }
        let effect = match fields.get("Effect").and_then(Value::as_str) {
            Some("Allow") => Effect::Allow,
            Some("Deny") => Effect::Deny,
            _ => return Err(malformed("Effect")),
        };
        let who = match (fields.get("Principal"), fields.get("NotPrincipal")) {
            (Some(principal), None) => Who::read(principal).ok_or_else(|| malformed("Principal"))?,
            (None, Some(_)) => Who::EverybodyBut,
            _ => return Err(malformed("Principal")),
        };
        let listed = |is: &str, is_not: &str| match (fields.get(is), fields.get(is_not)) {
            (Some(value), None) => {
                let texts = texts(value).ok_or_else(|| malformed(is))?;
                Ok(Listed::These(texts.into_iter().map(Pattern).collect()))
            }
            (None, Some(_)) => Ok(Listed::AllBut),
            _ => Err(malformed(is)),
        };
        let (actions, resources) = (listed("Action", "NotAction")?, listed("Resource", "NotResource")?);
        let conditions = match fields.get("Condition") {
            None => Vec::new(),
            Some(value) => conditions(value).ok_or_else(|| malformed("Condition"))?,
        };
        Ok(Self { name, effect, who, actions, resources, conditions })
    }
}

impl Who {
    fn read(value: &Value) -> Option<Self> {
        let kinds = match value {
            Value::String(all) => return (all == "*").then_some(Self::Everybody),
            Value::Object(kinds) => kinds,
            _ => return None,
        };
        let mut named = Vec::new();
        for (kind, value) in kinds {
            for text in texts(value)? {
                match kind.as_str() {
                    // The same as `*` in the policy of a resource (IAM User Guide, "AWS JSON policy elements: Principal").
                    "AWS" if text == "*" => return Some(Self::Everybody),
                    "Service" => named.push(Principal::Service(text)),
                    _ => named.push(Principal::Other(text)),
                }
            }
        }
        Some(Self::These(named))
    }
}

/// A text or a list of texts.
fn texts(value: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    match value {
        Value::Array(values) => values.iter().map(text).collect(),
        one => Some(vec![text(one)?]),
    }
}

fn conditions(value: &Value) -> Option<Vec<Condition>> {
    let mut read = Vec::new();
    for (operator, keys) in value.as_object()? {
        for (key, value) in keys.as_object()? {
            let (operator, key) = (operator.clone(), key.to_ascii_lowercase());
            // None of nothing is ever met.
            let values = texts(value).filter(|values| !values.is_empty())?;
            read.push(Condition { operator, key, values });
        }
    }
    Some(read)
}

impl Listed {
    /// Whether an action is among them; not known, where they are named by what they are not.
    pub(super) fn holds_action(&self, action: &str) -> Option<bool> {
        match self {
            Self::These(patterns) => {
                Some(patterns.iter().any(|pattern| {
                    Pattern(pattern.0.to_ascii_lowercase()).fits(&action.to_ascii_lowercase())
                }))
            }
            Self::AllBut => None,
        }
    }

    /// Whether any resource among them begins so, or, if it is `whole`, is that; not known, where they are named by what they are
    /// not, or by what the caller is.
    pub(super) fn touches(&self, target: Target<'_>) -> Option<bool> {
        let Self::These(patterns) = self else { return None };
        let touches = patterns.iter().any(|pattern| target.touched_by(pattern));
        if !touches && patterns.iter().any(Pattern::is_variable) { None } else { Some(touches) }
    }

    /// Whether all that the target names is among them.
    pub(super) fn covers(&self, target: Target<'_>) -> bool {
        let Self::These(patterns) = self else { return false };
        patterns.iter().any(|pattern| target.covered_by(pattern))
    }
}

/// What a statement may be about: one thing, or all whose names begin so.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target<'a> {
    This(&'a str),
    Below(&'a str),
}

impl Target<'_> {
    fn touched_by(self, pattern: &Pattern) -> bool {
        match self {
            Self::This(name) => pattern.fits(name),
            Self::Below(beginning) => !pattern.after(beginning).is_empty(),
        }
    }

    fn covered_by(self, pattern: &Pattern) -> bool {
        match self {
            Self::This(name) => pattern.fits(name),
            Self::Below(beginning) => {
                let signs = pattern.0.len();
                pattern.after(beginning).into_iter().any(|at| at + 1 == signs && pattern.0.ends_with('*'))
            }
        }
    }
}

/// A pattern: `*` stands for any signs, `?` for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(pub(super) String);

impl Pattern {
    /// Whether it depends on who asks.
    fn is_variable(&self) -> bool {
        self.0.contains("${")
    }

    pub(super) fn fits(&self, text: &str) -> bool {
        self.after(text).contains(&self.0.len())
    }

    /// Where in the pattern one may be, having read `text`.
    fn after(&self, text: &str) -> Vec<usize> {
        let pattern = self.0.as_bytes();
        let mut at = with_stars_skipped(pattern, [0]);
        for sign in text.bytes() {
            let next = at.into_iter().filter_map(|place| match pattern.get(place) {
                Some(b'*') => Some(place),
                Some(b'?') => Some(place + 1),
                Some(own) if *own == sign => Some(place + 1),
                _ => None,
            });
            at = with_stars_skipped(pattern, next.collect::<Vec<_>>());
        }
        at
    }
}

/// Adds the places that are reached without reading: a star may stand for nothing. Places are in their order, each once.
fn with_stars_skipped(pattern: &[u8], places: impl IntoIterator<Item = usize>) -> Vec<usize> {
    let mut reached: Vec<usize> = Vec::new();
    for mut place in places {
        loop {
            if reached.last().is_none_or(|last| *last < place) {
                reached.push(place);
            }
            if pattern.get(place) != Some(&b'*') {
                break;
            }
            place += 1;
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn patterns_fit_touch_and_cover() {
        let fits = |pattern: &str, text: &str| Pattern(pattern.into()).fits(text);
        assert!(
            fits("s3:*", "s3:DeleteObject")
                && fits("*", "x")
                && fits("s3:Delete*Version", "s3:DeleteObjectVersion")
        );
        assert!(
            fits("a?c", "abc") && !fits("a?c", "ac") && !fits("s3:Get*", "s3:PutObject") && fits("**", "")
        );
        let below = Target::Below("b/AWSLogs/");
        for (pattern, touches, covers) in [
            ("*", true, true),
            ("b/*", true, true),
            ("b/AWSLogs/*", true, true),
            ("b/AWSLogs/1/*", true, false),
            ("b/AWSLogs/", true, false),
            ("b/*/x", true, false),
            ("b/?", false, false),
            ("b/other/*", false, false),
            ("b", false, false),
            ("b/AWSLogs/?*", true, false),
        ] {
            let listed = Listed::These(vec![Pattern(pattern.into())]);
            assert_eq!((listed.touches(below), listed.covers(below)), (Some(touches), covers), "{pattern}");
        }
        let variable = Listed::These(vec![Pattern("b/home/${aws:username}/*".into())]);
        assert_eq!(variable.touches(below), None);
        assert_eq!(Listed::AllBut.holds_action("s3:x"), None);
    }

    #[test]
    fn a_policy_is_read_in_all_its_spellings() {
        let document = Document::parse(
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":["1","2"],"Service":"s"},
                "Action":"s3:GetObject","Resource":["a","b"],"Condition":{"Bool":{"AWS:SecureTransport":true}}}}"#,
        )
        .unwrap();
        let [statement] = &document.statements[..] else { unreachable!() };
        assert_eq!(statement.name, "statement 1");
        let Who::These(named) = &statement.who else { unreachable!() };
        assert_eq!(named.len(), 3);
        let condition = &statement.conditions[0];
        assert_eq!((&*condition.key, &*condition.values), ("aws:securetransport", &["true".to_owned()][..]));
    }

    #[test]
    fn what_is_not_understood_is_no_policy() {
        let statement = |inner: &str| format!(r#"{{"Statement":[{{{inner}}}]}}"#);
        for text in [
            String::new(),
            "[]".into(),
            "{}".into(),
            statement(r#""Effect":"Maybe","Principal":"*","Action":"*","Resource":"*""#),
            statement(r#""Effect":"Allow","Action":"*","Resource":"*""#),
            statement(r#""Effect":"Allow","Principal":"everybody","Action":"*","Resource":"*""#),
            statement(r#""Effect":"Allow","Principal":"*","Action":{},"Resource":"*""#),
            statement(r#""Effect":"Allow","Principal":"*","Action":"*""#),
            statement(r#""Effect":"Allow","Principal":"*","NotPrincipal":"x","Action":"*","Resource":"*""#),
            statement(r#""Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Conditon":{}"#),
            statement(
                r#""Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":[]}}"#,
            ),
        ] {
            assert!(Document::parse(&text).is_err(), "{text}");
        }
    }
}
