//! What is a path of the sandbox called on the host, and back?
//!
//! In: the folder that stands for `/`, and the mounts of a job. Commands and
//! variables go in by [`GuestPaths::inward`], everything a job says comes out by
//! [`GuestPaths::outward`]. Only a path that begins a word is rewritten on the way
//! in: one in the middle of a word may be part of the name of a test.

use std::path::Path;

use backstory_model::SandboxJob;

/// The folders every job has.
const OWN: [&str; 2] = ["/tmp", "/work"];

/// What every job may see under its own name, so that no path below is rewritten.
const SEEN_BY_ALL: &str = "/usr";

/// The names of one job.
#[derive(Debug)]
pub struct GuestPaths {
    root: String,
    /// The first parts of the paths of the sandbox, e.g., `/work`.
    tops: Vec<String>,
    /// Paths of the host and what they are called inside, the longest first.
    back: Vec<(String, String)>,
}

impl GuestPaths {
    /// Takes the folder that stands for `/`, and what is shown below it.
    pub fn new(root: &Path, job: &SandboxJob) -> Self {
        let root = root.to_string_lossy().into_owned();
        let mut tops: Vec<String> = OWN.map(str::to_owned).to_vec();
        let mut back = vec![(root.clone(), String::new())];
        for mount in &job.mounts {
            let top = mount.target.split('/').nth(1).unwrap_or_default();
            tops.push(format!("/{top}"));
            let sources = [Some(mount.source.clone()), mount.source.canonicalize().ok()];
            for source in sources.into_iter().flatten() {
                if !source.starts_with(SEEN_BY_ALL) {
                    back.push((source.to_string_lossy().into_owned(), mount.target.clone()));
                }
            }
        }
        tops.sort();
        tops.dedup();
        back.sort_by_key(|(host, _)| std::cmp::Reverse(host.len()));
        Self { root, tops, back }
    }

    /// Rewrites the paths of the sandbox that begin a word.
    pub fn inward(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut begins = true;
        for (at, character) in text.char_indices() {
            let rest = &text[at..];
            if begins && self.tops.iter().any(|top| is_path(rest.as_bytes(), top.as_bytes())) {
                out.push_str(&self.root);
            }
            out.push(character);
            begins = matches!(character, '=' | ':' | '>' | '<' | ';' | '"' | '\'')
                || character.is_whitespace();
        }
        out
    }

    /// Calls everything by its name in the sandbox.
    pub fn outward(&self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let known = (rest[0] == b'/')
                .then(|| self.back.iter().find(|(host, _)| is_path(rest, host.as_bytes())))
                .flatten();
            if let Some((host, guest)) = known {
                out.extend_from_slice(guest.as_bytes());
                at += host.len();
            } else {
                out.push(rest[0]);
                at += 1;
            }
        }
        out
    }
}

/// Returns whether bytes begin with a path or with something below it.
fn is_path(bytes: &[u8], path: &[u8]) -> bool {
    let next = bytes.strip_prefix(path).map(<[u8]>::first);
    next.is_some_and(|next| {
        next.is_none_or(|byte| !byte.is_ascii_alphanumeric() && !b"_-.".contains(byte))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use backstory_model::{Access, Limits, Mount, Network, Upper, WorkTree};
    use proptest::prelude::*;

    use super::*;

    fn paths() -> GuestPaths {
        let mount = |source: &str, target: &str| Mount {
            source: PathBuf::from(source),
            target: target.to_owned(),
            access: Access::ReadOnly,
        };
        GuestPaths::new(
            Path::new("/cache/host/7"),
            &SandboxJob {
                name: String::new(),
                work: WorkTree { layers: Vec::new(), upper: Upper::Discarded },
                mounts: vec![
                    mount("/cache/environments/K/root", "/env"),
                    mount("/opt/python/3.12", "/toolchain/python3.12"),
                    mount("/usr", "/toolchain/python3.11"),
                ],
                variables: BTreeMap::new(),
                command: Vec::new(),
                limits: Limits::default(),
                network: Network::None,
            },
        )
    }

    #[test]
    fn a_path_that_begins_a_word_is_rewritten_and_a_test_id_is_not() {
        let [_, work] = OWN;
        let host = format!("/cache/host/7{work}");
        for (text, wanted) in [
            ("/env/bin:/usr/bin:/bin".to_owned(), "/cache/host/7/env/bin:/usr/bin:/bin".to_owned()),
            (format!("{work}/src:{work}"), format!("{host}/src:{host}")),
            ("--report=/tmp/x".to_owned(), "--report=/cache/host/7/tmp/x".to_owned()),
            (format!("cargo >{work}/list.json; echo"), format!("cargo >{host}/list.json; echo")),
            (
                format!("tests/test_a.py::test_b[/tmp/x-{work}]"),
                format!("tests/test_a.py::test_b[/tmp/x-{work}]"),
            ),
            (format!("{work}shop /env.py"), format!("{work}shop /env.py")),
        ] {
            assert_eq!(paths().inward(&text), wanted);
        }
    }

    #[test]
    fn what_a_job_says_has_no_path_of_the_host() {
        let [_, work] = OWN;
        let said = format!(
            "File \"/cache/host/7{work}/a.py\" /cache/environments/K/root/lib \
             /opt/python/3.12/lib/os.py /usr/lib/x /opt/python/3.123"
        );
        let said = String::from_utf8(paths().outward(said.as_bytes())).unwrap();
        let rest = "/env/lib /toolchain/python3.12/lib/os.py /usr/lib/x /opt/python/3.123";
        assert_eq!(said, format!("File \"{work}/a.py\" {rest}"));
    }

    proptest! {
        #[test]
        fn in_and_out_is_the_same(text in "([a-z /:=.\\[\\]]|/work|/tmp/|/env){0,12}") {
            let paths = paths();
            let back = paths.outward(paths.inward(&text).as_bytes());
            prop_assert_eq!(String::from_utf8(back).unwrap(), text);
        }
    }
}
