//! From a line to words: separated by spaces, quoted where they hold some, ended by a `#`.

use super::problem::Problem;

/// A word and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// The word, without its quotes.
    pub(crate) text: String,
    /// Its column, from 1.
    pub(crate) column: usize,
    /// Whether it stood in quotes: then it is never a keyword.
    pub(crate) quoted: bool,
}

impl Word {
    /// Whether this is a keyword.
    pub(crate) fn is(&self, keyword: &str) -> bool {
        !self.quoted && self.text == keyword
    }
}

/// The words of one line. `=` and `=>` at the beginning of a word are words of their own.
pub(crate) fn words(number: usize, line: &str) -> Result<Vec<Word>, Problem> {
    let mut words = Vec::new();
    let mut letters = (1usize..).zip(line.chars()).peekable();
    while let Some((column, letter)) = letters.next() {
        match letter {
            _ if letter.is_whitespace() || letter == '\u{feff}' => {}
            '#' => break,
            '"' => words.push(Word { text: quoted(number, column, &mut letters)?, column, quoted: true }),
            '=' => {
                let arrow = letters.next_if(|(_, next)| *next == '>').is_some();
                let text = if arrow { "=>" } else { "=" };
                words.push(Word { text: text.to_owned(), column, quoted: false });
            }
            _ => {
                let mut text = String::from(letter);
                while let Some((_, next)) = letters.next_if(|(_, next)| !next.is_whitespace()) {
                    text.push(next);
                }
                words.push(Word { text, column, quoted: false });
            }
        }
    }
    Ok(words)
}

fn quoted(
    number: usize,
    column: usize,
    letters: &mut impl Iterator<Item = (usize, char)>,
) -> Result<String, Problem> {
    let mut text = String::new();
    loop {
        match letters.next() {
            Some((_, '"')) => return Ok(text),
            Some((_, '\\')) => text.extend(letters.next().map(|(_, escaped)| escaped)),
            Some((_, letter)) => text.push(letter),
            None => {
                return Err(Problem::new(number, column, "the quote is not closed", "end it with `\"`"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_quotes_and_comments() {
        let read = |line| {
            words(1, line)
                .unwrap()
                .into_iter()
                .map(|w| format!("{}@{}", w.text, w.column))
                .collect::<Vec<_>>()
        };
        assert_eq!(read("09:00 sale oat 3 # three"), ["09:00@1", "sale@7", "oat@12", "3@16"]);
        assert_eq!(read(r#"item a "Oat \"x\" # 1" ="#), ["item@1", "a@6", "Oat \"x\" # 1@8", "=@24"]);
        assert_eq!(read("ask x =18 => y"), ["ask@1", "x@5", "=@7", "18@8", "=>@11", "y@14"]);
        assert_eq!(
            words(3, "a \"b").unwrap_err().to_string(),
            "3:3: the quote is not closed; end it with `\"`"
        );
    }
}
