//! What is said about a commit before it is made?
//!
//! In: a message, and where a test cares, who and when. Out: a [`Draft`]. All
//! times are given; nothing reads a clock.

use backstory_model::Signature;

/// Says why a text is not a time with an offset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a time such as `2024-03-01T10:00:00+02:00`")]
pub struct MomentError {
    /// What was given.
    pub text: String,
}

/// Reads `2024-03-01T10:00:00+02:00` as seconds and minutes east of UTC.
pub(crate) fn parse_moment(text: &str) -> Result<(i64, i32), MomentError> {
    let wrong = || MomentError { text: text.to_owned() };
    let stamp: jiff::Timestamp = text.parse().map_err(|_| wrong())?;
    let offset = match text.strip_suffix('Z') {
        Some(_) => 0,
        None => offset_minutes(text).ok_or_else(wrong)?,
    };
    Ok((stamp.as_second(), offset))
}

fn offset_minutes(text: &str) -> Option<i32> {
    let offset = text.get(text.len().checked_sub(6)?..)?;
    let (sign, rest) = match offset.split_at(1) {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    Some(sign * (hours.parse::<i32>().ok()? * 60 + minutes.parse::<i32>().ok()?))
}

/// Returns who did something at `2024-03-01T10:00:00+02:00`.
pub fn signature(name: &str, email: &str, moment: &str) -> Result<Signature, MomentError> {
    let (seconds, offset_minutes) = parse_moment(moment)?;
    Ok(Signature { name: name.to_owned(), email: email.to_owned(), seconds, offset_minutes })
}

/// A commit's message, and who and when where the defaults do not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub(crate) message: String,
    pub(crate) author: Option<Signature>,
    pub(crate) committer: Option<Signature>,
}

impl Draft {
    /// Takes a message; a missing line end is added, as `git commit` does.
    pub fn new(message: &str) -> Self {
        let end = if message.ends_with('\n') { "" } else { "\n" };
        Self { message: format!("{message}{end}"), author: None, committer: None }
    }

    /// Sets who wrote the change, and when; also the committer unless that is set.
    #[must_use]
    pub fn author(mut self, who: Signature) -> Self {
        self.author = Some(who);
        self
    }

    /// Sets who committed it, and when.
    #[must_use]
    pub fn committer(mut self, who: Signature) -> Self {
        self.committer = Some(who);
        self
    }
}

impl From<&str> for Draft {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}

#[cfg(test)]
mod tests {
    use super::parse_moment;

    #[test]
    fn a_moment_keeps_its_offset() {
        assert_eq!(parse_moment("1970-01-01T00:30:00-01:30"), Ok((7200, -90)));
        assert_eq!(parse_moment("1970-01-01T00:00:01Z"), Ok((1, 0)));
        assert!(parse_moment("yesterday").is_err());
    }
}
