//! What do the tests of a Python project import that nobody installed?
//!
//! Two looks after the installation: requirements that the metadata of an
//! installed distribution names (a project may compute them), and modules that
//! collecting the tests does not find. Each is installed once, as of the same
//! day. A module is mapped to its distribution by a fixed table, never by its name.

use std::collections::BTreeMap;

use backstory_model::{SandboxError, TestRunner};

use super::installer::{Installer, PhaseEnd, second_try};
use super::python;

/// Modules that tests import, and the distribution each is in.
const DISTRIBUTIONS: [(&str, &str); 68] = [
    ("OpenSSL", "pyOpenSSL"),
    ("PIL", "Pillow"),
    ("aiohttp", "aiohttp"),
    ("anyio", "anyio"),
    ("asgiref", "asgiref"),
    ("attr", "attrs"),
    ("babel", "Babel"),
    ("blinker", "blinker"),
    ("brotli", "Brotli"),
    ("bs4", "beautifulsoup4"),
    ("certifi", "certifi"),
    ("chardet", "chardet"),
    ("click", "click"),
    ("colorama", "colorama"),
    ("coverage", "coverage"),
    ("cryptography", "cryptography"),
    ("curio", "curio"),
    ("dateutil", "python-dateutil"),
    ("django", "Django"),
    ("docutils", "docutils"),
    ("dotenv", "python-dotenv"),
    ("flask", "Flask"),
    ("freezegun", "freezegun"),
    ("gevent", "gevent"),
    ("greenlet", "greenlet"),
    ("h5py", "h5py"),
    ("html5lib", "html5lib"),
    ("httpx", "httpx"),
    ("hypothesis", "hypothesis"),
    ("importlib_metadata", "importlib-metadata"),
    ("importlib_resources", "importlib-resources"),
    ("jinja2", "Jinja2"),
    ("jsonschema", "jsonschema"),
    ("jwt", "PyJWT"),
    ("lxml", "lxml"),
    ("markupsafe", "MarkupSafe"),
    ("mock", "mock"),
    ("mpmath", "mpmath"),
    ("msgpack", "msgpack"),
    ("nose", "nose"),
    ("numpy", "numpy"),
    ("packaging", "packaging"),
    ("pandas", "pandas"),
    ("parameterized", "parameterized"),
    ("pexpect", "pexpect"),
    ("pkg_resources", "setuptools"),
    ("pretend", "pretend"),
    ("psutil", "psutil"),
    ("pygments", "Pygments"),
    ("pytest_asyncio", "pytest-asyncio"),
    ("pytest_mock", "pytest-mock"),
    ("pytz", "pytz"),
    ("requests", "requests"),
    ("responses", "responses"),
    ("ruamel", "ruamel.yaml"),
    ("scipy", "scipy"),
    ("setuptools", "setuptools"),
    ("simplejson", "simplejson"),
    ("six", "six"),
    ("sqlalchemy", "SQLAlchemy"),
    ("toml", "toml"),
    ("tomli", "tomli"),
    ("tornado", "tornado"),
    ("trio", "trio"),
    ("typing_extensions", "typing-extensions"),
    ("ujson", "ujson"),
    ("werkzeug", "Werkzeug"),
    ("yaml", "PyYAML"),
];

/// Installs what is missing; returns a line for each addition, with its reason.
pub(super) fn complete(installer: &mut Installer) -> Result<Vec<String>, SandboxError> {
    let mut added = Vec::new();
    let check = installer.look(&["uv", "pip", "check", "--python", "/env/bin/python"])?;
    let wanted = match check {
        PhaseEnd::Done(_) => BTreeMap::new(),
        PhaseEnd::Failed(_) => required(&installer.log),
    };
    added.extend(add(installer, &wanted)?);
    if installer.recipe.runner == TestRunner::Pytest {
        let collect = ["python", "-m", "pytest", "--collect-only", "-q", "-o", "addopts="];
        let before = installer.log.len();
        installer.look(&[&collect[..], &["-p", "no:cacheprovider"]].concat())?;
        let wanted = imported(&installer.log[before..]);
        // What was collected is the tests' own business; only what failed is kept.
        installer.log.truncate(before);
        added.extend(add(installer, &wanted)?);
    }
    Ok(added)
}

/// Installs requirements, each with the reason it is for.
fn add(
    installer: &mut Installer,
    wanted: &BTreeMap<String, String>,
) -> Result<Vec<String>, SandboxError> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let lines: Vec<String> = wanted.keys().cloned().collect();
    let as_of = installer.recipe.as_of.as_deref();
    let first = python::install_phase("what was missing", &lines, as_of);
    let mut end = installer.run(&first)?;
    if let (PhaseEnd::Failed(_), Some(second)) = (&end, second_try(&first)) {
        end = installer.run(&second)?;
    }
    Ok(match end {
        PhaseEnd::Done(_) => {
            wanted.iter().map(|(line, reason)| format!("{line}: {reason}")).collect()
        }
        PhaseEnd::Failed(_) => Vec::new(),
    })
}

/// Reads the requirements that are not installed from what `uv pip check` printed.
fn required(log: &str) -> BTreeMap<String, String> {
    log.lines()
        .filter(|line| line.contains("not installed"))
        .filter_map(|line| {
            let mut quoted = line.split('`').skip(1).step_by(2);
            let (package, requirement) = (quoted.next()?, quoted.next()?);
            python::is_requirement(requirement)
                .then(|| (requirement.to_owned(), format!("`{package}` requires it")))
        })
        .collect()
}

/// Reads the modules that were not found, and maps them to distributions.
fn imported(log: &str) -> BTreeMap<String, String> {
    log.lines()
        .filter_map(|line| {
            let module = line.split("No module named ").nth(1)?;
            let module = module.trim_start_matches(['\'', '"']);
            let end = module.find(|c: char| !c.is_alphanumeric() && c != '_')?;
            let module = &module[..end];
            let at = DISTRIBUTIONS.binary_search_by(|(known, _)| (*known).cmp(module)).ok()?;
            Some((DISTRIBUTIONS[at].1.to_owned(), format!("the module `{module}` was missing")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{DISTRIBUTIONS, imported, required};

    #[test]
    fn modules_are_sorted_so_that_they_are_found() {
        assert!(DISTRIBUTIONS.is_sorted());
    }

    #[test]
    fn a_missing_module_is_mapped_by_the_table_alone() {
        let log = "E   ModuleNotFoundError: No module named 'simplejson'\n\
                   E   ModuleNotFoundError: No module named 'dateutil.tz'\n\
                   E   ModuleNotFoundError: No module named 'evil_name'\n\
                   E   ImportError: No module named yaml\n";
        insta::assert_compact_json_snapshot!(imported(log), @r#"{"python-dateutil": "the module `dateutil` was missing", "simplejson": "the module `simplejson` was missing"}"#);
    }

    #[test]
    fn a_requirement_of_the_metadata_is_read() {
        let log = "The package `flask` requires `werkzeug>=2.0`, but it's not installed\n\
                   The package `x` requires `y @ https://example.org`, but it's not installed\n\
                   The package `a` requires `b>2`, but `1.0` is installed\n";
        insta::assert_compact_json_snapshot!(required(log), @r#"{"werkzeug>=2.0": "`flask` requires it"}"#);
    }
}
