//! The bytes of a text file: plain or gzip, told apart by their first bytes, never by the file's name.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

/// A file cannot be read as rows at all.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The file cannot be opened.
    #[error("`{path}` cannot be opened: check the path and the rights")]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Reading failed before the first row.
    #[error("the beginning of the file cannot be read: if it is gzip, check it with `gzip -t`")]
    Read(#[source] io::Error),
    /// The file holds something that is no text of rows.
    #[error("the file is {found}: {next}")]
    Format {
        /// What the first bytes say.
        found: &'static str,
        /// What to do.
        next: &'static str,
    },
    /// The file has no header line.
    #[error(
        "the file is empty: its first line must name the columns, such as `InvoiceNo,StockCode,Quantity,InvoiceDate`"
    )]
    Empty,
    /// The first line is longer than any header.
    #[error("the first line has more than {max} bytes: the lines must end with LF or CR LF")]
    HeaderTooLong {
        /// Bytes allowed.
        max: usize,
    },
    /// A column that every row needs is missing.
    #[error("no column for {column} among `{found}`: name it in the first line, one of: {aliases}")]
    MissingColumn {
        /// What is missing, in our words.
        column: &'static str,
        /// The names it may have.
        aliases: String,
        /// The header as it stands, cut to 200 characters.
        found: String,
    },
    /// Two headers mean one column.
    #[error("`{first}` and `{second}` both mean {column}: rename one of them")]
    RepeatedColumn {
        /// What both mean, in our words.
        column: &'static str,
        /// The header that comes first.
        first: String,
        /// The other one.
        second: String,
    },
}

/// Opens a file and decompresses it on the way if it is gzip. A UTF-8 byte order mark is skipped.
///
/// # Errors
/// [`InputError`] when it cannot be opened or its first bytes are of a format that is no text.
pub fn open(path: &Path) -> Result<Box<dyn BufRead + Send>, InputError> {
    let file = File::open(path).map_err(|source| InputError::Open { path: path.to_owned(), source })?;
    decode(file)
}

/// The same for bytes from anywhere.
///
/// # Errors
/// [`InputError`] when the first bytes cannot be read or are of a format that is no text.
pub fn decode<R: Read + Send + 'static>(source: R) -> Result<Box<dyn BufRead + Send>, InputError> {
    let (first, source) = peek(source)?;
    if !first.starts_with(&[0x1f, 0x8b]) {
        return text(&first, source);
    }
    let (first, source) = peek(MultiGzDecoder::new(BufReader::with_capacity(BUFFER, source)))?;
    text(&first, source)
}

/// Refuses what is no UTF-8 text and skips the byte order mark.
fn text<R: Read + Send + 'static>(
    first: &[u8],
    mut source: Peeked<R>,
) -> Result<Box<dyn BufRead + Send>, InputError> {
    let format = |found, next| Err(InputError::Format { found, next });
    match first {
        [] => Err(InputError::Empty),
        [b'P', b'K', 3, 4] => {
            format("a ZIP archive or spreadsheet", "unpack it, or save the sheet as CSV UTF-8")
        }
        [0x28, 0xb5, 0x2f, 0xfd] => format("compressed with zstd", "decompress it or use gzip"),
        [0x1f, 0x8b, ..] => format("compressed twice", "decompress it once"),
        [b'P', b'A', b'R', b'1'] => format("a Parquet file", "export it as CSV"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => format("UTF-16 text", "save it as UTF-8"),
        [0xef, 0xbb, 0xbf, ..] => {
            source.read_exact(&mut [0; 3]).map_err(InputError::Read)?;
            Ok(Box::new(BufReader::with_capacity(BUFFER, source)))
        }
        _ => Ok(Box::new(BufReader::with_capacity(BUFFER, source))),
    }
}

type Peeked<R> = io::Chain<io::Cursor<Vec<u8>>, R>;

/// The first four bytes (fewer at the end of the source), and the source with them still in it.
fn peek<R: Read>(mut source: R) -> Result<(Vec<u8>, Peeked<R>), InputError> {
    let mut first = Vec::with_capacity(4);
    source.by_ref().take(4).read_to_end(&mut first).map_err(InputError::Read)?;
    Ok((first.clone(), io::Cursor::new(first).chain(source)))
}

/// Read-ahead, in bytes.
const BUFFER: usize = 128 * 1024;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> Result<String, String> {
        let mut text = String::new();
        decode(io::Cursor::new(bytes.to_vec()))
            .map_err(|error| error.to_string())?
            .read_to_string(&mut text)
            .map_err(|error| error.to_string())?;
        Ok(text)
    }

    #[test]
    fn plain_gzip_and_marked_texts_read_alike() {
        for bytes in [
            b"a,b\n1,2".to_vec(),
            b"\xef\xbb\xbfa,b\n1,2".to_vec(),
            gzip(b"a,b\n1,2"),
            gzip(b"\xef\xbb\xbfa,b\n1,2"),
        ] {
            assert_eq!(read(&bytes).as_deref(), Ok("a,b\n1,2"));
        }
        // Gzip files may be joined end to end; all members count.
        assert_eq!(read(&[gzip(b"a,b\n"), gzip(b"1,2")].concat()).as_deref(), Ok("a,b\n1,2"));
    }

    #[test]
    fn what_is_no_text_is_named() {
        #[rustfmt::skip]
        let cases: &[(&[u8], &str)] = &[
            (b"",                     "the file is empty: its first line must name the columns, such as `InvoiceNo,StockCode,Quantity,InvoiceDate`"),
            (b"PK\x03\x04xl",         "the file is a ZIP archive or spreadsheet: unpack it, or save the sheet as CSV UTF-8"),
            (b"\xff\xfea\0",          "the file is UTF-16 text: save it as UTF-8"),
            (b"\x28\xb5\x2f\xfd\x04", "the file is compressed with zstd: decompress it or use gzip"),
            (b"PAR1....",             "the file is a Parquet file: export it as CSV"),
            (b"\x1f\x8b",             "the beginning of the file cannot be read: if it is gzip, check it with `gzip -t`"),
        ];
        for (bytes, message) in cases {
            assert_eq!(read(bytes).as_ref().map_err(String::as_str), Err(*message));
        }
        assert_eq!(
            read(&gzip(&gzip(b"a,b\n1,2"))),
            Err("the file is compressed twice: decompress it once".to_owned())
        );
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = open(Path::new("no/such/file.csv")).err().unwrap();
        assert_eq!(error.to_string(), "`no/such/file.csv` cannot be opened: check the path and the rights");
    }
}
