//! What a misspelt word may have been meant for.

/// Letters that may be put in, taken out or exchanged in a word that is taken for a misspelt one.
const MOST: usize = 2;

/// Of these words the one that is spelt most like another, if it is like it at all.
pub fn nearest<T: AsRef<str>>(words: impl IntoIterator<Item = T>, other: &str) -> Option<T> {
    let off = |word: &T| distance(&word.as_ref().to_lowercase(), &other.to_lowercase());
    words
        .into_iter()
        .map(|word| (off(&word), word))
        .filter(|(off, word)| {
            *off <= MOST && off * 2 < other.chars().count() && is_misspelt(word.as_ref(), other)
        })
        .min_by_key(|(off, _)| *off)
        .map(|(_, word)| word)
}

/// Names that differ in their numbers alone are both spelt right: other days, regions and accounts.
fn is_misspelt(one: &str, other: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|letter| !letter.is_ascii_digit()).collect::<String>();
    letters(one) != letters(other)
}

/// How many letters have to be put in, taken out or exchanged to make one word of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (column, own) in other.iter().enumerate() {
            let exchanged = diagonal + usize::from(letter != *own);
            diagonal = row[column + 1];
            row[column + 1] = exchanged.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_is_near_the_right_one_and_another_name_is_not() {
        let near = |words: &[&'static str], other| nearest(words.iter().copied(), other);
        assert_eq!(near(&["keys.json", "bucket"], "bukcet"), Some("bucket"));
        assert_eq!(near(&["look-back", "last"], "look-bak"), Some("look-back"));
        assert_eq!(near(&["AWSLogs"], "awslogs"), Some("AWSLogs"));
        assert_eq!(near(&["us-east-1", "us-west-1"], "us-esat-1"), Some("us-east-1"));
        for (words, other) in [
            (&["us-east-2"][..], "us-east-1"),
            (&["111122223333"], "111122223334"),
            (&["02", "03"], "01"),
            (&["bucket"], "photos"),
            (&["a"], "b"),
        ] {
            assert_eq!(near(words, other), None, "{other}");
        }
    }
}
