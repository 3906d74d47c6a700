//! How is a commit's time written?

/// Writes seconds since 1970-01-01 UTC in RFC 3339; `None` outside the years it can hold.
pub(crate) fn rfc3339(seconds: i64) -> Option<String> {
    let time = jiff::Timestamp::from_second(seconds).ok()?;
    // RFC 3339 has four-digit years only; git happily stores others.
    let text = time.to_string();
    (text.len() == 20 && seconds >= -62_135_596_800).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn times_are_utc_to_the_second() {
        assert_eq!(rfc3339(1_700_000_000).as_deref(), Some("2023-11-14T22:13:20Z"));
        assert_eq!(rfc3339(0).as_deref(), Some("1970-01-01T00:00:00Z"));
    }

    #[test]
    fn a_time_no_reader_could_parse_is_left_out() {
        assert_eq!(rfc3339(i64::MAX), None);
        assert_eq!(rfc3339(-70_000_000_000), None);
    }
}
