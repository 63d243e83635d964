//! Text of digits.

/// The number that ASCII digits write.
///
/// # Errors
/// The offset of the first byte that is no digit, or that no longer fits.
pub(crate) fn number(bytes: &[u8]) -> Result<u64, usize> {
    let mut number = 0u64;
    for (at, byte) in bytes.iter().enumerate() {
        if !byte.is_ascii_digit() {
            return Err(at);
        }
        let digit = u64::from(byte - b'0');
        number = number.checked_mul(10).and_then(|tens| tens.checked_add(digit)).ok_or(at)?;
    }
    Ok(number)
}
