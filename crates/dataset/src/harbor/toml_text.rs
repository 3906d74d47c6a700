//! How is a value written in TOML?

use std::fmt::Write as _;

use serde_json::Value;

/// A TOML text that grows.
#[derive(Default)]
pub(super) struct TomlText {
    text: String,
}

impl TomlText {
    /// Begins a table.
    pub(super) fn table(&mut self, name: &str) {
        self.header(&format!("[{name}]"));
    }

    /// Begins the next table of an array.
    pub(super) fn array_table(&mut self, name: &str) {
        self.header(&format!("[[{name}]]"));
    }

    fn header(&mut self, header: &str) {
        let gap = if self.text.is_empty() { "" } else { "\n" };
        self.put(format_args!("{gap}{header}\n"));
    }

    /// Writes one entry; one whose value is null is left out.
    pub(super) fn entry(&mut self, key: &str, value: &Value) {
        if !value.is_null() {
            let value = written(value);
            self.put(format_args!("{key} = {value}\n"));
        }
    }

    /// Returns the text.
    pub(super) fn text(self) -> String {
        self.text
    }

    fn put(&mut self, line: std::fmt::Arguments<'_>) {
        self.text.write_fmt(line).expect("writing to a string cannot fail");
    }
}

/// Writes a value on one line; TOML strings are JSON strings, but for one
/// character that JSON leaves bare.
fn written(value: &Value) -> String {
    match value {
        Value::String(_) => value.to_string().replace('\u{7f}', "\\u007f"),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(written).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(entries) => {
            let entry = |(key, value): (&String, &Value)| {
                format!("{} = {}", written(&key.as_str().into()), written(value))
            };
            let entries: Vec<String> = entries.iter().map(entry).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_so_that_toml_reads_them_back() {
        let mut text = TomlText::default();
        text.entry("schema", &"1.4".into());
        text.table("metadata");
        text.entry("tests", &json!(["t.py::a[x y]", "q\"\\\n\u{7f}\u{1}"]));
        text.entry("oracle", &json!({"judged": 8, "weak": false}));
        text.entry("license", &Value::Null);
        insta::assert_snapshot!(text.text(), @r#"
        schema = "1.4"

        [metadata]
        tests = ["t.py::a[x y]", "q\"\\\n\u007f\u0001"]
        oracle = { "judged" = 8, "weak" = false }
        "#);
    }
}
