//! Which versions did the installers choose?
//!
//! Out: one line for each distribution, sorted, without addresses and paths, so
//! that two machines that chose the same write the same.

use backstory_model::{Language, SandboxError};
use backstory_store::fs;
use serde_json::Value;

use super::installer::{Installer, PhaseEnd};

/// Writes the lock of what is installed; `added` are lines on what the recipe did not name.
pub(super) fn text(installer: &mut Installer, added: &[String]) -> Result<String, SandboxError> {
    let mut lines = match installer.recipe.language {
        Language::Python => python(installer)?,
        Language::Rust => rust(installer),
        Language::JavaScript | Language::TypeScript | Language::Tsx => npm(installer),
        Language::Go | Language::Java | Language::C | Language::Cpp => Vec::new(),
    };
    lines.sort();
    let mut text = format!("# {}\n", installer.recipe.toolchain);
    for line in added {
        text.extend(["# added ", line, "\n"]);
    }
    for line in lines {
        text.push_str(&line);
        text.push('\n');
    }
    Ok(text)
}

fn python(installer: &mut Installer) -> Result<Vec<String>, SandboxError> {
    let frozen = installer.look(&["uv", "pip", "freeze", "--python", "/env/bin/python"])?;
    Ok(match frozen {
        PhaseEnd::Done(output) => {
            output.lines().filter(|line| line.contains("==")).map(str::to_owned).collect()
        }
        PhaseEnd::Failed(_) => Vec::new(),
    })
}

fn rust(installer: &Installer) -> Vec<String> {
    let places = [installer.building.upper(), installer.base.to_owned()];
    let text = places.iter().find_map(|place| fs::read_text(&place.join("Cargo.lock")).ok());
    let lock = text.and_then(|text| text.parse::<toml::Table>().ok()).unwrap_or_default();
    let packages = lock.get("package").and_then(toml::Value::as_array).into_iter().flatten();
    packages
        .filter_map(|package| {
            let part = |key| package.get(key).and_then(toml::Value::as_str);
            Some([part("name")?, part("version")?, part("checksum").unwrap_or("-")].join(" "))
        })
        .collect()
}

fn npm(installer: &Installer) -> Vec<String> {
    let place = installer.building.upper().join("node_modules/.package-lock.json");
    let lock: Option<Value> =
        fs::read_file(&place).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let packages = lock.as_ref().and_then(|lock| lock.get("packages")?.as_object());
    packages
        .into_iter()
        .flatten()
        .filter_map(|(path, package)| {
            let part = |key| package.get(key).and_then(Value::as_str);
            Some([path, part("version")?, part("integrity").unwrap_or("-")].join(" "))
        })
        .collect()
}
