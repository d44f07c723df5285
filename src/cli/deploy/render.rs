//! Puts values into a template: `@@name@@`, or `@@name:form@@` where a text is read by somebody who has to have it quoted.

use std::collections::BTreeMap;

use super::quoting::Form;

/// One word of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// Signs that mean nothing anywhere.
    Plain(String),
    /// Any text on one line: a template has to say who reads it.
    Text(String),
}

/// What a name in a template stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A word in its place.
    One(Word),
    /// Words in its place, with spaces between them.
    Words(Vec<Word>),
    /// The line that names it is written once for each word, and so not at all where there is none.
    Each(Vec<Word>),
}

/// The values by their names.
pub type Values = BTreeMap<&'static str, Value>;

/// How a template and its values do not fit. No word of a user's makes one; the tests render every template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// A name without a value.
    #[error("it names {0}, for which there is no value")]
    Unknown(String),
    /// Who reads it is not known.
    #[error("{0} is to be quoted in a way that is not known")]
    Unquotable(String),
    /// A text where nobody quotes it.
    #[error("{0} may be any text, and is not quoted")]
    Bare(String),
    /// One line, several lists.
    #[error("the line of {0} would be written for another list, too")]
    TwoLists(String),
}

const MARK: &str = "@@";

/// The template with everything filled in.
pub fn render(template: &str, values: &Values) -> Result<String, Misfit> {
    let mut out = String::with_capacity(template.len() * 2);
    for line in template.lines() {
        let pieces = Pieces::of(line, values)?;
        for word in pieces.rounds()? {
            pieces.write(word, &mut out)?;
            out.push('\n');
        }
    }
    Ok(out)
}

/// A line of a template, taken apart.
struct Pieces<'a>(Vec<Piece<'a>>);

enum Piece<'a> {
    As(&'a str),
    Named { name: &'a str, form: Form, value: &'a Value },
}

impl<'a> Pieces<'a> {
    fn of(line: &'a str, values: &'a Values) -> Result<Self, Misfit> {
        let read = |(at, text): (usize, &'a str)| {
            if at % 2 == 0 {
                return Ok(Piece::As(text));
            }
            let (name, form) = match text.split_once(':') {
                None => (text, Some(Form::Plain)),
                Some((name, form)) => (name, Form::named(form)),
            };
            let form = form.ok_or_else(|| Misfit::Unquotable(text.to_owned()))?;
            let value = values.get(name).ok_or_else(|| Misfit::Unknown(name.to_owned()))?;
            Ok(Piece::Named { name, form, value })
        };
        line.split(MARK).enumerate().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// What the line is written for: once for nothing in particular, or once for each word of its list.
    fn rounds(&self) -> Result<Vec<Option<&'a Word>>, Misfit> {
        let mut rounds = None;
        for piece in &self.0 {
            if let Piece::Named { name, value: Value::Each(words), .. } = piece {
                match rounds {
                    None => rounds = Some(words.iter().map(Some).collect()),
                    Some(_) => return Err(Misfit::TwoLists((*name).to_owned())),
                }
            }
        }
        Ok(rounds.unwrap_or_else(|| vec![None]))
    }

    fn write(&self, round: Option<&Word>, out: &mut String) -> Result<(), Misfit> {
        for piece in &self.0 {
            match piece {
                Piece::As(text) => out.push_str(text),
                Piece::Named { name, form, value } => {
                    let quoted = |word: &Word| match (word, form) {
                        (Word::Text(_), Form::Plain) => Err(Misfit::Bare((*name).to_owned())),
                        (Word::Text(text) | Word::Plain(text), form) => Ok(form.quoted(text)),
                    };
                    match value {
                        Value::One(word) => out.push_str(&quoted(word)?),
                        Value::Words(words) => {
                            out.push_str(&words.iter().map(quoted).collect::<Result<Vec<_>, _>>()?.join(" "));
                        }
                        Value::Each(_) => out.push_str(&round.map_or(Ok(String::new()), quoted)?),
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(template: &str) -> Result<String, Misfit> {
        let text = |text: &str| Word::Text(text.to_owned());
        let values = Values::from([
            ("number", Value::One(Word::Plain("3".into()))),
            ("text", Value::One(text("it's"))),
            ("words", Value::Words(vec![text("a"), text("b c")])),
            ("each", Value::Each(vec![text("x"), text("y z")])),
            ("none", Value::Each(Vec::new())),
            ("if", Value::Each(vec![Word::Plain(String::new())])),
        ]);
        render(template, &values)
    }

    #[test]
    fn words_stand_in_their_places_and_lines_are_written_for_each_of_a_list() {
        let template =
            "n=@@number@@ t=@@text:sh@@\n  - @@each:yaml@@\ngone @@none:sh@@\n@@if@@kept\nrun @@words:sh@@\n";
        let right = "n=3 t='it'\\''s'\n  - 'x'\n  - 'y z'\nkept\nrun a 'b c'\n";
        assert_eq!(rendered(template).as_deref(), Ok(right));
    }

    #[test]
    fn nothing_is_left_unfilled_and_no_text_unquoted() {
        assert_eq!(rendered("@@nobody@@"), Err(Misfit::Unknown("nobody".into())));
        assert_eq!(rendered("@@text@@"), Err(Misfit::Bare("text".into())));
        assert_eq!(rendered("@@each@@"), Err(Misfit::Bare("each".into())));
        assert_eq!(rendered("@@text:json@@"), Err(Misfit::Unquotable("text:json".into())));
        assert_eq!(rendered("@@each:sh@@ @@none@@"), Err(Misfit::TwoLists("none".into())));
    }
}
