//! What do the files say that Python's `configparser` reads?

use std::collections::BTreeMap;

/// The sections of an INI file: names, and texts with their lines.
pub(super) type Sections = BTreeMap<String, BTreeMap<String, String>>;

/// Reads `setup.cfg` and `tox.ini`. A line that fits nowhere is left out.
pub(super) fn parse(text: &str) -> Sections {
    let mut sections = Sections::new();
    let mut section = String::new();
    let mut key: Option<String> = None;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if line.starts_with(char::is_whitespace) {
            let entries = sections.entry(section.clone()).or_default();
            if let Some(value) = key.as_ref().and_then(|key| entries.get_mut(key)) {
                value.push('\n');
                value.push_str(trimmed);
            }
        } else if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.split(']').next())
        {
            name.trim().clone_into(&mut section);
            key = None;
        } else if let Some((name, value)) = trimmed.split_once(['=', ':']) {
            let name = name.trim().to_ascii_lowercase().replace('-', "_");
            sections
                .entry(section.clone())
                .or_default()
                .insert(name.clone(), value.trim().to_owned());
            key = Some(name);
        }
    }
    sections
}

/// Returns the lines of a value that hold something.
pub(super) fn lines(value: &str) -> impl Iterator<Item = &str> {
    value.lines().map(str::trim).filter(|line| !line.is_empty())
}
