//! Scans as text: what a terminal or an editor cannot show is written as an escape.

/// A scan with its escapes resolved: `\u001d` is the character of that number, `\x1d` that byte. Everything else, also any
/// other backslash, stands for itself, as in the `\(` of bracketed text.
pub(super) fn resolved(text: &[u8]) -> Vec<u8> {
    let mut scan = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, behind @ ..] = rest {
        let taken = match rest {
            [b'\\', b'x', high, low, ..] => number(&[*high, *low])
                .and_then(|number| u8::try_from(number).ok())
                .map(|byte| (vec![byte], 4)),
            [b'\\', b'u', a, b, c, d, ..] => number(&[*a, *b, *c, *d])
                .and_then(char::from_u32)
                .map(|character| (character.to_string().into_bytes(), 6)),
            _ => None,
        };
        match taken {
            Some((bytes, length)) => {
                scan.extend(bytes);
                rest = rest.get(length..).unwrap_or_default();
            }
            None => {
                scan.push(*first);
                rest = behind;
            }
        }
    }
    scan
}

fn number(hex: &[u8]) -> Option<u32> {
    let all_hex = hex.iter().all(u8::is_ascii_hexdigit);
    all_hex.then(|| u32::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::resolved;

    #[test]
    fn escapes_stand_for_bytes() {
        #[rustfmt::skip]
        let cases: [(&str, &[u8]); 9] = [
            // text              scan
            ("10A\\u001d21B",    b"10A\x1d21B"),
            ("10A\\x1D21B",      b"10A\x1d21B"),
            ("\\xff",            b"\xff"),
            ("\\u00e4",          "ä".as_bytes()),
            ("(10)A\\(7",        b"(10)A\\(7"),
            ("\\\\x1d",          b"\\\x1d"),
            ("\\u001",           b"\\u001"),
            ("\\ud800",          b"\\ud800"),
            ("\\x+1",            b"\\x+1"),
        ];
        for (text, scan) in cases {
            assert_eq!(resolved(text.as_bytes()), scan, "{text}");
        }
    }
}
