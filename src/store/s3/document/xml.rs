//! Pulls the elements of a document out of its text, one by one and without copies, and holds it to what makes it whole: every
//! element that is looked into ends where it began, and nothing follows the root.

use std::borrow::Cow;

use xmlparser::{ElementEnd, Token, Tokenizer};

use super::Fault;

/// A document, read as far as its last element that was asked for.
pub(super) struct Elements<'doc> {
    tokens: Tokenizer<'doc>,
}

/// An element whose content is still to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'doc> {
    prefix: &'doc str,
    name: &'doc str,
    content: Content,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// It is closed where it is opened.
    None,
    /// It goes on to its end tag.
    ToItsEnd,
}

/// An element's text as it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'doc>(pub(super) &'doc str);

impl<'doc> Elements<'doc> {
    /// Opens a document, and its root with it.
    pub(super) fn open(document: &'doc str) -> Result<(Self, Element<'doc>), Fault> {
        let mut elements = Self { tokens: Tokenizer::from(document) };
        loop {
            if let Token::ElementStart { prefix, local, .. } = elements.token()? {
                let root = elements.opened(prefix.as_str(), local.as_str())?;
                return Ok((elements, root));
            }
        }
    }

    /// The next element right below `parent`; none, when that ends.
    pub(super) fn below(&mut self, parent: Element<'doc>) -> Result<Option<Element<'doc>>, Fault> {
        if parent.content == Content::None {
            return Ok(None);
        }
        loop {
            match self.token()? {
                Token::ElementStart { prefix, local, .. } => {
                    return self.opened(prefix.as_str(), local.as_str()).map(Some);
                }
                Token::ElementEnd { end, .. } => return parent.ended_by(end).map(|()| None),
                _ => {}
            }
        }
    }

    /// The text of an element that holds nothing else.
    pub(super) fn text(&mut self, element: Element<'doc>) -> Result<Text<'doc>, Fault> {
        let mut text = "";
        if element.content == Content::None {
            return Ok(Text(text));
        }
        loop {
            match self.token()? {
                Token::Text { text: found } if text.is_empty() => text = found.as_str(),
                Token::ElementEnd { end, .. } => return element.ended_by(end).map(|()| Text(text)),
                _ => return Err(Fault::Garbled("something stands where a text should")),
            }
        }
    }

    /// Passes over an element.
    pub(super) fn skip(&mut self, element: Element<'doc>) -> Result<(), Fault> {
        let mut open = match element.content {
            Content::None => return Ok(()),
            Content::ToItsEnd => 1_usize,
        };
        loop {
            match self.token()? {
                Token::ElementStart { .. } => open += 1,
                Token::ElementEnd { end: ElementEnd::Open, .. } => {}
                Token::ElementEnd { end: ElementEnd::Empty, .. } => open -= 1,
                Token::ElementEnd { end, .. } if open == 1 => return element.ended_by(end),
                Token::ElementEnd { .. } => open -= 1,
                _ => {}
            }
        }
    }

    /// Closes the document, after which there is nothing.
    pub(super) fn close(mut self) -> Result<(), Fault> {
        match self.tokens.next() {
            None => Ok(()),
            Some(_) => Err(Fault::Garbled("something follows its end")),
        }
    }

    /// An element that has just begun, its attributes passed over.
    fn opened(&mut self, prefix: &'doc str, name: &'doc str) -> Result<Element<'doc>, Fault> {
        loop {
            let content = match self.token()? {
                Token::ElementEnd { end: ElementEnd::Open, .. } => Content::ToItsEnd,
                Token::ElementEnd { .. } => Content::None,
                _ => continue,
            };
            return Ok(Element { prefix, name, content });
        }
    }

    fn token(&mut self) -> Result<Token<'doc>, Fault> {
        match self.tokens.next() {
            Some(Ok(token)) => Ok(token),
            // Most that is no XML any more is cut off in the middle of a tag.
            Some(Err(_)) | None => Err(Fault::BreaksOff),
        }
    }
}

impl<'doc> Element<'doc> {
    /// Its name, whatever the prefix that a server writes before it.
    pub(super) fn name(&self) -> &'doc str {
        self.name
    }

    /// Nearly none has one, and to compare two empty texts takes as long as to compare others.
    fn has_prefix(&self, prefix: &str) -> bool {
        (prefix.is_empty() && self.prefix.is_empty()) || prefix == self.prefix
    }

    fn ended_by(&self, end: ElementEnd<'_>) -> Result<(), Fault> {
        match end {
            ElementEnd::Close(prefix, name)
                if name.as_str() == self.name && self.has_prefix(prefix.as_str()) =>
            {
                Ok(())
            }
            _ => Err(Fault::Garbled("an element ends that did not begin")),
        }
    }
}

impl<'doc> Text<'doc> {
    /// What it means: references are undone.
    pub(super) fn plain(self) -> Result<Cow<'doc, str>, Fault> {
        let Self(written) = self;
        let Some((before, mut rest)) = written.split_once('&') else { return Ok(Cow::Borrowed(written)) };
        let mut plain = String::with_capacity(written.len());
        plain.push_str(before);
        loop {
            let unknown = Fault::Garbled("a reference stands for nothing");
            let (reference, after) = rest.split_once(';').ok_or(unknown)?;
            plain.push(referred(reference).ok_or(unknown)?);
            let Some((text, next)) = after.split_once('&') else {
                plain.push_str(after);
                return Ok(Cow::Owned(plain));
            };
            plain.push_str(text);
            rest = next;
        }
    }
}

/// What stands for `&…;`.
fn referred(reference: &str) -> Option<char> {
    let number = |digits: &str, radix| {
        let all_digits = digits.chars().all(|digit| digit.is_digit(radix));
        all_digits.then(|| u32::from_str_radix(digits, radix).ok()).flatten().and_then(char::from_u32)
    };
    match reference {
        "quot" => Some('"'),
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "apos" => Some('\''),
        _ => match reference.strip_prefix('#')?.split_at_checked(1) {
            Some(("x", digits)) => number(digits, 16),
            _ => number(&reference[1..], 10),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names and texts below the root.
    fn read(document: &str) -> Result<Vec<(&str, String)>, Fault> {
        let (mut elements, root) = Elements::open(document)?;
        let mut found = Vec::new();
        while let Some(element) = elements.below(root)? {
            found.push((element.name(), elements.text(element)?.plain()?.into_owned()));
        }
        elements.close()?;
        Ok(found)
    }

    #[test]
    fn elements_are_told_by_their_names_and_texts_by_their_meaning() {
        let document = "<?xml version=\"1.0\"?><!-- made --><r xmlns=\"x>y\">\n <a>1 &lt;&#50;&#x33;&quot;</a><b/>\
                        <s:c at='1'> &amp;amp; </s:c><?of no matter?></r>\n";
        let found = [("a", "1 <23\"".to_owned()), ("b", String::new()), ("c", " &amp; ".to_owned())];
        assert_eq!(read(document), Ok(found.into()));
        assert_eq!(read("<r/>"), Ok(Vec::new()));
    }

    #[test]
    fn a_document_without_its_end_is_none() {
        let document = "<r><a>1</a><b/></r>";
        for end in 0..document.len() {
            assert_eq!(read(&document[..end]), Err(Fault::BreaksOff), "{end}");
        }
        assert_eq!(read(""), Err(Fault::BreaksOff));
        assert_eq!(read("{}"), Err(Fault::BreaksOff));
    }

    #[test]
    fn what_cannot_be_meant_is_not_read() {
        for document in [
            "<r><a>1</b></r>",
            "<r><a>1</s:a></r>",
            "<r><a>1</a></q>",
            "<r><a><b/></a></r>",
            "<r><a><![CDATA[1]]></a></r>",
            "<r><a>1<!-- 2 -->3</a></r>",
            "<r><a>&nbsp;</a></r>",
            "<r><a>& </a></r>",
            "<r><a>&#;</a></r>",
            "<r><a>&#+5;</a></r>",
            "<r><a>&#xD800;</a></r>",
            "<r/><!-- more -->",
            "<r/><r/>",
        ] {
            assert!(matches!(read(document), Err(Fault::Garbled(_))), "{document}: {:?}", read(document));
        }
    }

    #[test]
    fn what_nobody_asks_for_is_passed_over_whatever_it_holds() {
        let document = "<r><o><r><o/>1</r><!-- </o> --><![CDATA[</o>]]></o><a>1</a></r>";
        let open = || Elements::open(document);
        let skip = |(mut elements, root): (Elements<'static>, Element<'static>)| {
            if let Some(owner) = elements.below(root)? {
                elements.skip(owner)?;
            }
            let after = elements.below(root)?;
            Ok::<_, Fault>(after.map(|after| after.name()))
        };
        assert_eq!(open().and_then(skip), Ok(Some("a")));
    }
}
