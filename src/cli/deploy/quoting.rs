//! How a text is written where a template wants it, so that whoever reads the template gets that text and nothing else.

/// Who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Nobody interprets it: numbers, and names of signs that mean nothing anywhere.
    Plain,
    /// YAML, as a scalar.
    Yaml,
    /// A POSIX shell, as a word.
    Shell,
    /// systemd, as a word of a command line or a list.
    Unit,
    /// cron, which hands what it reads to a shell.
    Crontab,
    /// GitHub, which hands what it reads to a shell.
    Workflow,
}

impl Form {
    /// By its name in templates.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "yaml" => Some(Self::Yaml),
            "sh" => Some(Self::Shell),
            "unit" => Some(Self::Unit),
            "crontab" => Some(Self::Crontab),
            "workflow" => Some(Self::Workflow),
            _ => None,
        }
    }

    /// The text, quoted. It is on one line, as all that comes from the command line is.
    pub fn quoted(self, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Yaml => format!("'{}'", text.replace('\'', "''")),
            Self::Shell => shell(text),
            Self::Unit => unit(text),
            // The first unescaped percent sign ends the command, and cron takes the backslash away.
            Self::Crontab => shell(text).replace('%', "\\%"),
            // Expressions are put in before the shell sees anything: one that says their beginning.
            Self::Workflow => shell(text).replace("${{", "${{ '${{' }}"),
        }
    }
}

/// Whether a text means itself to every shell and to systemd.
fn is_harmless(text: &str) -> bool {
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"_./:=@,+-".contains(&byte);
    !text.is_empty() && text.bytes().all(harmless)
}

fn shell(text: &str) -> String {
    if is_harmless(text) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

fn unit(text: &str) -> String {
    if is_harmless(text) {
        return text.to_owned();
    }
    let mut quoted = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '%' | '$' => quoted.extend([letter, letter]),
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_somewhere_is_quoted_there() {
        let odd = r#"it's 100% "$HOME" \ ${{ x }}"#;
        for (form, written) in [
            (Form::Plain, odd.to_owned()),
            (Form::Yaml, r#"'it''s 100% "$HOME" \ ${{ x }}'"#.to_owned()),
            (Form::Shell, r#"'it'\''s 100% "$HOME" \ ${{ x }}'"#.to_owned()),
            (Form::Unit, r#""it's 100%% \"$$HOME\" \\ $${{ x }}""#.to_owned()),
            (Form::Crontab, r#"'it'\''s 100\% "$HOME" \ ${{ x }}'"#.to_owned()),
            (Form::Workflow, r#"'it'\''s 100% "$HOME" \ ${{ '${{' }} x }}'"#.to_owned()),
        ] {
            assert_eq!(form.quoted(odd), written, "{form:?}");
        }
    }

    #[test]
    fn what_means_itself_is_left_to_be_read() {
        for form in [Form::Shell, Form::Unit, Form::Crontab, Form::Workflow] {
            assert_eq!(
                form.quoted("--notify=sns:arn:aws:sns:us-east-1:1:a"),
                "--notify=sns:arn:aws:sns:us-east-1:1:a"
            );
            assert_ne!(form.quoted(""), "");
        }
    }
}
