//! Which paths does a patch of ours touch, and can it be applied?
//!
//! In: a unified diff as git writes it, without renames. Out: the path of each
//! file, or why a grader could not apply the diff.

use std::collections::BTreeSet;

use super::LeftOut;

/// Returns the paths of the files a patch changes.
pub(super) fn changed(patch: &str) -> Result<BTreeSet<String>, LeftOut> {
    let mut paths = BTreeSet::new();
    for line in patch.lines() {
        if let Some(names) = line.strip_prefix("diff --git ") {
            paths.insert(path(names).ok_or(LeftOut::PathNotText)?);
        } else if line.starts_with("Binary files ") {
            return Err(LeftOut::BinaryInPatch);
        }
        if line.contains(">>>>> ") {
            return Err(LeftOut::MarkerInPatch);
        }
    }
    if paths.is_empty() { Err(LeftOut::PatchNotText) } else { Ok(paths) }
}

/// Reads `a/PATH b/PATH`, quoted or not; both paths are the same.
fn path(names: &str) -> Option<String> {
    if let Some(quoted) = names.strip_prefix("\"a/") {
        return unquote(quoted);
    }
    let length = names.len().checked_sub("a/ b/".len())? / 2;
    let path = names.strip_prefix("a/")?.get(..length)?;
    (names == format!("a/{path} b/{path}")).then(|| path.to_owned())
}

/// Reads text up to the closing quote, with the escapes git writes.
fn unquote(quoted: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = quoted.bytes();
    loop {
        match rest.next()? {
            b'"' => return String::from_utf8(bytes).ok(),
            b'\\' => bytes.push(escaped(&mut rest)?),
            byte => bytes.push(byte),
        }
    }
}

fn escaped(rest: &mut impl Iterator<Item = u8>) -> Option<u8> {
    Some(match rest.next()? {
        b'a' => 7,
        b'b' => 8,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 11,
        b'f' => 12,
        b'r' => b'\r',
        first @ b'0'..=b'3' => {
            let digit = |byte: u8| (b'0'..=b'7').contains(&byte).then(|| byte - b'0');
            (first - b'0') * 64 + digit(rest.next()?)? * 8 + digit(rest.next()?)?
        }
        literal => literal,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: &str) -> Result<Vec<String>, LeftOut> {
        changed(&format!("{header}\n")).map(|paths| paths.into_iter().collect())
    }

    #[test]
    fn paths_are_read_as_git_writes_them() {
        assert_eq!(of("diff --git a/src/a.py b/src/a.py"), Ok(vec!["src/a.py".to_owned()]));
        assert_eq!(of("diff --git a/a b/c b/a b/c"), Ok(vec!["a b/c".to_owned()]));
        let quoted = r#"diff --git "a/t\303\244\"\t.py" "b/t\303\244\"\t.py""#;
        assert_eq!(of(quoted), Ok(vec!["tä\"\t.py".to_owned()]));
    }

    #[test]
    fn a_patch_no_grader_can_apply_says_why() {
        assert_eq!(of(r#"diff --git "a/\377" "b/\377""#), Err(LeftOut::PathNotText));
        assert_eq!(of("diff --git a/a b/b"), Err(LeftOut::PathNotText));
        let binary = "diff --git a/x.png b/x.png\nBinary files a/x.png and b/x.png differ";
        assert_eq!(of(binary), Err(LeftOut::BinaryInPatch));
        let marked = "diff --git a/a b/a\n+>>>>> End Test Output";
        assert_eq!(of(marked), Err(LeftOut::MarkerInPatch));
        assert_eq!(of(""), Err(LeftOut::PatchNotText));
    }
}
