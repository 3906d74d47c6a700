//! Which second does a typed date mean?

use jiff::Timestamp;
use jiff::civil::Date;

use crate::Failure;

/// Reads a date (midnight UTC) or an RFC 3339 time as seconds since 1970.
pub fn parse_since(text: &str) -> Result<i64, Failure> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time.as_second());
    }
    let midnight = text
        .parse::<Date>()
        .and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC))
        .map_err(|error| Failure::of(error, &format!("`{text}` is not a date")))
        .map_err(|failure| failure.hint("write it as `2024-01-31` or `2024-01-31T12:00:00Z`"))?;
    Ok(midnight.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::parse_since;

    #[test]
    fn a_date_is_its_midnight_in_utc() {
        assert_eq!(parse_since("1970-01-02").unwrap(), 86_400);
        assert_eq!(parse_since("1970-01-02T00:00:01Z").unwrap(), 86_401);
    }

    #[test]
    fn a_text_that_is_no_date_is_named() {
        assert!(parse_since("yesterday").unwrap_err().to_string().contains("`yesterday`"));
    }
}
