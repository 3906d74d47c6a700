//! Which package index do the installers of this machine use?
//!
//! In: the machine's environment, handed in by name. Out: the variables the
//! installers get inside the sandbox, and the files these speak of. Neither is
//! ever stored.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use backstory_model::{Access, Mount};

/// The variables of the machine that are handed on, by name.
///
/// The caller reads them; a name that is not set is left out.
pub const INDEX_VARIABLES: [&str; 22] = [
    "ALL_PROXY",
    "CARGO_HTTP_CAINFO",
    "CARGO_HTTP_PROXY",
    "CARGO_REGISTRIES_CRATES_IO_PROTOCOL",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NODE_EXTRA_CA_CERTS",
    "NO_PROXY",
    "NPM_CONFIG_REGISTRY",
    "PIP_CERT",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "PIP_INDEX_URL",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "UV_DEFAULT_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_INDEX",
    "UV_INDEX_URL",
    "http_proxy",
    "https_proxy",
];

/// What a variable of pip is called by uv.
const AS_UV_CALLS_IT: [(&str, &str); 4] = [
    ("PIP_CERT", "SSL_CERT_FILE"),
    ("PIP_EXTRA_INDEX_URL", "UV_EXTRA_INDEX_URL"),
    ("PIP_FIND_LINKS", "UV_FIND_LINKS"),
    ("PIP_INDEX_URL", "UV_INDEX_URL"),
];

/// The machine's settings for package indexes.
#[derive(Clone, Debug, Default)]
pub struct IndexSettings {
    variables: BTreeMap<String, String>,
    mounts: Vec<Mount>,
}

impl IndexSettings {
    /// Takes the machine's variables; those not in [`INDEX_VARIABLES`] are left out.
    ///
    /// A value that is a file or folder of this machine is shown to the
    /// installers under a path of the sandbox.
    pub fn new(machine: &BTreeMap<String, String>) -> Self {
        let mut settings = Self::default();
        let known = INDEX_VARIABLES.iter().filter_map(|name| Some((*name, machine.get(*name)?)));
        for (name, value) in known.filter(|(_, value)| !value.is_empty()) {
            let value = settings.inside(name, value);
            settings.variables.insert(name.to_owned(), value);
        }
        for (pip, uv) in AS_UV_CALLS_IT {
            if let Some(value) = settings.variables.get(pip).cloned() {
                settings.variables.entry(uv.to_owned()).or_insert(value);
            }
        }
        if let Some(file) = settings.variables.get("SSL_CERT_FILE").cloned() {
            for name in ["CARGO_HTTP_CAINFO", "NODE_EXTRA_CA_CERTS"] {
                settings.variables.entry(name.to_owned()).or_insert_with(|| file.clone());
            }
        }
        settings
    }

    /// Returns the variables of the installers.
    pub(super) fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// Returns the files and folders the variables speak of.
    pub(super) fn mounts(&self) -> &[Mount] {
        &self.mounts
    }

    fn inside(&mut self, name: &str, value: &str) -> String {
        let path = Path::new(value.strip_prefix("file://").unwrap_or(value));
        if !path.is_absolute() || !path.exists() {
            return value.to_owned();
        }
        let source: PathBuf = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if let Some(mount) = self.mounts.iter().find(|mount| mount.source == source) {
            return mount.target.clone();
        }
        let target = format!("/toolchain/index/{}", name.to_ascii_lowercase());
        self.mounts.push(Mount { source, target: target.clone(), access: Access::ReadOnly });
        target
    }
}

#[cfg(test)]
mod tests {
    use super::IndexSettings;

    #[test]
    fn files_of_the_machine_get_a_path_of_the_sandbox() {
        let folder = tempfile::tempdir().unwrap();
        let wheels = folder.path().to_string_lossy().into_owned();
        let machine = [
            ("PIP_FIND_LINKS", wheels.as_str()),
            ("PIP_INDEX_URL", "https://example.org/simple"),
            ("SECRET_TOKEN", "x"),
        ];
        let machine =
            machine.iter().map(|(name, value)| (String::from(*name), String::from(*value)));
        let settings = IndexSettings::new(&machine.collect());
        insta::assert_compact_json_snapshot!(settings.variables(), @r#"
        {
          "PIP_FIND_LINKS": "/toolchain/index/pip_find_links",
          "PIP_INDEX_URL": "https://example.org/simple",
          "UV_FIND_LINKS": "/toolchain/index/pip_find_links",
          "UV_INDEX_URL": "https://example.org/simple"
        }
        "#);
        assert_eq!(settings.mounts().len(), 1);
    }
}
