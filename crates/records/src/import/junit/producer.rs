//! Who wrote a report, and how does that runner name a test?
//!
//! In: the marks of a report, and its cases. Out: the producer, and the id its
//! runner accepts back, where exactly one fits; producers disagree about every
//! attribute, so that nothing is guessed across them.

use backstory_model::TestId;

use super::case::JunitCase;

/// What tells who wrote a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    named: Option<Producer>,
    counted: u64,
}

/// Who wrote a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Producer {
    Pytest,
    /// pytest with a plugin that runs a failed test again.
    PytestRerunfailures,
    Nextest,
    Surefire,
    Gotestsum,
    JestJunit,
    Vitest,
    NodeTest,
    Unknown,
}

impl Producer {
    /// Returns the name on disk.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Pytest => "pytest",
            Self::PytestRerunfailures => "pytest-rerunfailures",
            Self::Nextest => "nextest",
            Self::Surefire => "surefire",
            Self::Gotestsum => "gotestsum",
            Self::JestJunit => "jest-junit",
            Self::Vitest => "vitest",
            Self::NodeTest => "node-test",
            Self::Unknown => "unknown",
        }
    }
}

impl Marks {
    /// Looks at an attribute of a suite or a property.
    pub(super) fn attribute(&mut self, element: &[u8], key: &[u8], value: &str) {
        let root = element == b"testsuites";
        let told = match (key, value) {
            (b"name", "pytest tests") if root => Producer::Pytest,
            (b"name", "pytest") if element == b"testsuite" => Producer::Pytest,
            (b"uuid", _) | (b"name", "nextest-run") if root => Producer::Nextest,
            (b"name", "jest tests") if root => Producer::JestJunit,
            (b"name", "vitest tests") if root => Producer::Vitest,
            (b"name", "go.version") if element == b"property" => Producer::Gotestsum,
            (b"name", key) if element == b"property" && key.starts_with("surefire.") => {
                Producer::Surefire
            }
            (key, schema) if key.ends_with(b"noNamespaceSchemaLocation") => {
                if !schema.contains("surefire-test-report") {
                    return;
                }
                Producer::Surefire
            }
            (b"tests", count) if element == b"testsuite" => {
                self.counted = self.counted.saturating_add(count.parse().unwrap_or_default());
                return;
            }
            _ => return,
        };
        self.named.get_or_insert(told);
    }

    /// Returns who wrote the report that holds these cases.
    pub(super) fn producer(&self, cases: &[JunitCase]) -> Producer {
        let node = |case: &JunitCase| case.class.as_deref() == Some("test");
        match self.named {
            Some(named) => named,
            None if !cases.is_empty() && cases.iter().all(node) => Producer::NodeTest,
            None => Producer::Unknown,
        }
    }

    /// Returns how many tests the suites say they hold.
    pub(super) fn counted(&self) -> u64 {
        self.counted
    }
}

/// Returns the test as its runner accepts it back, where that can be told.
pub(super) fn native_id(producer: Producer, case: &JunitCase) -> Option<TestId> {
    let class = case.class.as_deref().unwrap_or_default();
    let name = case.name.as_str();
    if class.is_empty() || name.is_empty() {
        return None;
    }
    let id = match producer {
        Producer::Pytest | Producer::PytestRerunfailures => pytest_id(case, class)?,
        Producer::Nextest | Producer::Gotestsum => format!("{class} {name}"),
        Producer::Vitest => format!("{class} > {name}"),
        Producer::Surefire => {
            let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
            let is_method = name.chars().all(plain);
            is_method.then(|| format!("{class}#{name}"))?
        }
        Producer::JestJunit | Producer::NodeTest | Producer::Unknown => return None,
    };
    Some(TestId::new(id))
}

/// Puts a node id together again: `file::Class::name`.
fn pytest_id(case: &JunitCase, class: &str) -> Option<String> {
    // pytest writes characters that XML cannot hold as `#x1B`, like any other text.
    if case.name.contains("#x") {
        return None;
    }
    let (file, classes) = match &case.file {
        Some(file) => (file.clone(), classes_in(class, file)?),
        None => module_and_classes(class)?,
    };
    let parts: Vec<&str> = std::iter::once(file.as_str())
        .chain(classes.iter().map(String::as_str))
        .chain([case.name.as_str()])
        .collect();
    Some(parts.join("::"))
}

/// Returns the classes behind the module of a file.
fn classes_in(class: &str, file: &str) -> Option<Vec<String>> {
    let module = file.strip_suffix(".py")?.replace(['/', '\\'], ".");
    let rest = class.strip_prefix(module.as_str())?;
    match rest.strip_prefix('.') {
        Some(classes) => Some(classes.split('.').map(str::to_owned).collect()),
        None => rest.is_empty().then(Vec::new),
    }
}

/// Tells the module from the classes by the names pytest collects by default;
/// `None` where more than one reading fits.
fn module_and_classes(class: &str) -> Option<(String, Vec<String>)> {
    let parts: Vec<&str> = class.split('.').collect();
    let is_module = |part: &str| part.starts_with("test_") || part.ends_with("_test");
    let at = parts.iter().position(|part| is_module(part))?;
    let (packages, classes) = (&parts[..at], &parts[at + 1..]);
    let capital = |part: &str| part.starts_with(|c: char| c.is_ascii_uppercase());
    let one = !classes.iter().any(|part| is_module(part)) && classes.iter().all(|p| capital(p));
    if !one || packages.iter().any(|part| capital(part)) {
        return None;
    }
    let file = format!("{}.py", parts[..=at].join("/"));
    Some((file, classes.iter().map(|class| (*class).to_owned()).collect()))
}

#[cfg(test)]
mod tests {
    use super::{JunitCase, Producer, native_id};

    fn id(class: &str, name: &str, file: Option<&str>) -> Option<String> {
        let case = JunitCase {
            class: Some(class.to_owned()),
            name: name.to_owned(),
            file: file.map(str::to_owned),
            ..JunitCase::default()
        };
        native_id(Producer::Pytest, &case).map(|id| id.to_string())
    }

    #[test]
    fn a_node_id_is_rebuilt_where_one_reading_fits() {
        let told = |class, file| id(class, "test_x[1]", file);
        let expected = Some("tests/test_a.py::TestB::TestC::test_x[1]".to_owned());
        assert_eq!(told("tests.test_a.TestB.TestC", None), expected);
        assert_eq!(told("tests.test_a.TestB.TestC", Some("tests/test_a.py")), expected);
        assert_eq!(told("a.b", Some("a/b.py")), Some("a/b.py::test_x[1]".to_owned()));
        for class in ["tests.checks.TestB", "test_a.test_b", "test_a.lower", "", "Pkg.test_a"] {
            assert_eq!(told(class, None), None, "{class}");
        }
        assert_eq!(told("other.test_a", Some("tests/test_a.py")), None);
        assert_eq!(id("test_a", "test_x[#x1B]", None), None);
    }
}
